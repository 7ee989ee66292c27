"""A scene for sender tests: a CARBURE stub, a mart of a few stations, and one fake clock."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from common.database import Cursor
from common.errors import UserError
from common.exit_codes import ExitCode
from dev.carbure_stub import CarbureStub
from sender.client import CarbureClient
from sender.clock import Clock
from sender.ledger import read_status
from sender.plan import read_plan
from sender.run import Options, Run
from sender.settings import CarbureSettings, SenderSettings
from tests.support.warehouse import Warehouse

APRIL = date(2025, 4, 1)
LAST_OF_APRIL = date(2025, 4, 30)
LEDGER_TABLES = ("refusal", "response", "request_station", "request")
SIRENS = ("199900002", "199900010")


class FakeClock(Clock):
    """A clock that advances only when someone waits."""

    def __init__(self) -> None:
        super().__init__()
        self.time = datetime(2026, 1, 10, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def timestamp(self) -> float:
        return self.time.timestamp()

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def _sleep_until(self, instant: datetime) -> None:
        self.time = max(self.time, instant)


class KilledError(BaseException):
    """Simulates SIGKILL: no code of the sender catches it."""


# The SIREN and the energy in MWh, by station id.
Mart = dict[str, tuple[str, Decimal]]


def mart_of(*energies: str) -> Mart:
    """Build a mart with stations FR…P0, FR…P1 and so on. Half of them belong to each SIREN.

    An empty string skips a station.
    """
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
    """A warehouse and a CARBURE stub that share a fake clock."""

    warehouse: Warehouse
    clock: FakeClock = field(default_factory=FakeClock)
    stub: CarbureStub = field(init=False)

    def __post_init__(self) -> None:
        self.stub = CarbureStub(
            key_calls_per_second=10_000,
            user_calls_per_second=10_000,
            access_token_seconds=10_000,
            now=self.clock.timestamp,
            sleep=self.clock.sleep,
        )
        self.lose_ledger()

    def lose_ledger(self) -> None:
        """Empty the ledger. CARBURE keeps what was sent."""
        with self._cursor() as cursor:
            cursor.execute(f"truncate {', '.join(LEDGER_TABLES)}")

    def set_mart(self, mart: Mart) -> None:
        """Replace the mart of the month, and its balance."""
        energy_kwh = sum((energy_mwh for _, energy_mwh in mart.values()), Decimal(0)) * 1000
        with self._cursor() as cursor:
            cursor.execute("delete from station_energy_monthly where period = %s", [APRIL])
            for station_id, (siren, energy_mwh) in mart.items():
                cursor.execute(
                    "insert into station_energy_monthly values"
                    " (%s, %s, %s, %s, %s, %s, %s, %s, 1, false, %s)",
                    [
                        *(APRIL, APRIL, LAST_OF_APRIL, f"Opérateur {siren}", siren),
                        *(station_id[:5], station_id, energy_mwh, self.clock.now()),
                    ],
                )
            cursor.execute(
                "update energy_balance_monthly"
                " set computed_at = %s, sessions_read_at = %s, received_kwh = %s,"
                " sendable_kwh = %s, received_sessions = %s, sendable_sessions = %s,"
                " rejected_kwh = 0, rejected_sessions = 0, blocked_kwh = 0, blocked_sessions = 0"
                " where period = %s",
                [*[self.clock.now()] * 2, *[energy_kwh] * 2, *[len(mart)] * 2, APRIL],
            )

    def run(
        self, root_url: str, *, killed_at: str | None = None, **options: Any
    ) -> ExitCode | None:
        """Run the sender and return its exit code, or None if it was killed at the given step."""
        with self.warehouse.connection() as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("set search_path to tiruert, tiruert_ledger")
            settings = SenderSettings(initial_batch_size=2, max_batch_size=4)
            carbure = CarbureClient(self._credentials(root_url), self.clock)
            options = {"allow_shrinkage": True} | options
            run = Run(connection, self.clock, settings, Options(APRIL, **options))
            if killed_at is not None:
                _kill_at(killed_at, run, carbure)
            try:
                run.lock_period()
                run.load_entities(carbure)
                run.plan()
                for _ in run.send(carbure):
                    pass
                return run.exit_code(run.ledger.read_outcomes())
            except UserError as error:
                error.show()
                return error.exit_code
            except KilledError:
                return None

    def planned_counts(self) -> dict[str, int]:
        """Return the number of stations with each status in a plan."""
        with self._cursor() as cursor:
            stations = read_plan(cursor.connection, APRIL, None)
            return Counter(str(station.action) for station in stations)

    def statuses(self) -> dict[tuple[str, str], Decimal]:
        """Return the energy that `--status` shows for the month, by SIREN and status."""
        with self._cursor() as cursor:
            [(_, rows)] = read_status(cursor.connection, APRIL)
        return {(row.siren, row.status): row.energy_mwh for row in rows}

    def counts(self) -> list[int]:
        """Return the number of stations in each request, except requests without any."""
        return [r.station_count for r in self.stub.requests_received if r.station_count]

    def lock(self, number: int) -> None:
        """Validate a stored station for both sides, if there is any."""
        rows = self.stub.rows
        if rows:
            self.stub.lock(*rows[number % len(rows)].key)

    def register(self, siren: str) -> None:
        """Add an entity with this SIREN, unless CARBURE has one already."""
        if siren not in {entity["registration_id"] for entity in self.stub.entities}:
            number = len(self.stub.entities) + 1
            self.stub.entities.append(
                {
                    "id": number,
                    "name": f"Opérateur {siren}",
                    "entity_type": "Charge Point Operator",
                    "registration_id": siren,
                }
            )

    def disable(self, siren: str) -> None:
        """Disable every entity with this SIREN, as if CARBURE's team had not enabled it yet."""
        for entity in self._entities(siren):
            entity["is_enabled"] = False

    def duplicate(self, siren: str) -> None:
        """Add a second entity with the same SIREN, if there is one."""
        for entity in self._entities(siren)[:1]:
            self.stub.entities.append(entity | {"id": len(self.stub.entities) + 1})

    def credit(self, siren: str) -> None:
        """Leave one enabled entity with this SIREN, if there is any."""
        first, *others = self._entities(siren) or [{}]
        first["is_enabled"] = True
        for entity in others:
            self.stub.entities.remove(entity)

    def _entities(self, siren: str) -> list[dict[str, Any]]:
        return [entity for entity in self.stub.entities if entity["registration_id"] == siren]

    def check_invariants(self) -> None:
        """Check what must be true at any moment."""
        keys = [row.key for row in self.stub.rows]
        assert len(keys) == len(set(keys)), "a key is stored twice"
        assert not self.stub.table.keys_written_at_once

    def check_agreement(self, mart: Mart) -> None:
        """Check that CARBURE, the ledger and the mart agree after a run without faults."""
        self.check_invariants()
        stored = {
            row.station_id: (row.siren, Decimal(str(row.energy_mwh)).quantize(Decimal("1e-6")))
            for row in self.stub.rows
        }
        locked = {row.station_id for row in self.stub.rows if row.is_locked}
        expected = {station_id: values for station_id, values in mart.items() if values[1] > 0}
        for station_id in (stored.keys() | expected.keys()) - locked:
            energy_mwh = stored.get(station_id, (None, 0))[1]
            assert energy_mwh == expected.get(station_id, (None, 0))[1], station_id
            if station_id in expected:
                assert stored[station_id][0] == expected[station_id][0]
        with self._cursor() as cursor:
            cursor.execute(
                "select id_station_itinerance, siren, energy_mwh, status from station_status"
                " where status <> 'refused'"
            )
            ledger = {row[0]: row[1:] for row in cursor}
        # A station locked after an uncertain request may have either energy.
        known = {key: values[:2] for key, values in ledger.items() if key not in locked}
        assert known == {key: values for key, values in stored.items() if key not in locked}
        assert {values[2] for values in ledger.values()} <= {"acknowledged", "locked"}
        for row in self.stub.rows:
            is_known = row.siren in self.stub.entity_ids
            assert (row.entity_id is not None) == is_known or row.is_locked, row

    def _credentials(self, root_url: str) -> CarbureSettings:
        return CarbureSettings(
            root_url=root_url,
            user_api_key=self.stub.api_key,
            user_email=self.stub.email,
            user_password=self.stub.password,
        )

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        with self.warehouse.connection() as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("set search_path to tiruert, tiruert_ledger")
                yield cursor


def _kill_at(step: str, run: Run, carbure: CarbureClient) -> None:
    """Make a run raise KilledError before or after the second call of a method."""
    moment, name = step.split()
    owner = carbure if name == "send" else run.ledger
    method = getattr(owner, name)
    calls = 0

    def killing(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2 and moment == "before":
            raise KilledError
        result = method(*arguments, **keywords)
        if calls == 2 and moment == "after":
            raise KilledError
        return result

    setattr(owner, name, killing)
