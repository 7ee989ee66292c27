"""CARBURE's response to a request, and its reasons for a refusal."""

from collections.abc import Iterator
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from sender.exchange import Reply

MAX_SHOWN_BODY_CHARACTERS = 300
DEFAULT_RETRY_AFTER_SECONDS = 1
MAX_RETRY_AFTER_DIGITS = 6
# Errors from malformed or maliciously nested JSON.
JSON_ERRORS = (ValueError, RecursionError)


class Outcome(StrEnum):
    """The outcome of a request."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    # CARBURE has not read the request, because there were too many (HTTP 429).
    THROTTLED = "throttled"


class RefusalReason(NamedTuple):
    """Why stations were not accepted. `station_id` is None if the reason concerns all of them."""

    text: str
    station_id: str | None = None
    is_locked: bool = False


class Response(NamedTuple):
    """The result of a request. `status` is None if CARBURE did not respond."""

    outcome: Outcome
    status: int | None
    body: str
    duration_seconds: float
    reasons: list[RefusalReason]
    retry_after_seconds: float = 0


def parse_response(reply: Reply, duration_seconds: float) -> Response:
    """Derive the outcome from the status alone. Only an empty 201 means accepted."""
    outcome = Outcome.UNCERTAIN
    if reply.status == HTTPStatus.CREATED and not reply.body:
        outcome = Outcome.ACCEPTED
    elif reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        outcome = Outcome.THROTTLED
    elif HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        outcome = Outcome.REFUSED
    return Response(
        outcome,
        reply.status,
        _storable(reply.text),
        duration_seconds,
        [] if outcome is Outcome.ACCEPTED else list(_parse_reasons(reply)),
        parse_retry_after(reply),
    )


def parse_retry_after(reply: Reply) -> float:
    """Return the seconds in the `Retry-After` header, or a default."""
    value = reply.headers.get("Retry-After", "")
    # A number with more digits is no reasonable pause, and Python refuses to parse thousands.
    is_number = value.isascii() and value.isdecimal() and len(value) <= MAX_RETRY_AFTER_DIGITS
    return int(value) if is_number else DEFAULT_RETRY_AFTER_SECONDS


def _parse_reasons(reply: Reply) -> Iterator[RefusalReason]:
    try:
        body = reply.json()
    except JSON_ERRORS:
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list) or not errors or not all(isinstance(e, dict) for e in errors):
        text = _storable(" ".join(reply.text.split()))[:MAX_SHOWN_BODY_CHARACTERS]
        yield RefusalReason(f"{reply.status} {text or reply.reason}")
        return
    # A locked station has a single `error`, an invalid one a `field` and a list of `errors`.
    can_be_locked = (reply.status, body.get("status")) == (HTTPStatus.BAD_REQUEST, "error")
    for error in errors:
        is_locked = can_be_locked and "error" in error
        text = str(error["error"]) if is_locked else f"{error.get('field')}: {error.get('errors')}"
        station_id = error.get("station_id")
        yield RefusalReason(
            f"{reply.status} {_storable(text)}",
            _storable(station_id) if isinstance(station_id, str) else None,
            is_locked,
        )


def _storable(text: str) -> str:
    """Remove characters that PostgreSQL cannot store."""
    return text.replace("\0", "").encode(errors="replace").decode()
