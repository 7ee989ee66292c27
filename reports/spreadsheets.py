"""CSV files that French spreadsheets open directly."""

import csv
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from reports import french

# Excel recognizes UTF-8 only by the byte order mark.
ENCODING = "utf-8-sig"
# Spreadsheets run text that starts with one of these as a formula.
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n")
# Years that spreadsheets can compute with, in any time zone.
DATE_YEARS = range(1900, 9999)
# Spreadsheets keep 15 digits. The last ones of a double are noise, as in 22.000000000000004.
FLOAT_FORMAT = ".12g"


def write_csv(file: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and the rows, one at a time."""
    with file.open("w", encoding=ENCODING, newline="") as text:
        writer = csv.writer(text, delimiter=";")
        writer.writerow(header)
        for row in rows:
            writer.writerow(format_cell(value) for value in row)


def timestamp_cells(text: str | None) -> tuple[str, str]:
    """Format an ISO 8601 timestamp twice, in UTC and in Paris time, as a date of spreadsheets.

    Fractions of a second are dropped: Excel would show `00:00,3` instead of the date. A time that
    is no date in spreadsheets is the same text in both cells.
    """
    try:
        moment = datetime.fromisoformat(text or "").astimezone(UTC)
    except ValueError:
        cell = french.NOT_FINITE.get((text or "").replace("infinity", "inf"), text or "")
        return cell, cell
    if moment.year not in DATE_YEARS:
        cell = f"{_date_and_time(moment)} UTC"
        return cell, cell
    return _date_and_time(moment), _date_and_time(moment.astimezone(french.PARIS))


def _date_and_time(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def format_cell(value: Any) -> str:
    """Format a value as the text of a cell."""
    match value:
        case None:
            text = ""
        case bool():
            text = "oui" if value else "non"
        case float() if math.isfinite(value):
            text = format_cell(Decimal(format(value, FLOAT_FORMAT)).normalize())
        case float():
            text = french.NOT_FINITE[repr(value)]
        case Decimal():
            text = f"{value:f}".replace(".", ",")
        case datetime():
            text = _date_and_time(value.astimezone(UTC))
        case list():
            text = format_cell(", ".join(value))
        case str():
            text = f"'{value}" if value.startswith(FORMULA_PREFIXES) else value
        case _:
            text = str(value)
    return text
