"""A month from Spark keeps its figures, whatever is run or lost afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.project import copy_project, replace_once
from tests.support.submission import acknowledge, acknowledged_changes
from tests.support.two_operators import charge, contents, delete, network, noon, set_energy
from tests.support.warehouse import Warehouse

SPARK_BUILD = ("python", "-m", "spark_build", "--period", "2025-04")
ALPHA = "732829320"
APRIL = json.dumps({"period": "2025-04"})
LANDED_RUN = (
    "select landed_run from tiruert_intermediate.period_builds where model = 'int_session_flags'"
)


@pytest.fixture(scope="module")
def warehouse(
    make_lake_warehouse: Callable[..., Warehouse], java_process: dict[str, str]
) -> Warehouse:
    """Thirty sessions of two operators in April, and the look-back, built on Spark."""
    warehouse = make_lake_warehouse().with_variables(**java_process)
    source, alpha, beta = network()
    source.session += [
        charge(point, noon(4, day)) for point in (alpha, beta) for day in range(1, 16)
    ]
    # Only long sessions of the look-back are kept.
    source.session += [
        charge(point, noon(3, day))._replace(end=noon(3, day) + timedelta(hours=25))
        for point in (alpha, beta)
        for day in range(25, 31)
    ]
    warehouse.load(source)
    run(warehouse, *SPARK_BUILD)
    return warehouse


def run(warehouse: Warehouse, *command: str) -> str:
    finished = warehouse.run(*command)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def lake_runs(warehouse: Warehouse, table: str) -> list[str]:
    """Return the names of the folders of a table's runs."""
    lake = Path(warehouse.environment["TIRUERT_LAKE"])
    return [folder.name for folder in lake.glob(f"{table}/month=2025-04/run=*")]


def recorded_fills(warehouse: Warehouse) -> list[str]:
    """Return the folders of sessions that the lake should have."""
    fills = warehouse.query("select 'run=' || run from tiruert_landing.lake_fills")
    return [folder for (folder,) in fills]


def sums(warehouse: Warehouse) -> list[list[tuple]]:
    """Return the marts without those of single sessions, which differ between the engines."""
    return [rows for mart, rows in contents(warehouse).items() if mart != "sessions_flagged"]


def test_full_refresh_is_refused(warehouse: Warehouse) -> None:
    finished = warehouse.run("dbt", "build", "--full-refresh")
    assert finished.returncode != 0
    assert "a full refresh would drop what was computed on Spark (2025-04)" in finished.stdout


def test_wrong_states_stop_the_build_before_spark(warehouse: Warehouse) -> None:
    """A charge point has two states at once."""
    before = sums(warehouse)
    states = "tiruert_intermediate.charge_point_states"
    warehouse.query(f"create table copies as table {states}; insert into {states} table copies")
    finished = warehouse.run(*SPARK_BUILD)
    assert finished.returncode == 1
    assert "Failure in test unique_charge_point_states_charge_point_id" in finished.stdout
    assert "computing it on Spark" not in finished.stdout
    assert sums(warehouse) == before
    warehouse.query(f"truncate {states}; insert into {states} table copies; drop table copies")


def test_month_does_not_change_without_its_look_back(warehouse: Warehouse) -> None:
    """The platform has dropped it, but not yet a session of the month. One has been corrected."""
    before, runs = sums(warehouse), lake_runs(warehouse, "sessions")
    warehouse.query("create table public.copy as select * from qualicharge.session")
    warehouse.query("delete from qualicharge.session where start < '2025-04-01Z'")
    warehouse.query(
        "update qualicharge.session set energy = 11 where start = (select min(start) from copy"
        " where start > '2025-04-01Z')"
    )
    finished = warehouse.run(*SPARK_BUILD)
    assert finished.returncode == 1
    assert "Failure in test months_keep_their_sessions" in finished.stdout
    assert sums(warehouse) == before
    assert lake_runs(warehouse, "sessions") == runs
    warehouse.query(
        "truncate qualicharge.session; insert into qualicharge.session table copy; drop table copy"
    )


def test_losses_of_the_source_do_not_reach_the_lake(warehouse: Warehouse) -> None:
    """First of energy, then of an operator, then of all: PostgreSQL then leaves the month out."""
    before, runs = sums(warehouse), lake_runs(warehouse, "sessions")
    read_at = "select sessions_read_at from tiruert.energy_balance_monthly"
    before_read_at = warehouse.query(read_at)
    warehouse.query("create table public.copy as select * from qualicharge.session")
    warehouse.query("update qualicharge.session set energy = 1")
    finished = warehouse.run(*SPARK_BUILD)
    assert finished.returncode == 1
    assert "Failure in test months_keep_their_sessions" in finished.stdout
    assert sums(warehouse) == before
    assert lake_runs(warehouse, "sessions") == runs
    assert warehouse.query("select * from tiruert_landing.landings") == []

    warehouse.query(
        "delete from qualicharge.session where point_de_charge_id ="
        " (select id from qualicharge._pointdecharge limit 1)"
    )
    output = run(warehouse, *SPARK_BUILD)
    assert "2025-04: the lake keeps its 30 sessions, because the source has only 15" in output
    assert sums(warehouse) == before
    assert warehouse.query(read_at) == before_read_at

    warehouse.query("delete from qualicharge.session")
    output = run(warehouse, "dbt", "build", "--vars", APRIL)
    assert "2025-04 is not built" in output
    assert sums(warehouse) == before

    warehouse.query("drop table tiruert_intermediate.int_energy_daily cascade")
    run(warehouse, *SPARK_BUILD)
    assert sums(warehouse) == before
    assert recorded_fills(warehouse) == lake_runs(warehouse, "sessions")
    warehouse.query("insert into qualicharge.session select * from public.copy")


