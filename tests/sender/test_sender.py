"""The command line, with real marts and a CARBURE stub over HTTP."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from common.exit_codes import ExitCode
from dev.carbure_stub import CarbureStub, Fault, Hold, running
from sender.period_lock import LOCK_SPACE
from tests.support.receiver import LEDGER_TABLES
from tests.support.submission import send, with_carbure
from tests.support.warehouse import PROJECT, Warehouse

APRIL = date(2025, 4, 1)
POST_PATH = "/api/elec/provision-certificates-qualicharge/bulk-create/"
TIMEOUT_SECONDS = 60


@pytest.fixture
def stub() -> CarbureStub:
    """A stub without rate limits."""
    return CarbureStub(user_calls_per_second=10_000)


@pytest.fixture(scope="module")
def own(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of the warehouse whose months may be sent, but not changed."""
    return make_warehouse(like=made)


@pytest.fixture
def connected(own: Warehouse, stub: CarbureStub) -> Iterator[Warehouse]:
    """A warehouse with an empty ledger, and the settings for a running stub."""
    own.query("truncate " + ", ".join(f"tiruert_ledger.{table}" for table in LEDGER_TABLES))
    with running(stub) as root_url:
        yield with_carbure(own, stub, root_url)


@pytest.fixture
def copied(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of the warehouse for a test to change."""
    return make_warehouse(like=made)


def mart_rows(warehouse: Warehouse) -> set[tuple]:
    """The stations that CARBURE should have after the first run."""
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


def post_statuses(stub: CarbureStub) -> list[int | None]:
    return [request.status for request in stub.requests_received if request.path == POST_PATH]


def siren_with_stations(warehouse: Warehouse, *, first: bool) -> str:
    order = "asc" if first else "desc"
    [(siren,)] = warehouse.query(
        "select siren from tiruert.station_energy_monthly where period = %s"
        f" order by siren {order} limit 1",
        APRIL,
    )
    return siren


def test_every_station_of_the_mart_is_sent(connected: Warehouse, stub: CarbureStub) -> None:
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS, finished.stderr
    assert len(stub.rows) == len(mart_rows(connected))
    assert set(stored_rows(stub)) == mart_rows(connected)


def test_second_run_sends_nothing(connected: Warehouse, stub: CarbureStub) -> None:
    send(connected)
    before = len(post_statuses(stub))
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS
    assert "nothing to send" in finished.stderr
    assert len(post_statuses(stub)) == before


def test_force_sends_acknowledged_stations_again(connected: Warehouse, stub: CarbureStub) -> None:
    send(connected)
    before = len(post_statuses(stub))
    send(connected, "--force")
    assert len(post_statuses(stub)) == 2 * before
    assert len(stub.rows) == len(mart_rows(connected))


def test_request_has_one_siren_and_at_most_the_batch_size(
    copied: Warehouse, stub: CarbureStub
) -> None:
    """One SIREN gets 450 more stations. The first request has 200, later ones may have more."""
    siren = siren_with_stations(copied, first=True)
    copied.query(
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
        finished = send(with_carbure(copied, stub, root_url))
    assert finished.returncode == ExitCode.GUARD
    copied.query(
        "update tiruert.energy_balance_monthly as balance set"
        " sendable_kwh = sendable_kwh + added, received_kwh = received_kwh + added"
        " from (select sum(number * 0.001) as added from generate_series(1, 450) as number) as sum"
        " where period = %s",
        APRIL,
    )
    with running(stub) as root_url:
        finished = send(with_carbure(copied, stub, root_url))
    assert finished.returncode == ExitCode.SUCCESS, finished.stderr
    assert set(stored_rows(stub)) == mart_rows(copied)
    counts = [request.station_count for request in stub.requests_received]
    assert next(filter(None, counts)) == 200
    assert max(counts) > 200
    sent_together = copied.query(
        "select count(distinct siren) from tiruert_ledger.request group by request_id"
    )
    assert set(sent_together) == {(1,)}


def test_locked_station_is_reported_and_the_others_are_sent(
    copied: Warehouse, stub: CarbureStub
) -> None:
    with running(stub) as root_url:
        connected = with_carbure(copied, stub, root_url)
        send(connected)
        locked = stub.rows[0]
        stub.lock(*locked.key)
        copied.query(
            "update tiruert.station_energy_monthly set energy_mwh = energy_mwh + 1"
            " where period = %s and siren = %s",
            APRIL,
            locked.siren,
        )
        copied.query(
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
    difference = {row for row in mart_rows(copied) if row[0] == locked.station_id}
    assert mart_rows(copied) - set(stored_rows(stub)) == difference
    assert later.returncode == ExitCode.INCOMPLETE
    [(*_, energy_mwh)] = difference
    figures = f"locked: {Decimal(str(locked.energy_mwh)):.6f} MWh → {energy_mwh} MWh"
    assert f"{locked.station_id}: {figures}" in later.stderr
    assert "nothing to send" in later.stderr


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            Fault(drops_connection=True, after_storing=True),
            "uncertain: no response (ConnectionError)",
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
def test_unclear_or_refusing_response_affects_only_its_request(
    connected: Warehouse, stub: CarbureStub, fault: Fault, message: str
) -> None:
    """Refused stations wait for the next run. Uncertain ones are retried in the same run."""
    stub.faults.append(fault)
    finished = send(connected)
    assert message in finished.stderr
    statuses = post_statuses(stub)
    assert set(statuses[1:]) == {201}
    is_refused = "refused" in message
    assert finished.returncode == (ExitCode.INCOMPLETE if is_refused else ExitCode.SUCCESS)
    assert (set(stored_rows(stub)) == mart_rows(connected)) is not is_refused
    assert len(stub.rows) == len(set(stored_rows(stub)))


@pytest.mark.parametrize(("calls_per_second", "is_throttled"), [(10, False), (3, True)])
def test_run_stays_below_the_known_rate_and_survives_a_lower_one(
    connected: Warehouse, stub: CarbureStub, calls_per_second: int, is_throttled: bool
) -> None:
    stub.user_calls_per_second = calls_per_second
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS
    assert (429 in post_statuses(stub)) is is_throttled
    assert set(stored_rows(stub)) == mart_rows(connected)


def test_token_that_expires_during_the_run_is_renewed(
    connected: Warehouse, stub: CarbureStub
) -> None:
    stub.access_token_seconds = 1
    stub.faults.append(Fault(delay_seconds=1.5))
    finished = send(connected)
    assert finished.returncode == ExitCode.SUCCESS
    assert 401 in post_statuses(stub)
    assert set(stored_rows(stub)) == mart_rows(connected)


def test_rejected_token_is_refreshed_then_replaced_then_the_run_ends(
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


@contextmanager
def running_sender(
    warehouse: Warehouse, *arguments: str, stderr: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """Start the sender in the background. Kill it if it is still running after the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "sender", "--period", "2025-04", *arguments],
        cwd=PROJECT,
        env=warehouse.environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("signals", ["SIGTERM", "SIGTERM SIGINT", "SIGKILL"])
