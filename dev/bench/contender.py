"""The compared ways to compute a month, and the check that their results agree."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from dev import generator
from dev.bench.database import BenchmarkError

FLAGS = (*generator.FLAGS, "invalid_energy", "invalid_time", "hidden_overlap", "is_rejected")


class MonthResult(NamedTuple):
    """Session counts by flag, and energy in MWh by station."""

    counts: dict[str, int]
    stations: dict[str, Decimal]


@dataclass(frozen=True)
class Contender:
    """One way to compute the month. `run` returns seconds; the tables hold the result."""

    run: Callable[[], float]
    query: Callable[[str], list[tuple[Any, ...]]]
    sessions_table: str
    stations_table: str

    def result(self) -> MonthResult:
        """Read the result of the last run."""
        counted = ", ".join(f"count(*) filter (where {flag})" for flag in FLAGS)
        [counts] = self.query(f"select count(*), {counted} from {self.sessions_table}")  # noqa: S608
        energies = self.query(
            f"select id_station_itinerance, energy_mwh from {self.stations_table}"  # noqa: S608
        )
        return MonthResult(dict(zip(("sessions", *FLAGS), counts, strict=True)), dict(energies))


def require_equal_results(contenders: dict[str, Contender]) -> None:
    """Raise BenchmarkError if two results differ, because their times are then meaningless."""
    (first_name, first), *others = (
        (name, contender.result()) for name, contender in contenders.items()
    )
    for name, other in others:
        if other.counts != first.counts:
            raise BenchmarkError(
                f"results differ: {first_name} has {first.counts}, {name} has {other.counts}"
            )
        if other.stations != first.stations:
            different = len(set(first.stations.items()) ^ set(other.stations.items()))
            raise BenchmarkError(
                f"results differ: {first_name} and {name} disagree on {different} station rows"
            )