def test_postgres_computes_the_month_again(warehouse: Warehouse) -> None:
    """The source has its sessions again."""
    before = sums(warehouse)
    assert warehouse.query(LANDED_RUN) != [(None,)]
    run(warehouse, "dbt", "build", "--vars", APRIL)
    assert warehouse.query(LANDED_RUN) == [(None,)]
    assert sums(warehouse) == before
    [(sessions,)] = warehouse.query("select count(*) from tiruert.sessions_flagged")
    assert sessions == 30


def test_older_copy_in_the_lake_does_not_replace_a_month_of_postgres(warehouse: Warehouse) -> None:
    """PostgreSQL has computed the month with a correction, then the source has dropped it."""
    warehouse.query("update qualicharge.session set energy = 11")
    run(warehouse, "dbt", "build", "--vars", APRIL)
    before = sums(warehouse)
    warehouse.query("truncate qualicharge.session")
    run(warehouse, *SPARK_BUILD)
    assert sums(warehouse) == before


def test_changes_of_acknowledged_figures_have_their_causes(
    make_lake_warehouse: Callable[..., Warehouse], java_process: dict[str, str], tmp_path: Path
) -> None:
    """Spark compares with the flags in PostgreSQL, then with its own in the lake."""
    warehouse = make_lake_warehouse().with_variables(**java_process)
    source, alpha, beta = network()
    corrected, deleted, unchanged = (charge(alpha, noon(4, day), 10) for day in (10, 11, 12))
    # Spark cannot hold this end.
    odd = charge(alpha, noon(4, 20))._replace(end="294276-12-31 23:59:59.999999+00")
    # The session that is added below overlaps it.
    judged_again = charge(alpha, noon(4, 17) + timedelta(minutes=30), 3)
    source.session += [corrected, deleted, unchanged, judged_again, odd, charge(beta, noon(4, 10))]
    warehouse.load(source)
    warehouse.build(period="2025-04")
    acknowledge(warehouse, "2025-04", "FRA00P1", ALPHA, 0.033)

    set_energy(warehouse, corrected, 12)
    delete(warehouse, deleted)
    warehouse.query(
        "insert into qualicharge.session select gen_random_uuid(), start + interval '5 days',"
        " \"end\" + interval '5 days', 7, point_de_charge_id, now(), now()"
        " from qualicharge.session where id = %s",
        str(unchanged.id),
    )
    run(warehouse, *SPARK_BUILD)
    assert acknowledged_changes(warehouse) == [
        (33, 29, ALPHA, "judged_again", 1, -3),
        (33, 29, ALPHA, "sessions_added", 1, 7),
        (33, 29, ALPHA, "sessions_corrected", 1, 2),
        (33, 29, ALPHA, "sessions_deleted", 1, -10),
    ]

    set_energy(warehouse, corrected, 8)
    stricter = replace(warehouse, project=copy_project(tmp_path / "stricter"))
    replace_once(
        stricter.project / "dbt_project.yml",
        "eneu_energy_kwh:\n    2015-01: 1000\n",
        "eneu_energy_kwh:\n    2015-01: 1000\n    2025-04: 9\n",
    )
    lake = Path(warehouse.environment["TIRUERT_LAKE"])
    foreign_file = lake / "int_energy_daily" / "month=2025-04" / "part-0.parquet"
    foreign_file.touch()
    run(stricter, *SPARK_BUILD)
    assert acknowledged_changes(warehouse) == [
        (33, 15, ALPHA, "judged_again", 1, -3),
        (33, 15, ALPHA, "limits", 1, -10),
        (33, 15, ALPHA, "sessions_added", 1, 7),
        (33, 15, ALPHA, "sessions_corrected", 2, -2),
        (33, 15, ALPHA, "sessions_deleted", 1, -10),
    ]
    assert foreign_file.exists()
    assert recorded_fills(warehouse) == lake_runs(warehouse, "sessions")
    [(latest,)] = warehouse.query(LANDED_RUN)
    runs = lake_runs(warehouse, "*")
    assert len(runs) == 7
    assert set(runs) == {f"run={latest}"}
