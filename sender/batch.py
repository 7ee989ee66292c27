"""A batch: the stations that go into one request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from sender.plan import PlannedStation
from sender.response import RefusalReason


@dataclass(frozen=True)
class Batch:
    """Stations of one SIREN that may be sent at or after `not_before`.

    `failures` is the number of requests with these stations that had no clear response. If the last
    one may still be in CARBURE's queue, `uncertain_since` is the time at which we gave up waiting.
    """

    stations: Sequence[PlannedStation]
    not_before: datetime
    failures: int = 0
    uncertain_since: datetime | None = None

    def split(self, size: int) -> tuple[Self, Self | None]:
        """Split off the first `size` stations. The rest is None if there are no more."""
        rest = self.stations[size:]
        first = replace(self, stations=self.stations[:size])
        return first, replace(self, stations=rest) if rest else None

    def without(self, reasons: Iterable[RefusalReason]) -> Self:
        """Return a batch without the stations named in `reasons`."""
        refused = {reason.station_id for reason in reasons}
        others = [s for s in self.stations if s.id_station_itinerance not in refused]
        return replace(self, stations=others)

    def is_due(self, now: datetime) -> bool:
        """Whether the batch may be sent."""
        return self.uncertain_since is None and self.not_before <= now

    def settled(self, not_before: datetime) -> Self:
        """Return a batch whose last request has surely left CARBURE's queue."""
        return replace(self, not_before=max(self.not_before, not_before), uncertain_since=None)

    def failed(self, not_before: datetime, uncertain_since: datetime) -> Self:
        """Return the batch after a request without a clear response."""
        return replace(
            self,
            not_before=not_before,
            failures=self.failures + 1,
            uncertain_since=uncertain_since,
        )

    def halves(self) -> list[Self]:
        """Split in two. A single station stays one batch."""
        first, second = self.split((len(self.stations) + 1) // 2)
        return [first] if second is None else [first, second]
