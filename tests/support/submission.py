"""Sending months to the stand-in, also with all that can happen to a station of them."""

import subprocess
from typing import NamedTuple

from common.exit_codes import ExitCode
from dev.carbure_stub import CarbureStub, Fault, running
from tests.support.warehouse import Warehouse

MAY = "2025-05"
REASON = "Identifiant inconnu <b>du registre</b>"


class Eventful(NamedTuple):
    """A warehouse, and the stations of its May to which something happened."""

    warehouse: Warehouse
    never_accepted: str
    locked: str
    changed_and_refused: str


def settings_of(warehouse: Warehouse, stub: CarbureStub, root_url: str) -> Warehouse:
    return warehouse.with_variables(
        TIRUERT_SETTLE_SECONDS="0",
        CARBURE_ROOT_URL=root_url,
        CARBURE_USER_API_KEY=stub.api_key,
        CARBURE_USER_EMAIL=stub.email,
        CARBURE_USER_PASSWORD=stub.password,
    )


def send(warehouse: Warehouse, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warehouse.run("python", "-m", "sender", "--period", "2025-04", *arguments)


def send_eventfully(warehouse: Warehouse) -> Eventful:
    """Send April and May: one station is refused, one locked, one refused after it changed.

    Its operator is silent for some days, and sends some sessions too late for the law. The
    sessions that change the last two come after CARBURE has acknowledged the others.
    """
    stub = CarbureStub(user_calls_per_second=10_000)
    with running(stub) as root_url:
        sending = settings_of(warehouse, stub, root_url)
        _send(sending, "2025-04", ExitCode.SUCCESS)
        never_accepted, locked, changed = [row.station_id for row in stub.rows[:3]]
        _be_silent_and_late(warehouse, stub.rows[0].siren)
        _hold_back_sessions(warehouse, [locked, changed])
        stub.faults.append(_refusal_of(never_accepted))
        _send(sending, MAY, ExitCode.INCOMPLETE)
        _release_sessions(warehouse)
        [key] = [
            row.key
            for row in stub.rows
            if row.station_id == locked and row.first_day.strftime("%Y-%m") == MAY
        ]
        stub.lock(*key)
        stub.faults.append(_refusal_of(never_accepted, changed))
        _send(sending, MAY, ExitCode.INCOMPLETE)
    return Eventful(warehouse, never_accepted, locked, changed)


def _send(warehouse: Warehouse, period: str, outcome: ExitCode) -> None:
    finished = warehouse.run("python", "-m", "sender", "--period", period)
    assert finished.returncode == outcome, finished.stderr


def _refusal_of(*stations: str) -> Fault:
    errors = [
        {"index": "0", "station_id": station, "field": "id", "errors": [REASON]}
        for station in stations
    ]
    return Fault(status=400, body={"status": "validation_error", "errors": errors})


def _be_silent_and_late(warehouse: Warehouse, siren: str) -> None:
    of_siren = """
        point_de_charge_id in (
            select _pointdecharge.id from qualicharge._pointdecharge
            inner join qualicharge._station on _pointdecharge.station_id = _station.id
            inner join qualicharge.amenageur on _station.amenageur_id = amenageur.id
            where amenageur.siren_amenageur = %s
        )
    """
    warehouse.query(
        "delete from qualicharge.session where start >= '2025-05-20Z' and start < '2025-05-23Z'"
        f" and {of_siren}",
        siren,
    )
    warehouse.query(
        "update qualicharge.session set created_at = \"end\" + interval '16 days'"
        f" where start >= '2025-05-10Z' and start < '2025-05-11Z' and {of_siren}",
        siren,
    )


def _hold_back_sessions(warehouse: Warehouse, stations: list[str]) -> None:
    warehouse.query(
        """
        create table late_sessions as
        select session.* from qualicharge.session
        inner join qualicharge._pointdecharge on session.point_de_charge_id = _pointdecharge.id
        inner join qualicharge._station on _pointdecharge.station_id = _station.id
        where _station.id_station_itinerance = any(%s) and session.start >= '2025-05-15Z'
        """,
        stations,
    )
    warehouse.query("delete from qualicharge.session where id in (select id from late_sessions)")
    warehouse.build(period=MAY)


def _release_sessions(warehouse: Warehouse) -> None:
    warehouse.query("insert into qualicharge.session select * from late_sessions")
    warehouse.query("drop table late_sessions")
    warehouse.build(period=MAY)
