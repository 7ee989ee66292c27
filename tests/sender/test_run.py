"""What a run plans, sends and reports."""

from decimal import Decimal

import pytest

from common.exit_codes import ExitCode
from dev.carbure_stub import Fault
from sender import other_months
from tests.support.receiver import SIRENS, Scene, mart_of
from tests.support.warehouse import Warehouse

ALPHA, BETA = SIRENS[:2]
FIRST = mart_of("1", "2", "3", "4", "5", "6")
CHANGED = mart_of("1.5", "2.5", "3.5", "4.5", "5.5", "6.5")


def test_every_run_reports_a_locked_difference(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene.set_mart(FIRST)
    scene.run(root_url)
    scene.lock(0)
    scene.set_mart(CHANGED)
    for _ in range(2):
        caplog.clear()
        assert scene.run(root_url) == ExitCode.INCOMPLETE
    scene.check_agreement(CHANGED)
    assert "FRX00P0: locked: 1.000000 MWh → 1.500000 MWh" in caplog.text


def test_two_companies_with_one_siren_are_reported(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene.register(ALPHA)
    scene.stub.entities.append(scene.stub.entities[-1] | {"name": "Alpha bis"})
    scene.set_mart(FIRST)
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert f"{ALPHA} is ambiguous at CARBURE" in caplog.text
    assert f"Opérateur {ALPHA}, Alpha bis" in caplog.text


def test_stations_are_sent_again_once_carbure_knows_the_siren(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.run(root_url)
    assert {row.entity_id for row in scene.stub.rows} == {None}
    scene.register(ALPHA)
    sent = len(scene.counts())
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert sum(scene.counts()[sent:]) == 3
    scene.check_agreement(FIRST)


def move_to_may(warehouse: Warehouse, table: str) -> None:
    warehouse.query(f"delete from {table} where period = '2025-05-01'")
    warehouse.query(f"update {table} set period = '2025-05-01' where period = '2025-04-01'")


def test_other_months_to_send_again_are_named(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """May was sent when CARBURE did not know Alpha's SIREN; since then, stations have changed."""
    mart, balance = "tiruert.station_energy_monthly", "tiruert.energy_balance_monthly"
    scene.set_mart(FIRST)
    scene.run(root_url)
    move_to_may(scene.warehouse, "tiruert_ledger.request")
    move_to_may(scene.warehouse, mart)
    computed_before_sending = (
        f"update {balance} set computed_at = (select computed_at from {balance}"
        " where period = '2025-04-01') where period = '2025-05-01'"
    )
    scene.warehouse.query(computed_before_sending)
    scene.set_mart(FIRST)
    scene.run(root_url)
    assert "2025-05" not in caplog.text

    scene.warehouse.query(
        f"update {mart} set energy_mwh = energy_mwh - 0.25"
        " where period = '2025-05-01' and energy_mwh in (1, 5)"
    )
    scene.warehouse.query(f"update {balance} set computed_at = now() where period = '2025-05-01'")
    scene.run(root_url)
    changed = (
        "2025-05: send this month again: 2 stations have changed since, or were not accepted"
        " (-0.500000 MWh)"
    )
    assert f"{changed} ({ALPHA}, {BETA})" in caplog.text

    scene.warehouse.query(computed_before_sending)
    scene.register(ALPHA)
    scene.run(root_url)
    assert f"{changed}; CARBURE may now credit 2 stations with 5.000000 MWh" in caplog.text

    # As if May had been sent again.
    scene.lose_ledger()
    scene.set_mart(
        FIRST | {"FRX00P0": (ALPHA, Decimal("0.75")), "FRX01P4": (BETA, Decimal("4.75"))}
    )
    scene.run(root_url)
    move_to_may(scene.warehouse, "tiruert_ledger.request")
    caplog.clear()
    scene.run(root_url)
    assert "2025-05" not in caplog.text


def test_other_month_that_was_sent_in_part_is_named(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of May, only Alpha was selected; then CARBURE has refused two stations of Alpha."""
    scene.set_mart(FIRST)
    scene.run(root_url, sirens=[ALPHA])
    move_to_may(scene.warehouse, "tiruert_ledger.request")
    move_to_may(scene.warehouse, "tiruert.station_energy_monthly")
    scene.warehouse.query(
        "update tiruert.energy_balance_monthly set computed_at = '2025-06-30'"
        " where period = '2025-05-01'"
    )
    scene.set_mart(FIRST)
    scene.run(root_url)
    unsent = "2025-05: send this month again: 3 stations have changed since, or were not accepted"
    assert f"{unsent} (+15.000000 MWh) ({BETA})" in caplog.text
    scene.warehouse.query(
        "delete from tiruert.station_energy_monthly where period = '2025-05-01' and siren = %s",
        BETA,
    )
    scene.warehouse.query(
        "update tiruert_ledger.response set outcome = 'refused' where request_id ="
        " (select min(request_id) from tiruert_ledger.request where period = '2025-05-01')"
    )
    caplog.clear()
    scene.run(root_url)
    assert "2025-05: send this month again: 2 stations have changed" in caplog.text


def test_check_of_other_months_that_takes_too_long_does_not_stop_the_run(
    scene: Scene,
    root_url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(other_months, "CANDIDATES_SQL", "do $$ begin raise query_canceled; end $$")
    scene.set_mart(FIRST)
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert "other months were not checked" in caplog.text
    scene.check_agreement(FIRST)


@pytest.mark.parametrize(
    "pending",
    [
        {"is_enabled": False},
        {"entity_type": "Opérateur"},
    ],
    ids=["disabled", "other type"],
)
def test_company_that_carbure_does_not_credit_is_not_known(
    scene: Scene, root_url: str, pending: dict[str, object]
) -> None:
    """Its stations are sent again once CARBURE credits it."""
    scene.register(ALPHA)
    company = scene.stub.entities[-1]
    credited = dict(company)
    company |= pending
    scene.set_mart(FIRST)
    scene.run(root_url)
    company |= credited | {"is_enabled": True}
    scene.run(root_url)
    scene.check_agreement(FIRST)


def test_company_that_is_no_longer_credited_keeps_its_stations(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Sending them again would take them away from it."""
    scene.register(ALPHA)
    scene.set_mart(FIRST)
    scene.run(root_url)
    scene.stub.entities.append(scene.stub.entities[-1] | {"id": 99})
    scene.set_mart(CHANGED)
    assert scene.run(root_url) == ExitCode.INCOMPLETE
    assert f"{ALPHA} (all): held_back: CARBURE no longer credits this SIREN" in caplog.text
    attached = [row for row in scene.stub.rows if row.siren == ALPHA]
    assert [row.energy_mwh for row in attached] == [1, 2, 3]
    assert None not in {row.entity_id for row in attached}
    scene.stub.entities.pop()
    assert scene.run(root_url) == ExitCode.SUCCESS
    scene.check_agreement(CHANGED)


def test_company_that_was_registered_again_gets_its_stations(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    scene.register(ALPHA)
    scene.set_mart(FIRST)
    scene.run(root_url)
    scene.stub.entities[-1] |= {"id": 99}
    scene.run(root_url)
    assert {row.entity_id for row in scene.stub.rows if row.siren == ALPHA} == {99}
    assert f"{ALPHA}: 3 stations are sent again" in caplog.text


def test_ledger_that_does_not_know_the_entity_sends_once_more(scene: Scene, root_url: str) -> None:
    """As in ledgers before version 4, whose flag may be wrong."""
    scene.register(ALPHA)
    scene.set_mart(FIRST)
    scene.run(root_url)
    scene.warehouse.query("update tiruert_ledger.request set entity_id = null")
    for row in scene.stub.rows:
        row.entity_id = None
    scene.run(root_url)
    assert None not in {row.entity_id for row in scene.stub.rows if row.siren == ALPHA}
    sent = len(scene.counts())
    scene.run(root_url)
    assert scene.counts()[sent:] == []


def test_force_makes_carbure_match_after_it_was_restored_from_a_backup(
    scene: Scene, root_url: str
) -> None:
    """One station had been corrected to 0 since the backup."""
    scene.set_mart(FIRST)
    scene.run(root_url)
    without_last = mart_of("1", "2", "3", "4", "5", "")
    scene.set_mart(without_last)
    scene.run(root_url)
    for row in scene.stub.rows:
        row.energy_mwh = 7
    assert scene.run(root_url, force=True) == ExitCode.SUCCESS
    scene.check_agreement(without_last)


def test_locked_station_with_equal_energy_is_no_failure_of_force(
    scene: Scene, root_url: str
) -> None:
    scene.set_mart(FIRST)
    scene.run(root_url)
    scene.lock(0)
    assert scene.run(root_url, force=True) == ExitCode.SUCCESS


def test_station_locked_after_a_lost_response_has_the_only_possible_energy(
    scene: Scene, root_url: str
) -> None:
    scene.set_mart(mart_of("1", "", "3", ""))
    scene.stub.faults.append(Fault(drops_connection=True, after_storing=True))
    scene.run(root_url, killed_at="after send")
    scene.lock(0)
    assert scene.run(root_url) == ExitCode.SUCCESS
    locked = "select energy_mwh from tiruert_ledger.station_status where status = 'locked'"
    assert scene.warehouse.query(locked) == [(1,)]


def test_station_locked_after_a_lost_response_to_a_change_shows_both_energies(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene.set_mart(FIRST)
    scene.run(root_url)
    scene.set_mart(FIRST | {"FRX00P0": (ALPHA, Decimal("1.500000"))})
    scene.stub.faults.append(Fault(drops_connection=True, after_storing=True))
    scene.run(root_url, killed_at="before record_response")
    scene.lock(0)
    scene.run(root_url)
    caplog.clear()
    scene.run(root_url)
    expected = "1.000000 MWh → 1.500000 MWh: validated at CARBURE, or 1.500000 MWh"
    assert expected in caplog.text


def test_throttling_is_no_refusal(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.stub.faults += [Fault(status=429)] * 2
    assert scene.run(root_url) == ExitCode.SUCCESS
    outcomes = "select outcome, count(*) from tiruert_ledger.response group by 1 order by 1"
    assert dict(scene.warehouse.query(outcomes))["throttled"] == 2
    shown = "select distinct outcome from tiruert.station_submissions where period = '2025-04-01'"
    assert scene.warehouse.query(shown) == [("accepted",)]


def test_station_without_energy_that_was_never_sent_is_not_sent(
    scene: Scene, root_url: str
) -> None:
    scene.set_mart(mart_of("0", "0", "3", "0"))
    assert scene.planned_counts() == {"new": 1, "no_energy": 3}
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert scene.planned_counts() == {"unchanged": 1, "no_energy": 3}
    assert [Decimal(str(row.energy_mwh)) for row in scene.stub.rows] == [3]


def test_status_tells_what_is_not_credited(scene: Scene, root_url: str) -> None:
    """CARBURE has enabled Beta only. Once it has enabled Alpha, the month is sent again."""
    scene.set_mart(FIRST)
    scene.register(BETA)
    scene.run(root_url)
    status = "select siren, uncredited_mwh from tiruert.submission_status_monthly"
    status += " where period = '2025-04-01' and carbure_mwh > 0 order by 1"
    assert scene.statuses() == {(ALPHA, "uncredited"): 6, (BETA, "acknowledged"): 15}
    assert scene.warehouse.query(status) == [(ALPHA, 6), (BETA, 0)]
    scene.register(ALPHA)
    scene.run(root_url)
    assert scene.statuses() == {(ALPHA, "acknowledged"): 6, (BETA, "acknowledged"): 15}
    assert scene.warehouse.query(status) == [(ALPHA, 0), (BETA, 0)]


def test_siren_that_would_lose_everything_is_named(
    scene: Scene, root_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The guard sees only the loss of all SIRENs together."""
    mart = mart_of("1", "", "90", "9")
    scene.set_mart(mart)
    scene.run(root_url)
    scene.set_mart({name: row for name, row in mart.items() if row[0] == BETA})
    caplog.clear()
    assert scene.run(root_url, allow_shrinkage=False) == ExitCode.SUCCESS
    lost = f"{ALPHA} Opérateur {ALPHA}: all of its 1.000000 MWh would be corrected to 0"
    assert lost in caplog.text
    caplog.clear()
    scene.run(root_url)
    assert "would be corrected" not in caplog.text


def test_next_run_starts_with_the_recent_batch_size(scene: Scene, root_url: str) -> None:
    scene.set_mart(mart_of(*["1"] * 16))
    scene.run(root_url)
    assert (scene.counts()[0], max(scene.counts())) == (2, 4)
    scene.set_mart(mart_of(*["2"] * 16))
    sent = len(scene.counts())
    scene.run(root_url)
    assert scene.counts()[sent] == 4
