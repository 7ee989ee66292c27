"""CARBURE's API, as far as the sender uses it: one request at a time, a timeout on each."""

from collections.abc import Iterator
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from sender.errors import CarbureError
from sender.payload import Payload
from sender.settings import CarbureSettings

TOKEN_PATH = "/api/token/"  # noqa: S105 - a path, no secret
CERTIFICATES_PATH = "/api/elec/provision-certificates-qualicharge/bulk-create/"
CONNECT_TIMEOUT_SECONDS = 10
# CARBURE gives up at 30 s: an answer that is not there by then will not come.
READ_TIMEOUT_SECONDS = 45
# A request that is told to wait has not been looked at: it goes again after the time it is told.
# Nothing else goes again by itself, not even a 503 with a time (`total` would allow it).
WAIT_AS_TOLD = Retry(
    total=None,
    connect=0,
    read=False,  # raised as what it is: no answer in time
    redirect=0,
    other=0,
    status=10,
    status_forcelist=[HTTPStatus.TOO_MANY_REQUESTS],
    allowed_methods=None,
    raise_on_status=False,
    backoff_factor=1,
    retry_after_max=60,
)
LONGEST_UNKNOWN_BODY = 300


class Outcome(StrEnum):
    """What became of stations that were to be sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    HELD = "held back"
    NOT_SENT = "not sent"


class Reason(NamedTuple):
    """Why stations were not accepted; `station_id` is None where all are concerned."""

    text: str
    station_id: str | None = None


class Answer(NamedTuple):
    """What a request came to, with CARBURE's reasons."""

    outcome: Outcome
    reasons: list[Reason]


class Carbure:
    """A client of CARBURE; `authenticate` comes before `send`."""

    def __init__(self, settings: CarbureSettings) -> None:
        """Take the settings; nothing is sent yet."""
        self._settings = settings
        self._root = str(settings.root_url).rstrip("/")
        self._access_token: str | None = None
        self._http = requests.Session()
        self._http.auth = self._sign
        self._http.mount(self._root, HTTPAdapter(max_retries=WAIT_AS_TOLD))

    def authenticate(self) -> None:
        """Get an access token. Raises CarbureError where CARBURE cannot be used."""
        self._access_token = None
        try:
            response = self._post(
                TOKEN_PATH,
                json={
                    "email": self._settings.user_email,
                    "password": self._settings.user_password.get_secret_value(),
                },
            )
            _raise_for_credentials(response)
            self._access_token = response.json()["access"]
        except (requests.JSONDecodeError, KeyError, TypeError):
            raise CarbureError(
                f"{self._host} answers {response.status_code} without a token:"
                " check CARBURE_ROOT_URL"
            ) from None
        except requests.RequestException as error:
            raise CarbureError(
                f"cannot reach {self._host} ({type(error).__name__}): check CARBURE_ROOT_URL"
            ) from None

    def send(self, payload: Payload) -> Answer:
        """Send one request, with a new token at most once, and say what came of it.

        Raises CarbureError where no further request can succeed: what is sent here has been
        refused.
        """
        body = payload.as_json()
        try:
            response = self._post_certificates(body)
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                self.authenticate()
                response = self._post_certificates(body)
        except requests.RequestException as error:
            reason = f"no answer ({type(error).__name__}): CARBURE may have stored it"
            return Answer(Outcome.UNCERTAIN, [Reason(reason)])
        _raise_for_credentials(response)
        return answer_of(response)

    def _post_certificates(self, body: bytes) -> requests.Response:
        headers = {"Content-Type": "application/json"}
        return self._post(CERTIFICATES_PATH, data=body, headers=headers)

    def _post(self, path: str, **content: Any) -> requests.Response:
        return self._http.post(
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

    @property
    def _host(self) -> str:
        url = self._settings.root_url
        return f"CARBURE at {url.scheme}://{url.host}:{url.port}"


def _raise_for_credentials(response: requests.Response) -> None:
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise CarbureError(
            "CARBURE refuses the user: check CARBURE_USER_EMAIL and CARBURE_USER_PASSWORD"
        )
    if response.status_code == HTTPStatus.FORBIDDEN:
        raise CarbureError("CARBURE refuses the API key: check CARBURE_USER_API_KEY")


def answer_of(response: requests.Response) -> Answer:
    """Decide on the status alone; an acknowledgement is an empty 201 and nothing else."""
    if response.status_code == HTTPStatus.CREATED and not response.content:
        return Answer(Outcome.ACCEPTED, [])
    nothing_was_stored = HTTPStatus.MULTIPLE_CHOICES <= response.status_code < 500  # noqa: PLR2004
    return Answer(
        Outcome.REFUSED if nothing_was_stored else Outcome.UNCERTAIN,
        list(_reasons(response)),
    )


def _reasons(response: requests.Response) -> Iterator[Reason]:
    """Read CARBURE's reasons, of which each kind of error has its own form."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors or not all(isinstance(error, dict) for error in errors):
        text = " ".join(response.text.split())[:LONGEST_UNKNOWN_BODY]
        yield Reason(f"{response.status_code} {text or response.reason}")
        return
    for error in errors:
        texts = error.get("errors") or [error.get("error")]
        text = ", ".join(map(str, texts))
        if field := error.get("field"):
            text = f"{field}: {text}"
        yield Reason(f"{response.status_code} {text}", error.get("station_id"))
