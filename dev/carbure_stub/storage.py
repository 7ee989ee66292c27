"""The receiver's table, and the transaction that writes to it."""

import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import NamedTuple

from dev.carbure_stub.refusal import RefusedError, unknown_error

STATION_ID_WIDTH = 64
SIREN_WIDTH = 16

Key = tuple[str, date, date]


@dataclass
class Row:
    """The energy of one station over one period; `entity_id` is None for an unknown siren."""

    station_id: str
    first_day: date
    last_day: date
    siren: str
    entity_id: int | None
    unit_code: str
    energy_mwh: float
    is_controlled: bool
    is_validated_by_dgec: bool = False
    is_validated_by_operator: bool = False

    @property
    def key(self) -> Key:
        """What a re-post is matched on."""
        return self.station_id, self.first_day, self.last_day

    @property
    def is_locked(self) -> bool:
        """Whether both sides have validated the row, after which it never changes again."""
        return self.is_validated_by_dgec and self.is_validated_by_operator

    @property
    def fits_its_columns(self) -> bool:
        """Whether a database would take the row at all."""
        return (
            len(self.station_id) <= STATION_ID_WIDTH
            and len(self.siren) <= SIREN_WIDTH
            and math.isfinite(self.energy_mwh)
        )

    def update_from(self, other: "Row") -> None:
        """Take everything a re-post changes: all but the key and the validation."""
        self.siren = other.siren
        self.entity_id = other.entity_id
        self.unit_code = other.unit_code
        self.energy_mwh = other.energy_mwh
        self.is_controlled = other.is_controlled


class Table:
    """Rows without a unique constraint."""

    def __init__(
        self, now: Callable[[], float] = time.monotonic, broken: Collection[str] = ()
    ) -> None:
        """Start empty; `now` tells when a transaction is over, `broken` stations fail one."""
        self._broken = broken
        self._rows: list[Row] = []
        self._under_way: list[Transaction] = []
        self._now = now
        self._lock = Lock()
        self.keys_written_at_once: set[Key] = set()

    @property
    def rows(self) -> list[Row]:
        """The rows stored so far, oldest first."""
        with self._lock:
            self._commit_what_is_over()
            return self._rows

    def upsert(self, posted: list[Row], duration_seconds: float = 0) -> None:
        """Insert or update all the posted rows, once the time is over, or refuse them all.

        What exists is read at the beginning and not again: overlapping posts of one key both take
        it for new and leave two rows, as they do at the receiver.
        """
        with self._lock:
            self._commit_what_is_over()
            existing = {row.key: row for row in self._rows}
            _refuse_locked(posted, existing)
            is_broken = any(row.station_id in self._broken for row in posted)
            if is_broken or not all(row.fits_its_columns for row in posted):
                raise unknown_error()
            for other in self._under_way:
                self.keys_written_at_once |= other.keys & {row.key for row in posted}
            ends_at = self._now() + duration_seconds
            self._under_way.append(Transaction(posted, existing, ends_at))
            self._commit_what_is_over()

    def _commit_what_is_over(self) -> None:
        for transaction in list(self._under_way):
            if transaction.ends_at <= self._now():
                self._under_way.remove(transaction)
                for row in transaction.posted:
                    if row.key in transaction.existing:
                        transaction.existing[row.key].update_from(row)
                    else:
                        self._rows.append(row)


class Transaction(NamedTuple):
    """A write that is not over yet, with the rows that it found."""

    posted: list[Row]
    existing: dict[Key, Row]
    ends_at: float

    @property
    def keys(self) -> set[Key]:
        """The keys that it writes."""
        return {row.key for row in self.posted}


def _refuse_locked(posted: list[Row], existing: dict[Key, Row]) -> None:
    errors = [
        {
            "station_id": row.station_id,
            "error": "Provision certificate already validated and created",
        }
        for row in posted
        if row.key in existing and existing[row.key].is_locked
    ]
    if errors:
        raise RefusedError(400, {"status": "error", "errors": errors})
