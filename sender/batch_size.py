"""How many stations go in a request, by what the last ones took."""

from dataclasses import dataclass

GROWTH = 1.5
# CARBURE ends what takes 30 s: a failure after this long is taken for that.
KILLED_SECONDS = 25


@dataclass
class BatchSize:
    """A size that grows while CARBURE is quick, and shrinks while it is slow or fails."""

    stations: int
    largest: int
    target_seconds: float

    def __post_init__(self) -> None:
        """Keep to the largest from the beginning."""
        self.stations = min(self.stations, self.largest)

    def answered(self, stations: int, duration_seconds: float) -> None:
        """Learn from a request of `stations` that was accepted after `duration_seconds`."""
        if duration_seconds > self.target_seconds:
            fitting = int(stations * self.target_seconds / duration_seconds)
            self.stations = max(1, min(self.stations, fitting))
        elif stations >= self.stations and duration_seconds * GROWTH < self.target_seconds:
            self.stations = min(self.largest, int(self.stations * GROWTH) + 1)

    def failed(self, stations: int, duration_seconds: float) -> None:
        """Learn from one without a clear answer: if it was killed, never that many again."""
        if duration_seconds > KILLED_SECONDS:
            self.largest = max(1, min(self.largest, stations // 2))
            self.stations = min(self.stations, self.largest)
