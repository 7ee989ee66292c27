"""The sender against a real mart and a real HTTP receiver: what arrives, and what is said of it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.exit_codes import ExitCode
from dev.carbure_stub import CarbureStub, Fault, running
from sender.period_lock import LOCK_SPACE
from tests.support.submission import send, settings_of
from tests.support.warehouse import PROJECT, Warehouse

APRIL = date(2025, 4, 1)
POST_PATH = "/api/elec/provision-certificates-qualicharge/bulk-create/"


@pytest.fixture
def stub() -> CarbureStub:
    """A receiver that, but for the test about it, makes nobody wait."""
    return CarbureStub(user_calls_per_second=10_000)


@pytest.fixture(scope="module")
def own(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of the made warehouse, of which each test may send all."""
    return make_warehouse(like=made)


@pytest.fixture
def connected(own: Warehouse, stub: CarbureStub) -> Iterator[Warehouse]:
    """A made warehouse without a ledger, with settings for a receiver that is up."""
    own.query("drop schema if exists tiruert_ledger cascade")
    with running(stub) as root_url:
        yield settings_of(own, stub, root_url)


@pytest.fixture
def copied(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of the made warehouse for a test to change, without a ledger."""
    warehouse = make_warehouse(like=made)
    warehouse.query("drop schema if exists tiruert_ledger cascade")
    return warehouse


def mart_rows(warehouse: Warehouse) -> set[tuple]:
    """What CARBURE is to have: the mart's stations, but for those that never had anything."""
    rows = warehouse.query(
        "select id_station_itinerance, period_start, period_end, siren,"
        " operational_unit_code, energy_mwh"
        " from tiruert.station_energy_monthly where period = %s and energy_mwh > 0",
        APRIL,
    )
    return set(rows)


def stored_rows(stub: CarbureStub) -> list[tuple]:
    return [
        (
            row.station_id,
            row.first_day,
            row.last_day,
            row.siren,
            row.unit_code,
            Decimal(str(row.energy_mwh)),
        )
        for row in stub.rows
        if not row.is_controlled
    ]


def posts(stub: CarbureStub) -> list[int | None]:
    return [request.status for request in stub.requests_received if request.path == POST_PATH]


def siren_with_stations(warehouse: Warehouse, *, first: bool) -> str:
    order = "asc" if first else "desc"
    [(siren,)] = warehouse.query(
        "select siren from tiruert.station_energy_monthly where period = %s"
        f" order by siren {order} limit 1",
        APRIL,
    )
    return siren


def test_carbure_has_what_the_mart_has(connected: Warehouse, stub: CarbureStub) -> None:
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS, finished.stderr
    assert len(stub.rows) == len(mart_rows(connected))
    assert set(stored_rows(stub)) == mart_rows(connected)


def test_sending_again_sends_nothing(connected: Warehouse, stub: CarbureStub) -> None:
    send(connected)
    before = len(posts(stub))
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS
    assert "nothing to send" in finished.stderr
    assert len(posts(stub)) == before


def test_force_sends_everything_again(connected: Warehouse, stub: CarbureStub) -> None:
    send(connected)
    before = len(posts(stub))
    send(connected, "--force")
    assert len(posts(stub)) == 2 * before
    assert len(stub.rows) == len(mart_rows(connected))


def test_a_request_carries_one_siren_and_no_more_than_carbure_can_take(
    copied: Warehouse, stub: CarbureStub
) -> None:
    """One SIREN is given 450 stations: it begins with 200, and may grow as CARBURE is quick."""
    crowded = copied
    siren = siren_with_stations(crowded, first=True)
    crowded.query(
        """
        insert into tiruert.station_energy_monthly
        select period, period_start, period_end, amenageur_name, siren, operational_unit_code,
            operational_unit_code || 'P' || lpad(cast(number as text), 20, '0'),
            number * 0.000001, 0, false, computed_at
        from (
            select * from tiruert.station_energy_monthly
            where period = %s and siren = %s limit 1
        ) as one, generate_series(1, 450) as number
        """,
        APRIL,
        siren,
    )
    with running(stub) as root_url:
        finished = send(settings_of(crowded, stub, root_url))
    assert finished.returncode == ExitCode.GUARD
    crowded.query(
        "update tiruert.energy_balance_monthly as balance set"
        " sendable_kwh = sendable_kwh + added, received_kwh = received_kwh + added"
        " from (select sum(number * 0.001) as added from generate_series(1, 450) as number) as sum"
        " where period = %s",
        APRIL,
    )
    with running(stub) as root_url:
        finished = send(settings_of(crowded, stub, root_url))
    assert finished.returncode == ExitCode.SUCCESS, finished.stderr
    assert set(stored_rows(stub)) == mart_rows(crowded)
    counts = [request.station_count for request in stub.requests_received]
    assert next(filter(None, counts)) == 200
    assert max(counts) > 200
    sent_together = crowded.query(
        "select count(distinct siren) from tiruert_ledger.request group by request_id"
    )
    assert set(sent_together) == {(1,)}


def test_a_locked_station_is_named_and_the_others_go_without_it(
    copied: Warehouse, stub: CarbureStub
) -> None:
    changing = copied
    with running(stub) as root_url:
        connected = settings_of(changing, stub, root_url)
        send(connected)
        locked = stub.rows[0]
        stub.lock(*locked.key)
        changing.query(
            "update tiruert.station_energy_monthly set energy_mwh = energy_mwh + 1"
            " where period = %s and siren = %s",
            APRIL,
            locked.siren,
        )
        changing.query(
            "update tiruert.energy_balance_monthly as balance set"
            " sendable_kwh = sent * 1000, received_kwh = received_kwh - sendable_kwh + sent * 1000"
            " from (select sum(energy_mwh) as sent from tiruert.station_energy_monthly"
            "   where period = %s) as mart where period = %s",
            APRIL,
            APRIL,
        )
        finished = send(connected)
        assert finished.returncode == ExitCode.INCOMPLETE
        assert f"{locked.siren} {locked.station_id}: refused: 400 Provision" in finished.stderr
        later = send(connected)
    difference = {row for row in mart_rows(changing) if row[0] == locked.station_id}
    assert mart_rows(changing) - set(stored_rows(stub)) == difference
    assert later.returncode == ExitCode.INCOMPLETE
    [(*_, energy_mwh)] = difference
    figures = f"locked: {Decimal(str(locked.energy_mwh)):.6f} MWh → {energy_mwh} MWh"
    assert f"{locked.station_id}: {figures}" in later.stderr
    assert "nothing to send" in later.stderr


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault(drops_connection=True, after_storing=True),
            "uncertain: no answer (ConnectionError)",
        ),
        (Fault(status=500, body={"status": "error", "error": "UNKNOWN_ERROR"}), "uncertain: 500"),
        (Fault(status=502, body="<html>Bad Gateway</html>"), "uncertain: 502 <html>Bad Gateway"),
        (Fault(status=201, body={"ok": True}), 'uncertain: 201 {"ok":'),
        (Fault(status=200), "uncertain: 200 OK"),
        (Fault(status=204), "uncertain: 204 NO CONTENT"),
        (Fault(status=301), "refused: 301"),
        (Fault(status=400, body={"status": "validation_error", "errors": []}), "refused: 400 {"),
        (Fault(status=413, body="<h1>Too large</h1>"), "refused: 413 <h1>Too large</h1>"),
    ],
)
def test_what_is_no_acknowledgement_concerns_its_request_alone(
    connected: Warehouse, stub: CarbureStub, fault: Fault, said: str
) -> None:
    """Refused is refused until the next run; what is uncertain goes again in the same."""
    stub.faults.append(fault)
    finished = send(connected)
    assert said in finished.stderr
    statuses = posts(stub)
    assert set(statuses[1:]) == {201}
    is_refused = "refused" in said
    wanted = ExitCode.INCOMPLETE if is_refused else ExitCode.SUCCESS
    assert finished.returncode == wanted
    assert (set(stored_rows(stub)) == mart_rows(connected)) is not is_refused
    assert len(stub.rows) == len(set(stored_rows(stub)))


