"""The settings of the stub, the faults to inject, and the requests and rows to check."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from dev.carbure_stub.storage import CertificateRow, CertificateTable

KILLED_AFTER_SECONDS = 30
CREDITED_TYPE = "Charge Point Operator"


class ReceivedRequest(NamedTuple):
    """A request and its response. `status` is None if the connection was dropped."""

    method: str
    path: str
    status: int | None
    station_count: int


@dataclass(frozen=True)
class Fault:
    """A fault to inject into one bulk-create request. The default has no effect.

    A `status` with its `body` (HTML if a string, otherwise JSON), or a dropped connection, replaces
    the normal response. The rows are stored only if `after_storing` is set. `delay_seconds` delay
    both the commit and the response, except that a connection dropped with `after_storing` is
    dropped at once. With `queued_seconds`, both workers are busy for that long: this request and
    those that follow wait in the queue, in their order. With `is_validated`, both sides validate
    the stored rows at once.
    """

    status: int | None = None
    body: Any = ""
    drops_connection: bool = False
    after_storing: bool = False
    delay_seconds: float = 0
    queued_seconds: float = 0
    is_validated: bool = False

    @property
    def replaces_response(self) -> bool:
        """Whether the client gets a different response or none."""
        return self.drops_connection or self.status is not None


def charge_point_operator(entity_id: int, name: str, siren: str) -> dict[str, Any]:
    """Return an entity that CARBURE can credit."""
    return {
        "id": entity_id,
        "name": name,
        "entity_type": CREDITED_TYPE,
        "registration_id": siren,
    }


def _default_entities() -> list[dict[str, Any]]:
    return [
        charge_point_operator(1, "Opérateur Un", "100000001"),
        charge_point_operator(2, "Opérateur Deux", "200000002"),
    ]


@dataclass
class CarbureStub:
    """Settings and state of the stub. Everything may be changed while it is running.

    An entity is enabled unless it has `"is_enabled": False`, and the master of its SIREN if it has
    `"is_master": True`. Changing `signing_secret` invalidates all issued tokens. Each authenticated
    bulk-create request with a readable body consumes the first of `faults`.
    """

    api_key: str = "demo-api-key"
    email: str = "qualicharge@example.org"
    password: str = "demo-password"  # noqa: S105 - not a real secret
    signing_secret: str = "demo-signing-secret"  # noqa: S105 - not a real secret
    entities: list[dict[str, Any]] = field(default_factory=_default_entities)
    configured_years: set[int] = field(default_factory=lambda: set(range(2024, 2027)))
    access_token_seconds: float = 300
    refresh_token_seconds: float = 86_400
    key_calls_per_second: int = 5
    user_calls_per_second: int = 10
    body_limit_bytes: int = 10 * 1024 * 1024
    faults: deque[Fault] = field(default_factory=deque)
    requests_received: list[ReceivedRequest] = field(default_factory=list)
    # Stations that make a request fail with the unknown error.
    broken: set[str] = field(default_factory=set)
    # A larger request is killed, as if it had exceeded CARBURE's time limit.
    max_stations: float = math.inf
    # How long a client waits for a response. The stub cannot see when a client gives up.
    client_timeout_seconds: float = 45
    # Until then, every call gets 503, as during a restart.
    available_at: float = 0
    # Until then, both workers are busy.
    busy_until: float = 0
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    table: CertificateTable = field(init=False)

    def __post_init__(self) -> None:
        """Create the table with the clock of the stub."""
        self.table = CertificateTable(self.now, self.broken)

    @property
    def rows(self) -> list[CertificateRow]:
        """The committed rows, oldest first."""
        return self.table.rows

    @property
    def entity_ids(self) -> dict[str, int]:
        """The entity that a posted SIREN is attached to, by SIREN."""
        candidates: dict[str, list[dict[str, Any]]] = {}
        for entity in self.entities:
            if entity.get("is_enabled", True) and entity["entity_type"] == CREDITED_TYPE:
                candidates.setdefault(entity["registration_id"], []).append(entity)
        ids = {}
        for siren, found in candidates.items():
            masters = [entity for entity in found if entity.get("is_master", False)]
            if len(found) == 1 or len(masters) == 1:
                ids[siren] = (masters or found)[0]["id"]
        return ids

    def lock(self, station_id: str, first_day: date, last_day: date) -> None:
        """Validate the rows of one key for both sides, which makes them immutable."""
        for row in self.rows:
            if row.key == (station_id, first_day, last_day):
                row.is_validated_by_dgec = row.is_validated_by_operator = True

    def next_fault(self, station_count: int) -> Fault:
        """Return the fault for a request of this size, and consume it if it was scripted."""
        if station_count > self.max_stations:
            return Fault(drops_connection=True, delay_seconds=KILLED_AFTER_SECONDS)
        return self.faults.popleft() if self.faults else Fault()
