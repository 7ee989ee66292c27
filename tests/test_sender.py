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

from demo.carbure import Fault, StandIn, running
from sender import carbure as client
from sender import submission
from sender.carbure import Carbure, Outcome, Reason
from sender.errors import ExitCode
from sender.mart import read_stations
from sender.settings import CarbureSettings
from tests.warehouse import PROJECT, Warehouse

APRIL = date(2025, 4, 1)
POST_PATH = "/api/elec/provision-certificates-qualicharge/bulk-create/"


@pytest.fixture
def stand_in() -> StandIn:
    """A receiver that, but for the test about it, makes nobody wait."""
    return StandIn(user_calls_per_second=10_000)


@pytest.fixture
def connected(made: Warehouse, stand_in: StandIn) -> Iterator[Warehouse]:
    """The made warehouse, with settings for a receiver that is up."""
    with running(stand_in) as root_url:
        yield settings_of(made, stand_in, root_url)


def settings_of(warehouse: Warehouse, stand_in: StandIn, root_url: str) -> Warehouse:
    return warehouse.with_variables(
        CARBURE_ROOT_URL=root_url,
        CARBURE_USER_API_KEY=stand_in.api_key,
        CARBURE_USER_EMAIL=stand_in.email,
        CARBURE_USER_PASSWORD=stand_in.password,
    )


def send(warehouse: Warehouse, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warehouse.run("python", "-m", "sender", "--period", "2025-04", *arguments)


def mart_rows(warehouse: Warehouse) -> set[tuple]:
    rows = warehouse.query(
        "select id_station_itinerance, period_start, period_end, siren, code, energy_mwh"
        " from tiruert.station_energy_monthly where period = %s",
        APRIL,
    )
    return set(rows)


def stored_rows(stand_in: StandIn) -> list[tuple]:
    return [
        (
            row.station_id,
            row.first_day,
            row.last_day,
            row.siren,
            row.unit_code,
            Decimal(str(row.energy_mwh)),
        )
        for row in stand_in.rows
    ]


def posts(stand_in: StandIn) -> list[int | None]:
    return [request.status for request in stand_in.requests_received if request.path == POST_PATH]


def siren_with_stations(warehouse: Warehouse, *, first: bool) -> str:
    order = "asc" if first else "desc"
    [(siren,)] = warehouse.query(
        "select siren from tiruert.station_energy_monthly where period = %s"
        f" order by siren {order} limit 1",
        APRIL,
    )
    return siren


def test_carbure_has_what_the_mart_has(connected: Warehouse, stand_in: StandIn) -> None:
    finished = send(connected)
    assert finished.returncode == ExitCode.ALL_ACCEPTED, finished.stderr
    assert len(stand_in.rows) == len(mart_rows(connected))
    assert set(stored_rows(stand_in)) == mart_rows(connected)


def test_sending_again_stores_nothing_twice(connected: Warehouse, stand_in: StandIn) -> None:
    send(connected)
    send(connected)
    assert len(stand_in.rows) == len(mart_rows(connected))


def test_a_request_carries_one_siren_and_at_most_200_stations(
    made: Warehouse, make_warehouse: Callable[..., Warehouse], stand_in: StandIn
) -> None:
    """One SIREN is given 450 stations; the others keep theirs."""
    crowded = make_warehouse(like=made)
    siren = siren_with_stations(crowded, first=True)
    crowded.query(
        """
        insert into tiruert.station_energy_monthly
        select distinct on (number) period, period_start, period_end, entity, siren, code,
            code || 'P' || lpad(cast(number as text), 20, '0'), number * 0.000001, 1, false,
            computed_at
        from tiruert.station_energy_monthly, generate_series(1, 450) as number
        where period = %s and siren = %s
        """,
        APRIL,
        siren,
    )
    with running(stand_in) as root_url:
        finished = send(settings_of(crowded, stand_in, root_url))
    assert finished.returncode == ExitCode.ALL_ACCEPTED
    assert set(stored_rows(stand_in)) == mart_rows(crowded)
    assert max(request.station_count for request in stand_in.requests_received) == 200
    sirens = {siren for *_, siren, _, _ in mart_rows(crowded)}
    assert len(posts(stand_in)) == len(sirens) + 2


def test_a_locked_station_stops_its_siren_alone_and_is_named(
    connected: Warehouse, stand_in: StandIn
) -> None:
    send(connected)
    locked = stand_in.rows[0]
    stand_in.lock(*locked.key)
    before = len(posts(stand_in))
    finished = send(connected)
    assert finished.returncode == ExitCode.NOT_ALL_ACCEPTED
    assert posts(stand_in)[before:].count(400) == 1
    assert set(posts(stand_in)[before:]) == {400, 201}
    assert f"{locked.siren} {locked.station_id}: refused: 400 Provision" in finished.stderr


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
        (Fault(status=301), "refused: 301"),
        (Fault(status=400, body={"status": "validation_error", "errors": []}), "refused: 400 {"),
        (Fault(status=413, body="<h1>Too large</h1>"), "refused: 413 <h1>Too large</h1>"),
    ],
)
def test_what_is_no_acknowledgement_is_a_failure_of_its_siren_alone(
    connected: Warehouse, stand_in: StandIn, fault: Fault, said: str
) -> None:
    stand_in.faults.append(fault)
    finished = send(connected)
    assert finished.returncode == ExitCode.NOT_ALL_ACCEPTED
    assert said in finished.stderr
    statuses = posts(stand_in)
    assert set(statuses[1:]) == {201}
    assert finished.stderr.count(": accepted") == len(statuses) - 1


