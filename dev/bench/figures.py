"""What is measured at one size, and in which order."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from dev import postgres
from dev.bench import hand_written, measure, row_by_row, source
from dev.bench.duckdb_floor import DuckDB
from dev.bench.outcome import Way, require_same
from dev.bench.report import Row
from dev.bench.source import MONTH
from dev.bench.warehouse import (
    SESSION_SETTINGS,
    BenchmarkError,
    Warehouse,
    show_source_of,
    temporary_warehouse,
)

FIGURES = ("statements", "history", "rebuild", "row-by-row", "duckdb", "memory", "foreign")
PERIOD = f"{MONTH:%Y-%m}"
HERE, ELSEWHERE = "same database", "postgres_fdw"
MILLION = 1_000_000
# What a session takes in the source and in the marts, each with its indexes, and room to work.
BYTES_PER_SESSION = 500


@dataclass(frozen=True)
class Plan:
    """What was asked for, of one size."""

    sessions: int
    months: list[int]
    figures: frozenset[str]
    runs: int
    row_by_row_days: int
    say: Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """Sources of so many months, in the warehouse's database and maybe seen from another one."""

    plan: Plan
    months: int
    warehouses: dict[str, Warehouse]

    def row(self, what: str, unit: str, runs: Iterable[float], sources: str = HERE) -> Row:
        """Put what was measured here beside what it was measured on."""
        return Row(self.plan.sessions, self.months, sources, what, unit, tuple(runs))


def measure_size(server: dict[str, str], plan: Plan, notes: list[str]) -> Iterator[Row]:
    """Measure all that was asked for; where the disk is too small for it, a note says so."""
    first_months, *histories = plan.months
    if months_with_room(plan.sessions, first_months) < first_months:
        raise BenchmarkError(f"the disk has no room for {plan.sessions:,} sessions a month")
    with staged(server, plan, first_months) as stage:
        for sources in stage.warehouses:
            rows = _race_of_ways(stage, sources)
            yield from _compared(rows)
            if "row-by-row" in plan.figures and sources == HERE:
                yield from _row_by_row(stage, rows["dbt build"])
        if "memory" in plan.figures:
            yield from _memory(stage)
        for wanted in histories if "history" in plan.figures else ():
            months = months_with_room(plan.sessions, wanted)
            if months < wanted:
                notes.append(
                    f"{plan.sessions:,} sessions a month: the disk has room for {months} months,"
                    f" not for {wanted}"
                )
            if months > first_months:
                with staged(server, plan, months) as longer:
                    yield from _history(stage, longer)


