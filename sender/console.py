"""The text that a user reads: log lines, and the tables at the end of a run."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from common.cli import printable
from sender.other_months import MonthToSendAgain
from sender.plan import PlannedStation
from sender.request_queue import CompletedRequest
from sender.summary import SummaryRow

NAME_WIDTH = 40
ROW_FORMAT = f"{{:<10}} {{:<{NAME_WIDTH}}} {{:<12}} {{:>9}} {{:>18}}"


def table(rows: Iterable[SummaryRow]) -> Iterator[str]:
    """Format one line per row, then the total per status."""
    rows = list(rows)
    if not rows:
        return
    totals: dict[str, tuple[int, Decimal]] = {}
    yield ROW_FORMAT.format("SIREN", "Aménageur", "", "Stations", "MWh")
    for row in rows:
        name = printable(row.amenageur_name)[:NAME_WIDTH]
        yield ROW_FORMAT.format(
            printable(row.siren), name, row.status, row.stations, row.energy_mwh
        )
        stations, energy_mwh = totals.get(row.status, (0, Decimal(0)))
        totals[row.status] = stations + row.stations, energy_mwh + row.energy_mwh
    for status, total in totals.items():
        yield ROW_FORMAT.format("In all", "", status, *total)


def json_lines(rows: Iterable[SummaryRow], period: date) -> Iterator[str]:
    """Format one JSON object per row."""
    for row in rows:
        fields = {"period": f"{period:%Y-%m}"} | row._asdict()
        yield json.dumps(fields, default=str, ensure_ascii=False)


def refusals(request: CompletedRequest) -> Iterator[str]:
    """Format one line per reason why a request was not accepted."""
    siren, count = request.stations[0].siren, len(request.stations)
    for reason in request.response.reasons:
        stations = reason.station_id or f"({count} stations)"
        yield f"{siren} {stations}: {request.response.outcome}: {reason.text}"


def progress(request: CompletedRequest, done: int, total: int, seconds: float) -> str:
    """Describe a request and the progress of the run."""
    first, count = request.stations[0], len(request.stations)
    rate = done / seconds if seconds > 0 else 0
    minutes = (total - done) / rate / 60 if rate else 0
    return (
        f"{first.siren} {first.amenageur_name}: {count} sent, {request.response.outcome}"
        f" ({done:,} of {total:,} done, {rate:,.0f} a second, {minutes:.0f} min to go)"
    )


def station_change(station: PlannedStation) -> str:
    """Describe what changes for a station at CARBURE."""
    old = "nothing" if station.acknowledged_mwh is None else f"{station.acknowledged_mwh} MWh"
    has_moved = station.acknowledged_siren not in (None, station.siren)
    moved_from = f" (from {station.acknowledged_siren})" if has_moved else ""
    return (
        f"{station.siren} {station.id_station_itinerance}: {station.action}:"
        f" {old} → {station.energy_mwh} MWh{moved_from}"
    )


def locked_difference(station: PlannedStation) -> str:
    """Describe a difference that can no longer be corrected."""
    possible = "" if station.possible_mwh is None else f", or {station.possible_mwh} MWh"
    return f"{station_change(station)}: validated at CARBURE{possible}, cannot be changed"


def month_to_send_again(month: MonthToSendAgain) -> str:
    """Say what sending another month again would change at CARBURE."""
    parts = []
    if month.changed_stations:
        parts.append(
            f"{month.changed_stations:,} stations have changed since, or were not"
            f" accepted ({month.change_mwh:+} MWh)"
        )
    if month.credited_stations:
        parts.append(
            f"CARBURE may now credit {month.credited_stations:,} stations with"
            f" {month.credited_mwh} MWh to another entity than when they were sent, or the ledger"
            " does not know to which"
        )
    sirens = ", ".join(month.sirens)
    return f"{month.period:%Y-%m}: send this month again: {'; '.join(parts)} ({sirens})"