def test_first_signal_ends_the_run_after_the_request_and_a_second_one_at_once(
    connected: Warehouse, stub: CarbureStub, signals: str
) -> None:
    stub.sleep = hold = Hold()
    stub.faults += [Fault(), Fault(delay_seconds=1)]
    is_completed = signals == "SIGTERM"
    errors = ""
    with running_sender(connected) as process:
        hold.wait_until_reached()
        for name in signals.split():
            process.send_signal(signal.Signals[name])
            if name == "SIGTERM":
                errors += read_until(process.stderr, "Ending after the current request")
        if is_completed:
            hold.release()
        output, remaining_errors = process.communicate(timeout=TIMEOUT_SECONDS)
    hold.release()
    assert "Traceback" not in errors + remaining_errors
    if signals != "SIGKILL":
        assert process.returncode == ExitCode.INTERRUPTED
        accepted, uncertain = (output.count(f" {word} ") for word in ("accepted", "uncertain"))
        assert (accepted > 0, uncertain > 0) == (True, not is_completed)
    outcomes = connected.query(
        "select coalesce(outcome, 'none') from tiruert_ledger.request"
        " left join tiruert_ledger.response using (request_id) order by request_id"
    )
    assert outcomes == [("accepted",), ("accepted" if is_completed else "none",)]
    # Pretend that the time in which CARBURE may still process a request has passed.
    connected.query("update tiruert_ledger.request set sent_at = sent_at - interval '1 min'")
    # The stub stores the stations of the released request after it has answered.
    [(sent,)] = connected.query("select count(*) from tiruert_ledger.request_station")
    wait_until(lambda: len(stored_rows(stub)) == sent)
    assert send(connected).returncode == ExitCode.SUCCESS
    assert sorted(stored_rows(stub)) == sorted(mart_rows(connected))