def test_told_to_wait_it_waits_and_sends_all(connected: Warehouse, stub: CarbureStub) -> None:
    stub.user_calls_per_second = 10
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS
    assert 429 in posts(stub)
    assert set(stored_rows(stub)) == mart_rows(connected)


def test_a_token_that_ends_during_the_run_is_renewed(
    connected: Warehouse, stub: CarbureStub
) -> None:
    stub.access_token_seconds = 1
    stub.faults.append(Fault(delay_seconds=1.5))
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS
    assert 401 in posts(stub)
    assert set(stored_rows(stub)) == mart_rows(connected)


def test_tokens_that_are_never_accepted_are_renewed_by_refresh_then_login_then_not(
    connected: Warehouse, stub: CarbureStub
) -> None:
    stub.access_token_seconds = 0
    finished = send(connected)
    assert finished.returncode == ExitCode.CARBURE
    calls = [request.path for request in stub.requests_received]
    assert calls == [
        "/api/token/",
        "/api/resources/entities",
        POST_PATH,
        "/api/token/refresh/",
        POST_PATH,
        "/api/token/",
        POST_PATH,
    ]
    assert stub.rows == []


@pytest.mark.parametrize("end", ["SIGTERM", "SIGTERM SIGINT", "SIGKILL"])
def test_an_interruption_ends_after_the_request_and_a_second_one_at_once(
    connected: Warehouse, stub: CarbureStub, end: str
) -> None:
    stub.faults += [Fault(), Fault(delay_seconds=3)]
    process = subprocess.Popen(
        [sys.executable, "-m", "sender", "--period", "2025-04"],
        cwd=PROJECT,
        env=connected.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(posts(stub)) == 1)
    for name in end.split():
        time.sleep(0.5)
        process.send_signal(signal.Signals[name])
    output, errors = process.communicate(timeout=20)
    is_finished = end == "SIGTERM"
    assert "Traceback" not in errors
    if end != "SIGKILL":
        assert process.returncode == ExitCode.INTERRUPTED
        accepted, uncertain = (output.count(f" {word} ") for word in ("accepted", "uncertain"))
        assert (accepted > 0, uncertain > 0) == (True, not is_finished)
    outcomes = connected.query(
        "select coalesce(outcome, 'none') from tiruert_ledger.request"
        " left join tiruert_ledger.response using (request_id) order by request_id"
    )
    assert outcomes == [("accepted",), ("accepted" if is_finished else "none",)]
    # As if the minute in which it may be under way had gone by.
    connected.query("update tiruert_ledger.request set sent_at = sent_at - interval '1 min'")
    wait_until(lambda: len(posts(stub)) == 2)
    assert send(connected).returncode == ExitCode.SUCCESS
    assert sorted(stored_rows(stub)) == sorted(mart_rows(connected))


