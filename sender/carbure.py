"""CARBURE's API, as far as the sender uses it: one request at a time, a timeout on each."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NamedTuple

import requests

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
LONGEST_REQUEST_SECONDS = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
# A token lives 300 s; it is renewed while the longest request still fits in.
TOKEN_LIFE = timedelta(seconds=300 - LONGEST_REQUEST_SECONDS)
TIMES_TO_WAIT_AS_TOLD = 10
LONGEST_WAIT_SECONDS = 60
LONGEST_SHOWN_BODY = 300


class Outcome(StrEnum):
    """What became of stations that were to be sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class Reason(NamedTuple):
    """Why stations were not accepted; `station_id` is None where all are concerned."""

    text: str
    station_id: str | None = None
    is_locked: bool = False


class Answer(NamedTuple):
    """What a request came to: CARBURE's answer, or why there was none, and its reasons."""

    outcome: Outcome
    status: int | None
    body: str
    duration_seconds: float
    reasons: list[Reason]


class Carbure:
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

    def registered_sirens(self) -> set[str]:
        """List the SIRENs that CARBURE knows. Raises CarbureError where it cannot."""
        entities = self._ask("GET", ENTITIES_PATH)
        try:
            return {str(entity["registration_id"]) for entity in entities}
        except (KeyError, TypeError):
            raise CarbureError(
                f"{self._host} gives no list of entities: check CARBURE_ROOT_URL"
            ) from None

    def send(self, body: bytes) -> Answer:
        """Send one request and say what came of it.

        An access token that is refused is renewed by the refresh token, then by logging in, once
        each. Raises CarbureError where no further request can succeed; what is sent here has been
        refused then.
        """
        if self._clock.now() > self._renewed_at + TOKEN_LIFE and not self._refresh():
            self.log_in()
        started_at = self._clock.now()
        try:
            response = self._post_certificates(body)
            if response.status_code == HTTPStatus.UNAUTHORIZED and self._refresh():
                response = self._post_certificates(body)
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                self.log_in()
                response = self._post_certificates(body)
        except requests.RequestException as error:
            text = f"no answer ({type(error).__name__}): CARBURE may have stored it"
            return Answer(Outcome.UNCERTAIN, None, text, self._since(started_at), [Reason(text)])
        _raise_for_credentials(response)
        return answer_of(response, self._since(started_at))

    def _refresh(self) -> bool:
        """Renew the access token by the refresh token; say whether that went well."""
        self._access_token = None
        try:
            self._keep_token(self._ask("POST", REFRESH_PATH, json={"refresh": self._refresh_token}))
        except CarbureError:
            return False
        return True

    def _keep_token(self, tokens: Any) -> None:
        if not isinstance(tokens, dict) or not isinstance(tokens.get("access"), str):
            raise CarbureError(f"{self._host} answers without a token: check CARBURE_ROOT_URL")
        self._access_token = tokens["access"]
        self._renewed_at = self._clock.now()

    def _post_certificates(self, body: bytes) -> requests.Response:
        headers = {"Content-Type": "application/json"}
        return self._call("POST", CERTIFICATES_PATH, data=body, headers=headers)

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        """Make a call that must work, and give the JSON of its answer."""
        try:
            response = self._call(method, path, **content)
            _raise_for_credentials(response)
            if response.status_code != HTTPStatus.OK:
                raise CarbureError(
                    f"{self._host} answers {response.status_code} to {path}: check CARBURE_ROOT_URL"
                )
            return response.json()
        except requests.JSONDecodeError:
            raise CarbureError(
                f"{self._host} does not answer as CARBURE does: check CARBURE_ROOT_URL"
            ) from None
        except requests.RequestException as error:
            raise CarbureError(
                f"cannot reach {self._host} ({type(error).__name__}): check CARBURE_ROOT_URL"
            ) from None

    def _call(self, method: str, path: str, **content: Any) -> requests.Response:
        """Make a call; one that is told to wait has not been looked at, and is made again then."""
        for _ in range(TIMES_TO_WAIT_AS_TOLD):
            response = self._http.request(
                method,
                self._root + path,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
                **content,
            )
            if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                break
            self._clock.wait(_seconds_to_wait(response))
        return response

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


def _seconds_to_wait(response: requests.Response) -> float:
    told = response.headers.get("Retry-After", "")
    return min(int(told), LONGEST_WAIT_SECONDS) if told.isdecimal() else 1


def _raise_for_credentials(response: requests.Response) -> None:
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise CarbureError(
            "CARBURE refuses the user: check CARBURE_USER_EMAIL and CARBURE_USER_PASSWORD"
        )
    if response.status_code == HTTPStatus.FORBIDDEN:
        raise CarbureError("CARBURE refuses the API key: check CARBURE_USER_API_KEY")


def answer_of(response: requests.Response, duration_seconds: float) -> Answer:
    """Decide on the status alone; an acknowledgement is an empty 201 and nothing else."""
    outcome = Outcome.UNCERTAIN
    if response.status_code == HTTPStatus.CREATED and not response.content:
        outcome = Outcome.ACCEPTED
    elif HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        outcome = Outcome.REFUSED
    return Answer(
        outcome,
        response.status_code,
        response.text,
        duration_seconds,
        [] if outcome is Outcome.ACCEPTED else list(_reasons(response)),
    )


def _reasons(response: requests.Response) -> Iterator[Reason]:
    """Read CARBURE's reasons, of which each kind of error has its own form."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors or not all(isinstance(error, dict) for error in errors):
        text = " ".join(response.text.split())[:LONGEST_SHOWN_BODY]
        yield Reason(f"{response.status_code} {text or response.reason}")
        return
    # Of a locked station there is one `error`, of an invalid one a `field` and its `errors`.
    for error in errors:
        is_locked = "field" not in error and "error" in error
        text = ", ".join(map(str, error.get("errors") or [error.get("error")]))
        if not is_locked:
            text = f"{error.get('field')}: {text}"
        yield Reason(f"{response.status_code} {text}", error.get("station_id"), is_locked)
