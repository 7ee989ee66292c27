"""Values of the cards as French text."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reports import french
from reports.dashboards.specification import Format, read_columns

COUNT = Format(decimals=0, axis="")


def format_value(name: str, value: Any) -> str:
    """Format a value of the column with that name. A number gets no unit."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | float | Decimal):
        return _format_number(value, read_columns()[name].format or COUNT)
    if isinstance(value, datetime):
        # The title of the column says that it is UTC.
        return french.utc_minute(value).removesuffix(" UTC")
    if isinstance(value, date):
        return french.month(value) if name == "period" else french.day(value)
    return str(value or "").strip() or french.NO_VALUE


def _format_number(value: Decimal | float, number_format: Format) -> str:
    # An exact zero has no decimals, so that it differs from a value rounded to zero.
    decimals = number_format.decimals if value else 0
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    if number_format.is_percent:
        return french.percent(value, pattern)
    return french.number(value, pattern)
