"""A month is credited to the owners of its end, and judged by the power of its end."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.two_operators import charge, network, noon
from tests.support.warehouse import Warehouse

ALPHA, BUYER = "732829320", "552100554"
# The session of an hour has 10 kWh. A plug of 5 kW cannot deliver it.
LOW_POWER_KW = 5


@pytest.fixture(scope="module")
def first_built(warehouse: Warehouse) -> Warehouse:
    """February to April 2025, with a session of Alpha and one of Beta, who has no SIREN."""
    source, alpha, beta = network()
    source.session += [
        charge(point, noon(month, 10)) for month in (2, 3, 4) for point in (alpha, beta)
    ]
    warehouse.load(source)
    warehouse.build()
    return warehouse


@pytest.fixture
def copy(first_built: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse(like=first_built)


def owners(warehouse: Warehouse) -> dict[str, list[str]]:
    """Return the SIRENs credited in each month."""
    return dict(
        warehouse.query(
            "select to_char(period, 'YYYY-MM'), array_agg(siren order by siren)"
            " from tiruert.station_energy_monthly group by period order by period"
        )
    )


def sell(warehouse: Warehouse) -> None:
    """Alpha's station gets another owner. The platform deletes an aménageur without stations."""
    warehouse.query(
        "insert into qualicharge.amenageur values (gen_random_uuid(), 'Acheteur', %s, null);",
        BUYER,
    )
    warehouse.query(
        "update qualicharge._station set amenageur_id = buyer.id"
        " from qualicharge.amenageur as buyer"
        " where buyer.siren_amenageur = %s and id_station_itinerance = 'FRA00P1'",
        BUYER,
    )
    warehouse.query("delete from qualicharge.amenageur where siren_amenageur = %s", ALPHA)


def record_earlier(warehouse: Warehouse, snapshot: str, days: timedelta) -> None:
    """Move the recorded times of a snapshot into the past."""
    warehouse.query(
        f"update tiruert_intermediate.{snapshot}"
        " set dbt_valid_from = dbt_valid_from - %s, dbt_valid_to = dbt_valid_to - %s",
        days,
        days,
    )


def test_sold_station_keeps_the_credit_of_earlier_months(copy: Warehouse) -> None:
    sell(copy)
    copy.build(period="2025-02..2025-04")
    assert owners(copy) == {"2025-02": [ALPHA], "2025-03": [ALPHA], "2025-04": [ALPHA]}


def test_stations_with_another_owner_or_power_today_are_listed(copy: Warehouse) -> None:
    sell(copy)
    copy.query(
        "update qualicharge._pointdecharge set puissance_nominale = 60"
        " where id_pdc_itinerance = 'FRA01E1'"
    )
    copy.build()
    assert copy.query(
        "select id_station_itinerance, siren, current_siren, max_power_kw, current_max_power_kw,"
        " is_owner_different, is_power_different from tiruert.station_state_changes"
        " where period = '2025-03-01' order by id_station_itinerance"
    ) == [
        ("FRA00P1", ALPHA, BUYER, 50, 50, True, False),
        ("FRA01P1", None, None, 50, 60, False, True),
    ]


def test_station_is_not_listed_because_rows_are_in_another_order(copy: Warehouse) -> None:
    """A sum of doubles depends on their order: these powers are 270.8 or 270.79999999999995 kW."""
    copy.query(
        "insert into qualicharge._pointdecharge select gen_random_uuid(),"
        " id_pdc_itinerance || number, number * float8 '22.08', true, false, station_id, null"
        " from qualicharge._pointdecharge, generate_series(1, 4) as number"
        " where id_pdc_itinerance = 'FRA00E1'"
    )
    copy.build(period="2025-03", use_current_states="2025-03")
    for table, order in (("int_charge_points", "asc"), ("charge_point_states", "desc")):
        copy.query(
            f"with deleted as (delete from tiruert_intermediate.{table} returning *)"
            f" insert into tiruert_intermediate.{table}"
            f" select * from deleted order by id_pdc_itinerance {order}"
        )
    assert copy.query("select from tiruert.station_state_changes where period = '2025-03-01'") == []


