"""What the previous flow sent is adopted from the platform's indicators, without CARBURE."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from common.exit_codes import ExitCode
from tests.support.receiver import SIRENS, Scene, mart_of
from tests.support.warehouse import Warehouse

ALPHA, BETA = SIRENS
# Stations FRX00P0 and FRX00P1 belong to Alpha, FRX01P2 and FRX01P3 to Beta.
MART = mart_of("1", "2", "3", "4")
MARCH = ("2025-03-01", "2025-03-31")


@pytest.fixture
def small(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of `made` for each test, with an empty table of indicators, as the platform has it."""
    warehouse = make_warehouse(like=made)
    warehouse.query(
        "create table public.indicators (id uuid, category text, code text, level int, target text,"
        " period text, value numeric, extras jsonb, timestamp timestamptz)"
    )
    return warehouse


def add_indicator(
    warehouse: Warehouse,
    siren: str,
    energies: dict[str, float],
    on: str,
    days: tuple[str, str] = ("2025-04-01", "2025-04-30"),
    copies: int = 1,
) -> None:
    """Add a submission of `days` that CARBURE acknowledged, sent on a day."""
    first_day, last_day = days
    unit = {
        "code": next(iter(energies))[:5],
        "from": first_day,
        "to": last_day,
        "stations": [
            {"id": station_id, "energy": energy, "is_controlled": False}
            for station_id, energy in energies.items()
        ],
    }
    payload = [
        {"entity": f"Opérateur {siren}", "siren": siren, "operational_units": [unit] * copies}
    ]
    warehouse.query(
        "insert into public.indicators values"
        " (gen_random_uuid(), null, 'tirue', 6, %s, 'm', %s, %s, %s)",
        siren,
        sum(energies.values()),
        json.dumps(payload),
        on,
    )


def adopt(warehouse: Warehouse, period: str = "2025-04") -> CompletedProcess[str]:
    return warehouse.run("python", "-m", "sender", "--adopt", "--period", period)


def plan(warehouse: Warehouse) -> str:
    """Return what a plan would send, station by station."""
    options = ("--plan", "--detail", "--allow-open-period", "--allow-shrinkage")
    return warehouse.run("python", "-m", "sender", "--period", "2025-04", *options).stderr


def acknowledged(warehouse: Warehouse) -> dict[str, float]:
    return dict(
        warehouse.query(
            "select id_station_itinerance, energy_mwh from tiruert_ledger.station_status"
            " where period = '2025-04-01' and status = 'acknowledged'"
        )
    )


def test_plan_after_adoption_shows_only_real_differences(scene: Scene) -> None:
    """One station is equal, one over-reported, one new, and one no longer in the mart."""
    warehouse = scene.warehouse
    scene.set_mart(MART)
    add_indicator(warehouse, ALPHA, {"FRX00P0": 1.0, "FRX00P1": 7.25}, "2025-05-22")
    add_indicator(warehouse, BETA, {"FRX01P2": 3.0, "FRX01P9": 5.0}, "2025-05-22")
    finished = adopt(warehouse)
    assert finished.returncode == ExitCode.SUCCESS
    assert "adopted" in finished.stdout
    changes = plan(warehouse)
    assert "FRX00P0" not in changes
    assert "FRX01P2" not in changes
    assert "FRX00P1: changed: 7.250000 MWh → 2.000000 MWh" in changes
    assert "FRX01P3: new: nothing → 4.000000 MWh" in changes
    assert "FRX01P9: corrected: 5.000000 MWh → 0 MWh" in changes


def test_newest_row_of_a_station_counts(scene: Scene) -> None:
    """CARBURE keeps a station that a later submission left out."""
    warehouse = scene.warehouse
    add_indicator(warehouse, ALPHA, {"FRX00P0": 2.0}, "2025-06-01")
    add_indicator(warehouse, ALPHA, {"FRX00P0": 9.0, "FRX00P1": 1.0}, "2025-05-22")
    add_indicator(warehouse, ALPHA, {"FRX00P0": 8.0}, "2025-05-22", MARCH)
    adopt(warehouse)
    assert acknowledged(warehouse) == {"FRX00P0": 2, "FRX00P1": 1}


def test_adoption_can_be_repeated(scene: Scene) -> None:
    warehouse = scene.warehouse
    requests = "select count(*) from tiruert_ledger.request"
    add_indicator(warehouse, ALPHA, {"FRX00P0": 0.1 + 0.2}, "2025-05-22")
    adopt(warehouse, "2025-03..2025-05")
    before = warehouse.query(requests)
    assert "known" in adopt(warehouse).stdout
    assert warehouse.query(requests) == before == [(1,)]
    add_indicator(warehouse, ALPHA, {"FRX00P0": 0.5}, "2025-05-22")
    adopt(warehouse)
    assert acknowledged(warehouse) == {"FRX00P0": 0.5}


def test_what_this_sender_has_sent_is_not_overwritten(scene: Scene, root_url: str) -> None:
    scene.set_mart(MART)
    assert scene.run(root_url) == ExitCode.SUCCESS
    before = acknowledged(scene.warehouse)
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 99.0}, "2025-05-22")
    assert "sent since" in adopt(scene.warehouse).stdout
    assert acknowledged(scene.warehouse) == before


