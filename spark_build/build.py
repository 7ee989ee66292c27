"""The steps of a build on Spark. Each is a run of dbt, on PostgreSQL or on Spark."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import click

from common.database import Connection, connected
from common.errors import WarehouseError
from spark_build.dbt import plan_months, run_dbt, run_dbt_on_spark, stop_spark
from spark_build.lake import Lake
from spark_build.settings import SparkSettings

# Stations and charge points as of each month, and what these are made from. Spark reads them.
STATES = ("+int_charge_points", "+int_stations")
# The models that Spark computes.
SESSIONS = ("stg_qualicharge__sessions", "tag:sessions")
WITHOUT_UNIT_TESTS = ("--exclude-resource-types", "unit_test")
# Separates these advisory locks from those of other programs in the same database.
LOCK_SPACE = 715_032


def build(settings: SparkSettings, period: list[date] | None) -> None:
    """Build the months of `period`, or all that `dbt build` would build.

    The first step replaces the months of stations and charge points. Everything else changes in
    PostgreSQL only in the last step, each model in one transaction. So a failure or a kill leaves
    the energy of every month as it was, and the next build does what is missing. Raises BuildError
    if dbt fails, WarehouseError if another build on Spark is running.
    """
    months = {"period": f"{period[0]:%Y-%m}..{period[-1]:%Y-%m}"} if period else {}
    with _only_build(settings.schema_) as connection:
        try:
            # With the tests that read only these, because wrong states must not reach the months.
            run_dbt(
                "build", "--select", *STATES, "--indirect-selection", "cautious",
                variables={**months, "spark_build": {"plans_months": True}},
            )  # fmt: skip
            months_on_spark = _compute_sessions()
            lake = Lake.of_running_spark(settings.lake)
        finally:
            # The executors are not needed any more, which matters on a cluster.
            stop_spark()
        step = {"spark_build": {"plans_months": False, "months": months_on_spark}}
        try:
            run_dbt("build", "--exclude", *STATES, variables=step)
        finally:
            # Also if a data test has failed: months are built all the same.
            if lake:
                lake.delete_unused_runs(connection, settings.schema_, months_on_spark)
        # `--exclude` has left out the tests that read both.
        run_dbt("test", "--select", *STATES, *WITHOUT_UNIT_TESTS, variables=step)


def _compute_sessions() -> list[str]:
    """Compute all months that need it, and return all that have landed."""
    months = plan_months()
    for number, month in enumerate(months, start=1):
        place = f"{month.month} ({number} of {len(months)})"
        if month.has_landed:
            click.echo(f"{place}: an interrupted build has computed it")
            continue
        click.echo(f"{place}: computing it on Spark")
        step = month.model_dump() | {"run": f"{datetime.now(UTC):%Y%m%d%H%M%S}"}
        run_dbt_on_spark(
            "run", "--select", *SESSIONS, variables={"period": month.month, "spark_build": step}
        )
    return [month.month for month in months]


@contextmanager
def _only_build(schema: str) -> Iterator[Connection]:
    """Hold a lock, and yield its connection: two builds would compute the same months twice."""
    with connected(schema, program="spark_build") as connection, connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, hashtext(%s))", [LOCK_SPACE, schema])
        if not cursor.fetchall()[0][0]:
            raise WarehouseError("another build on Spark is running: wait until it has ended")
        yield connection
