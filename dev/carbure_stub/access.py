"""Who may call, and how often: signed tokens that expire, and throttles."""

import time
from collections import deque
from threading import Lock
from typing import Literal

from itsdangerous import BadSignature, URLSafeSerializer

from dev.carbure_stub.refusal import RefusedError

TokenKind = Literal["access", "refresh"]


def issue_token(secret: str, kind: TokenKind, lifetime_seconds: float) -> str:
    """Sign a token together with the time at which it expires."""
    # itsdangerous' own timestamps are whole seconds: too coarse for tests that wait for an expiry.
    return URLSafeSerializer(secret, salt=kind).dumps(
        {"expires_at": time.time() + lifetime_seconds}
    )


def check_token(secret: str, kind: TokenKind, token: object) -> None:
    """Refuse a token that is forged, expired or of the other kind."""
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
    """A limit on the calls within any one second."""

    def __init__(self) -> None:
        """Start with no call made."""
        self._moments: deque[float] = deque()
        self._lock = Lock()

    def admit(self, calls_per_second: int) -> None:
        """Count a call, or refuse it where the last second has had its fill."""
        now = time.monotonic()
        with self._lock:
            while self._moments and self._moments[0] <= now - 1:
                self._moments.popleft()
            if len(self._moments) >= calls_per_second:
                raise RefusedError(429, {"detail": "La requête a été ralentie."})
            self._moments.append(now)