def test_a_second_sender_of_the_period_says_who_the_first_is(
    connected: Warehouse, stub: CarbureStub
) -> None:
    stub.faults.append(Fault(delay_seconds=8))
    with subprocess.Popen(
        [sys.executable, "-m", "sender", "--period", "2025-04"],
        cwd=PROJECT,
        env=connected.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as first:
        # Who has logged in holds the period.
        wait_until(lambda: stub.requests_received != [])
        second = send(connected)
        assert first.wait(timeout=60) == ExitCode.SUCCESS
    assert second.returncode == ExitCode.WAREHOUSE
    assert "2025-04 is being sent by another sender: " in second.stderr
    assert f" {first.pid}, server process" in second.stderr
    assert sorted(stored_rows(stub)) == sorted(mart_rows(connected))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_siren_narrows_what_is_sent(connected: Warehouse, stub: CarbureStub) -> None:
    wanted = {
        siren_with_stations(connected, first=True),
        siren_with_stations(connected, first=False),
    }
    arguments = [word for siren in sorted(wanted) for word in ("--siren", siren)]
    assert send(connected, *arguments).returncode == ExitCode.SUCCESS
    assert {row.siren for row in stub.rows} == wanted


def test_a_plan_sends_nothing_and_writes_the_payload(
    connected: Warehouse, stub: CarbureStub, tmp_path: Path
) -> None:
    output = tmp_path / "payload.json"
    finished = send(connected, "--plan", "--output", str(output))
    assert finished.returncode == ExitCode.CHANGES_PENDING
    assert stub.rows == []
    written = {
        (
            station["id"],
            date.fromisoformat(unit["from"]),
            date.fromisoformat(unit["to"]),
            entity["siren"],
            unit["code"],
            Decimal(str(station["energy"])),
        )
        for entity in json.loads(output.read_bytes())
        for unit in entity["operational_units"]
        for station in unit["stations"]
    }
    assert written == mart_rows(connected)


def test_the_report_says_what_came_of_the_run(connected: Warehouse, tmp_path: Path) -> None:
    report = tmp_path / "outcome.json"
    planned = send(connected, "--plan", "--report", str(report))
    assert json.loads(report.read_text())["exit_code"] == planned.returncode == 2
    finished = send(connected, "--log-format", "json", "--report", str(report))
    events = [json.loads(line) for line in finished.stderr.splitlines()]
    assert {event.get("outcome") for event in events} == {None, "accepted"}
    outcome = json.loads(report.read_text())
    [(run_id,)] = connected.query("select distinct run_id from tiruert_ledger.request")
    assert (outcome["run_id"], outcome["exit_code"]) == (run_id, ExitCode.SUCCESS)
    accepted_mwh = sum(Decimal(line["energy_mwh"]) for line in outcome["lines"])
    assert accepted_mwh == sum(row[-1] for row in mart_rows(connected))
    assert f"{accepted_mwh}" in finished.stdout.splitlines()[-1]


def test_detail_and_status_show_what_carbure_has(connected: Warehouse) -> None:
    station_id, *_, siren, _, energy_mwh = sorted(mart_rows(connected))[0]
    planned = send(connected, "--plan", "--detail")
    assert f"{siren} {station_id}: new: nothing → {energy_mwh} MWh" in planned.stderr
    send(connected)
    status = send(connected, "--status")
    in_all = sum(row[-1] for row in mart_rows(connected))
    assert status.stdout.splitlines()[0] == "2025-04"
    assert status.stdout.splitlines()[-1].split() == [
        *("In", "all", "acknowledged", str(len(mart_rows(connected))), str(in_all)),
    ]


def test_a_key_that_is_revoked_during_the_run_ends_it(
    connected: Warehouse, stub: CarbureStub
) -> None:
    stub.faults += [Fault(), Fault(status=403, body={"detail": "revoked"})]
    finished = send(connected)
    assert finished.returncode == ExitCode.CARBURE
    assert "check CARBURE_USER_API_KEY" in finished.stderr
    assert posts(stub) == [201, 403]
    answers = connected.query("select http_status from tiruert_ledger.response order by request_id")
    assert answers == [(201,), (403,)]


def test_a_plan_can_be_made_while_another_run_is_sending(
    connected: Warehouse,
) -> None:
    with connected.connection() as holder, holder.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s, %s)", [LOCK_SPACE, 2025 * 12 + 4])
        assert send(connected, "--plan").returncode == ExitCode.CHANGES_PENDING


