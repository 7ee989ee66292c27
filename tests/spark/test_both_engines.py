"""Spark and PostgreSQL judge and sum every session alike, to the last bit and Wh."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import duckdb
import pytest

from dev import sample
from dev.demo.__main__ import CLUSTER
from tests.spark.conftest import ONE_PROCESS
from tests.support import strategies
from tests.support.forked_programs import ON_SPARK
from tests.support.project import MODELS_ON_SPARK, copy_project, replace_once
from tests.support.two_operators import TIMES_OF_BUILDS
from tests.support.warehouse import PROJECT, Warehouse

CASES = 1000
# As many digits as the sums of the largest and the smallest double.
EXACT = Context(prec=1000)
MINUTE = timedelta(minutes=1)
# Of one session. Its end is in the lake only if Spark can hold it.
FLAG_COLUMNS = (
    "session_id",
    "charge_point_id",
    "station_id",
    "blocking_reason",
    "started_at",
    "energy_kwh",
    "broken_rules",
    "rejection_reasons",
    "is_rejected",
    "delay_hours",
)
# What Spark lands in part: only the sessions that readers ask for one by one.
SESSION_MARTS = ("sessions_flagged", "sessions_clean")
SUMS = {
    "int_energy_daily": "period, started_on, station_id, blocking_reason, broken_rules,"
    " rejection_reasons, is_rejected, sum(sessions), sum(energy_kwh)",
    "int_reception_delays": "period, siren, delay_hours, sum(sessions), sum(late_sessions),"
    " cast(max(last_received_at) as text)",
    "int_charge_point_sessions": "period, charge_point_id, sum(sessions), sum(rejected_sessions)",
}


class Engines(NamedTuple):
    """The same source, built by PostgreSQL and by Spark."""

    postgres: Warehouse
    spark: Warehouse
    months: tuple[str, ...]


class Case(NamedTuple):
    """What is built, in which months, and with which changes of dbt_project.yml."""

    name: str
    months: tuple[str, ...]
    changes: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.name


CASE_LIST = (
    Case("sample", ("2024-12",)),
    Case("hostile", ("2025-03", "2025-04")),
    # The clocks change in October, which is longer than 31 days.
    Case(
        "hostile-in-paris",
        ("2025-10", "2025-11"),
        (
            ("  time_zone: UTC\n", "  time_zone: Europe/Paris\n"),
            ("  lake_format: parquet\n", "  lake_format: orc\n"),
        ),
    ),
)
IN_PARQUET = CASE_LIST[:2]


@pytest.fixture(scope="module", params=CASE_LIST, ids=str)
def engines(
    request: pytest.FixtureRequest,
    make_lake_warehouse: Callable[..., Warehouse],
    java_process: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Engines:
    case: Case = request.param
    project = PROJECT
    if case.changes:
        project = copy_project(tmp_path_factory.mktemp("project"))
        for old, new in case.changes:
            replace_once(project / "dbt_project.yml", old, new)
    if case.name == "sample":
        source = sample.read(request.getfixturevalue("sample_folder"))
    else:
        source = strategies.hostile_source(CASES)
        # Sessions of a day with one id, and energies that no decimal of Spark holds.
        session = source.session[0]
        source.session += [
            session._replace(start=session.start + minutes * MINUTE, energy=minutes * 1e9)
            for minutes in (2, 3)
        ]
    postgres, spark = (replace(make_lake_warehouse(CLUSTER), project=project) for _ in range(2))
    period = f"{case.months[0]}..{case.months[-1]}"
    for warehouse in (postgres, spark):
        warehouse.load(source)
    postgres.build(period=period)
    spark_build(spark.with_variables(**java_process), period)
    return Engines(postgres, spark, case.months)


def spark_build(warehouse: Warehouse, period: str) -> None:
    finished = warehouse.run("python", "-m", "spark_build", "--period", period)
    # Some of dbt's tests fail on hostile sessions, as they do on PostgreSQL.
    assert finished.returncode in (0, 1), finished.stdout + finished.stderr
    assert "ERROR creating" not in finished.stdout, finished.stdout


def test_every_month_is_from_spark(engines: Engines) -> None:
    """Otherwise PostgreSQL would be compared with itself."""
    landed = engines.spark.query(
        "select model, to_char(period, 'YYYY-MM') from tiruert_intermediate.period_builds"
        " where landed_run is not null"
    )
    assert set(landed) == {(model, month) for model in MODELS_ON_SPARK for month in engines.months}


def test_balance_says_when_spark_read_the_sessions(engines: Engines) -> None:
    """Not when dbt took the rows of that run."""
    times = engines.spark.query(
        "select landed_run, sessions_read_at, computed_at from tiruert.energy_balance_monthly"
        " inner join tiruert_intermediate.period_builds using (period)"
        " where model = 'int_session_flags'"
    )
    assert len(times) == len(engines.months)
    for run, read_at, computed_at in times:
        assert read_at == datetime.strptime(f"{run}+0000", "%Y%m%d%H%M%S%z")
        assert read_at < computed_at


@pytest.mark.parametrize("engines", IN_PARQUET, indirect=True, ids=str)
def test_every_session_has_the_same_flags(engines: Engines) -> None:
    for month in engines.months:
        columns = ", ".join(FLAG_COLUMNS)
        expected = engines.postgres.query(
            f"select {columns} from tiruert_intermediate.int_session_flags where period = %s",
            f"{month}-01",
        )
        assert expected
        assert flags_in_lake(engines.spark, month, columns) == by_session(expected)


def flags_in_lake(warehouse: Warehouse, month: str, columns: str) -> dict[Any, Any]:
    folder = Path(warehouse.environment["TIRUERT_LAKE"]) / "int_session_flags" / f"month={month}"
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(f"select {columns} from '{folder}/*/*.parquet'").fetchall()
    return by_session(rows)


def by_session(rows: list[tuple]) -> dict[Any, Any]:
    sessions = {(str(row[0]), row[4].timestamp()): comparable(row) for row in rows}
    assert len(sessions) == len(rows)
    return sessions


def comparable(row: tuple) -> tuple:
    """Replace NaN, which differs from itself, and compare ids as text."""
    return tuple(
        value.timestamp()
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, UUID | str) or value != value  # noqa: PLR0124
        else value
        for value in row
    )


@pytest.mark.parametrize("model", SUMS)
def test_sums_are_the_same(engines: Engines, model: str) -> None:
    columns = SUMS[model]
    keys = columns[: columns.index(", sum(")]
    statement = (
        f"select {columns} from tiruert_intermediate.{model}"
        f" where period = any(cast(%s as date[])) group by {keys} order by {keys}"
    )
    months = [f"{month}-01" for month in engines.months]
    expected = engines.postgres.query(statement, months)
    assert expected
    assert engines.spark.query(statement, months) == expected


def test_all_marts_are_the_same(engines: Engines) -> None:
    marts = [
        mart
        for (mart,) in engines.postgres.query(
            "select table_name from information_schema.tables where table_schema = 'tiruert'"
        )
        if mart not in SESSION_MARTS
    ]
    assert len(marts) > 15
    different = [
        mart for mart in marts if rows(engines.spark, mart) != rows(engines.postgres, mart)
    ]
    assert not different


def rows(warehouse: Warehouse, mart: str, condition: str = "true") -> list[str]:
    """Return rows as text in which numbers have no trailing zeros."""
    found = warehouse.query(
        f"select cast(to_jsonb(mart) - {TIMES_OF_BUILDS} as text) from tiruert.{mart} as mart"
        f" where {condition}"
    )
    return sorted(
        json.dumps(json.loads(row, parse_float=without_zeros, parse_int=without_zeros))
        for (row,) in found
    )


def without_zeros(number: str) -> str:
    return str(EXACT.normalize(Decimal(number)))


def test_rejected_and_blocked_sessions_are_shown_alike(engines: Engines) -> None:
    unsent = "is_rejected or blocking_reason is not null"
    expected = rows(engines.postgres, "sessions_flagged", unsent)
    assert rows(engines.spark, "sessions_flagged", unsent) == expected
    # The others are those that they were compared with.
    clean = rows(engines.spark, "sessions_clean", "blocking_reason is null")
    assert set(clean) <= set(rows(engines.postgres, "sessions_clean"))


def test_nothing_is_left_behind(engines: Engines) -> None:
    tables = engines.spark.query(
        "select tablename from pg_tables where schemaname = 'tiruert_landing'"
    )
    assert sorted(tables) == [("lake_fills",), ("landings",)]
    assert engines.spark.query("select * from tiruert_landing.landings") == []


@pytest.mark.parametrize("engines", CASE_LIST[1:2], indirect=True, ids=str)
def test_rules_unit_tests_pass_on_spark(engines: Engines, java_process: dict[str, str]) -> None:
    """The unit tests of the models run on both engines."""
    [(sessions_run,)] = engines.spark.query(
        "select run from tiruert_landing.lake_fills where period = %s", f"{engines.months[0]}-01"
    )
    step = {"run": "unit-tests", "sessions_run": sessions_run}
    variables = json.dumps({"period": engines.months[0], "spark_build": step})
    one_process = engines.spark.with_variables(TIRUERT_SPARK_MASTER=ONE_PROCESS, **java_process)
    finished = one_process.run(
        "dbt", "build", "--cache-selected-only", "--exclude-resource-types", "test",
        "--select", "stg_qualicharge__sessions", "tag:sessions", "--vars", variables, *ON_SPARK,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout
    assert "PASS int_session_flags::" in finished.stdout
