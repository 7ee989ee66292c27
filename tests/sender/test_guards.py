"""The guards refuse a period that must not be sent, and say what to do."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from common.exit_codes import ExitCode
from dev.carbure_stub import running
from tests.support.receiver import Scene, mart_of
from tests.support.warehouse import Warehouse

MART = mart_of("1", "2", "3", "4")


def test_open_period_is_not_sent_until_21_days_after_its_end(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.clock.time = datetime(2025, 5, 21, 23, 59, tzinfo=UTC)
    scene.set_mart(MART)
    assert scene.run(root_url) == ExitCode.GUARD
    assert "2025-04 is open until 2025-05-22" in capsys.readouterr().err
    assert scene.run(root_url, allow_open_period=True) == ExitCode.SUCCESS


def test_mart_built_before_the_period_was_closed_is_not_sent(
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
    ("read_at", "code"),
    [
        ("2025-05-21 23:59Z", ExitCode.GUARD),
        ("2025-05-22 00:00Z", ExitCode.SUCCESS),
        # Built by a version that did not record it.
        (None, ExitCode.SUCCESS),
    ],
)
def test_mart_built_later_from_sessions_read_before_the_period_was_closed_is_not_sent(
    scene: Scene,
    root_url: str,
    capsys: pytest.CaptureFixture[str],
    read_at: str | None,
    code: ExitCode,
) -> None:
    """The platform had dropped a part of the month, so the build used the kept sessions."""
    scene.set_mart(MART)
    scene.warehouse.query(
        "update tiruert.energy_balance_monthly set sessions_read_at = %s"
        " where period = '2025-04-01'",
        read_at,
    )
    assert scene.run(root_url) == code
    if code == ExitCode.GUARD:
        expected = "2025-04 has only the sessions that QualiCharge had on 2025-05-21, before"
        assert expected in capsys.readouterr().err
        assert scene.stub.rows == []
        assert scene.run(root_url, allow_open_period=True) == ExitCode.SUCCESS


@pytest.mark.parametrize(
    "change",
    [
        "update tiruert.energy_balance_monthly set received_sessions = received_sessions + 1",
        "update tiruert.energy_balance_monthly set blocked_kwh = blocked_kwh + 0.001",
        "update tiruert.station_energy_monthly set energy_mwh = energy_mwh + 0.00001",
        "update tiruert.station_energy_monthly set sessions = sessions + 1",
        "update tiruert.energy_balance_monthly set computed_at = computed_at + interval '1 s'",
        "delete from tiruert.station_energy_monthly where id_station_itinerance = 'FRX00P1'",
    ],
)
def test_mart_with_unbalanced_books_is_not_sent(scene: Scene, root_url: str, change: str) -> None:
    scene.set_mart(MART)
    condition = "and" if "where" in change else "where"
    scene.warehouse.query(f"{change} {condition} period = '2025-04-01'")
    assert scene.run(root_url, allow_open_period=True) == ExitCode.GUARD
    assert scene.stub.rows == []


def test_day_on_which_the_mart_was_built_is_that_in_utc(
    scene: Scene,
    root_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In Paris, it is one day later."""
    monkeypatch.setenv("PGTZ", "Europe/Paris")
    scene.clock.time = datetime(2025, 5, 21, 23, 30, tzinfo=UTC)
    scene.set_mart(MART)
    scene.clock.time = datetime(2025, 5, 23, tzinfo=UTC)
    assert scene.run(root_url) == ExitCode.GUARD
    assert "2025-04 was computed on 2025-05-21" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("difference_kwh", "code"),
    [("0.0019", ExitCode.SUCCESS), ("0.0021", ExitCode.GUARD), ("0.001", ExitCode.SUCCESS)],
)
def test_books_may_differ_by_half_a_wh_per_station(
    scene: Scene, root_url: str, difference_kwh: str, code: ExitCode
) -> None:
    """There are four stations. Sessions with fractions of Wh may add up to whole Wh."""
    scene.set_mart(MART)
    scene.warehouse.query(
        "update tiruert.energy_balance_monthly set sendable_kwh = sendable_kwh + %s,"
        " received_kwh = received_kwh + %s where period = '2025-04-01'",
        difference_kwh,
        difference_kwh,
    )
    assert scene.run(root_url) == code


