"""Error responses, as exceptions."""

from typing import Any


class RefusedError(Exception):
    """An error response. A `body` that is a string is sent as HTML, any other as JSON."""

    def __init__(self, status: int, body: Any) -> None:
        """Store the response for the application to send."""
        super().__init__(status, body)
        self.status = status
        self.body = body


def unknown_error() -> RefusedError:
    """Return the 500 response that CARBURE sends for bad data and for internal errors alike."""
    return RefusedError(500, {"status": "error", "error": "UNKNOWN_ERROR"})
