"""The clock. Tests replace it to wait without delay."""

import time
from datetime import UTC, datetime, timedelta

MAX_SLEEP_SECONDS = 0.5


class Clock:
    """The system clock. After `interrupt`, waiting raises KeyboardInterrupt."""

    is_interrupted = False

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def wait_until(self, instant: datetime) -> None:
        """Return at `instant`, or immediately if it has passed."""
        while (seconds := (instant - self.now()).total_seconds()) > 0:
            if self.is_interrupted:
                raise KeyboardInterrupt
            time.sleep(min(seconds, MAX_SLEEP_SECONDS))

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""
        self.wait_until(self.now() + timedelta(seconds=seconds))

    def interrupt(self) -> None:
        """Interrupt the current wait, and every later one."""
        self.is_interrupted = True
