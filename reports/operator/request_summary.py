"""Sum up the requests to CARBURE for the page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from reports.operator.marts import QueryRow


@dataclass
class RequestSummary:
    """Stations of one request for which CARBURE's response has the same reason, or no reason."""

    sent_at: str
    responded_at: str | None
    siren: str
    outcome: str
    reason: str | None
    stations: int = 0
    energy_mwh: Decimal = Decimal(0)


def collect_requests(
    rows: Iterable[QueryRow], requests: dict[tuple[int, str | None], RequestSummary]
) -> Iterator[QueryRow]:
    """Yield the rows unchanged, and sum them up in `requests` by request id and reason."""
    for row in rows:
        key = (row.request_id, row.reason)
        if key not in requests:
            requests[key] = RequestSummary(
                row.sent_at, row.responded_at, row.siren, row.outcome, row.reason
            )
        requests[key].stations += 1
        requests[key].energy_mwh += row.energy_mwh
        yield row
