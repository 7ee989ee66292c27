"""The receiver's table, and the transaction that writes to it."""

import math
import time
from dataclasses import dataclass
from datetime import date
from threading import Lock

from demo.carbure.refusal import RefusedError, unknown_error

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

    def __init__(self) -> None:
        """Start empty."""
        self.rows: list[Row] = []
        self._lock = Lock()

    def upsert(self, posted: list[Row], delay_seconds: float = 0) -> None:
        """Insert or update all the posted rows, or refuse them all."""
        with self._lock:
            existing = {row.key: row for row in self.rows}
        _refuse_locked(posted, existing)
        if not all(row.fits_its_columns for row in posted):
            raise unknown_error()
        # What exists was read before the wait and is not read again: overlapping posts of one key
        # both take it for new and leave two rows, as they do at the receiver.
        time.sleep(delay_seconds)
        with self._lock:
            for row in posted:
                if row.key in existing:
                    existing[row.key].update_from(row)
                else:
                    self.rows.append(row)


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
