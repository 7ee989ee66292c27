"""Figures and instants as French writes them."""

import math
from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

LOCALE = "fr"
NOT_FINITE = {"nan": "pas un nombre", "inf": "infinie", "-inf": "moins l'infini"}


def number(value: float | Decimal, pattern: str = "#,##0.######") -> str:
    """Write a number; by default with the decimals that it has, six at most."""
    if not math.isfinite(value):
        return NOT_FINITE[repr(float(value))]
    return format_decimal(value, pattern, locale=LOCALE)


def kwh(value: float | Decimal) -> str:
    """Write an energy in kWh to the Wh, or closer where it has more digits."""
    return number(value, "#,##0.000###")


def mwh(value: Decimal | None) -> str:
    """Write an energy in MWh to the Wh."""
    return "" if value is None else number(value, "#,##0.000000")


def hours(value: float) -> str:
    """Write a duration in hours."""
    return number(value, "#,##0.00####")


def month(period: date) -> str:
    """Write a month, such as avril 2025."""
    return format_date(period, "MMMM y", locale=LOCALE)


def instant(text: str | None) -> str:
    """Write an instant that is given in ISO 8601; one that no calendar has, as it is given."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return text or ""
    fraction = f"{moment:,%f}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%d/%m/%Y %H:%M:%S}{fraction}"