def test_second_sender_of_a_period_names_the_first(connected: Warehouse, stub: CarbureStub) -> None:
    stub.sleep = hold = Hold()
    stub.faults.append(Fault(delay_seconds=1))
    with running_sender(connected) as first:
        hold.wait_until_reached()
        second = send(connected)
        hold.release()
        first.communicate(timeout=TIMEOUT_SECONDS)
        assert first.returncode == ExitCode.SUCCESS
    assert second.returncode == ExitCode.WAREHOUSE
    assert "2025-04 is being sent by another sender: " in second.stderr
    assert f" {first.pid}, server process" in second.stderr
    assert sorted(stored_rows(stub)) == sorted(mart_rows(connected))


def read_terminal(descriptor: int) -> str:
    """Read what a program writes to its terminal, until it has ended."""
    parts = []
    # Linux reports the end of a terminal as an error.
    with suppress(OSError), os.fdopen(descriptor, "rb", buffering=0) as terminal:
        while part := terminal.read(4096):
            parts.append(part.decode(errors="replace"))
    return "".join(parts)


def read_until(lines: Iterable[str], text: str) -> str:
    read = []
    for line in lines:
        read.append(line)
        if text in line:
            break
    return "".join(read)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_siren_option_limits_what_is_sent(connected: Warehouse, stub: CarbureStub) -> None:
    sirens = {
        siren_with_stations(connected, first=True),
        siren_with_stations(connected, first=False),
    }
    arguments = [word for siren in sorted(sirens) for word in ("--siren", siren)]
    assert send(connected, *arguments).returncode == ExitCode.SUCCESS
    assert {row.siren for row in stub.rows} == sirens


def test_plan_sends_nothing_and_writes_the_payload(
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


def test_report_contains_the_result_of_the_run(connected: Warehouse, tmp_path: Path) -> None:
    report = tmp_path / "outcome.json"
    planned = send(connected, "--plan", "--report", str(report))
    assert json.loads(report.read_text())["exit_code"] == planned.returncode == 2
    finished = send(connected, "--log-format", "json", "--report", str(report))
    events = [json.loads(line) for line in finished.stderr.splitlines()]
    assert {event.get("outcome") for event in events} == {None, "accepted"}
    assert {event["level"] for event in events} == {"INFO", "WARNING"}
    outcome = json.loads(report.read_text())
    [(run_id,)] = connected.query("select distinct run_id from tiruert_ledger.request")
    assert (outcome["run_id"], outcome["exit_code"]) == (run_id, ExitCode.SUCCESS)
    accepted_mwh = sum(Decimal(line["energy_mwh"]) for line in outcome["lines"])
    assert accepted_mwh == sum(row[-1] for row in mart_rows(connected))


def test_log_in_json_contains_nothing_else(connected: Warehouse, stub: CarbureStub) -> None:
    """Tables, errors of options, of settings and of CARBURE included."""
    in_json = ("--log-format", "json")
    runs = [
        send(connected, *in_json),
        send(connected, *in_json, "--status"),
        send(connected, *in_json, "--unknown"),
        send(connected, *in_json, period="avril"),
        send(connected.with_variables(CARBURE_USER_API_KEY="wrong"), *in_json),
    ]
    assert [finished.returncode for finished in runs] == [0, 0, 3, 3, 6]
    for finished in runs:
        lines = (finished.stdout + finished.stderr).splitlines()
        assert lines
        assert all(isinstance(json.loads(line), dict) for line in lines)
    accepted, acknowledged = (
        sum(Decimal(json.loads(line)["energy_mwh"]) for line in finished.stdout.splitlines())
        for finished in runs[:2]
    )
    assert accepted == acknowledged == sum(row[-1] for row in mart_rows(connected))


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"CARBURE_USER_EMAIL": ""}, ExitCode.USAGE),
        ({"PGHOST": "/nowhere"}, ExitCode.WAREHOUSE),
        ({"CARBURE_USER_PASSWORD": "wrong-secret"}, ExitCode.CARBURE),
    ],
)
def test_failed_run_writes_its_error_to_the_report(
    connected: Warehouse, tmp_path: Path, variables: dict[str, str], code: ExitCode
) -> None:
    report = tmp_path / "outcome.json"
    finished = send(connected.with_variables(**variables), "--report", str(report))
    written = json.loads(report.read_text())
    assert (finished.returncode, written["exit_code"]) == (code, code)
    assert f"Error: {written['error']}" in finished.stderr
    assert list(tmp_path.iterdir()) == [report]


