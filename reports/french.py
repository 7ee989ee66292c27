"""Numbers, dates and timestamps in French."""

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime, get_timezone
from babel.numbers import format_decimal, format_percent

LOCALE = "fr"
PARIS = get_timezone("Europe/Paris")
NOT_FINITE = {"nan": "pas un nombre", "inf": "infinie", "-inf": "moins l'infini"}
NO_VALUE = "—"


def number(value: float | Decimal, pattern: str = "#,##0.######") -> str:
    """Format a number. By default, show its own decimals, up to six."""
    if not math.isfinite(value):
        return NOT_FINITE[repr(float(value))]
    return _with_minus(format_decimal(value, pattern, locale=LOCALE))


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
    """Format an ISO 8601 timestamp in UTC, and in Paris time in parentheses, to the second.

    Return text that Python cannot parse unchanged.
    """
    try:
        utc = datetime.fromisoformat(text or "").astimezone(UTC)
        paris = utc.astimezone(PARIS)
    except (ValueError, OverflowError):
        return text or ""
    paris_day = "" if paris.date() == utc.date() else f"{paris:%d/%m/%Y} "
    return f"{utc:%d/%m/%Y} {_time(utc)} UTC ({paris_day}{_time(paris)} à Paris)"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def utc_minute(moment: datetime) -> str:
    """Format a timestamp to the minute, such as 03/06/2025 14:05 UTC."""
    return format_datetime(moment, "dd/MM/y HH:mm 'UTC'", tzinfo=UTC, locale=LOCALE)


def percent(value: float | Decimal, pattern: str = "#,##0.#") -> str:
    """Format a share as a percentage, such as 12,5 %."""
    return _with_minus(format_percent(value, format=f"{pattern}\u202f%", locale=LOCALE))


def day(value: date) -> str:
    """Format a day, such as 03/06/2025."""
    return format_date(value, "dd/MM/y", locale=LOCALE)


def _with_minus(formatted: str) -> str:
    """Replace the hyphen of a negative number by a minus sign. Zero has no sign."""
    is_zero = not re.search("[1-9]", formatted)
    return formatted.replace("-", "" if is_zero else "\N{MINUS SIGN}")