def test_told_to_wait_it_waits_and_sends_all(connected: Warehouse, stand_in: StandIn) -> None:
    stand_in.user_calls_per_second = 10
    finished = send(connected)
    assert finished.returncode == ExitCode.ALL_ACCEPTED
    assert 429 in posts(stand_in)
    assert set(stored_rows(stand_in)) == mart_rows(connected)


def test_a_token_that_ends_during_the_run_is_renewed(
    connected: Warehouse, stand_in: StandIn
) -> None:
    stand_in.access_token_seconds = 1
    stand_in.faults.append(Fault(delay_seconds=1.5))
    finished = send(connected)
    assert finished.returncode == ExitCode.ALL_ACCEPTED
    assert 401 in posts(stand_in)
    assert set(stored_rows(stand_in)) == mart_rows(connected)


def test_a_token_that_is_never_accepted_is_renewed_once(
    connected: Warehouse, stand_in: StandIn
) -> None:
    stand_in.access_token_seconds = 0
    finished = send(connected)
    assert finished.returncode == ExitCode.CARBURE
    assert posts(stand_in) == [401, 401]
    assert stand_in.rows == []


def test_an_answer_that_does_not_come_is_uncertain(
    connected: Warehouse, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CARBURE may store it all the same: here it does, after the sender has given up."""
    for key, value in connected.environment.items():
        monkeypatch.setenv(key, value)
    [batch] = submission.prepare(read_stations(APRIL, "tiruert")[:1])
    carbure = Carbure(CarbureSettings.load())
    carbure.authenticate()
    assert client.READ_TIMEOUT_SECONDS > 30
    monkeypatch.setattr(client, "READ_TIMEOUT_SECONDS", 0.2)
    stand_in.faults.append(Fault(delay_seconds=1))
    [sent] = submission.send(carbure, [batch])
    assert sent.outcome is Outcome.UNCERTAIN
    assert sent.reasons == [Reason("no answer (ReadTimeout): CARBURE may have stored it")]
    wait_until(lambda: len(stand_in.rows) == 1)


def test_an_interruption_tells_what_is_uncertain(connected: Warehouse, stand_in: StandIn) -> None:
    stand_in.faults += [Fault(), Fault(delay_seconds=20)]
    process = subprocess.Popen(
        [sys.executable, "-m", "sender", "--period", "2025-04"],
        cwd=PROJECT,
        env=connected.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(posts(stand_in)) == 1)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in errors
    in_all = output.splitlines()[-1].split()
    stations, accepted, _, uncertain, _, not_sent = (int(in_all[i]) for i in (4, 6, 7, 8, 9, 10))
    assert accepted > 0
    assert uncertain > 0
    assert stations == accepted + uncertain + not_sent


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_siren_narrows_what_is_sent(connected: Warehouse, stand_in: StandIn) -> None:
    wanted = {
        siren_with_stations(connected, first=True),
        siren_with_stations(connected, first=False),
    }
    arguments = [word for siren in sorted(wanted) for word in ("--siren", siren)]
    assert send(connected, *arguments).returncode == ExitCode.ALL_ACCEPTED
    assert {row.siren for row in stand_in.rows} == wanted


def test_a_dry_run_needs_no_carbure_and_writes_the_payload(made: Warehouse, tmp_path: Path) -> None:
    output = tmp_path / "payload.json"
    finished = send(made, "--dry-run", "--output", str(output))
    assert finished.returncode == ExitCode.ALL_ACCEPTED
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
    assert written == mart_rows(made)


def test_a_siren_with_a_bad_row_is_held_back_and_the_others_go(
    made: Warehouse, make_warehouse: Callable[..., Warehouse], stand_in: StandIn
) -> None:
    spoilt = make_warehouse(like=made)
    siren = siren_with_stations(spoilt, first=True)
    spoilt.query(
        "update tiruert.station_energy_monthly set energy_mwh = 'NaN'"
        " where period = %s and siren = %s",
        APRIL,
        siren,
    )
    with running(stand_in) as root_url:
        finished = send(settings_of(spoilt, stand_in, root_url))
    assert finished.returncode == ExitCode.NOT_ALL_ACCEPTED
    assert f"{siren} FR" in finished.stderr
    assert "held back: energy:" in finished.stderr
    expected = {row for row in mart_rows(spoilt) if row[3] != siren}
    assert set(stored_rows(stand_in)) == expected


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
    "a period without rows": (["--period", "2019-01"], {}, ExitCode.NO_ROWS),
    "a SIREN without rows": (["--siren", "123456789"], {}, ExitCode.NO_ROWS),
    "no CARBURE": ([], {"CARBURE_ROOT_URL": "http://127.0.0.1:9"}, ExitCode.CARBURE),
    "a wrong password": ([], {"CARBURE_USER_PASSWORD": "wrong-secret"}, ExitCode.CARBURE),
    "a wrong key": ([], {"CARBURE_USER_API_KEY": "wrong-secret"}, ExitCode.CARBURE),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_ends_in_one_clear_line(
    connected: Warehouse, stand_in: StandIn, case: str
) -> None:
    arguments, variables, code = BAD_INPUT[case]
    finished = send(connected.with_variables(**variables), *arguments)
    lines = [line for line in finished.stderr.splitlines() if line.startswith("Error: ")]
    assert finished.returncode == code, finished.stderr
    assert len(lines) == 1
    assert "Traceback" not in finished.stderr
    assert "secret" not in finished.stdout + finished.stderr
    assert stand_in.rows == []


def test_a_page_that_is_not_carbure_is_said_to_be_none(
    connected: Warehouse, stand_in: StandIn
) -> None:
    elsewhere = connected.environment["CARBURE_ROOT_URL"] + "/elsewhere"
    finished = send(connected.with_variables(CARBURE_ROOT_URL=elsewhere))
    assert finished.returncode == ExitCode.CARBURE
    assert "check CARBURE_ROOT_URL" in finished.stderr


def test_the_readme_has_every_exit_code() -> None:
    readme = (PROJECT / "README.md").read_text()
    for code in ExitCode:
        assert f"| {code.value} | {code.description} |" in readme
