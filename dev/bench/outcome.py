"""What a way of computing the month came to, to be compared with the others."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from dev import generator
from dev.bench.warehouse import BenchmarkError

FLAGS = (*generator.FLAGS, "invalid_energy", "hidden_overlap", "is_rejected")


class Outcome(NamedTuple):
    """How many sessions have each flag, and the energy of each station in MWh."""

    counts: dict[str, int]
    stations: dict[str, Decimal]


@dataclass(frozen=True)
class Way:
    """A way to compute the month, which tells its seconds, and where it leaves what it computes."""

    run: Callable[[], float]
    query: Callable[[str], list[tuple]]
    flags: str
    stations: str

    def outcome(self) -> Outcome:
        """Count the flags, and read the stations."""
        counted = ", ".join(f"count(*) filter (where {flag})" for flag in FLAGS)
        [counts] = self.query(f"select count(*), {counted} from {self.flags}")  # noqa: S608
        energies = self.query(f"select id_station_itinerance, energy_mwh from {self.stations}")  # noqa: S608
        return Outcome(dict(zip(("sessions", *FLAGS), counts, strict=True)), dict(energies))


def require_same(ways: dict[str, Way]) -> None:
    """Stop where two ways do not come to the same: then their times say nothing."""
    (first_name, first), *others = ((name, way.outcome()) for name, way in ways.items())
    for name, other in others:
        if other.counts != first.counts:
            raise BenchmarkError(f"{first_name}: {first.counts}; but {name}: {other.counts}")
        if other.stations != first.stations:
            different = len(set(first.stations.items()) ^ set(other.stations.items()))
            raise BenchmarkError(f"{first_name} and {name} differ in {different} stations' rows")
