"""CSV files that French spreadsheets open directly."""

import csv
import math
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports import french

# Excel recognizes UTF-8 only by the byte order mark.
ENCODING = "utf-8-sig"
# Spreadsheets run text that starts with one of these as a formula.
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(file: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and the rows, one at a time."""
    with file.open("w", encoding=ENCODING, newline="") as text:
        writer = csv.writer(text, delimiter=";")
        writer.writerow(header)
        for row in rows:
            writer.writerow(format_cell(value) for value in row)


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
        case datetime():
            text = value.isoformat(timespec="seconds")
        case list():
            text = format_cell(", ".join(value))
        case str():
            text = f"'{value}" if value.startswith(FORMULA_PREFIXES) else value
        case _:
            text = str(value)
    return text
