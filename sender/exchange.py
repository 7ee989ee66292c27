"""One HTTP exchange with CARBURE, limited in time and in size."""

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn, Self

import requests

# CARBURE's largest responses are lists of errors: 1 MB for 5,000 stations.
MAX_BODY_BYTES = 5 * 1024 * 1024
# The HTTP library ignores some errors while it closes a connection, so the alarm repeats.
REPEAT_SECONDS = 1


class Reply(NamedTuple):
    """What CARBURE responded. `body` ends after `MAX_BODY_BYTES`."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def read(cls, response: requests.Response) -> Self:
        """Read a response that was requested with `stream=True`.

        The body is not decompressed: a few kilobytes could fill the memory.
        """
        body = response.raw.read(MAX_BODY_BYTES, decode_content=False)
        return cls(response.status_code, response.reason, response.headers, body)

    @property
    def text(self) -> str:
        """The body as text. Bytes that are not UTF-8 are replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Parse the body. Raises ValueError or RecursionError."""
        return json.loads(self.body)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TimeoutError inside the block after `seconds`. Works in the main thread only.

    The timeouts of the HTTP library limit each read, and a response may take any number of reads.
    """

    def expire(*_: object) -> NoReturn:
        raise TimeoutError(f"no complete response after {seconds} s")

    handler = signal.signal(signal.SIGALRM, expire)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)
