"""What a user reads of a submission, as lines of text."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from sender.carbure import Outcome
from sender.submission import Batch

NAME_WIDTH = 32


def progress_line(number: int, total: int, batch: Batch) -> str:
    """Tell of one request how it ended."""
    return (
        f"[{number}/{total}] {batch.siren} {batch.entity}:"
        f" {len(batch.stations)} stations, {batch.energy_mwh} MWh: {batch.outcome}"
    )


def failure_lines(batches: Iterable[Batch]) -> Iterator[str]:
    """List what was not accepted, with the stations and the reasons."""
    for batch in batches:
        for reason in batch.reasons:
            whom = f"{batch.siren} {reason.station_id or f'({len(batch.stations)} stations)'}"
            yield f"{whom}: {batch.outcome}: {reason.text}"


def summary_lines(batches: Iterable[Batch]) -> Iterator[str]:
    """Show per SIREN and in all how many stations and MWh had which outcome."""
    outcomes = list(Outcome)
    yield _row("SIREN", "Entity", "Stations", "MWh", *outcomes)
    rows = []
    for siren, group in groupby(batches, key=attrgetter("siren")):
        of_siren = list(group)
        rows.append(_figures(of_siren))
        yield _row(siren, of_siren[0].entity, *rows[-1])
    yield _row("In all", f"{len(rows)} SIRENs", *map(sum, zip(*rows, strict=True)))


def _figures(batches: list[Batch]) -> list[int | Decimal]:
    stations_of = {
        outcome: sum(len(batch.stations) for batch in batches if batch.outcome is outcome)
        for outcome in Outcome
    }
    energy_mwh = sum((batch.energy_mwh for batch in batches), Decimal(0))
    return [sum(stations_of.values()), energy_mwh, *stations_of.values()]


def _row(siren: str, entity: str, stations: object, energy: object, *outcomes: object) -> str:
    counts = "".join(f"{outcome!s:>11}" for outcome in outcomes)
    return f"{siren:<10} {entity[:NAME_WIDTH]:<{NAME_WIDTH}} {stations!s:>8} {energy!s:>16}{counts}"