def test_report_of_an_unfinished_run_leaves_the_previous_one(
    connected: Warehouse, stub: CarbureStub, tmp_path: Path
) -> None:
    report = tmp_path / "outcome.json"
    report.write_text("previous")
    stub.sleep = hold = Hold()
    stub.faults.append(Fault(delay_seconds=1))
    with running_sender(connected, "--report", str(report)):
        hold.wait_until_reached()
        assert report.read_text() == "previous"
    hold.release()
    assert report.read_text() == "previous"


def test_result_can_be_written_to_standard_output(connected: Warehouse) -> None:
    finished = send(connected, "--plan", "--report", "/dev/stdout")
    assert json.loads(finished.stdout.splitlines()[-1])["exit_code"] == finished.returncode


def test_terminal_shows_a_bar_and_other_output_a_line_per_request(
    connected: Warehouse, stub: CarbureStub
) -> None:
    stub.faults.append(Fault(status=400, body="<h1>No</h1>"))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with running_sender(connected, stderr=theirs) as process:
        os.close(theirs)
        shown = read_terminal(ours)
        process.communicate(timeout=TIMEOUT_SECONDS)
    total = len(mart_rows(connected))
    assert f"{total}/{total}" in shown
    assert "refused: 400 <h1>No</h1>" in shown
    assert "accepted" not in shown
    finished = send(connected)
    assert "accepted" in finished.stderr


def test_progress_never_exceeds_its_total(connected: Warehouse, stub: CarbureStub) -> None:
    """Retried stations count once: after a throttled, a lost and a partly refused request."""
    errors = [{"station_id": min(mart_rows(connected))[0], "field": "id", "errors": ["No"]}]
    stub.faults += [
        Fault(status=429),
        Fault(status=500),
        Fault(status=400, body={"status": "validation_error", "errors": errors}),
    ]
    finished = send(connected, "--log-format", "json")
    events = [json.loads(line) for line in finished.stderr.splitlines()]
    done = [event["done"] for event in events if "done" in event]
    assert done == sorted(done)
    assert done[-1] == len(mart_rows(connected))
    accepted_at_last = [event for event in events if event.get("outcome") == "accepted"]
    assert len(accepted_at_last) < len(done)


