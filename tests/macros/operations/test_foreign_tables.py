"""Models built on foreign tables read only the rows and columns that they need."""

from tests.support.warehouse import Warehouse

SOURCE_TABLES = {"session", "_pointdecharge", "_station", "amenageur", "operationalunit"}


def test_foreign_tables_result_in_the_same_energy(local: Warehouse, made: Warehouse) -> None:
    foreign = local.query("select foreign_table_name from information_schema.foreign_tables")
    assert {name for (name,) in foreign} == SOURCE_TABLES
    energy = "select period, id_station_itinerance, energy_mwh from tiruert.station_energy_monthly"
    assert sorted(local.query(energy)) == sorted(made.query(energy))


def test_remote_query_filters_the_month_and_selects_only_needed_columns(local: Warehouse) -> None:
    local.dbt("compile", "--select", "int_session_flags", "--vars", "period: 2025-04")
    compiled = local.compiled_sql("models/intermediate/int_session_flags.sql")
    plan = [line for (line,) in local.query(f"explain (verbose) {compiled}")]
    [remote_sql] = [line.strip() for line in plan if "Remote SQL" in line]
    assert remote_sql == (
        'Remote SQL: SELECT id, start, "end", energy, point_de_charge_id, created_at'
        " FROM public.session"
        " WHERE ((start >= '2025-03-25 00:00:00+00')) AND ((start < '2025-05-01 00:00:00+00'))"
    )
