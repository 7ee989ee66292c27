"""What the benchmark measures at one size, and in which order."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from dev import postgres
from dev.bench import hand_written, resources, source
from dev.bench.contender import Contender, require_equal_results
from dev.bench.database import (
    SESSION_SETTINGS,
    BenchmarkDatabase,
    BenchmarkError,
    create_foreign_tables,
    temporary_database,
)
from dev.bench.duckdb_sql import DuckDB
from dev.bench.measurement import Measurement
from dev.bench.source import MONTH

OPTIONAL_MEASUREMENTS = ("statements", "history", "rebuild", "duckdb", "memory", "foreign")
PERIOD = f"{MONTH:%Y-%m}"
LOCAL, FOREIGN = "same database", "postgres_fdw"
MILLION = 1_000_000
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


def measure_size(
    server: dict[str, str], plan: BenchmarkPlan, notes: list[str]
) -> Iterator[Measurement]:
    """Yield all measurements of a plan. Add a note if the disk is too small for some of them."""
    first_months, *histories = plan.months
    if months_with_space(plan.sessions, first_months) < first_months:
        raise BenchmarkError(
            f"not enough disk space for {plan.sessions:,} sessions a month;"
            " free some space or measure fewer sessions"
        )
    with staged(server, plan, first_months) as stage:
        for sources in stage.databases:
            yield from _compare(stage, sources)
        if "memory" in plan.optional:
            yield from _memory(stage)
        for wanted in histories if "history" in plan.optional else ():
            months = months_with_space(plan.sessions, wanted)
            if months < wanted:
                notes.append(
                    f"{plan.sessions:,} sessions a month: disk space for {months} months,"
                    f" not for {wanted}"
                )
            if months > first_months:
                with staged(server, plan, months) as longer:
                    yield from _history(stage, longer)


def months_with_space(sessions: int, wanted: int) -> int:
    """Return the wanted number of months, or less if the disk has no space for all of them."""
    free = shutil.disk_usage(postgres.state_folder()).free
    return min(wanted, free // (sessions * BYTES_PER_SESSION))


@contextmanager
def staged(server: dict[str, str], plan: BenchmarkPlan, months: int) -> Iterator[Stage]:
    """Generate the sources, and drop all databases after the block."""
    name = f"bench_{months}"
    with (
        temporary_database(server, name) as local,
        temporary_database(server, f"{name}_foreign") as foreign,
    ):
        plan.log(f"generating {months} months of {plan.sessions:,} sessions")
        source.create_network(local)
        source.create_sessions(local, source.chunks(months), plan.sessions)
        databases = {LOCAL: local}
        if "foreign" in plan.optional:
            create_foreign_tables(remote=local, local=foreign)
            databases[FOREIGN] = foreign
        yield Stage(plan, months, databases)


def _compare(stage: Stage, sources: str) -> Iterator[Measurement]:
    """Compute the month in all requested ways, and compare `dbt build` with the others."""
    with TemporaryDirectory() as folder:
        contenders = _contenders(stage, sources, Path(folder))
        seconds = _time_in_rounds(stage.plan, sources, contenders)
        require_equal_results(contenders)
    times = {name: stage.measurement(name, "s", runs, sources) for name, runs in seconds.items()}
    dbt = times["dbt build"]
    yield dbt
    for name in ("one statement", "two statements", "DuckDB"):
        if name in times:
            yield times[name]
            yield dbt.ratio_to(times[name])
    if "dbt build again" in times:
        yield times["dbt build again"]
        yield times["dbt build again"].ratio_to(dbt)


def _contenders(stage: Stage, sources: str, folder: Path) -> dict[str, Contender]:
    database, optional = stage.databases[sources], stage.plan.optional
    contenders = {}
    if "statements" in optional:
        for name, run in (
            ("one statement", hand_written.one_statement),
            ("two statements", hand_written.two_statements),
        ):
            schema = name.replace(" ", "_")
            tables = (f"{schema}.session_flags", f"{schema}.station_energy")
            contenders[name] = Contender(partial(run, database), database.query, *tables)
    contenders["dbt build"] = _dbt(database, _first_build)
    if "rebuild" in optional:
        contenders["dbt build again"] = _dbt(database, _build)
    if "duckdb" in optional and sources == LOCAL:
        stage.plan.log("writing Parquet files")
        duckdb = DuckDB(folder, database, source.chunks(stage.months))
        contenders["DuckDB"] = Contender(
            duckdb.run,
            duckdb.query,
            "hand_written.flagged_sessions",
            "hand_written.station_energy",
        )
    return contenders


def _time_in_rounds(
    plan: BenchmarkPlan, sources: str, contenders: dict[str, Contender]
) -> dict[str, list[float]]:
    """Run the contenders in turn, so that a slow phase of the machine affects all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in range(plan.runs):
        for name, contender in contenders.items():
            seconds[name].append(contender.run())
            took = f"{seconds[name][-1]:.1f} s"
            plan.log(f"{name}, {sources}, run {run + 1} of {plan.runs}: {took}")
    return seconds


def _memory(stage: Stage) -> Iterator[Measurement]:
    """Measure disk space, and the memory of builds with much and with little work_mem."""
    database, plan = stage.databases[LOCAL], stage.plan
    disk = resources.marts_megabytes(database) * MILLION / plan.sessions
    yield stage.measurement("disk per million sessions", "MB", [disk])
    default = {key: value for key, value in SESSION_SETTINGS.items() if key != "work_mem"}
    for settings in (SESSION_SETTINGS, default):
        sampled = database.with_settings(settings)
        [(work_mem,)] = sampled.query("show work_mem")
        plan.log(f"sampling dbt build, work_mem {work_mem}")
        build = partial(sampled.build, PERIOD)
        runs = [asdict(resources.peak_usage(sampled, build)) for _ in range(plan.runs)]
        for usage in runs[0]:
            name = f"{usage.replace('_', ' ')}, work_mem {work_mem}"
            yield stage.measurement(name, "MB", [run[usage] for run in runs])


def _history(short: Stage, long: Stage) -> Iterator[Measurement]:
    """Compare a rebuild of the month in a short and in a long history."""
    for sources, database in long.databases.items():
        long.plan.log(f"dbt build of {long.months} months, {sources}")
        database.build(f"{source.first_month(long.months):%Y-%m}..{PERIOD}")
        stages = {f"dbt build again, {stage.months} months": stage for stage in (short, long)}
        contenders = {
            name: _dbt(stage.databases[sources], _build) for name, stage in stages.items()
        }
        seconds = _time_in_rounds(long.plan, sources, contenders)
        few, many = (
            stage.measurement("dbt build again", "s", seconds[name], sources)
            for name, stage in stages.items()
        )
        yield few
        yield many
        yield many.ratio_to(few)
        # Free the disk space for the next database.
        database.drop_marts()


def _dbt(database: BenchmarkDatabase, run: Callable[[BenchmarkDatabase], float]) -> Contender:
    return Contender(
        partial(run, database),
        database.query,
        "tiruert_intermediate.int_session_flags",
        "tiruert.station_energy_monthly",
    )


def _first_build(database: BenchmarkDatabase) -> float:
    database.drop_marts()
    return _build(database)


def _build(database: BenchmarkDatabase) -> float:
    return resources.seconds_of(partial(database.build, PERIOD))
