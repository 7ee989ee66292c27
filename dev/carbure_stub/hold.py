"""Hold a request, so that something can happen while CARBURE processes it."""

from threading import Event

TIMEOUT_SECONDS = 60


class Hold:
    """A replacement for `stub.sleep` that holds a delayed request until it is released.

    stub.sleep = hold = Hold()
    stub.faults.append(Fault(delay_seconds=1))
    """

    def __init__(self) -> None:
        """Hold the next delayed request."""
        self._is_reached = Event()
        self._is_released = Event()

    def __call__(self, seconds: float) -> None:
        """Wait for the release, but not forever."""
        if seconds > 0:
            self._is_reached.set()
            self._is_released.wait(TIMEOUT_SECONDS)

    def wait_until_reached(self) -> None:
        """Wait until a request is held. Raises TimeoutError."""
        if not self._is_reached.wait(TIMEOUT_SECONDS):
            raise TimeoutError(f"the stub received no request in {TIMEOUT_SECONDS} s")

    def release(self) -> None:
        """Let the request continue."""
        self._is_released.set()
