"""CARBURE's API, as far as the sender uses it: one request at a time, a timeout on each."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import HTTPError

from sender.clock import Clock
from sender.errors import CarbureError
from sender.settings import CarbureSettings

TOKEN_PATH = "/api/token/"  # noqa: S105 - a path, no secret
REFRESH_PATH = "/api/token/refresh/"
ENTITIES_PATH = "/api/resources/entities"
CERTIFICATES_PATH = "/api/elec/provision-certificates-qualicharge/bulk-create/"
CONNECT_TIMEOUT_SECONDS = 10
# CARBURE gives up at 30 s: an answer that is not there by then will not come.
READ_TIMEOUT_SECONDS = 45
MAX_REQUEST_SECONDS = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
# A token lives 300 s; it is renewed while the longest request still fits in.
TOKEN_LIFE = timedelta(seconds=300 - MAX_REQUEST_SECONDS)
TIMES_TO_WAIT_AS_TOLD = 10
LONGEST_WAIT_SECONDS = 600
TIMES_TO_RENEW = 3
SECONDS_BETWEEN_RENEWALS = 10
LONGEST_SHOWN_BODY = 300
# An address that is none, a missing certificate file, and all that happens to a connection.
TRANSPORT_ERRORS = (OSError, HTTPError)
# What comes of reading JSON that is none, or is made to be a burden.
UNREADABLE = (ValueError, RecursionError)


class Outcome(StrEnum):
    """What became of stations that were to be sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class RefusalReason(NamedTuple):
    """Why stations were not accepted; `station_id` is None where all are concerned."""

    text: str
    station_id: str | None = None
    is_locked: bool = False


class Response(NamedTuple):
    """What a request came to: CARBURE's answer, or why there was none, and its reasons."""

    outcome: Outcome
    status: int | None
    body: str
    duration_seconds: float
    reasons: list[RefusalReason]
    seconds_to_wait: float = 0