def months_with_room(sessions: int, wanted: int) -> int:
    """Give the months that are wanted, or as many as the disk has room for."""
    free = shutil.disk_usage(postgres.state_folder()).free
    return min(wanted, free // (sessions * BYTES_PER_SESSION))


@contextmanager
def staged(server: dict[str, str], plan: Plan, months: int) -> Iterator[Stage]:
    """Make the sources, and drop them and all that was made of them in the end."""
    name = f"bench_{months}"
    with (
        temporary_warehouse(server, name) as here,
        temporary_warehouse(server, f"{name}_near") as elsewhere,
    ):
        plan.say(f"making {months} months of {plan.sessions:,} sessions")
        with here.connection() as connection:
            source.make_network(connection)
        source.make_sessions(here.connection, source.chunks(months), plan.sessions)
        warehouses = {HERE: here}
        if "foreign" in plan.figures:
            show_source_of(here, elsewhere)
            warehouses[ELSEWHERE] = elsewhere
        yield Stage(plan, months, warehouses)


def _race_of_ways(stage: Stage, sources: str) -> dict[str, Row]:
    """Let all ways compute the month, and see that they come to the same."""
    with TemporaryDirectory() as folder:
        ways = _ways(stage, sources, Path(folder))
        seconds = _race(stage.plan, sources, ways)
        require_same(ways)
    return {name: stage.row(name, "s", runs, sources) for name, runs in seconds.items()}


def _ways(stage: Stage, sources: str, folder: Path) -> dict[str, Way]:
    warehouse, figures = stage.warehouses[sources], stage.plan.figures
    ways = {}
    if "statements" in figures:
        for name, run in (
            ("one statement", hand_written.one_statement),
            ("two statements", hand_written.two_statements),
        ):
            schema = name.replace(" ", "_")
            tables = (f"{schema}.session_flags", f"{schema}.station_energy")
            ways[name] = Way(partial(run, warehouse), warehouse.query, *tables)
    ways["dbt build"] = _by_dbt(warehouse, _first_build)
    if "rebuild" in figures:
        ways["dbt build again"] = _by_dbt(warehouse, _build)
    if "duckdb" in figures and sources == HERE:
        stage.plan.say("writing Parquet files")
        duckdb = DuckDB(folder)
        duckdb.export(warehouse, source.chunks(stage.months))
        ways["DuckDB"] = Way(duckdb.run, duckdb.query, "flags", "stations")
    return ways


def _race(plan: Plan, sources: str, ways: dict[str, Way]) -> dict[str, list[float]]:
    """Measure in rounds, so that what slows the machine for a while slows all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(plan.runs):
        for name, way in ways.items():
            seconds[name].append(way.run())
            took = f"{seconds[name][-1]:.1f} s"
            plan.say(f"{name}, {sources}, run {run + 1} of {plan.runs}: {took}")
    return seconds


def _compared(rows: dict[str, Row]) -> Iterator[Row]:
    """Give the rows of a race, and what dbt takes beside the others."""
    dbt = rows["dbt build"]
    yield dbt
    for name in ("one statement", "two statements", "DuckDB"):
        if name in rows:
            yield rows[name]
            yield dbt.over(rows[name])
    if "dbt build again" in rows:
        yield rows["dbt build again"]
        yield rows["dbt build again"].over(dbt)


def _row_by_row(stage: Stage, dbt: Row) -> Iterator[Row]:
    """Work off some days as the old flow does, and hold that against dbt by the session."""
    plan, runs = stage.plan, []
    for run in range(plan.runs):
        result = row_by_row.run(stage.warehouses[HERE], plan.row_by_row_days)
        runs.append(result.seconds * MILLION / result.sessions)
        plan.say(
            f"pandas, run {run + 1} of {plan.runs}: {result.sessions:,} sessions,"
            f" {result.seconds:.1f} s"
        )
    pandas = stage.row("pandas, row by row, per million sessions", "s", runs)
    per_million = tuple(seconds * MILLION / plan.sessions for seconds in dbt.runs)
    yield pandas
    yield pandas.over(replace(dbt, what="dbt build, per million sessions", runs=per_million))


def _memory(stage: Stage) -> Iterator[Row]:
    """Watch builds that are not timed, with the settings of the others and with less memory."""
    warehouse, plan = stage.warehouses[HERE], stage.plan
    disk = measure.marts_megabytes(warehouse) * MILLION / plan.sessions
    yield stage.row("disk per million sessions", "MB", [disk])
    default = {key: value for key, value in SESSION_SETTINGS.items() if key != "work_mem"}
    for settings in (SESSION_SETTINGS, default):
        watched = warehouse.with_settings(settings)
        [(work_mem,)] = watched.query("show work_mem")
        plan.say(f"watching dbt build, work_mem {work_mem}")
        build = partial(watched.build, PERIOD)
        runs = [asdict(measure.watch(watched, build)) for _ in range(plan.runs)]
        for what in runs[0]:
            values = [run[what] for run in runs]
            yield stage.row(f"{what.replace('_', ' ')}, work_mem {work_mem}", "MB", values)


def _history(short: Stage, long: Stage) -> Iterator[Row]:
    """Build the month again where few months are built and where many are, in turn."""
    for sources, warehouse in long.warehouses.items():
        long.plan.say(f"dbt build of {long.months} months, {sources}")
        warehouse.build(f"{source.first_month(long.months):%Y-%m}..{PERIOD}")
        stages = {f"dbt build again, {stage.months} months": stage for stage in (short, long)}
        ways = {name: _by_dbt(stage.warehouses[sources], _build) for name, stage in stages.items()}
        seconds = _race(long.plan, sources, ways)
        few, many = (
            stage.row("dbt build again", "s", seconds[name], sources)
            for name, stage in stages.items()
        )
        yield few
        yield many
        yield many.over(few)
        # The next ones need the room.
        warehouse.forget_marts()


def _by_dbt(warehouse: Warehouse, run: Callable[[Warehouse], float]) -> Way:
    return Way(
        partial(run, warehouse),
        warehouse.query,
        "tiruert_intermediate.int_session_flags",
        "tiruert.station_energy_monthly",
    )


def _first_build(warehouse: Warehouse) -> float:
    warehouse.forget_marts()
    return _build(warehouse)


def _build(warehouse: Warehouse) -> float:
    return measure.seconds_of(partial(warehouse.build, PERIOD))
