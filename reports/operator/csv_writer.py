"""Write CSV files that French spreadsheets open directly."""

import csv
import math
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports import french
from reports.operator.csv_tables import CsvColumn, CsvTable
from reports.operator.marts import QueryRow

# Excel recognizes UTF-8 only by the byte order mark.
ENCODING = "utf-8-sig"
# Spreadsheets run text that starts with one of these as a formula.
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(file: Path, table: CsvTable, rows: Iterable[QueryRow]) -> None:
    """Write a header and the rows, one at a time."""
    with file.open("w", encoding=ENCODING, newline="") as text:
        writer = csv.writer(text, delimiter=";")
        writer.writerow(column.header for column in table.columns)
        for row in rows:
            writer.writerow(_column_cell(row, column) for column in table.columns)


def _column_cell(row: QueryRow, column: CsvColumn) -> str:
    value = getattr(row, column.field)
    return format_cell(column.labels.get(value, value) if column.labels else value)


def format_cell(value: Any) -> str:
    """Format a value as the text of a cell."""
    match value:
        case None:
            text = ""
        case bool():
            text = "oui" if value else "non"
        case float() if math.isfinite(value):
            # Keep every digit, so that readers can repeat the comparisons of the rules.
            text = format_cell(Decimal(repr(value)).normalize())
        case float():
            text = french.NOT_FINITE[repr(value)]
        case Decimal():
            text = f"{value:f}".replace(".", ",")
        case list():
            text = format_cell(", ".join(value))
        case str():
            text = f"'{value}" if value.startswith(FORMULA_PREFIXES) else value
        case _:
            text = str(value)
    return text
