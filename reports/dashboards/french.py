"""Figures and dates as French readers write them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

LOCALE = "fr"
NOTHING = "—"


def month(day: date, length: str = "MMMM") -> str:
    """Write the month of a day as avril 2025."""
    return format_date(day, f"{length} y", locale=LOCALE)


def moment(instant: datetime) -> str:
    """Write an instant as 03/06/2025 14:05 UTC."""
    return format_datetime(instant, "dd/MM/y HH:mm 'UTC'", tzinfo=UTC, locale=LOCALE)


def cell(name: str, value: Any, settings: dict[str, Any]) -> str:
    """Write a value of the column `name`, as its settings in the specification say."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | float | Decimal):
        return _figure(value, settings)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return month(value) if name == "period" else format_date(value, "dd/MM/y", locale=LOCALE)
    return str(value or "").strip() or NOTHING


def _figure(value: Decimal | float, settings: dict[str, Any]) -> str:
    # Nothing at all is to be told from what is rounded to nothing.
    decimals = settings.get("decimals", 0) if value else 0
    places = "." + "0" * decimals if decimals else ""
    if settings.get("number_style") == "percent":
        return format_percent(value, format=f"#,##0{places}\u00a0%", locale=LOCALE)
    return format_decimal(value, format=f"#,##0{places}", locale=LOCALE) + settings.get(
        "suffix", ""
    )
