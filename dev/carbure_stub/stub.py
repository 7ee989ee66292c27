"""What a test sets on the stand-in, scripts for it, and reads back from it."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from dev.carbure_stub.storage import Row, Table

KILLED_AFTER_SECONDS = 30


class Received(NamedTuple):
    """One request as it was dealt with; `status` is None where the connection was dropped."""

    method: str
    path: str
    status: int | None
    station_count: int


@dataclass(frozen=True)
class Fault:
    """What befalls one bulk-create request; as it stands, nothing.

    A `status` (with `body`, HTML for a text and JSON for the rest) or a dropped connection takes
    the place of the receiver's answer: instead of storing, or, with `after_storing`, beside it.
    `delay_seconds` pass before the answer and before the write of what is stored; a connection
    that is dropped beside storing is dropped at once, and the write comes later all the same.
    """

    status: int | None = None
    body: Any = ""
    drops_connection: bool = False
    after_storing: bool = False
    delay_seconds: float = 0

    @property
    def replaces_answer(self) -> bool:
        """Whether the client gets something else than the receiver's own answer."""
        return self.drops_connection or self.status is not None


def _demo_entities() -> list[dict]:
    return [
        {
            "id": number,
            "name": name,
            "entity_type": "Charge Point Operator",
            "registration_id": siren,
        }
        for number, name, siren in [
            (1, "Opérateur Un", "100000001"),
            (2, "Opérateur Deux", "200000002"),
        ]
    ]


@dataclass
class CarbureStub:
    """A receiver's settings and state; all of it may be changed while it is running.

    An entity counts as enabled unless its dictionary has `"is_enabled": False`. A new
    `signing_secret` makes every token issued so far invalid. The faults befall the next
    bulk-create requests that are authenticated and readable, one each, in order.
    """

    api_key: str = "demo-api-key"
    email: str = "qualicharge@example.org"
    password: str = "demo-password"  # noqa: S105 - made up, it opens nothing
    signing_secret: str = "demo-signing-secret"  # noqa: S105 - made up, it opens nothing
    entities: list[dict] = field(default_factory=_demo_entities)
    configured_years: set[int] = field(default_factory=lambda: set(range(2024, 2027)))
    access_token_seconds: float = 300
    refresh_token_seconds: float = 86_400
    key_calls_per_second: int = 5
    user_calls_per_second: int = 10
    body_limit_bytes: int = 10 * 1024 * 1024
    faults: deque[Fault] = field(default_factory=deque)
    requests_received: list[Received] = field(default_factory=list)
    # Stations that fail a request for no reason that it would give.
    broken: set[str] = field(default_factory=set)
    # A request with more is killed, as one is that takes too long.
    most_stations: float = math.inf
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    table: Table = field(init=False)

    def __post_init__(self) -> None:
        """Make a table that goes by the same clock."""
        self.table = Table(self.now, self.broken)

    @property
    def rows(self) -> list[Row]:
        """The rows stored so far, oldest first."""
        return self.table.rows

    @property
    def entity_ids(self) -> dict[str, int]:
        """The ids of the entities by siren."""
        return {entity["registration_id"]: entity["id"] for entity in self.entities}

    def lock(self, station_id: str, first_day: date, last_day: date) -> None:
        """Validate the rows of one key for both sides, so that they never change again."""
        for row in self.rows:
            if row.key == (station_id, first_day, last_day):
                row.is_validated_by_dgec = row.is_validated_by_operator = True

    def next_fault(self, station_count: int) -> Fault:
        """Take the fault that befalls this request: too many stations, or what is scripted."""
        if station_count > self.most_stations:
            return Fault(drops_connection=True, delay_seconds=KILLED_AFTER_SECONDS)
        return self.faults.popleft() if self.faults else Fault()
