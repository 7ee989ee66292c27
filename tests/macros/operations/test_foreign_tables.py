"""The models run on a QualiCharge database elsewhere, which reads only what is asked for."""

import json
from collections.abc import Callable

import pytest

from dev import generator
from tests.support.warehouse import Warehouse

SOURCE_TABLES = {"session", "_pointdecharge", "_station", "amenageur", "operationalunit"}


@pytest.fixture(scope="module")
def near(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A warehouse whose sources are in another database; the sources made twice, as may happen."""
    far, near = make_warehouse(), make_warehouse()
    far.load(generator.generate().source, schema="public")
    elsewhere = {"host": far.environment["PGHOST"], "dbname": far.environment["PGDATABASE"]}
    elsewhere["port"] = far.environment.get("PGPORT", "5432")
    create = ("run-operation", "create_foreign_tables", "--args", json.dumps(elsewhere))
    near.dbt(*create)
    near.query(
        "create user mapping for current_user server qualicharge options (user %s, password %s)",
        far.environment["PGUSER"],
        far.environment.get("PGPASSWORD", ""),
    )
    near.dbt(*create)
    near.dbt("build")
    return near


def test_foreign_tables_give_the_same_energy(near: Warehouse, made: Warehouse) -> None:
    foreign = near.query("select foreign_table_name from information_schema.foreign_tables")
    assert {name for (name,) in foreign} == SOURCE_TABLES
    energy = "select period, id_station_itinerance, energy_mwh from tiruert.station_energy_monthly"
    assert sorted(near.query(energy)) == sorted(made.query(energy))


def test_the_other_database_filters_the_month_and_sends_only_needed_columns(
    near: Warehouse,
) -> None:
    near.dbt("compile", "--select", "int_session_flags", "--vars", "period: 2025-04")
    compiled = near.compiled("models/intermediate/int_session_flags.sql")
    plan = [line for (line,) in near.query(f"explain (verbose) {compiled}")]
    [remote] = [line.strip() for line in plan if "Remote SQL" in line]
    assert remote == (
        'Remote SQL: SELECT id, start, "end", energy, point_de_charge_id, created_at'
        " FROM public.session"
        " WHERE ((start >= '2025-03-25 00:00:00+00')) AND ((start < '2025-05-01 00:00:00+00'))"
    )