def test_plan_run_and_status_count_the_same_stations(
    connected: Warehouse, stub: CarbureStub
) -> None:
    """The first run ends after one request."""

    def totals(*arguments: str) -> dict[str, tuple[int, Decimal]]:
        rows = [
            json.loads(line)
            for line in send(connected, "--log-format", "json", *arguments).stdout.splitlines()
        ]
        return {
            status: (
                sum(row["stations"] for row in rows if row["status"] == status),
                sum(Decimal(row["energy_mwh"]) for row in rows if row["status"] == status),
            )
            for status in {row["status"] for row in rows}
        }

    def added(*totals: tuple[int, Decimal]) -> tuple[int, Decimal]:
        return sum(count for count, _ in totals), sum(mwh for _, mwh in totals)

    to_send = (len(mart_rows(connected)), sum(row[-1] for row in mart_rows(connected)))
    assert totals("--plan")["new"] == to_send
    stub.faults += [Fault(), Fault(status=403)]
    first = totals()
    assert added(first["accepted"], first["refused"], first["not_sent"]) == to_send
    second = totals()
    assert second["unchanged"] == first["accepted"]
    assert added(second["accepted"], second["unchanged"]) == to_send
    # CARBURE knows no SIREN.
    assert totals("--status") == {"uncredited": to_send}


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--status", "--force"], "--force"),
        (["--status", "--plan"], "--plan"),
        (["--status", "--report", "outcome.json"], "--report"),
        (["--adopt", "--siren", "199900002"], "--siren"),
        (["--status", "--adopt"], "--adopt"),
    ],
)
def test_option_without_effect_is_refused(
    connected: Warehouse, arguments: list[str], option: str
) -> None:
    finished = send(connected, *arguments)
    assert finished.returncode == ExitCode.USAGE
    assert f"{option} has no effect with {arguments[0]}" in finished.stderr


def test_version_is_that_of_the_project(connected: Warehouse) -> None:
    version = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["version"]
    assert version in connected.run("python", "-m", "sender", "--version").stdout


def test_detail_and_status_show_what_carbure_has(connected: Warehouse) -> None:
    station_id, *_, siren, _, energy_mwh = sorted(mart_rows(connected))[0]
    planned = send(connected, "--plan", "--detail")
    assert f"{siren} {station_id}: new: nothing → {energy_mwh} MWh" in planned.stderr
    send(connected)
    status = send(connected, "--status")
    total_mwh = sum(row[-1] for row in mart_rows(connected))
    assert status.stdout.splitlines()[0] == "2025-04"
    assert status.stdout.splitlines()[-1].split() == [
        *("In", "all", "uncredited", str(len(mart_rows(connected))), str(total_mwh)),
    ]


def test_revoked_api_key_ends_the_run(connected: Warehouse, stub: CarbureStub) -> None:
    stub.faults += [Fault(), Fault(status=403, body={"detail": "revoked"})]
    finished = send(connected)
    assert finished.returncode == ExitCode.CARBURE
    assert "check CARBURE_USER_API_KEY" in finished.stderr
    assert post_statuses(stub) == [201, 403]
    recorded = connected.query(
        "select http_status from tiruert_ledger.response order by request_id"
    )
    assert recorded == [(201,), (403,)]


def test_plan_works_while_another_run_is_sending(connected: Warehouse) -> None:
    with connected.connection() as holder, holder.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s, %s)", [LOCK_SPACE, 2025 * 12 + 4])
        assert send(connected, "--plan").returncode == ExitCode.CHANGES_PENDING


def test_siren_with_an_invalid_station_is_held_back_and_the_others_are_sent(
    copied: Warehouse, stub: CarbureStub
) -> None:
    siren = siren_with_stations(copied, first=True)
    copied.query(
        "update tiruert.station_energy_monthly set siren = '111111111'"
        " where period = %s and siren = %s",
        APRIL,
        siren,
    )
    with running(stub) as root_url:
        finished = send(with_carbure(copied, stub, root_url))
    assert finished.returncode == ExitCode.INCOMPLETE
    assert "111111111 (all): held_back: siren: is not a valid SIREN" in finished.stderr
    expected = {row for row in mart_rows(copied) if row[3] != "111111111"}
    assert set(stored_rows(stub)) == expected


