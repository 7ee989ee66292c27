"""What the benchmark measures at one size, and in which order."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.bench import hand_written, resources, source
from dev.bench.contender import Contender, require_equal_results
from dev.bench.database import SESSION_SETTINGS, BenchmarkDatabase, BenchmarkError
from dev.bench.duckdb_sql import DuckDB
from dev.bench.measurement import Measurement
from dev.bench.nightly import measure_nightly
from dev.bench.source import MONTH
from dev.bench.spark import measure_spark
from dev.bench.stage import LOCAL, BenchmarkPlan, Stage, months_with_space, staged

OPTIONAL_MEASUREMENTS = ("statements", "nightly", "duckdb", "memory", "foreign", "spark")
PERIOD = f"{MONTH:%Y-%m}"
MILLION = 1_000_000


def measure_size(
    server: dict[str, str], plan: BenchmarkPlan, notes: list[str]
) -> Iterator[Measurement]:
    """Yield all measurements of a plan. Add a note if the disk is too small for some of them."""
    histories = plan.months if "nightly" in plan.optional else plan.months[:1]
    first, *longer = months_with_space(plan.sessions, histories)
    if first < histories[0]:
        raise BenchmarkError(
            f"not enough disk space for {plan.sessions:,} sessions a month;"
            " free some space or measure fewer sessions"
        )
    for wanted, months in zip(histories[1:], longer, strict=True):
        if months < wanted:
            notes.append(
                f"{plan.sessions:,} sessions a month: disk space for {months} months,"
                f" not for {wanted}"
            )
    with ExitStack() as databases:
        stages = [databases.enter_context(staged(server, plan, first))]
        for sources in stages[0].databases:
            yield from _compare(stages[0], sources)
        if "memory" in plan.optional:
            yield from _memory(stages[0])
        if "spark" in plan.optional:
            yield from measure_spark(stages[0])
        if "nightly" in plan.optional:
            stages += [
                databases.enter_context(staged(server, plan, months))
                for months in longer
                if months > first
            ]
            yield from measure_nightly(stages)


def _compare(stage: Stage, sources: str) -> Iterator[Measurement]:
    """Compute the month in all requested ways, and compare `dbt build` with the others."""
    with TemporaryDirectory() as folder:
        contenders = _contenders(stage, sources, Path(folder))
        runs = {name: contender.run for name, contender in contenders.items()}
        seconds = stage.plan.time_in_turns(sources, runs)
        require_equal_results(contenders)
    times = {name: stage.measurement(name, "s", runs, sources) for name, runs in seconds.items()}
    dbt = times["dbt build"]
    yield dbt
    for name in ("one statement", "two statements", "DuckDB"):
        if name in times:
            yield times[name]
            yield dbt.ratio_to(times[name])


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
    contenders["dbt build"] = Contender(
        partial(_first_build, database),
        database.query,
        "tiruert.sessions_flagged",
        "tiruert.station_energy_monthly",
    )
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
        build = partial(sampled.build, period=PERIOD)
        runs = [asdict(resources.peak_usage(sampled, build)) for _ in range(plan.runs)]
        for usage in runs[0]:
            name = f"{usage.replace('_', ' ')}, work_mem {work_mem}"
            yield stage.measurement(name, "MB", [run[usage] for run in runs])


def _first_build(database: BenchmarkDatabase) -> float:
    database.drop_marts()
    return resources.seconds_of(partial(database.build, period=PERIOD))
