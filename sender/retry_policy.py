"""The retry policy: timeouts, what to do after each response, how long to wait, when to stop."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus

from sender.batch import Batch
from sender.batch_size import KILLED_SECONDS
from sender.response import Outcome, Response

CONNECT_TIMEOUT_SECONDS = 10
# CARBURE kills a request at 30 s. A response that has not arrived by now will not arrive.
READ_TIMEOUT_SECONDS = 45
# The deadline of a whole exchange, however slowly a response arrives.
MAX_REQUEST_SECONDS = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
# CARBURE admits 5 calls a second with the key alone, and 10 requests of a user.
MIN_CALL_INTERVAL = timedelta(seconds=0.21)
MIN_REQUEST_INTERVAL = timedelta(seconds=0.11)
# Retries of one call while CARBURE responds with 429.
MAX_RATE_LIMIT_RETRIES = 10
MAX_RATE_LIMIT_PAUSE_SECONDS = 600
RATE_LIMIT_REASON = "CARBURE limits the number of calls"
# How long to repeat a call, such as the login, while CARBURE is unavailable.
MAX_UNAVAILABLE_SECONDS = 60
# A station that fails alone is left for the next run after this many failures.
MAX_STATION_FAILURES = 4
# After this many consecutive failures, check whether CARBURE accepts any request at all.
FAILURES_BEFORE_PROBE = 4
FIRST_BACKOFF_SECONDS = 5
MAX_BACKOFF_SECONDS = 120


class Decision(Enum):
    """What to do after a response. DONE means that this run does not send the batch again."""

    DONE = auto()
    RETRY_WITHOUT_REFUSED = auto()
    RETRY_LATER = auto()
    RETRY_IN_HALVES = auto()
    WAIT = auto()
    REFRESH_TOKEN = auto()
    LOG_IN = auto()
    STOP = auto()


def decide(response: Response, batch: Batch, rejections: int) -> Decision:
    """Decide what to do after the response to a batch.

    `rejections` counts the 429 or 401 responses with this status, up to and including this one,
    since the last response with another status than these two.
    """
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Decision.WAIT if rejections <= MAX_RATE_LIMIT_RETRIES else Decision.STOP
    if response.status == HTTPStatus.UNAUTHORIZED:
        return {1: Decision.REFRESH_TOKEN, 2: Decision.LOG_IN}.get(rejections, Decision.STOP)
    if response.status == HTTPStatus.FORBIDDEN:
        return Decision.STOP
    if response.outcome is Outcome.REFUSED:
        others = len(batch.without(response.reasons).stations)
        has_others = 0 < others < len(batch.stations)
        return Decision.RETRY_WITHOUT_REFUSED if has_others else Decision.DONE
    return (
        _after_failure(response, batch) if response.outcome is Outcome.UNCERTAIN else Decision.DONE
    )


def _after_failure(response: Response, batch: Batch) -> Decision:
    if len(batch.stations) == 1 and batch.failures + 1 >= MAX_STATION_FAILURES:
        return Decision.DONE
    # Most first failures have nothing to do with the size or the stations.
    was_killed = response.duration_seconds > KILLED_SECONDS
    is_first = batch.failures == 0 and not was_killed
    return Decision.RETRY_LATER if is_first else Decision.RETRY_IN_HALVES


def backoff_seconds(failures: int, jitter: Callable[[], float] = random.random) -> float:
    """Return the pause after the given number of failures: exponential, capped, with jitter."""
    return min(FIRST_BACKOFF_SECONDS * 2.0 ** (failures - 1), MAX_BACKOFF_SECONDS) * jitter()


def rate_limit_pause_seconds(retry_after_seconds: float) -> float:
    """Return the pause that CARBURE asks for, capped."""
    return min(retry_after_seconds, MAX_RATE_LIMIT_PAUSE_SECONDS)


def plausible_time(recorded: datetime, now: datetime) -> datetime:
    """Return the time at which we gave up waiting for a response, as recorded in the ledger.

    It may come from a machine whose clock is ahead. But no request can still be under way after
    MAX_REQUEST_SECONDS from now.
    """
    return min(recorded, now + timedelta(seconds=MAX_REQUEST_SECONDS))
