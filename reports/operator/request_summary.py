"""What was sent to CARBURE, request by request."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass
class Sending:
    """The stations of a request of which CARBURE said the same."""

    sent_at: str
    responded_at: str | None
    siren: str
    outcome: str
    reason: str | None
    stations: int = 0
    energy_mwh: Decimal = Decimal(0)


def add_up(rows: Iterable[Any], sendings: dict[Any, Sending]) -> Iterator[Any]:
    """Pass stations as they were sent on, and add them up by request and reason."""
    for row in rows:
        key = (row.request_id, row.reason)
        if key not in sendings:
            sendings[key] = Sending(
                row.sent_at, row.responded_at, row.siren, row.outcome, row.reason
            )
        sendings[key].stations += 1
        sendings[key].energy_mwh += row.energy_mwh
        yield row