class CarbureClient:
    """A client of CARBURE, which authenticates itself when it has to."""

    def __init__(self, settings: CarbureSettings, clock: Clock) -> None:
        """Take the settings; nothing is sent yet."""
        self._settings = settings
        self._clock = clock
        self._root = str(settings.root_url).rstrip("/")
        self._access_token: str | None = None
        self._refresh_token: str | None = None
        self._renewed_at = clock.now()
        self._http = requests.Session()
        self._http.auth = self._sign

    def log_in(self) -> None:
        """Get new tokens. Raises CarbureError where CARBURE cannot be used."""
        self._access_token = None
        tokens = self._ask(
            "POST",
            TOKEN_PATH,
            json={
                "email": self._settings.user_email,
                "password": self._settings.user_password.get_secret_value(),
            },
        )
        self._keep_token(tokens)
        self._refresh_token = tokens.get("refresh")

    def known_entities(self) -> dict[str, list[str]]:
        """List the names that CARBURE has for each SIREN. Raises CarbureError where it cannot."""
        names: dict[str, list[str]] = {}
        try:
            for entity in self._ask("GET", ENTITIES_PATH):
                names.setdefault(str(entity["registration_id"]), []).append(str(entity["name"]))
        except (KeyError, TypeError):
            raise CarbureError(
                f"{self._host} gives no list of entities: check CARBURE_ROOT_URL"
            ) from None
        return names

    def ensure_token(self) -> None:
        """Renew the access token in time, so that `send` has nothing to wait for.

        Raises CarbureError where CARBURE cannot be used.
        """
        if self._clock.now() < self._renewed_at + TOKEN_LIFE:
            return
        for _ in range(TIMES_TO_RENEW):
            if self.refresh():
                return
            self._clock.wait(SECONDS_BETWEEN_RENEWALS)
        self.log_in()

    def refresh(self) -> bool:
        """Renew the access token by the refresh token; say whether that went well."""
        self._access_token = None
        try:
            self._keep_token(self._ask("POST", REFRESH_PATH, json={"refresh": self._refresh_token}))
        except CarbureError:
            return False
        return True

    def send(self, body: bytes) -> Response:
        """Make one POST, at once, and say what came of it."""
        started_at = self._clock.now()
        headers = {"Content-Type": "application/json"}
        try:
            response = self._call("POST", CERTIFICATES_PATH, data=body, headers=headers)
        except TRANSPORT_ERRORS as error:
            text = f"no answer ({type(error).__name__}): CARBURE may have stored it"
            return Response(
                Outcome.UNCERTAIN, None, text, self._since(started_at), [RefusalReason(text)]
            )
        return parse_response(response, self._since(started_at))

    def probe(self, period: date) -> str | None:
        """Try a request of a period without any station: say what fails, if even that does."""
        unit = {"code": "FRXXX", "from": f"{period}", "to": f"{period}", "stations": []}
        probe = [{"entity": "-", "siren": "000000000", "operational_units": [unit]}]
        answer = self.send(json.dumps(probe).encode())
        return None if answer.outcome is Outcome.ACCEPTED else answer.reasons[0].text

    def _keep_token(self, tokens: Any) -> None:
        access = tokens.get("access") if isinstance(tokens, dict) else None
        # What a header cannot carry would be shown by the error that it makes.
        if not isinstance(access, str) or not (access.isascii() and access.isprintable()):
            raise CarbureError(f"{self._host} answers without a token: check CARBURE_ROOT_URL")
        self._access_token = access
        self._renewed_at = self._clock.now()

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        """Make a call that must work, and give the JSON of its answer."""
        try:
            for _ in range(TIMES_TO_WAIT_AS_TOLD):
                response = self._call(method, path, **content)
                if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                    break
                self._clock.wait(seconds_to_wait(response))
            raise_for_credentials(response.status_code)
            if response.status_code != HTTPStatus.OK:
                raise CarbureError(
                    f"{self._host} answers {response.status_code} to {path}: check CARBURE_ROOT_URL"
                )
            return response.json()
        except UNREADABLE:
            raise CarbureError(
                f"{self._host} does not answer as CARBURE does: check CARBURE_ROOT_URL"
            ) from None
        except TRANSPORT_ERRORS as error:
            raise CarbureError(
                f"cannot reach {self._host} ({type(error).__name__}): check CARBURE_ROOT_URL"
            ) from None

    def _call(self, method: str, path: str, **content: Any) -> requests.Response:
        return self._http.request(
            method,
            self._root + path,
            timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            allow_redirects=False,
            **content,
        )

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the credentials: as `auth`, since requests would else look for some in ~/.netrc."""
        request.headers["X-API-KEY"] = self._settings.user_api_key.get_secret_value()
        if self._access_token is not None:
            request.headers["Authorization"] = f"Bearer {self._access_token}"
        return request

    def _since(self, instant: datetime) -> float:
        return (self._clock.now() - instant).total_seconds()

    @property
    def _host(self) -> str:
        url = self._settings.root_url
        return f"CARBURE at {url.scheme}://{url.host}:{url.port}"


def seconds_to_wait(response: requests.Response) -> float:
    """How long CARBURE says to wait, within reason."""
    told = response.headers.get("Retry-After", "")
    return min(int(told), LONGEST_WAIT_SECONDS) if told.isdecimal() else 1


def raise_for_credentials(status: int | None) -> None:
    """Say what is wrong with the credentials. Raises CarbureError where they are refused."""
    if status == HTTPStatus.UNAUTHORIZED:
        raise CarbureError(
            "CARBURE refuses the user: check CARBURE_USER_EMAIL and CARBURE_USER_PASSWORD"
        )
    if status == HTTPStatus.FORBIDDEN:
        raise CarbureError("CARBURE refuses the API key: check CARBURE_USER_API_KEY")


def parse_response(response: requests.Response, duration_seconds: float) -> Response:
    """Decide on the status alone; an acknowledgement is an empty 201 and nothing else."""
    outcome = Outcome.UNCERTAIN
    if response.status_code == HTTPStatus.CREATED and not response.content:
        outcome = Outcome.ACCEPTED
    elif HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        outcome = Outcome.REFUSED
    return Response(
        outcome,
        response.status_code,
        _clean(response.text),
        duration_seconds,
        [] if outcome is Outcome.ACCEPTED else list(_reasons(response)),
        seconds_to_wait(response),
    )


def _reasons(response: requests.Response) -> Iterator[RefusalReason]:
    """Read CARBURE's reasons, of which each kind of error has its own form."""
    try:
        body = response.json()
    except UNREADABLE:
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list) or not errors or not all(isinstance(e, dict) for e in errors):
        text = _clean(" ".join(response.text.split()))[:LONGEST_SHOWN_BODY]
        yield RefusalReason(f"{response.status_code} {text or response.reason}")
        return
    # Of a locked station there is one `error`, of an invalid one a `field` and its `errors`.
    can_be_locked = (response.status_code, body.get("status")) == (HTTPStatus.BAD_REQUEST, "error")
    for error in errors:
        is_locked = can_be_locked and "error" in error
        text = str(error["error"]) if is_locked else f"{error.get('field')}: {error.get('errors')}"
        station_id = error.get("station_id")
        yield RefusalReason(
            f"{response.status_code} {_clean(text)}",
            _clean(station_id) if isinstance(station_id, str) else None,
            is_locked,
        )


def _clean(text: str) -> str:
    """Leave out what a database cannot store."""
    return text.replace("\0", "").encode(errors="replace").decode()
