"""Wait for events instead of sleeping, so that tests pass on a busy machine."""

import time
from collections.abc import Callable

# Only a hang takes this long.
MAX_WAIT_SECONDS = 600
POLL_INTERVAL_SECONDS = 0.05


def wait_for(condition: Callable[[], bool]) -> None:
    """Return once `condition()` is true; raise TimeoutError after MAX_WAIT_SECONDS."""
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the condition is still false after {MAX_WAIT_SECONDS} s")
        time.sleep(POLL_INTERVAL_SECONDS)
