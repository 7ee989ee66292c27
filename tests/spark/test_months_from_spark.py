"""A month from Spark keeps its figures, whatever is run or lost afterwards."""

import json
from collections.abc import Callable

import pytest

from tests.support.two_operators import charge, contents, network, noon
from tests.support.warehouse import Warehouse

SPARK_BUILD = ("python", "-m", "spark_build", "--period", "2025-04")
APRIL = json.dumps({"period": "2025-04"})
LANDED_RUN = (
    "select landed_run from tiruert_intermediate.period_builds where model = 'int_session_flags'"
)


@pytest.fixture(scope="module")
def warehouse(make_lake_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """Thirty sessions of two operators in April, built on Spark."""
    warehouse = make_lake_warehouse()
    source, alpha, beta = network()
    source.session += [
        charge(point, noon(4, day)) for point in (alpha, beta) for day in range(1, 16)
    ]
    warehouse.load(source)
    run(warehouse, *SPARK_BUILD)
    return warehouse


def run(warehouse: Warehouse, *command: str) -> str:
    finished = warehouse.run(*command)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def sums(warehouse: Warehouse) -> list[list[tuple]]:
    """Return the marts without those of single sessions, which differ between the engines."""
    return [rows for mart, rows in contents(warehouse).items() if mart != "sessions_flagged"]


def test_full_refresh_is_refused(warehouse: Warehouse) -> None:
    finished = warehouse.run("dbt", "build", "--full-refresh")
    assert finished.returncode != 0
    assert "a full refresh would drop what was computed on Spark (2025-04)" in finished.stdout


def test_losses_of_the_source_do_not_reach_the_lake(warehouse: Warehouse) -> None:
    """First those of one operator, then all: PostgreSQL then leaves the month out."""
    before = sums(warehouse)
    warehouse.query(
        "create table public.copy as select * from qualicharge.session;"
        " delete from qualicharge.session where point_de_charge_id ="
        " (select id from qualicharge._pointdecharge limit 1)"
    )
    output = run(warehouse, *SPARK_BUILD)
    assert "2025-04: the lake keeps its 30 sessions, because the source has only 15" in output
    assert sums(warehouse) == before

    warehouse.query("delete from qualicharge.session")
    output = run(warehouse, "dbt", "build", "--vars", APRIL)
    assert "2025-04 is not built" in output
    assert sums(warehouse) == before
    run(warehouse, *SPARK_BUILD)
    assert sums(warehouse) == before
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
