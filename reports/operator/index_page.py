"""`index.html`: where the energy went, by rule and by station."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from pathlib import Path

from common.version import project_version
from reports.operator.acknowledgement import Acknowledgement
from reports.operator.corrections import Corrections
from reports.operator.csv_tables import (
    REQUEST_OUTCOMES,
    STATION_STATUSES,
    STATIONS_WITHOUT_ENERGY,
    TABLES,
)
from reports.operator.marts import QueryRow
from reports.operator.request_summary import RequestSummary
from reports.operator.rule_examples import explain_rejection
from reports.rendering import write_page

# The CSV files have every row.
MAX_TABLE_ROWS = 200


@dataclass(frozen=True)
class PageContent:
    """The data on the page. Attributes that hold rows are named after the query."""

    period: date
    siren: str
    contact: str
    timestamps: QueryRow
    balance: QueryRow
    acknowledgement: Acknowledgement
    former_stations: QueryRow
    reasons: list[QueryRow]
    corrections: Corrections
    anomalous_charge_points: list[QueryRow]
    examples: dict[str, QueryRow]
    stations: list[QueryRow]
    changes: list[QueryRow]
    requests: list[RequestSummary]


def write_index(file: Path, content: PageContent) -> None:
    """Write the page."""
    write_page(
        file,
        "operator_report.html",
        content=content,
        rules=[reason for reason in content.reasons if reason.kind == "rejection"],
        blocking_reasons=[r for r in content.reasons if r.kind == "blocking" and r.sessions],
        explain_rejection=explain_rejection,
        largest_stations=_largest(content.stations),
        largest_changes=content.changes[:MAX_TABLE_ROWS],
        last_requests=content.requests[-MAX_TABLE_ROWS:],
        station_statuses=STATION_STATUSES,
        no_energy_reasons=STATIONS_WITHOUT_ENERGY,
        stations_without_energy=Counter(
            station.no_energy_because for station in content.stations if station.no_energy_because
        ),
        version=project_version(),
        request_outcomes=REQUEST_OUTCOMES,
        tables=TABLES,
    )


def _largest(stations: list[QueryRow]) -> list[QueryRow]:
    """Return all stations in their order, or the ones with the most energy if there are many."""
    if len(stations) <= MAX_TABLE_ROWS:
        return stations
    return nlargest(MAX_TABLE_ROWS, stations, key=lambda station: station.received_kwh)
