"""The clock. Tests replace it to wait without delay."""

import logging
import time
from datetime import UTC, datetime, timedelta

MAX_SLEEP_SECONDS = 0.5
# Shorter waits are not worth a line in the log.
MIN_LOGGED_SECONDS = 2
# On Linux, CLOCK_MONOTONIC stops while the machine is suspended.
STEADY_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

logger = logging.getLogger(__name__)


class Clock:
    """A clock that runs steadily from the current time on.

    Someone may set the system's clock during a run. That must change neither the waits nor the
    order of the times in the ledger. After `interrupt`, waiting raises KeyboardInterrupt.
    """

    is_interrupted = False

    def __init__(self) -> None:
        """Start with the current time."""
        self._started_at = datetime.now(UTC)
        self._start_seconds = time.clock_gettime(STEADY_CLOCK)

    def now(self) -> datetime:
        """Return the current time in UTC."""
        seconds = time.clock_gettime(STEADY_CLOCK) - self._start_seconds
        return self._started_at + timedelta(seconds=seconds)

    def wait_until(self, instant: datetime, reason: str) -> None:
        """Return at `instant`, or immediately if it has passed. Logs the reason of long waits."""
        seconds = (instant - self.now()).total_seconds()
        if seconds >= MIN_LOGGED_SECONDS:
            logger.info("waiting %.0f s: %s", seconds, reason)
        self._sleep_until(instant)

    def wait(self, seconds: float, reason: str) -> None:
        """Return after `seconds`."""
        self.wait_until(self.now() + timedelta(seconds=seconds), reason)

    def interrupt(self) -> None:
        """Interrupt the current wait, and every later one."""
        self.is_interrupted = True

    def _sleep_until(self, instant: datetime) -> None:
        while (seconds := (instant - self.now()).total_seconds()) > 0:
            if self.is_interrupted:
                raise KeyboardInterrupt
            time.sleep(min(seconds, MAX_SLEEP_SECONDS))
