"""How many stations to send in one request, adapted to how fast CARBURE responds."""

from dataclasses import dataclass

GROWTH = 1.5
# CARBURE kills a request at 30 s. A failure after this long counts as killed.
KILLED_SECONDS = 25


@dataclass
class BatchSize:
    """A batch size that grows while CARBURE is fast and shrinks when it is slow."""

    stations: int
    max_stations: int
    target_seconds: float

    def __post_init__(self) -> None:
        """Limit the initial size to the maximum."""
        self.stations = min(self.stations, self.max_stations)

    def record_accepted(self, stations: int, duration_seconds: float) -> None:
        """Adapt to a request of `stations` that was accepted after `duration_seconds`."""
        if duration_seconds > self.target_seconds:
            fitting = int(stations * self.target_seconds / duration_seconds)
            self.stations = max(1, min(self.stations, fitting))
        elif stations >= self.stations and duration_seconds * GROWTH < self.target_seconds:
            self.stations = min(self.max_stations, int(self.stations * GROWTH) + 1)

    def record_failed(self, stations: int, duration_seconds: float) -> None:
        """Adapt to a request without a clear response. If it was killed, cap the size below it."""
        if duration_seconds > KILLED_SECONDS:
            self.max_stations = max(1, min(self.max_stations, stations // 2))
            self.stations = min(self.stations, self.max_stations)