def test_a_siren_with_a_bad_row_is_held_back_and_the_others_go(
    copied: Warehouse, stub: CarbureStub
) -> None:
    spoilt = copied
    siren = siren_with_stations(spoilt, first=True)
    spoilt.query(
        "update tiruert.station_energy_monthly set siren = '111111111'"
        " where period = %s and siren = %s",
        APRIL,
        siren,
    )
    with running(stub) as root_url:
        finished = send(settings_of(spoilt, stub, root_url))
    assert finished.returncode == ExitCode.INCOMPLETE
    assert "111111111 (all): held_back: siren: is not a valid SIREN" in finished.stderr
    expected = {row for row in mart_rows(spoilt) if row[3] != "111111111"}
    assert set(stored_rows(stub)) == expected


NOT_BUILT = {"TIRUERT_SCHEMA": "elsewhere"}
BAD_INPUT = {
    "no such month": (["--period", "2025-13"], {}, ExitCode.USAGE),
    "no month at all": (["--period", "avril"], {}, ExitCode.USAGE),
    "a missing setting": ([], {"CARBURE_USER_EMAIL": ""}, ExitCode.USAGE),
    "a wrong address": ([], {"CARBURE_ROOT_URL": "carbure"}, ExitCode.USAGE),
    "a key no header can carry": ([], {"CARBURE_USER_API_KEY": "demo\nsecret"}, ExitCode.USAGE),
    "a file that cannot be written": (["--output", "/nowhere/payload.json"], {}, ExitCode.USAGE),
    "no warehouse": ([], {"PGHOST": "/nowhere"}, ExitCode.WAREHOUSE),
    "no such database": ([], {"PGDATABASE": "nowhere"}, ExitCode.WAREHOUSE),
    "a mart that has not been built": ([], NOT_BUILT, ExitCode.WAREHOUSE),
    "a period without rows": (["--period", "2019-01"], {}, ExitCode.GUARD),
    "a SIREN without rows": (["--siren", "123456789"], {}, ExitCode.USAGE),
    "an address in clear text": (
        [],
        {"CARBURE_ROOT_URL": "http://carbure.example"},
        ExitCode.USAGE,
    ),
    "no period": (["--period", ""], {}, ExitCode.USAGE),
    "no CARBURE": ([], {"CARBURE_ROOT_URL": "http://127.0.0.1:9"}, ExitCode.CARBURE),
    "a wrong password": ([], {"CARBURE_USER_PASSWORD": "wrong-secret"}, ExitCode.CARBURE),
    "a wrong key": ([], {"CARBURE_USER_API_KEY": "wrong-secret"}, ExitCode.CARBURE),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_ends_in_one_clear_line(
    connected: Warehouse, stub: CarbureStub, case: str
) -> None:
    arguments, variables, code = BAD_INPUT[case]
    finished = send(connected.with_variables(**variables), *arguments)
    lines = [line for line in finished.stderr.splitlines() if line.startswith("Error: ")]
    assert finished.returncode == code, finished.stderr
    assert len(lines) == 1
    assert "Traceback" not in finished.stderr
    assert "secret" not in finished.stdout + finished.stderr
    assert stub.rows == []


def test_a_page_that_is_not_carbure_is_said_to_be_none(
    connected: Warehouse, stub: CarbureStub
) -> None:
    elsewhere = connected.environment["CARBURE_ROOT_URL"] + "/elsewhere"
    finished = send(connected.with_variables(CARBURE_ROOT_URL=elsewhere))
    assert finished.returncode == ExitCode.CARBURE
    assert "check CARBURE_ROOT_URL" in finished.stderr


def test_the_readme_has_every_exit_code() -> None:
    readme = (PROJECT / "README.md").read_text()
    for code in ExitCode:
        assert f"| {code.value} | {code.description} |" in readme
