"""Why a figure changed after CARBURE acknowledged it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.submission import acknowledge, acknowledged_changes
from tests.support.two_operators import charge, network, noon
from tests.support.warehouse import Warehouse

ALPHA, BUYER = "732829320", "552100554"
# Alpha's session of 10 February has 10 kWh, and the one of 11 February 20 kWh.
ACKNOWLEDGED_MWH = 0.03


@pytest.fixture(scope="module")
def first_built(warehouse: Warehouse) -> Warehouse:
    """February 2025, with two sessions of Alpha, acknowledged by CARBURE."""
    source, alpha, _ = network()
    source.session += [charge(alpha, noon(2, 10)), charge(alpha, noon(2, 11), 20)]
    warehouse.load(source)
    warehouse.build()
    acknowledge(warehouse, "2025-02", "FRA00P1", ALPHA, ACKNOWLEDGED_MWH)
    return warehouse


@pytest.fixture
def copy(first_built: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse(like=first_built)


@pytest.mark.parametrize(
    ("change", "variables", "expected"),
    [
        (
            "insert into qualicharge.session select gen_random_uuid(), start + interval '1 day',"
            " \"end\" + interval '1 day', 5, point_de_charge_id, now(), now()"
            " from qualicharge.session where energy = 20",
            {},
            [(30, 35, ALPHA, "sessions_added", 1, 5)],
        ),
        (
            "delete from qualicharge.session where energy = 10",
            {},
            [(30, 20, ALPHA, "sessions_deleted", 1, -10)],
        ),
        (
            "update qualicharge.session set energy = 12 where energy = 10",
            {},
            [(30, 32, ALPHA, "sessions_corrected", 1, 2)],
        ),
        ("select 1", {"eneu_energy_kwh": 15}, [(30, 10, ALPHA, "limits", 1, -20)]),
        (
            f"update qualicharge.amenageur set siren_amenageur = '{BUYER}'"
            f" where siren_amenageur = '{ALPHA}'",
            {"use_current_states": "2025-02"},
            [(30, 30, BUYER, "owner", None, None)],
        ),
        (
            "update qualicharge._pointdecharge set puissance_nominale = 15",
            {"use_current_states": "2025-02"},
            [
                (30, 10, ALPHA, "judged_again", 1, -20),
                (30, 10, ALPHA, "power", None, None),
            ],
        ),
        (
            "update qualicharge.amenageur set siren_amenageur = null",
            {"use_current_states": "2025-02"},
            [(30, 0, None, "owner", None, None)],
        ),
    ],
    ids=["added", "deleted", "corrected", "limits", "owner", "power", "blocked"],
)
def test_change_has_its_cause(
    copy: Warehouse, change: str, variables: dict[str, object], expected: list[tuple]
) -> None:
    """A second build logs nothing more."""
    copy.query(change)
    copy.build(period="2025-02", **variables)
    assert acknowledged_changes(copy) == expected
    copy.build(period="2025-02", **variables)
    assert acknowledged_changes(copy) == expected


@pytest.mark.parametrize(
    ("power_kw", "shown"), [(11, "22 kW"), (-1.5e308, "-2e+304 kW"), (1.5e308, "invalid_power")]
)
def test_changed_powers_are_added_up(copy: Warehouse, power_kw: float, shown: str) -> None:
    """Powers of which a double cannot hold the sum do not stop the build."""
    copy.query(
        "insert into qualicharge._pointdecharge select gen_random_uuid(),"
        " id_pdc_itinerance || '2', 22.08, true, false, station_id, null"
        " from qualicharge._pointdecharge"
    )
    copy.build(period="2025-02", use_current_states="2025-02")
    copy.query("update qualicharge._pointdecharge set puissance_nominale = %s", power_kw)
    copy.build(period="2025-02", use_current_states="2025-02")
    assert copy.query(
        "select value_before, value_after from tiruert.acknowledged_changes where cause = 'power'"
    ) == [("72.08 kW", shown)]


def test_two_causes_are_added_up_over_builds(copy: Warehouse) -> None:
    for energy_kwh in (12, 15):
        copy.query("update qualicharge.session set energy = %s where energy < 20", energy_kwh)
        copy.build(period="2025-02")
    copy.query("delete from qualicharge.session where energy = 20")
    copy.build(period="2025-02")
    assert acknowledged_changes(copy) == [
        (30, 15, ALPHA, "sessions_corrected", 2, 5),
        (30, 15, ALPHA, "sessions_deleted", 1, -20),
    ]


def test_operator_report_and_card_show_the_cause(copy: Warehouse, tmp_path: Path) -> None:
    copy.query("update qualicharge.session set energy = 12 where energy = 10")
    copy.build(period="2025-02")
    copy.run(
        *("python", "-m", "reports.operator", "--period", "2025-02", "--siren", ALPHA),
        *("--output", str(tmp_path)),
    )
    [folder] = tmp_path.iterdir()
    assert "Sessions corrigées" in (folder / "index.html").read_text()
    [_, change] = (folder / "changements.csv").read_text().splitlines()
    # Acknowledged in UTC and in Paris.
    assert re.match(r"FRA00P1;732829320(;20\d\d-\d\d-\d\d \d\d:\d\d:\d\d){2};", change)


def test_month_without_acknowledgement_logs_nothing(copy: Warehouse) -> None:
    copy.query("truncate tiruert_ledger.request cascade")
    copy.query("update qualicharge.session set energy = 12")
    copy.build(period="2025-02")
    assert copy.query("select from tiruert_intermediate.change_log") == []
