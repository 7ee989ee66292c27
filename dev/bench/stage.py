"""What the benchmark is asked to measure, and the databases that it measures in."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dev import postgres
from dev.bench import source
from dev.bench.database import BenchmarkDatabase, create_foreign_tables, temporary_database
from dev.bench.measurement import Measurement

LOCAL, FOREIGN = "same database", "postgres_fdw"
# Source and marts, both with indexes, and space for sorting.
BYTES_PER_SESSION = 500


@dataclass(frozen=True)
class BenchmarkPlan:
    """The requested measurements at one size."""

    sessions: int
    months: list[int]
    optional: frozenset[str]
    runs: int
    log: Callable[[str], None]

    def time_in_turns(
        self, sources: str, contenders: dict[str, Callable[[], float]]
    ) -> dict[str, list[float]]:
        """Run the contenders in turn, so that a slow phase of the machine affects all of them.

        Every other turn is in reverse order, because what a run leaves to write slows the next one.
        """
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for run in range(self.runs):
            for name in list(contenders)[:: -1 if run % 2 else 1]:
                seconds[name].append(contenders[name]())
                took = f"{seconds[name][-1]:.1f} s"
                self.log(f"{name}, {sources}, run {run + 1} of {self.runs}: {took}")
        return seconds


@dataclass(frozen=True)
class Stage:
    """Generated sources of some months, and the databases that read them, by kind of source."""

    plan: BenchmarkPlan
    months: int
    databases: dict[str, BenchmarkDatabase]

    def measurement(
        self, name: str, unit: str, runs: Iterable[float], sources: str = LOCAL
    ) -> Measurement:
        """Return a measurement made on this stage."""
        return Measurement(self.plan.sessions, self.months, sources, name, unit, tuple(runs))


@contextmanager
def staged(server: dict[str, str], plan: BenchmarkPlan, months: int) -> Iterator[Stage]:
    """Generate the sources, and drop all databases after the block."""
    name = f"bench_{months}"
    with (
        temporary_database(server, name) as local,
        temporary_database(server, f"{name}_foreign") as foreign,
    ):
        plan.log(f"generating {months} months of {plan.sessions:,} sessions")
        source.create_network(local, plan.sessions)
        source.create_sessions(local, source.chunks(months), plan.sessions)
        databases = {LOCAL: local}
        if "foreign" in plan.optional:
            create_foreign_tables(remote=local, local=foreign)
            databases[FOREIGN] = foreign
        yield Stage(plan, months, databases)


def months_with_space(sessions: int, histories: Iterable[int]) -> list[int]:
    """Return the months of each history that fit on the disk with the histories before it."""
    space = shutil.disk_usage(postgres.state_folder()).free // (sessions * BYTES_PER_SESSION)
    fitting = []
    for months in histories:
        fitting.append(min(months, space))
        space -= fitting[-1]
    return fitting
