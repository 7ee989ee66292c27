"""Incidents of a real submission, played on a month that was already sent, one line for each."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date

from dev import postgres
from dev.carbure_stub import CarbureStub, Fault, Hold
from dev.database import Database
from dev.demo import submission, summary

# Clean sessions first, and of those the one with the most energy.
DELETE_SESSIONS = """
    delete from qualicharge.session where id in (
        select session_id from tiruert.sessions_flagged
        where period = %s and id_station_itinerance = %s
        order by is_rejected, booked_energy_kwh desc nulls last
        limit %s
    )
"""
# Copies a station with one of its charge points and a clean session.
OPEN_STATION = """
    with original as (
        select session.* from tiruert.sessions_flagged as flagged
        inner join qualicharge.session on flagged.session_id = session.id
        where flagged.period = %s and flagged.id_station_itinerance = %s
        order by flagged.is_rejected, flagged.booked_energy_kwh desc nulls last
        limit 1
    ),

    station as (
        insert into qualicharge._station (
            id, id_station_itinerance, amenageur_id, operational_unit_id
        )
        select gen_random_uuid(), id_station_itinerance || 'N', amenageur_id, operational_unit_id
        from qualicharge._station
        where id_station_itinerance = %s
        returning id
    ),

    charge_point as (
        insert into qualicharge._pointdecharge (
            id, id_pdc_itinerance, puissance_nominale, prise_type_combo_ccs, prise_type_chademo,
            station_id
        )
        select
            gen_random_uuid(), id_pdc_itinerance || 'N', puissance_nominale,
            prise_type_combo_ccs, prise_type_chademo, station.id
        from qualicharge._pointdecharge
        cross join station
        where _pointdecharge.id = (select original.point_de_charge_id from original)
        returning id
    )

    insert into qualicharge.session
    select
        gen_random_uuid(), start, "end", energy, charge_point.id, created_at, updated_at
    from original
    cross join charge_point
"""


class Incidents:
    """Plays incidents on the stations of one SIREN in one month."""

    def __init__(self, sender: Database, stub: CarbureStub, month: date, siren: str) -> None:
        """Use a warehouse with the sender's settings, and the running stub."""
        # The stub processes a request at once, so nothing has to wait before it is sent again.
        self._sender = sender.with_variables(
            TIRUERT_MIN_RETRY_SECONDS="0", TIRUERT_SETTLE_SECONDS="0"
        )
        self._stub = stub
        self._month = month
        self._siren = siren

    def lines(self) -> Iterator[str]:
        """Play all incidents, and yield how each ends. The SIREN must not be enabled yet."""
        yield from summary.title(f"Incidents in {self._month:%B %Y}")
        first, second, *_ = [
            row
            for row in self._stub.rows
            if (row.siren, row.first_day) == (self._siren, self._month)
        ]
        enable(self._stub, self._siren, is_enabled=True)
        self._refuse(first.station_id)
        yield self._line("CARBURE now knows a SIREN, and refuses one of its stations")
        yield self._line("the refused station is tried again")
        self._stub.lock(*second.key)
        self._delete_sessions(first.station_id, limit=None)
        self._delete_sessions(second.station_id, limit=1)
        self._build()
        yield self._line("one station lost its sessions, one changed but is validated at CARBURE")
        yield self._line("the difference that stays is shown by every run")
        self._send_and_kill()
        yield self._line("the run after a killed one sends its stations again")
        self._sender.query(OPEN_STATION, self._month, second.station_id, second.station_id)
        self._build()
        self._refuse(f"{second.station_id}N")
        yield self._line("a new station opens, and CARBURE refuses it")

    def _line(self, incident: str) -> str:
        """Send the month, and describe the outcome."""
        return f"  {incident}: {submission.send(self._sender, self._month)}"

    def _refuse(self, station_id: str) -> None:
        """Make CARBURE refuse the next request because of a station."""
        errors = [{"station_id": station_id, "field": "id", "errors": ["Inconnue"]}]
        body = {"status": "validation_error", "errors": errors}
        self._stub.faults.append(Fault(status=400, body=body))

    def _delete_sessions(self, station_id: str, limit: int | None) -> None:
        self._sender.query(DELETE_SESSIONS, self._month, station_id, limit)

    def _build(self) -> None:
        """Build the month without tests. The snapshots record new stations."""
        without_tests = ("--exclude-resource-types", "test", "unit_test")
        self._sender.dbt("build", *without_tests, "--vars", f"period: {self._month:%Y-%m}")

    def _send_and_kill(self) -> None:
        """Kill a run while CARBURE processes its first request."""
        hold = Hold()
        sleep, self._stub.sleep = self._stub.sleep, hold
        self._stub.faults.append(Fault(delay_seconds=1))
        with subprocess.Popen(  # noqa: S603
            [sys.executable, *submission.arguments(self._month), "--force", "--siren", self._siren],
            cwd=postgres.PROJECT,
            env=self._sender.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                hold.wait_until_reached()
            finally:
                process.kill()
        hold.release()
        self._stub.sleep = sleep
        # The next run would wait until the killed one could no longer have received a response.
        self._sender.query("update tiruert_ledger.request set sent_at = sent_at - interval '1 min'")


def largest_siren(database: Database, month: date) -> str:
    """Return the SIREN with the most stations in a month."""
    [(siren,)] = database.query(
        "select siren from tiruert.station_energy_monthly where period = %s and energy_mwh > 0"
        " group by siren order by count(*) desc, siren limit 1",
        month,
    )
    return str(siren)


def enable(stub: CarbureStub, siren: str, *, is_enabled: bool) -> None:
    """Enable or disable the company with this SIREN at CARBURE."""
    for entity in stub.entities:
        if entity["registration_id"] == siren:
            entity["is_enabled"] = is_enabled
