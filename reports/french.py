"""Numbers, dates and timestamps in French."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

LOCALE = "fr"
NOT_FINITE = {"nan": "pas un nombre", "inf": "infinie", "-inf": "moins l'infini"}
NO_VALUE = "—"


def number(value: float | Decimal, pattern: str = "#,##0.######") -> str:
    """Format a number. By default, show its own decimals, up to six."""
    if not math.isfinite(value):
        return NOT_FINITE[repr(float(value))]
    return format_decimal(value, pattern, locale=LOCALE)


def kwh(value: float | Decimal) -> str:
    """Format an energy in kWh to the Wh, with up to three more decimals if it has them."""
    return number(value, "#,##0.000###")


def mwh(value: Decimal | None) -> str:
    """Format an energy in MWh to the Wh. Return an empty string for None."""
    return "" if value is None else number(value, "#,##0.000000")


def hours(value: float) -> str:
    """Format a duration in hours."""
    return number(value, "#,##0.00####")


def month(day: date, width: str = "MMMM") -> str:
    """Format the month of a day, such as avril 2025."""
    return format_date(day, f"{width} y", locale=LOCALE)


def timestamp(text: str | None) -> str:
    """Format an ISO 8601 timestamp. Return text that Python cannot parse unchanged."""
    try:
        parsed = datetime.fromisoformat(text or "")
    except ValueError:
        return text or ""
    fraction = f"{parsed:,%f}".rstrip("0") if parsed.microsecond else ""
    return f"{parsed:%d/%m/%Y %H:%M:%S}{fraction}"


def utc_minute(moment: datetime) -> str:
    """Format a timestamp to the minute, such as 03/06/2025 14:05 UTC."""
    return format_datetime(moment, "dd/MM/y HH:mm 'UTC'", tzinfo=UTC, locale=LOCALE)


def card_value(column: str, value: Any, settings: dict[str, Any]) -> str:
    """Format a value of a dashboard card by the Metabase settings of its column."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | float | Decimal):
        return _card_number(value, settings)
    if isinstance(value, datetime):
        return utc_minute(value)
    if isinstance(value, date):
        return month(value) if column == "period" else format_date(value, "dd/MM/y", locale=LOCALE)
    return str(value or "").strip() or NO_VALUE


def _card_number(value: Decimal | float, settings: dict[str, Any]) -> str:
    # An exact zero has no decimals, so that it differs from a value rounded to zero.
    decimals = settings.get("decimals", 0) if value else 0
    fraction = "." + "0" * decimals if decimals else ""
    if settings.get("number_style") == "percent":
        return format_percent(value, format=f"#,##0{fraction}\u00a0%", locale=LOCALE)
    return number(value, f"#,##0{fraction}") + settings.get("suffix", "")
