"""Send months to the CARBURE stub with the real command line."""

import subprocess
from typing import NamedTuple

from common.exit_codes import ExitCode
from dev.carbure_stub import CarbureStub, Fault, running
from tests.support.warehouse import Warehouse

APRIL = "2025-04"
MAY = "2025-05"
REASON = "Identifiant inconnu <b>du registre</b>"


class Incidents(NamedTuple):
    """A warehouse whose May was sent with incidents, and the stations concerned."""

    warehouse: Warehouse
    never_accepted: str
    locked: str
    changed_and_refused: str


def with_carbure(warehouse: Warehouse, stub: CarbureStub, root_url: str) -> Warehouse:
    """Return the warehouse with the sender's settings for a running stub."""
    return warehouse.with_variables(
        TIRUERT_SETTLE_SECONDS="0",
        TIRUERT_MIN_RETRY_SECONDS="0",
        CARBURE_ROOT_URL=root_url,
        CARBURE_USER_API_KEY=stub.api_key,
        CARBURE_USER_EMAIL=stub.email,
        CARBURE_USER_PASSWORD=stub.password,
    )


def send(
    warehouse: Warehouse, *arguments: str, period: str = APRIL
) -> subprocess.CompletedProcess[str]:
    """Run the sender for a month."""
    return warehouse.run("python", "-m", "sender", "--period", period, *arguments)


def send_with_incidents(warehouse: Warehouse) -> Incidents:
    """Send April and May. In May, one station is refused, one locked, one changed and refused.

    The sessions that change the last two arrive after CARBURE has acknowledged the others. The
    operator also sends no sessions for some days, and some later than the law allows.
    """
    stub = CarbureStub(user_calls_per_second=10_000)
    with running(stub) as root_url:
        connected = with_carbure(warehouse, stub, root_url)
        _send(connected, APRIL, ExitCode.SUCCESS)
        never_accepted, locked, changed = [row.station_id for row in stub.rows[:3]]
        _remove_and_delay_sessions(warehouse, stub.rows[0].siren)
        _set_sessions_aside(warehouse, [locked, changed])
        stub.faults.append(_refusal_of(never_accepted))
        _send(connected, MAY, ExitCode.INCOMPLETE)
        _put_sessions_back(warehouse)
        [key] = [
            row.key
            for row in stub.rows
            if row.station_id == locked and row.first_day.strftime("%Y-%m") == MAY
        ]
        stub.lock(*key)
        stub.faults.append(_refusal_of(never_accepted, changed))
        _send(connected, MAY, ExitCode.INCOMPLETE)
    return Incidents(warehouse, never_accepted, locked, changed)


def _send(warehouse: Warehouse, period: str, code: ExitCode) -> None:
    finished = send(warehouse, period=period)
    assert finished.returncode == code, finished.stderr


def _refusal_of(*station_ids: str) -> Fault:
    errors = [
        {"index": "0", "station_id": station_id, "field": "id", "errors": [REASON]}
        for station_id in station_ids
    ]
    return Fault(status=400, body={"status": "validation_error", "errors": errors})


def _remove_and_delay_sessions(warehouse: Warehouse, siren: str) -> None:
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


def _set_sessions_aside(warehouse: Warehouse, station_ids: list[str]) -> None:
    warehouse.query(
        """
        create table late_sessions as
        select session.* from qualicharge.session
        inner join qualicharge._pointdecharge on session.point_de_charge_id = _pointdecharge.id
        inner join qualicharge._station on _pointdecharge.station_id = _station.id
        where _station.id_station_itinerance = any(%s) and session.start >= '2025-05-15Z'
        """,
        station_ids,
    )
    warehouse.query("delete from qualicharge.session where id in (select id from late_sessions)")
    warehouse.build(period=MAY)


def _put_sessions_back(warehouse: Warehouse) -> None:
    warehouse.query("insert into qualicharge.session select * from late_sessions")
    warehouse.query("drop table late_sessions")
    warehouse.build(period=MAY)


def acknowledge(warehouse: Warehouse, month: str, station: str, siren: str, mwh: float) -> None:
    """Record that CARBURE has accepted a station's energy of a month."""
    warehouse.query(
        "set local search_path to tiruert_ledger;"
        "insert into request (run_id, period, siren, is_known_entity, body_sha256, sent_at)"
        " values (gen_random_uuid(), %s, %s, true, '', now());"
        "insert into request_station values (1, %s, 'Alpha', 'FRA00', %s, false);"
        "insert into response values (1, now(), 'accepted', 201, '', 0.1)",
        *(f"{month}-01", siren, station, mwh),
    )


def acknowledged_changes(warehouse: Warehouse) -> list[tuple]:
    """Return what changed since CARBURE accepted it, with energies in kWh."""
    return warehouse.query(
        "select first_mwh * 1000, computed_mwh * 1000, computed_siren, cause, sessions,"
        " change_mwh * 1000 from tiruert.acknowledged_changes order by cause"
    )
