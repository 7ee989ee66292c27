"""How many stations to send in one request, adapted to how fast CARBURE responds."""

from collections import deque
from dataclasses import dataclass, field
from statistics import linear_regression

GROWTH = 1.5
# CARBURE kills a request at 30 s. A failure after this long counts as killed.
KILLED_SECONDS = 25
# A response may take longer than the target if most of its time does not depend on the size.
MAX_RESPONSE_SECONDS = 15
RECENT_RESPONSES = 8


@dataclass
class BatchSize:
    """A batch size that grows while CARBURE is fast and shrinks when size makes it slow.

    The time of a response has a fixed part, because CARBURE loads all validated rows for each
    request, and a part for each station. Both are estimated from recent responses.
    """

    stations: int
    max_stations: int
    target_seconds: float
    _fixed_seconds: float = 0
    _recent: deque[tuple[int, float]] = field(
        default_factory=lambda: deque(maxlen=RECENT_RESPONSES)
    )

    def __post_init__(self) -> None:
        """Limit the initial size to the maximum."""
        self.stations = min(self.stations, self.max_stations)

    def record_accepted(self, stations: int, duration_seconds: float) -> None:
        """Adapt to a request of `stations` that was accepted after `duration_seconds`."""
        self._recent.append((stations, duration_seconds))
        fitting = self._fitting_size()
        if duration_seconds > self.target_seconds and fitting < self.stations:
            self.stations = max(1, fitting)
        elif stations >= self.stations and fitting > self.stations * GROWTH:
            self.stations = min(self.max_stations, int(self.stations * GROWTH) + 1)

    def record_failed(self, stations: int, duration_seconds: float) -> None:
        """Adapt to a request without a clear response. If it was killed, cap the size below it."""
        if duration_seconds > KILLED_SECONDS:
            self.max_stations = max(1, min(self.max_stations, stations // 2))
            self.stations = min(self.stations, self.max_stations)

    def _fitting_size(self) -> int:
        """Return the size whose stations take the time that the fixed part leaves.

        If the fixed part alone takes more than half of the target, the stations may take as long.
        """
        seconds_per_station = self._estimate()
        fixed_seconds = self._fixed_seconds
        left = self.target_seconds - fixed_seconds
        allowed = max(left, min(fixed_seconds, MAX_RESPONSE_SECONDS - fixed_seconds))
        if allowed <= 0:
            return 1
        if seconds_per_station * self.max_stations <= allowed:
            return int(self.max_stations * GROWTH) + 1
        return int(allowed / seconds_per_station)

    def _estimate(self) -> float:
        """Estimate the fixed part from recent responses. Return the seconds per station."""
        sizes, durations = zip(*self._recent, strict=True)
        # Responses to one size say nothing about the fixed part: keep what is known of it.
        if len(set(sizes)) > 1:
            slope, intercept = linear_regression(sizes, durations)
            self._fixed_seconds = max(intercept, 0) if slope > 0 else min(durations)
        stations, duration_seconds = self._recent[-1]
        return max(duration_seconds - self._fixed_seconds, 0) / stations