def test_empty_mart_does_not_correct_everything_to_zero(
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


def test_month_that_was_never_built_does_not_correct_everything_to_zero(
    made: Warehouse,
    make_warehouse: Callable[..., Warehouse],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No option helps: with no books, nobody knows that the month has no energy."""
    scene = Scene(make_warehouse(like=made))
    with running(scene.stub) as root_url:
        scene.set_mart(MART)
        scene.run(root_url)
        for mart in ("station_energy_monthly", "energy_balance_monthly"):
            scene.warehouse.query(f"delete from tiruert.{mart} where period = '2025-04-01'")
        code = scene.run(root_url, allow_shrinkage=True, allow_open_period=True)
    assert code == ExitCode.GUARD
    assert "the marts have no energy balance of 2025-04: run dbt build" in capsys.readouterr().err
    assert min(row.energy_mwh for row in scene.stub.rows) > 0


@pytest.mark.parametrize(
    ("energy", "code"), [("6.999999", ExitCode.GUARD), ("7", ExitCode.SUCCESS)]
)
def test_month_with_under_nine_tenths_of_its_acknowledged_energy_is_not_sent(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str], energy: str, code: ExitCode
) -> None:
    """CARBURE has 20 MWh. All stations are still there, one of them with 0 MWh."""
    scene.set_mart(mart_of("1", "1", "8", "10"))
    scene.run(root_url)
    scene.set_mart(mart_of("0", "1", "10", energy))
    assert scene.run(root_url, allow_shrinkage=False) == code
    if code == ExitCode.GUARD:
        expected = "2025-04 has 17.999999 MWh, but CARBURE has acknowledged 20.000000 MWh"
        assert expected in capsys.readouterr().err


@pytest.mark.parametrize(("stations", "code"), [(1, ExitCode.GUARD), (2, ExitCode.SUCCESS)])
def test_month_with_under_half_of_the_stations_of_the_month_before_is_not_sent(
    scene: Scene, root_url: str, stations: int, code: ExitCode
) -> None:
    scene.set_mart(MART)
    scene.run(root_url)
    # Move what was sent to March.
    scene.warehouse.query("update tiruert_ledger.request set period = '2025-03-01'")
    scene.set_mart(dict(list(MART.items())[:stations]))
    assert scene.run(root_url, allow_shrinkage=False) == code


@pytest.mark.parametrize(
    ("energies", "code"),
    [
        (("100", "", "", ""), ExitCode.GUARD),
        (("100", "0", "0", "0"), ExitCode.GUARD),
        (("100", "1", "0", "0"), ExitCode.SUCCESS),
    ],
    ids=["one left", "one left with energy", "half"],
)
def test_month_with_under_half_of_its_own_stations_is_not_sent(
    scene: Scene, root_url: str, energies: tuple[str, ...], code: ExitCode
) -> None:
    """Its energy has grown. The month before was never sent."""
    scene.set_mart(MART)
    scene.run(root_url)
    scene.set_mart(mart_of(*energies))
    assert scene.run(root_url, allow_shrinkage=False) == code


def test_stations_that_carbure_has_with_0_mwh_are_not_expected(scene: Scene, root_url: str) -> None:
    scene.set_mart(MART)
    scene.run(root_url)
    one_left = mart_of("100", "", "", "")
    scene.set_mart(one_left)
    scene.run(root_url)
    scene.set_mart(mart_of("101", "", "", ""))
    assert scene.run(root_url, allow_shrinkage=False) == ExitCode.SUCCESS
