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
        [header for column in table.columns for header in column.headers],
        ([value for column in table.columns for value in _values(row, column)] for row in rows),
    )


def _values(row: QueryRow, column: CsvColumn) -> tuple[Any, ...]:
    value = getattr(row, column.field)
    if column.is_timestamp:
        return spreadsheets.timestamp_cells(value)
    return (column.labels.get(value, value) if column.labels else value,)
