"""A period that is not in a state to be sent is refused, with what is missing to make it so."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from common.exit_codes import ExitCode
from tests.support.receiver import Scene, mart_of

MART = mart_of("1", "2", "3", "4")


def test_a_period_is_open_until_21_days_after_its_end(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.clock.time = datetime(2025, 5, 21, 23, 59, tzinfo=UTC)
    scene.set_mart(MART)
    assert scene.run(root_url) == ExitCode.GUARD
    assert "2025-04 is open until 2025-05-22" in capsys.readouterr().err
    assert scene.run(root_url, allow_open_period=True) == ExitCode.SUCCESS


def test_a_period_is_computed_after_it_was_closed(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.clock.time = datetime(2025, 5, 21, 23, 59, tzinfo=UTC)
    scene.set_mart(MART)
    scene.clock.time = datetime(2025, 5, 22, tzinfo=UTC)
    assert scene.run(root_url) == ExitCode.GUARD
    assert "run dbt build --vars 'period: 2025-04'" in capsys.readouterr().err
    scene.set_mart(MART)
    assert scene.run(root_url) == ExitCode.SUCCESS


@pytest.mark.parametrize(
    "spoil",
    [
        "update tiruert.energy_balance_monthly set received_sessions = received_sessions + 1",
        "update tiruert.energy_balance_monthly set blocked_kwh = blocked_kwh + 0.001",
        "update tiruert.station_energy_monthly set energy_mwh = energy_mwh + 0.00001",
        "update tiruert.station_energy_monthly set sessions = sessions + 1",
        "update tiruert.energy_balance_monthly set computed_at = computed_at + interval '1 s'",
        "delete from tiruert.station_energy_monthly where id_station_itinerance = 'FRX00P1'",
    ],
)
def test_books_that_do_not_balance_are_not_sent(scene: Scene, root_url: str, spoil: str) -> None:
    scene.set_mart(MART)
    condition = "and" if "where" in spoil else "where"
    scene.warehouse.query(f"{spoil} {condition} period = '2025-04-01'")
    assert scene.run(root_url, allow_open_period=True) == ExitCode.GUARD
    assert scene.stub.rows == []


def test_an_empty_mart_does_not_take_everything_back(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.set_mart(MART)
    scene.run(root_url)
    scene.set_mart({})
    assert scene.run(root_url, allow_shrinkage=False) == ExitCode.GUARD
    assert "has no energy for 2025-04" in capsys.readouterr().err
    assert min(row.energy_mwh for row in scene.stub.rows) > 0
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert {row.energy_mwh for row in scene.stub.rows} == {0}


@pytest.mark.parametrize(("stations", "code"), [(1, ExitCode.GUARD), (2, ExitCode.SUCCESS)])
def test_a_month_has_half_of_the_stations_of_the_one_before(
    scene: Scene, root_url: str, stations: int, code: ExitCode
) -> None:
    scene.set_mart(MART)
    scene.run(root_url)
    # As if what was sent had been of March.
    scene.warehouse.query("update tiruert_ledger.request set period = '2025-03-01'")
    scene.set_mart(dict(list(MART.items())[:stations]))
    assert scene.run(root_url, allow_shrinkage=False) == code


def test_energy_of_nothing_that_was_never_sent_is_not_sent(scene: Scene, root_url: str) -> None:
    scene.set_mart(mart_of("0", "0", "3", "0"))
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert [Decimal(str(row.energy_mwh)) for row in scene.stub.rows] == [3]


def test_the_size_that_worked_is_where_the_next_run_begins(scene: Scene, root_url: str) -> None:
    scene.set_mart(mart_of(*["1"] * 16))
    scene.run(root_url)
    assert (scene.counts()[0], max(scene.counts())) == (2, 4)
    scene.set_mart(mart_of(*["2"] * 16))
    sent = len(scene.counts())
    scene.run(root_url)
    assert scene.counts()[sent] == 4
