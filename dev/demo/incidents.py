"""Incidents of a real submission, played on a month that was already sent, one line for each."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from threading import Event

from dev import postgres
from dev.carbure_stub import CarbureStub, Fault
from dev.database import Database
from dev.demo import summary

TIMEOUT_SECONDS = 60
# The statuses of stations for which a run has nothing to do.
AT_REST = ("unchanged", "no_energy")
# Clean sessions first, and of those the one with the most energy.
DELETE_SESSIONS = """
    delete from qualicharge.session where id in (
        select session_id from tiruert.sessions_flagged
        where period = %s and id_station_itinerance = %s
        order by is_rejected, booked_energy_kwh desc nulls last
        limit %s
    )
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
        errors = [{"station_id": first.station_id, "field": "id", "errors": ["Inconnue"]}]
        refusal = Fault(status=400, body={"status": "validation_error", "errors": errors})
        self._stub.faults.append(refusal)
        yield self._line("CARBURE now knows a SIREN, and refuses one of its stations")
        yield self._line("the refused station is tried again")
        self._stub.lock(*second.key)
        self._delete_sessions(first.station_id, limit=None)
        self._delete_sessions(second.station_id, limit=1)
        self._sender.dbt("run", "--vars", f"period: {self._month:%Y-%m}")
        yield self._line("one station lost its sessions, one changed but is validated at CARBURE")
        yield self._line("the difference that stays is shown by every run")
        self._send_and_kill()
        yield self._line("the run after a killed one sends its stations again")

    def _line(self, incident: str) -> str:
        """Send the month, and describe the outcome."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            self._sender.run("python", *self._arguments(), "--report", str(report))
            result = json.loads(report.read_text())
        counts: Counter[str] = Counter()
        for row in result["lines"]:
            if row["status"] not in AT_REST:
                counts[row["status"]] += row["stations"]
        outcome = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        return f"  {incident}: {outcome or 'nothing to send'} (exit code {result['exit_code']})"

    def _delete_sessions(self, station_id: str, limit: int | None) -> None:
        self._sender.query(DELETE_SESSIONS, self._month, station_id, limit)

    def _send_and_kill(self) -> None:
        """Kill a run while CARBURE processes its first request."""
        is_reached, is_killed = Event(), Event()

        def hold(seconds: float) -> None:
            if seconds:
                is_reached.set()
                is_killed.wait(TIMEOUT_SECONDS)

        sleep, self._stub.sleep = self._stub.sleep, hold
        self._stub.faults.append(Fault(delay_seconds=1))
        with subprocess.Popen(  # noqa: S603
            [sys.executable, *self._arguments(), "--force", "--siren", self._siren],
            cwd=postgres.PROJECT,
            env=self._sender.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                is_reached.wait(TIMEOUT_SECONDS)
            finally:
                process.kill()
        is_killed.set()
        self._stub.sleep = sleep
        # The next run would wait until the killed one could no longer have received a response.
        self._sender.query("update tiruert_ledger.request set sent_at = sent_at - interval '1 min'")

    def _arguments(self) -> tuple[str, ...]:
        return "-m", "sender", "--period", f"{self._month:%Y-%m}"


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
