"""Models built on foreign tables read only the rows and columns that they need."""

import pytest

from tests.support.warehouse import Warehouse

SOURCE_TABLES = {"session", "_pointdecharge", "_station", "amenageur", "operationalunit"}


def test_foreign_tables_result_in_the_same_energy(local: Warehouse, made: Warehouse) -> None:
    foreign = local.query("select foreign_table_name from information_schema.foreign_tables")
    assert {name for (name,) in foreign} == SOURCE_TABLES
    energy = "select period, id_station_itinerance, energy_mwh from tiruert.station_energy_monthly"
    assert sorted(local.query(energy)) == sorted(made.query(energy))


@pytest.mark.parametrize(
    ("model", "columns", "start", "end"),
    [
        (
            "int_session_flags",
            'id, start, "end", energy, point_de_charge_id, created_at',
            "2025-04-01",
            "2025-05-01",
        ),
        (
            "int_lookback_sessions",
            'id, start, "end", point_de_charge_id, created_at',
            "2025-03-25",
            "2025-04-01",
        ),
    ],
)
def test_remote_query_filters_by_start_and_selects_only_needed_columns(
    local: Warehouse, model: str, columns: str, start: str, end: str
) -> None:
    local.dbt("compile", "--select", model, "--vars", "period: 2025-04")
    compiled = local.compiled_sql(f"models/intermediate/{model}.sql")
    plan = [line for (line,) in local.query(f"explain (verbose) {compiled}")]
    remote = f"Remote SQL: SELECT {columns} FROM public.session WHERE "
    limits = f"((start >= '{start} 00:00:00+00')) AND ((start < '{end} 00:00:00+00'))"
    [sent] = {line.strip() for line in plan if "Remote SQL" in line}
    assert sent.startswith(remote)
    assert limits in sent
