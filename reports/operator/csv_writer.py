"""Write the CSV files of the folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reports import spreadsheets
from reports.operator.csv_tables import CsvColumn, CsvTable
from reports.operator.marts import QueryRow


def write_csv(file: Path, table: CsvTable, rows: Iterable[QueryRow]) -> None:
    """Write a header and the rows, one at a time."""
    spreadsheets.write_csv(
        file,
        [column.header for column in table.columns],
        ([_column_value(row, column) for column in table.columns] for row in rows),
    )


def _column_value(row: QueryRow, column: CsvColumn) -> Any:
    value = getattr(row, column.field)
    return column.labels.get(value, value) if column.labels else value