BAD_INPUT = {
    "month that does not exist": (["--period", "2025-13"], {}, ExitCode.USAGE),
    "not a month": (["--period", "avril"], {}, ExitCode.USAGE),
    "missing setting": ([], {"CARBURE_USER_EMAIL": ""}, ExitCode.USAGE),
    "invalid URL": ([], {"CARBURE_ROOT_URL": "carbure"}, ExitCode.USAGE),
    "invalid API key": ([], {"CARBURE_USER_API_KEY": "demo\nsecret"}, ExitCode.USAGE),
    "file that is not writable": (["--output", "/nowhere/payload.json"], {}, ExitCode.USAGE),
    "unreachable warehouse": ([], {"PGHOST": "/nowhere"}, ExitCode.WAREHOUSE),
    "database that does not exist": ([], {"PGDATABASE": "nowhere"}, ExitCode.WAREHOUSE),
    "schema that is not built": ([], {"TIRUERT_SCHEMA": "elsewhere"}, ExitCode.WAREHOUSE),
    "period without rows": (["--period", "2019-01"], {}, ExitCode.GUARD),
    "SIREN without rows": (["--siren", "123456789"], {}, ExitCode.USAGE),
    "unencrypted URL": ([], {"CARBURE_ROOT_URL": "http://carbure.example"}, ExitCode.USAGE),
    "empty period": (["--period", ""], {}, ExitCode.USAGE),
    "wrong password": ([], {"CARBURE_USER_PASSWORD": "wrong-secret"}, ExitCode.CARBURE),
    "wrong API key": ([], {"CARBURE_USER_API_KEY": "wrong-secret"}, ExitCode.CARBURE),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_reported_in_one_line(
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


def test_plan_that_a_guard_would_refuse_has_the_code_of_the_guard(copied: Warehouse) -> None:
    copied.query("update tiruert.energy_balance_monthly set received_kwh = received_kwh + 1")
    finished = copied.run("python", "-m", "sender", "--period", "2025-04", "--plan")
    assert finished.returncode == ExitCode.GUARD
    assert "the books of 2025-04 do not balance" in finished.stderr


def test_status_can_be_limited_to_a_siren_and_says_if_there_is_nothing(
    connected: Warehouse,
) -> None:
    send(connected)
    [(siren,)] = connected.query("select min(siren) from tiruert_ledger.request")
    status = ("python", "-m", "sender", "--status")
    shown = connected.run(*status, "--siren", siren).stdout
    assert {line.split()[0] for line in shown.splitlines()[2:]} == {siren, "In"}
    assert "nothing" in connected.run(*status, "--siren", "000000000").stderr


def test_carbure_on_this_machine_is_never_reached_through_a_proxy(connected: Warehouse) -> None:
    """The proxy would see the key and the password. Nothing listens at its address."""
    proxied = connected.with_variables(HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="")
    finished = proxied.run("python", "-m", "sender", "--period", "2025-04", "--plan")
    assert finished.returncode == ExitCode.CHANGES_PENDING, finished.stderr


def test_url_of_another_site_is_reported(connected: Warehouse, stub: CarbureStub) -> None:
    elsewhere = connected.environment["CARBURE_ROOT_URL"] + "/elsewhere"
    finished = send(connected.with_variables(CARBURE_ROOT_URL=elsewhere))
    assert finished.returncode == ExitCode.CARBURE
    assert "check CARBURE_ROOT_URL" in finished.stderr


def test_debug_logs_http_calls_and_tracebacks_but_no_secrets(
    connected: Warehouse, stub: CarbureStub
) -> None:
    stub.faults += [Fault(), Fault(status=403, body={"detail": "revoked"})]
    finished = send(connected, "--debug")
    assert finished.returncode == ExitCode.CARBURE
    assert f'"POST {POST_PATH} HTTP/1.1" 201' in finished.stderr
    assert "Traceback" in finished.stderr
    output = finished.stdout + finished.stderr
    for secret in (stub.api_key, stub.password, "Bearer", "eyJ"):
        assert secret not in output


@pytest.mark.parametrize("variable", ["CARBURE_USER_API_KEY", "CARBURE_USER_PASSWORD"])
@pytest.mark.parametrize("value", ["wrong-secret", "wrong\nsecret"])
def test_debug_shows_no_invalid_secret(connected: Warehouse, variable: str, value: str) -> None:
    finished = send(connected.with_variables(**{variable: value}), "--debug")
    assert "Traceback" in finished.stderr
    assert "secret" not in finished.stdout + finished.stderr
