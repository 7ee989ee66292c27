"""What a user reads of a run: events as they come, and tables of stations and MWh at the end."""

import json
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import click

from sender.clock import Clock
from sender.plan import PlannedStation, SummaryRow
from sender.submission import CompletedRequest

NAME_WIDTH = 40


class Log:
    """Events on standard error: with the time where nobody watches, or as JSON, one a line."""

    def __init__(self, clock: Clock, *, as_json: bool) -> None:
        """Choose the form."""
        self._clock = clock
        self._as_json = as_json
        self._has_time = not sys.stderr.isatty()

    def __call__(self, text: str, **fields: Any) -> None:
        """Tell of one event; the fields are those of the JSON form."""
        now = self._clock.now().isoformat(timespec="seconds")
        if self._as_json:
            event = {"time": now, "event": text, **fields}
            click.echo(json.dumps(event, default=str, ensure_ascii=False), err=True)
        else:
            click.echo(f"{now} {text}" if self._has_time else text, err=True)


def table(lines: Iterable[SummaryRow]) -> Iterator[str]:
    """Show the lines of every SIREN, then of all together."""
    lines = list(lines)
    if not lines:
        return
    form = f"{{:<10}} {{:<{NAME_WIDTH}}} {{:<12}} {{:>9}} {{:>18}}"
    in_all: dict[str, tuple[int, Decimal]] = {}
    yield form.format("SIREN", "Entity", "", "Stations", "MWh")
    for line in lines:
        yield form.format(*line[:1], line.amenageur_name[:NAME_WIDTH], *line[2:])
        stations, energy_mwh = in_all.get(line.status, (0, Decimal(0)))
        in_all[line.status] = stations + line.stations, energy_mwh + line.energy_mwh
    for what, figures in in_all.items():
        yield form.format("In all", "", what, *figures)


def exchange_lines(exchange: CompletedRequest) -> Iterator[str]:
    """Tell of one request what came of it, and why not better."""
    siren, count = exchange.stations[0].siren, len(exchange.stations)
    for reason in exchange.answer.reasons:
        whom = reason.station_id or f"({count} stations)"
        yield f"{siren} {whom}: {exchange.answer.outcome}: {reason.text}"


def progress(exchange: CompletedRequest, sent: int, total: int, seconds: float) -> str:
    """Tell of one request, and how far the run is; what goes again counts again."""
    first, count = exchange.stations[0], len(exchange.stations)
    rate = sent / seconds if seconds > 0 else 0
    minutes = max(total - sent, 0) / rate / 60 if rate else 0
    return (
        f"{first.siren} {first.amenageur_name}: {count} sent, {exchange.answer.outcome}"
        f" ({sent:,} of {total:,}, {rate:,.0f} a second, {minutes:.0f} min to go)"
    )


def detail(station: PlannedStation) -> str:
    """Show what CARBURE has of a station and what it is to have."""
    old = "nothing" if station.acknowledged_mwh is None else f"{station.acknowledged_mwh} MWh"
    moved = (
        f" (from {station.acknowledged_siren})"
        if station.acknowledged_siren not in (None, station.siren)
        else ""
    )
    return (
        f"{station.siren} {station.id_station_itinerance}: {station.action}:"
        f" {old} → {station.energy_mwh} MWh{moved}"
    )


def difference_that_stays(station: PlannedStation) -> str:
    """Tell of a locked station that CARBURE will never have as the mart does."""
    return f"{detail(station)}: validated at CARBURE, cannot be sent any more"
