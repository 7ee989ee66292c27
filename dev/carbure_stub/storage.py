"""CARBURE's table of provision certificates, and its transactions."""

import math
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import NamedTuple

from dev.carbure_stub.refusal import RefusedError, unknown_error

STATION_ID_WIDTH = 64
SIREN_WIDTH = 16

Key = tuple[str, date, date]


@dataclass
class CertificateRow:
    """The energy of one station over one period. `entity_id` is None for an unknown SIREN."""

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
        """The key on which CARBURE matches a new request with existing rows."""
        return self.station_id, self.first_day, self.last_day

    @property
    def is_locked(self) -> bool:
        """Whether both sides have validated the row. A locked row never changes again."""
        return self.is_validated_by_dgec and self.is_validated_by_operator

    @property
    def fits_column_types(self) -> bool:
        """Whether the database accepts the values."""
        return (
            len(self.station_id) <= STATION_ID_WIDTH
            and len(self.siren) <= SIREN_WIDTH
            and math.isfinite(self.energy_mwh)
        )

    def update_from(self, other: "CertificateRow") -> None:
        """Copy everything from `other` except the key and the validation."""
        self.siren = other.siren
        self.entity_id = other.entity_id
        self.unit_code = other.unit_code
        self.energy_mwh = other.energy_mwh
        self.is_controlled = other.is_controlled


class CertificateTable:
    """A table without a unique constraint, as in CARBURE."""

    def __init__(
        self, now: Callable[[], float] = time.monotonic, broken: Collection[str] = ()
    ) -> None:
        """Start empty. `now` is the clock. A transaction with a `broken` station fails."""
        self._broken = broken
        self._rows: list[CertificateRow] = []
        self._open: list[Transaction] = []
        self._queued: list[QueuedWrite] = []
        self._now = now
        self._lock = Lock()
        self.keys_written_at_once: set[Key] = set()

    @property
    def rows(self) -> list[CertificateRow]:
        """The committed rows, oldest first."""
        with self._lock:
            self._commit_finished()
            return self._rows

    def upsert(self, posted: list[CertificateRow], duration_seconds: float = 0) -> None:
        """Insert or update all rows after `duration_seconds`, or raise RefusedError at once.

        Existing rows are read at the start of the transaction only. Two concurrent requests with
        the same new key therefore leave two rows, as in CARBURE.
        """
        with self._lock:
            self._commit_finished()
            self._start(posted, self._now() + duration_seconds)
            self._commit_finished()

    def upsert_later(
        self, posted: list[CertificateRow], starts_at: float, duration_seconds: float
    ) -> None:
        """Do the same from `starts_at` on, when nobody waits for the response any more."""
        with self._lock:
            self._queued.append(QueuedWrite(posted, starts_at, starts_at + duration_seconds))

    def _start(self, posted: list[CertificateRow], ends_at: float) -> None:
        existing = {row.key: row for row in self._rows}
        _refuse_locked(posted, existing)
        is_broken = any(row.station_id in self._broken for row in posted)
        if is_broken or not all(row.fits_column_types for row in posted):
            raise unknown_error()
        for other in self._open:
            self.keys_written_at_once |= other.keys & {row.key for row in posted}
        self._open.append(Transaction(posted, existing, ends_at))

    def _commit_finished(self) -> None:
        """Start what was queued and commit what has ended, in the order of time."""
        while True:
            starts = [(write.starts_at, 0, write) for write in self._queued]
            ends = [(transaction.ends_at, 1, transaction) for transaction in self._open]
            due = [event for event in (*starts, *ends) if event[0] <= self._now()]
            if not due:
                return
            _, _, first = min(due, key=lambda event: event[:2])
            if isinstance(first, QueuedWrite):
                self._queued.remove(first)
                with suppress(RefusedError):
                    self._start(first.posted, first.ends_at)
            else:
                self._commit(first)

    def _commit(self, transaction: "Transaction") -> None:
        self._open.remove(transaction)
        for row in transaction.posted:
            if row.key in transaction.existing:
                transaction.existing[row.key].update_from(row)
            else:
                self._rows.append(row)


class QueuedWrite(NamedTuple):
    """A write that waits for a worker."""

    posted: list[CertificateRow]
    starts_at: float
    ends_at: float


class Transaction(NamedTuple):
    """A write that is not committed yet, and the rows that existed when it started."""

    posted: list[CertificateRow]
    existing: dict[Key, CertificateRow]
    ends_at: float

    @property
    def keys(self) -> set[Key]:
        """The keys of the written rows."""
        return {row.key for row in self.posted}


def _refuse_locked(posted: list[CertificateRow], existing: dict[Key, CertificateRow]) -> None:
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
