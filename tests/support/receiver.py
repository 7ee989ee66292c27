"""A sender and a receiver that live in the same made-up time, on a mart of a few stations."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from common.errors import UserError
from common.exit_codes import ExitCode
from dev.carbure_stub import CarbureStub
from sender.client import CarbureClient
from sender.clock import Clock
from sender.console import Log
from sender.run import Options, Run
from sender.settings import CarbureSettings, SenderSettings
from tests.support.warehouse import Warehouse

APRIL = date(2025, 4, 1)
LAST_OF_APRIL = date(2025, 4, 30)
LEDGER = ("refusal", "response", "request_station", "request")
SIRENS = ("199900002", "199900010")


class MadeUpClock(Clock):
    """A clock that goes on only when somebody waits."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 10, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def timestamp(self) -> float:
        return self.time.timestamp()

    def wait_until(self, instant: datetime) -> None:
        self.time = max(self.time, instant)


class KilledError(BaseException):
    """What a SIGKILL is like from inside: nothing of ours runs after it."""


Station = tuple[str, Decimal]
# The energy of stations in MWh with the SIREN that is credited, by station.
Mart = dict[str, Station]


def mart_of(*energies: str) -> Mart:
    """Stations FR…P1 and so on: half of them Alpha's, half of them Beta's."""
    half = len(energies) // 2
    return {
        f"FRX0{0 if number < half else 1}P{number}": (
            SIRENS[0 if number < half else 1],
            Decimal(energy).quantize(Decimal("1e-6")),
        )
        for number, energy in enumerate(energies)
        if energy
    }


@dataclass
class Scene:
    """The warehouse, the receiver and the time that they share."""

    warehouse: Warehouse
    clock: MadeUpClock = field(default_factory=MadeUpClock)
    stub: CarbureStub = field(init=False)

    def __post_init__(self) -> None:
        self.stub = CarbureStub(
            key_calls_per_second=10_000,
            user_calls_per_second=10_000,
            access_token_seconds=10_000,
            now=self.clock.timestamp,
            sleep=self.clock.wait,
        )
        with self._cursor() as cursor:
            cursor.execute(f"truncate {', '.join(LEDGER)}")

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with self.warehouse.connection() as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("set search_path to tiruert, tiruert_ledger")
                yield cursor

    def set_mart(self, mart: Mart) -> None:
        """Make the mart of the month, and a balance that agrees with it."""
        energy_kwh = sum((energy_mwh for _, energy_mwh in mart.values()), Decimal(0)) * 1000
        with self._cursor() as cursor:
            cursor.execute("delete from station_energy_monthly where period = %s", [APRIL])
            for station, (siren, energy_mwh) in mart.items():
                cursor.execute(
                    "insert into station_energy_monthly values"
                    " (%s, %s, %s, %s, %s, %s, %s, %s, 1, false, %s)",
                    [
                        *(APRIL, APRIL, LAST_OF_APRIL, f"Opérateur {siren}", siren),
                        *(station[:5], station, energy_mwh, self.clock.now()),
                    ],
                )
            cursor.execute(
                "update energy_balance_monthly set computed_at = %s, received_kwh = %s,"
                " sendable_kwh = %s, received_sessions = %s, sendable_sessions = %s,"
                " rejected_kwh = 0, rejected_sessions = 0, blocked_kwh = 0, blocked_sessions = 0"
                " where period = %s",
                [self.clock.now(), energy_kwh, energy_kwh, len(mart), len(mart), APRIL],
            )

    def run(
        self, root_url: str, *, killed_at: str | None = None, **options: bool
    ) -> ExitCode | None:
        """Run the sender; give its exit code, or None where it was killed at the step named."""
        with self.warehouse.connection() as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("set search_path to tiruert, tiruert_ledger")
            settings = SenderSettings(initial_batch_size=2, max_batch_size=4)
            run = Run(
                connection,
                CarbureClient(self._credentials(root_url), self.clock),
                self.clock,
                settings,
                Options(APRIL, **({"allow_shrinkage": True} | options)),
                Log(self.clock, as_json=False),
            )
            if killed_at is not None:
                kill(run, killed_at)
            try:
                run.prepare()
                run.ask_carbure()
                run.plan()
                for _ in run.send():
                    pass
                return run.exit_code(run.outcomes())
            except UserError as error:
                error.show()
                return error.exit_code
            except KilledError:
                return None

    def _credentials(self, root_url: str) -> CarbureSettings:
        return CarbureSettings(
            root_url=root_url,
            user_api_key=self.stub.api_key,
            user_email=self.stub.email,
            user_password=self.stub.password,
        )

    def counts(self) -> list[int]:
        """How many stations each request for certificates carried."""
        return [r.station_count for r in self.stub.requests_received if r.station_count]

    def lock(self, number: int) -> None:
        """Let both sides validate a station, of those that are stored."""
        rows = self.stub.rows
        if rows:
            self.stub.lock(*rows[number % len(rows)].key)

    def register(self, siren: str) -> None:
        """Let CARBURE know a SIREN that it did not."""
        if siren not in self.stub.entity_ids:
            number = len(self.stub.entities) + 1
            self.stub.entities.append(
                {
                    "id": number,
                    "name": f"Opérateur {siren}",
                    "entity_type": "Charge Point Operator",
                    "registration_id": siren,
                }
            )

    def check_invariants(self) -> None:
        """Hold what must be true at any moment, whatever happened."""
        keys = [row.key for row in self.stub.rows]
        assert len(keys) == len(set(keys)), "a key is stored twice"
        assert not self.stub.table.keys_written_at_once

    def check_settled(self, mart: Mart) -> None:
        """Hold what must be true once a run has met a healthy receiver."""
        self.check_invariants()
        stored = {
            row.station_id: (row.siren, Decimal(str(row.energy_mwh)).quantize(Decimal("1e-6")))
            for row in self.stub.rows
        }
        locked = {row.station_id for row in self.stub.rows if row.is_locked}
        wanted = {station: what for station, what in mart.items() if what[1] > 0}
        for station in (stored.keys() | wanted.keys()) - locked:
            energy_mwh = stored.get(station, (None, 0))[1]
            assert energy_mwh == wanted.get(station, (None, 0))[1], station
            if station in wanted:
                assert stored[station][0] == wanted[station][0]
        with self._cursor() as cursor:
            cursor.execute(
                "select id_station_itinerance, siren, energy_mwh, status from station_status"
                " where status <> 'refused'"
            )
            ledger = {row[0]: row[1:] for row in cursor}
        # What was locked after an uncertain request has its old or its new energy: nobody can know.
        known = {station: what[:2] for station, what in ledger.items() if station not in locked}
        assert known == {key: what for key, what in stored.items() if key not in locked}
        assert {what[2] for what in ledger.values()} <= {"acknowledged", "locked"}
        for row in self.stub.rows:
            is_known = row.siren in self.stub.entity_ids
            assert (row.entity_id is not None) == is_known or row.is_locked, row


def kill(run: Run, step: str) -> None:
    """End a run as a SIGKILL would: before or after the second call of a step."""
    moment, name = step.split()
    owner = {"record_request": run._ledger, "record_response": run._ledger, "send": run._carbure}[
        name
    ]
    method = getattr(owner, name)
    calls = 0

    def replaced(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2 and moment == "before":
            raise KilledError
        result = method(*arguments, **keywords)
        if calls == 2 and moment == "after":
            raise KilledError
        return result

    setattr(owner, name, replaced)
