"""The documented nightly command, plain `dbt build`, on warehouses with a history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dev.bench import resources
from dev.bench.database import BenchmarkError
from dev.bench.measurement import Measurement
from dev.bench.source import MONTH
from dev.bench.stage import LOCAL, Stage

ONE_MONTH, NOTHING = "one changeable month", "nothing to build"
BUILT_SINCE = """
    select distinct to_char(period, 'YYYY-MM') from tiruert_intermediate.period_builds
    where built_at >= %s
"""


@dataclass(frozen=True)
class NightlyBuild:
    """A way to run the nightly command, and the rows of sessions that each of its runs read."""

    stage: Stage
    sources: str
    kind: str
    rows_read: list[int] = field(default_factory=list)

    def run(self) -> float:
        """Build, check that exactly the expected months were built, and return the seconds."""
        database = self.stage.databases[self.sources]
        # Foreign tables read this database too.
        source = self.stage.databases[LOCAL]
        variables = {"changeable_days": _changeable_days()} if self.kind == ONE_MONTH else {}
        read_before = resources.session_rows_read(source)
        started_at = datetime.now(UTC)
        seconds = resources.seconds_of(lambda: database.build(**variables))
        self.rows_read.append(resources.session_rows_read(source) - read_before)

        built = [month for (month,) in database.query(BUILT_SINCE, started_at)]
        expected = [f"{MONTH:%Y-%m}"] if self.kind == ONE_MONTH else []
        if built != expected:
            raise BenchmarkError(f"nightly, {self.kind}: built {built} instead of {expected}")
        return seconds


def measure_nightly(stages: Sequence[Stage]) -> Iterator[Measurement]:
    """Compare nightly builds of all histories, for each kind of source."""
    for sources in stages[0].databases:
        for stage in stages:
            # Includes the month of which the source has only the look-back.
            stage.plan.log(f"dbt build of everything, {stage.months} months, {sources}")
            stage.databases[sources].build()
        builds = {
            f"nightly, {kind}, {stage.months} months": NightlyBuild(stage, sources, kind)
            for kind in (ONE_MONTH, NOTHING)
            for stage in stages
        }
        plan = stages[0].plan
        seconds = plan.time_in_turns(sources, {name: build.run for name, build in builds.items()})
        for kind in (ONE_MONTH, NOTHING):
            yield from _by_history(
                [
                    build.stage.measurement(f"nightly, {kind}", "s", seconds[name], sources)
                    for name, build in builds.items()
                    if build.kind == kind
                ]
            )
        for build in builds.values():
            name = f"rows of sessions read, {build.kind}"
            yield build.stage.measurement(name, "rows", build.rows_read, sources)
        # Free the disk space for the next kind of source.
        for stage in stages:
            stage.databases[sources].drop_marts()


def _by_history(times: list[Measurement]) -> Iterator[Measurement]:
    """Yield the times of all histories, and the ratio of each longer one to the shortest."""
    shortest, *longer = times
    yield shortest
    for time in longer:
        yield time
        yield time.ratio_to(shortest)


def _changeable_days() -> int:
    """Return the days with which the measured month is the first that can still change."""
    # Far from the limits of the month, so that neither hours nor a midnight during the run matter.
    return (datetime.now(UTC) - MONTH - timedelta(days=14)).days
