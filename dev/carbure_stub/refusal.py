"""Every answer that is not a success, raised from wherever the request fails."""

from typing import Any


class RefusedError(Exception):
    """The request ends here; a text as `body` is sent as HTML, anything else as JSON."""

    def __init__(self, status: int, body: Any) -> None:
        """Keep the answer for the application to send."""
        super().__init__(status, body)
        self.status = status
        self.body = body


def unknown_error() -> RefusedError:
    """Return the one 500 answer that stands for bad data and for a broken receiver alike."""
    return RefusedError(500, {"status": "error", "error": "UNKNOWN_ERROR"})
