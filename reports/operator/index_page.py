"""The page that a reader opens first: where the energy went, by rule and by station."""

from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.operator import french
from reports.operator.examples import worked_out
from reports.operator.sendings import Sending
from reports.operator.tables import OUTCOMES, STATES, TABLES

# More than these are for the CSV alone.
ROWS_AT_MOST = 200


@dataclass(frozen=True)
class Content:
    """What the page tells."""

    period: date
    siren: str
    moment: Any
    balance: Any
    reasons: list[Any]
    examples: dict[str, Any]
    stations: list[Any]
    sendings: list[Sending]


def render(content: Content) -> str:
    """Write the page; every text from outside is escaped."""
    environment = Environment(
        loader=PackageLoader("reports.operator", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": french.number,
        "kwh": french.kwh,
        "mwh": french.mwh,
        "month": french.month,
        "instant": french.instant,
    }
    return environment.get_template("page.html").render(
        content=content,
        rules=[reason for reason in content.reasons if reason.kind == "rejection"],
        causes=[r for r in content.reasons if r.kind == "blocking" and r.sessions],
        worked_out=worked_out,
        largest_stations=_largest(content.stations),
        last_sendings=content.sendings[-ROWS_AT_MOST:],
        states=STATES,
        outcomes=OUTCOMES,
        tables=TABLES,
    )


def _largest(stations: list[Any]) -> list[Any]:
    """Give all stations where they are few, else those that received the most energy."""
    if len(stations) <= ROWS_AT_MOST:
        return stations
    return nlargest(ROWS_AT_MOST, stations, key=lambda station: station.received_kwh)
