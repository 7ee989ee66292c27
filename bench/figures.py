"""What is measured at one size, and in which order."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import hand_written, measure, row_by_row, source
from bench.duckdb_floor import DuckDB
from bench.outcome import Way, require_same
from bench.report import Row
from bench.source import MONTH
from bench.warehouse import (
    SESSION_SETTINGS,
    BenchmarkError,
    Warehouse,
    show_source_of,
    temporary_warehouse,
)
from demo import postgres

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


@dataclass
class Size:
    """The warehouses of one size, and what has been measured on them."""

    plan: Plan
    warehouses: dict[str, Warehouse]
    months: int = 0
    notes: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Measure all that was asked for."""
        self._grow(self.plan.months[0])
        if self.months == 0:
            raise BenchmarkError("the disk has no room for a month of that size")
        firsts = {}
        for sources in self.warehouses:
            if sources == ELSEWHERE:
                show_source_of(self.warehouses[HERE], self.warehouses[ELSEWHERE])
            firsts[sources] = self._one_month(sources)
            yield from self._compared(firsts[sources])
        if "row-by-row" in self.plan.figures:
            yield from self._row_by_row(firsts[HERE]["dbt build"])
        if "memory" in self.plan.figures:
            yield from self._memory()
        if "history" in self.plan.figures:
            for months in self.plan.months[1:]:
                yield from self._history(months, firsts)

    def _grow(self, wanted: int) -> None:
        """Add earlier months to the source: as many as are wanted, or as the disk has room for."""
        free = shutil.disk_usage(postgres.state_folder()).free
        room = self.months + free // (self.plan.sessions * BYTES_PER_SESSION)
        months = min(wanted, room)
        if months < wanted:
            self.notes.append(
                f"{self.plan.sessions:,} sessions a month: {months} months in place of {wanted},"
                " for which the disk has no room"
            )
        if months <= self.months:
            return
        self.plan.say(f"making {months} months of {self.plan.sessions:,} sessions")
        warehouse = self.warehouses[HERE]
        if self.months == 0:
            with warehouse.connection() as connection:
                source.make_network(connection)
        made = source.chunks(self.months) if self.months else []
        missing = [chunk for chunk in source.chunks(months) if chunk not in made]
        source.make_sessions(warehouse.connection, missing, self.plan.sessions)
        self.months = months

    def _one_month(self, sources: str) -> dict[str, Row]:
        """Let all ways compute the month in turn, and see that they come to the same."""
        with TemporaryDirectory() as folder:
            ways = self._ways(sources, Path(folder))
            rows = self._race(sources, ways)
            require_same(ways)
        return rows

    def _ways(self, sources: str, folder: Path) -> dict[str, Way]:
        warehouse = self.warehouses[sources]
        ways = {}
        if "statements" in self.plan.figures:
            for name, run in (
                ("one statement", hand_written.one_statement),
                ("two statements", hand_written.two_statements),
            ):
                schema = name.replace(" ", "_")
                tables = (f"{schema}.session_flags", f"{schema}.station_energy")
                ways[name] = Way(partial(run, warehouse), warehouse.query, *tables)
        ways["dbt build"] = _by_dbt(warehouse, _first_build)
        if self.plan.figures & {"rebuild", "history"}:
            ways["dbt build again"] = _by_dbt(warehouse, _build)
        if "duckdb" in self.plan.figures and sources == HERE:
            self.plan.say("writing Parquet files")
            duckdb = DuckDB(folder)
            duckdb.export(warehouse, source.chunks(self.months))
            ways["DuckDB"] = Way(duckdb.run, duckdb.query, "flags", "stations")
        return ways

    def _race(self, sources: str, ways: dict[str, Way]) -> dict[str, Row]:
        """Measure in rounds, so that what slows the machine for a while slows all of them."""
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for run in range(self.plan.runs):
            for name, way in ways.items():
                seconds[name].append(way.run())
                took = f"{seconds[name][-1]:.1f} s"
                self.plan.say(f"{name}, {sources}, run {run + 1} of {self.plan.runs}: {took}")
        return {name: self._row(name, "s", runs, sources) for name, runs in seconds.items()}

    def _row(self, what: str, unit: str, runs: list[float], sources: str = HERE) -> Row:
        return Row(self.plan.sessions, self.months, sources, what, unit, tuple(runs))

    def _compared(self, rows: dict[str, Row]) -> Iterator[Row]:
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

    def _row_by_row(self, dbt: Row) -> Iterator[Row]:
        """Work off some days as the old flow does, and hold that against dbt by the session."""
        runs = []
        for run in range(self.plan.runs):
            result = row_by_row.run(self.warehouses[HERE], self.plan.row_by_row_days)
            runs.append(result.seconds * MILLION / result.sessions)
            self.plan.say(
                f"pandas, run {run + 1} of {self.plan.runs}: {result.sessions:,} sessions,"
                f" {result.seconds:.1f} s"
            )
        pandas = self._row("pandas, row by row, per million sessions", "s", runs)
        per_million = tuple(seconds * MILLION / self.plan.sessions for seconds in dbt.runs)
        dbt_per_million = replace(dbt, what="dbt build, per million sessions", runs=per_million)
        yield pandas
        yield pandas.over(dbt_per_million)

    def _memory(self) -> Iterator[Row]:
        """Watch builds that are not timed, with the settings of the others and with less memory."""
        warehouse = self.warehouses[HERE]
        disk = measure.marts_megabytes(warehouse) * MILLION / self.plan.sessions
        yield self._row("disk per million sessions", "MB", [disk])
        default = {key: value for key, value in SESSION_SETTINGS.items() if key != "work_mem"}
        for settings in (SESSION_SETTINGS, default):
            watched = warehouse.with_settings(settings)
            work_mem = watched.query("show work_mem")[0][0]
            self.plan.say(f"watching dbt build, work_mem {work_mem}")
            build = partial(watched.build, PERIOD)
            runs = [asdict(measure.watch(watched, build)) for _ in range(self.plan.runs)]
            for what in runs[0]:
                values = [run[what] for run in runs]
                yield self._row(f"{what.replace('_', ' ')}, work_mem {work_mem}", "MB", values)

    def _history(self, months: int, firsts: dict[str, dict[str, Row]]) -> Iterator[Row]:
        """Build the month where many are built, and hold it against where few are."""
        self._grow(months)
        for sources, warehouse in self.warehouses.items():
            one = firsts[sources]["dbt build again"]
            if self.months == one.months:
                return
            self.plan.say(f"dbt build of {self.months} months, {sources}")
            warehouse.forget_marts()
            warehouse.build(f"{source.first_month(self.months):%Y-%m}..{PERIOD}")
            [row] = self._race(sources, {"dbt build again": _by_dbt(warehouse, _build)}).values()
            yield row
            yield row.over(one)
            # The next ones need the room.
            warehouse.forget_marts()


@contextmanager
def sized(server: dict[str, str], plan: Plan) -> Iterator[Size]:
    """Make room for one size, and give it back."""
    with (
        temporary_warehouse(server, "bench") as here,
        temporary_warehouse(server, "bench_near") as elsewhere,
    ):
        warehouses = {HERE: here}
        if "foreign" in plan.figures:
            warehouses[ELSEWHERE] = elsewhere
        yield Size(plan, warehouses)


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
