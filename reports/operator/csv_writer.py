"""CSV as French spreadsheets open it: semicolons, decimal commas, UTF-8 with a byte order mark."""

import csv
import math
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports.operator import french
from reports.operator.tables import Column, Table

# With the mark, Excel reads UTF-8 as such.
ENCODING = "utf-8-sig"
# A text from outside that begins so would be run as a formula.
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write(file: Path, table: Table, rows: Iterable[Any]) -> None:
    """Write the rows, one at a time."""
    with file.open("w", encoding=ENCODING, newline="") as text:
        writer = csv.writer(text, delimiter=";")
        writer.writerow(column.header for column in table.columns)
        for row in rows:
            writer.writerow(_value(row, column) for column in table.columns)


def _value(row: Any, column: Column) -> str:
    value = getattr(row, column.field)
    return cell(column.words.get(value, value) if column.words else value)


def cell(value: Any) -> str:
    """Write a value as a cell."""
    match value:
        case None:
            text = ""
        case bool():
            text = "oui" if value else "non"
        case float() if math.isfinite(value):
            # Every digit, so that what the rules compared can be compared again.
            text = cell(Decimal(repr(value)).normalize())
        case float():
            text = french.NOT_FINITE[repr(value)]
        case Decimal():
            text = f"{value:f}".replace(".", ",")
        case list():
            text = cell(", ".join(value))
        case str():
            text = f"'{value}" if value.startswith(FORMULA_BEGINNINGS) else value
        case _:
            text = str(value)
    return text
