"""Time, so that what waits for it can be tried without waiting, and ends when it is told to."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The system's clock; after `interrupt`, who waits gets a KeyboardInterrupt."""

    is_interrupted = False

    def now(self) -> datetime:
        """Tell the time."""
        return datetime.now(UTC)

    def wait_until(self, instant: datetime) -> None:
        """Return at `instant`, or at once where it is past."""
        while (seconds := (instant - self.now()).total_seconds()) > 0:
            if self.is_interrupted:
                raise KeyboardInterrupt
            time.sleep(min(seconds, 0.5))

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""
        self.wait_until(self.now() + timedelta(seconds=seconds))

    def interrupt(self) -> None:
        """End waits, and let the run end where it next can."""
        self.is_interrupted = True