def test_months_after_the_sale_credit_the_buyer(copy: Warehouse) -> None:
    """The sale is recorded on 15 March 2025."""
    sell(copy)
    copy.build(period="2025-02")
    [(recorded_at,)] = copy.query(
        "select max(dbt_valid_from) from tiruert_intermediate.station_states"
    )
    record_earlier(copy, "station_states", recorded_at - noon(3, 15))
    copy.build(period="2025-02..2025-04")
    assert owners(copy) == {"2025-02": [ALPHA], "2025-03": [BUYER], "2025-04": [BUYER]}


def test_present_owner_is_credited_in_the_months_that_a_variable_names(copy: Warehouse) -> None:
    sell(copy)
    copy.build(period="2025-02..2025-04", use_current_states="2025-03..2025-04")
    assert owners(copy) == {"2025-02": [ALPHA], "2025-03": [BUYER], "2025-04": [BUYER]}


def test_deleted_station_and_charge_point_keep_their_last_state(copy: Warehouse) -> None:
    copy.query(
        "alter table qualicharge.session drop constraint if exists session_point_de_charge_id_fkey;"
        "delete from qualicharge._pointdecharge; delete from qualicharge._station"
    )
    copy.build(period="2025-02..2025-04")
    assert owners(copy) == {"2025-02": [ALPHA], "2025-03": [ALPHA], "2025-04": [ALPHA]}


def test_new_power_does_not_judge_earlier_months(copy: Warehouse) -> None:
    copy.query("update qualicharge._pointdecharge set puissance_nominale = %s", LOW_POWER_KW)
    copy.build(period="2025-04")
    rejected = "select rejected_sessions from tiruert.energy_balance_monthly where period = %s"
    assert copy.query(rejected, "2025-04-01") == [(0,)]
    copy.build(period="2025-04", use_current_states="2025-04")
    assert copy.query(rejected, "2025-04-01") == [(2,)]


@pytest.mark.parametrize(
    "blocked_by",
    ["no_siren", "invalid_power", "no_station"],
)
def test_correction_releases_frozen_months_without_action(copy: Warehouse, blocked_by: str) -> None:
    """Each build is a plain `dbt build`. All months were frozen long ago."""
    break_and_correct = {
        "no_siren": (
            "select 1",
            f"update qualicharge.amenageur set siren_amenageur = '{BUYER}'"
            " where siren_amenageur is null",
        ),
        "invalid_power": (
            "update qualicharge._pointdecharge set puissance_nominale = 'NaN'",
            "update qualicharge._pointdecharge set puissance_nominale = 50",
        ),
        "no_station": (
            "update qualicharge._pointdecharge set station_id = null",
            "update qualicharge._pointdecharge as point set station_id = station.id"
            " from qualicharge._station as station where"
            " left(id_station_itinerance, 5) = left(id_pdc_itinerance, 5)",
        ),
    }
    broken, corrected = break_and_correct[blocked_by]
    copy.query(f"drop schema tiruert, tiruert_staging, tiruert_intermediate cascade; {broken}")
    copy.build()
    blocked = "select array_agg(distinct blocking_reason) from tiruert.blocked_energy_monthly"
    assert blocked_by in copy.query(blocked)[0][0]
    before = owners(copy)
    copy.query(corrected)
    copy.build()
    assert {month: len(sirens) for month, sirens in owners(copy).items()} == {
        "2025-02": len(before.get("2025-02", [])) + 1,
        "2025-03": len(before.get("2025-03", [])) + 1,
        "2025-04": len(before.get("2025-04", [])) + 1,
    }
    assert "Nothing to build" in copy.run("dbt", "build").stdout
