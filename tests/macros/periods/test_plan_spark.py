"""Which months Spark computes, and from which sessions. Planning them needs no Spark."""

import json
from collections.abc import Callable

import pytest

from tests.support.project import MODELS_ON_SPARK
from tests.support.two_operators import charge, contents, network, noon
from tests.support.warehouse import Warehouse

# After the last day on which January could change.
RUN = "20250701000000"
BUILDS = "tiruert_intermediate.period_builds"
DELAYS = "tiruert_intermediate.int_reception_delays"


@pytest.fixture(scope="module")
def postgres_built(warehouse: Warehouse) -> Warehouse:
    """January, built by PostgreSQL, which can no longer change."""
    source, alpha, beta = network()
    source.session += [charge(point, noon(1, 10)) for point in (alpha, beta)]
    warehouse.load(source)
    warehouse.build()
    return warehouse


@pytest.fixture
def from_spark(postgres_built: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """The same, as if Spark had computed it from two sessions in the lake."""
    copy = make_warehouse(like=postgres_built)
    copy.query(
        f"update {BUILDS} set landed_run = %s where model = any(%s)", RUN, list(MODELS_ON_SPARK)
    )
    copy.query("insert into tiruert_landing.lake_fills values ('2025-01-01', %s, 2)", RUN)
    return copy


def plan(warehouse: Warehouse, **variables: float) -> tuple[list[dict], str]:
    """Return the planned months, and all that dbt has printed."""
    step = json.dumps({"spark_build": {"plans_months": True}, **variables})
    finished = warehouse.run("dbt", "run-operation", "plan_spark", "--vars", step)
    assert finished.returncode == 0, finished.stdout
    printed = next(line for line in finished.stdout.splitlines() if line.startswith("["))
    return json.loads(printed), finished.stdout


def test_marts_that_were_built_while_spark_had_failed_are_requested_again(
    from_spark: Warehouse,
) -> None:
    """Spark failed, and the marts were built alone, from old inputs. Now Spark succeeds."""
    from_spark.query(
        f"update {BUILDS} set built_at = now(), requested_at = now() where model <> all(%s)",
        list(MODELS_ON_SPARK),
    )
    from_spark.query(
        f"update {BUILDS} set built_at = now() - interval '2 days',"
        " requested_at = now() - interval '1 day' where model = any(%s)",
        list(MODELS_ON_SPARK),
    )
    planned, _ = plan(from_spark)
    assert [month["month"] for month in planned] == ["2025-01"]
    waiting = from_spark.query(f"select model from {BUILDS} where built_at < requested_at")
    marts = {"station_energy_monthly", "blocked_energy_monthly", "energy_balance_monthly"}
    assert MODELS_ON_SPARK | marts <= {model for (model,) in waiting}


def test_dropped_table_does_not_copy_a_frozen_month_again(from_spark: Warehouse) -> None:
    """Its flags are built, so what has changed in the source since must not reach one model.

    Nor must a copy whose flags were never taken.
    """
    from_spark.query("insert into tiruert_landing.lake_fills values ('2025-01-01', '20250702', 1)")
    from_spark.query(f"drop table {DELAYS} cascade")
    [month], _ = plan(from_spark)
    assert month["sessions_run"] == RUN


def test_dropped_table_does_not_judge_a_frozen_month_by_new_limits(from_spark: Warehouse) -> None:
    from_spark.query(f"drop table {DELAYS} cascade")
    planned, output = plan(from_spark, eneu_energy_kwh=500)
    assert planned == []
    assert "run python -m spark_build --period 2025-01" in " ".join(output.split())


def test_dropped_table_of_a_month_from_postgres_is_left_to_postgres(
    postgres_built: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    copy = make_warehouse(like=postgres_built)
    copy.query(f"drop table {DELAYS} cascade")
    planned, _ = plan(copy)
    assert planned == []


def test_dropped_table_of_a_month_from_spark_waits_for_spark(from_spark: Warehouse) -> None:
    """PostgreSQL goes on with everything else, and the marts keep their figures."""
    before = contents(from_spark)
    from_spark.query("drop table tiruert_intermediate.int_energy_daily cascade")
    finished = from_spark.run("dbt", "run")
    assert finished.returncode == 0, finished.stdout
    assert "int_energy_daily has no rows for 2025-01: run python -m spark_build" in finished.stdout
    assert contents(from_spark) == before
