"""Signed tokens that expire, and rate limits."""

import time
from collections import deque
from threading import Lock
from typing import Literal

from itsdangerous import BadSignature, URLSafeSerializer

from dev.carbure_stub.refusal import RefusedError

TokenKind = Literal["access", "refresh"]


def issue_token(secret: str, kind: TokenKind, lifetime_seconds: float) -> str:
    """Return a signed token that contains its expiry time."""
    # The timestamps of itsdangerous are whole seconds, which would make tests slow.
    return URLSafeSerializer(secret, salt=kind).dumps(
        {"expires_at": time.time() + lifetime_seconds}
    )


def check_token(secret: str, kind: TokenKind, token: object) -> None:
    """Raise RefusedError if the token is forged, expired or of the other kind."""
    invalid = RefusedError(
        401, {"detail": "Le jeton est invalide ou expiré", "code": "token_not_valid"}
    )
    try:
        claims = URLSafeSerializer(secret, salt=kind).loads(str(token))
    except BadSignature:
        raise invalid from None
    if time.time() >= claims["expires_at"]:
        raise invalid


class Throttle:
    """A limit on the number of calls per second."""

    def __init__(self) -> None:
        """Start without calls."""
        self._call_times: deque[float] = deque()
        self._lock = Lock()

    def admit(self, calls_per_second: int) -> None:
        """Count a call. Raise RefusedError if the last second is at the limit."""
        now = time.monotonic()
        with self._lock:
            while self._call_times and self._call_times[0] <= now - 1:
                self._call_times.popleft()
            if len(self._call_times) >= calls_per_second:
                raise RefusedError(429, {"detail": "La requête a été ralentie."})
            self._call_times.append(now)