def test_station_that_carbure_has_refused_is_adopted(scene: Scene, root_url: str) -> None:
    """The ledger was lost, and the station is locked."""
    scene.set_mart(MART)
    scene.run(root_url)
    scene.stub.lock(*scene.stub.rows[0].key)
    scene.lose_ledger()
    assert scene.run(root_url) == ExitCode.INCOMPLETE
    assert "FRX00P0" not in acknowledged(scene.warehouse)
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 1.0}, "2025-05-22")
    adopt(scene.warehouse)
    assert acknowledged(scene.warehouse)["FRX00P0"] == 1
    assert scene.run(root_url) == ExitCode.SUCCESS


def test_adopted_energy_is_sent_again_once_carbure_can_credit_it(
    scene: Scene, root_url: str
) -> None:
    """The previous flow sent it when CARBURE had not enabled Alpha yet."""
    scene.set_mart(MART)
    scene.run(root_url)
    scene.lose_ledger()
    for siren in SIRENS:
        energies = {name: float(energy) for name, (of, energy) in MART.items() if of == siren}
        add_indicator(scene.warehouse, siren, energies, "2025-05-22")
    adopt(scene.warehouse)
    sent = len(scene.counts())
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert len(scene.counts()) == sent
    scene.register(ALPHA)
    for _ in range(2):
        assert scene.run(root_url) == ExitCode.SUCCESS
        assert scene.counts()[sent:] == [2]
    credited = {row.station_id for row in scene.stub.rows if row.entity_id is not None}
    assert credited == {"FRX00P0", "FRX00P1"}
    scene.check_agreement(MART)


@pytest.mark.parametrize(
    ("days", "copies"),
    [
        (("2025-04-01", "2025-05-01"), 1),
        (("2025-03-31", "2025-04-30"), 1),
        (("2025-01-01", "2025-06-30"), 1),
        (("2025-04-01", "2025-04-30"), 2),
    ],
    ids=["longer", "time zone", "half-year", "twice"],
)
def test_second_row_at_carbure_is_never_hidden(
    scene: Scene, days: tuple[str, str], copies: int
) -> None:
    """CARBURE counts it besides the row of the month, and this sender cannot change it."""
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 2.0}, "2025-05-22")
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 2.0}, "2025-05-23", days, copies)
    finished = adopt(scene.warehouse)
    assert finished.returncode == ExitCode.WAREHOUSE
    [line] = finished.stderr.splitlines()
    assert f"FRX00P0 of {ALPHA} from {days[0]} to {days[1]}" in line
    assert acknowledged(scene.warehouse) == {}


def test_station_that_was_once_sent_twice_at_once_is_not_hidden_by_a_later_row(
    scene: Scene,
) -> None:
    """The later row has changed only one of CARBURE's two rows."""
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 2.0}, "2025-05-22", copies=2)
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 0.0}, "2025-05-23")
    assert adopt(scene.warehouse).returncode == ExitCode.WAREHOUSE


def test_other_days_that_were_corrected_to_0_do_not_count(scene: Scene) -> None:
    half_year = ("2025-01-01", "2025-06-30")
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 9.0}, "2025-05-21", half_year)
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 2.0}, "2025-05-22")
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 0.0}, "2025-05-23", half_year)
    for _ in range(2):
        assert adopt(scene.warehouse).returncode == ExitCode.SUCCESS
        assert acknowledged(scene.warehouse) == {"FRX00P0": 2}


def test_adopted_station_of_another_unit_does_not_hold_back_its_siren(
    scene: Scene, root_url: str
) -> None:
    """CARBURE accepts a unit that is not the station's prefix. Our marts block such a station."""
    scene.set_mart(MART)
    scene.register(ALPHA)
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 5.0, "FRX77P1": 8.0}, "2025-05-22")
    adopt(scene.warehouse)
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert acknowledged(scene.warehouse)["FRX77P1"] == 0
    assert acknowledged(scene.warehouse)["FRX00P0"] == 1


@pytest.mark.parametrize(
    ("change", "period", "message"),
    [
        ("drop table public.indicators", "2025-04", "TIRUERT_INDICATORS_TABLE"),
        ("select 1", "2025-04", "has no submission of these months"),
        (
            "update public.indicators set extras = jsonb_set(extras,"
            " '{0,operational_units,0,stations,0,energy}', '\"many\"')",
            "2025-03",
            "TIRUERT_INDICATORS_TABLE",
        ),
    ],
)
def test_unreadable_indicators_are_one_clear_line(
    scene: Scene, change: str, period: str, message: str
) -> None:
    add_indicator(scene.warehouse, ALPHA, {"FRX00P0": 8.0}, "2025-05-22", MARCH)
    scene.warehouse.query(change)
    finished = adopt(scene.warehouse, period)
    assert finished.returncode == ExitCode.WAREHOUSE
    assert message in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


@pytest.mark.parametrize("period", ["2025-05..2025-04", "2025-04..", "9999-12", "avril"])
def test_invalid_range_is_a_usage_error(scene: Scene, period: str) -> None:
    finished = adopt(scene.warehouse, period)
    assert (finished.returncode, "Traceback" in finished.stderr) == (ExitCode.USAGE, False)
