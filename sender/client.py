"""HTTP client for the CARBURE calls that the sender needs. Every call has a deadline."""

import json
from datetime import date, datetime, timedelta
from http import HTTPStatus
from itertools import count
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import HTTPError

from common.settings import LOOPBACK
from sender.clock import Clock
from sender.errors import CarbureError, raise_if_unusable
from sender.exchange import Reply, deadline
from sender.response import (
    JSON_ERRORS,
    Outcome,
    RefusalReason,
    Response,
    parse_response,
    parse_retry_after,
)
from sender.retry_policy import (
    CONNECT_TIMEOUT_SECONDS,
    MAX_RATE_LIMIT_RETRIES,
    MAX_REQUEST_SECONDS,
    MAX_UNAVAILABLE_SECONDS,
    MIN_CALL_INTERVAL,
    MIN_REQUEST_INTERVAL,
    RATE_LIMIT_REASON,
    READ_TIMEOUT_SECONDS,
    backoff_seconds,
    rate_limit_pause_seconds,
)
from sender.settings import CarbureSettings

TOKEN_PATH = "/api/token/"  # noqa: S105 - a path, not a secret
REFRESH_PATH = "/api/token/refresh/"
ENTITIES_PATH = "/api/resources/entities"
# Without these filters, the list also has companies that are not enabled yet, or of other types.
CREDITED_ENTITIES = {"is_enabled": "true", "entity_type": "Charge Point Operator"}
CERTIFICATES_PATH = "/api/elec/provision-certificates-qualicharge/bulk-create/"
# A token is valid for 300 s. Renew it early enough for the longest request.
TOKEN_LIFETIME = timedelta(seconds=300 - MAX_REQUEST_SECONDS)
# Invalid URL, missing CA file, or any connection error.
TRANSPORT_ERRORS = (OSError, HTTPError)
# Those that may pass. The others come from a wrong setting.
TEMPORARY_ERRORS = (requests.ConnectionError, requests.Timeout, TimeoutError, HTTPError)
PERMANENT_ERRORS = (requests.exceptions.SSLError,)


class Entity(NamedTuple):
    """A company that CARBURE may credit: enabled, and of type Charge Point Operator."""

    id: int
    name: str


class CarbureClient:
    """An authenticated client for CARBURE."""

    def __init__(self, settings: CarbureSettings, clock: Clock) -> None:
        """Create a client. Call `log_in` before any other method."""
        self._settings = settings
        self._clock = clock
        self._root = str(settings.root_url).rstrip("/")
        self._access_token: str | None = None
        self._refresh_token: str | None = None
        self._token_received_at = clock.now()
        self._last_call_at = clock.now() - MIN_CALL_INTERVAL
        self._session = requests.Session()
        self._session.auth = self._add_credentials
        self._session.headers["Accept-Encoding"] = "identity"
        # A proxy must not see the key and the password of a CARBURE on this machine.
        self._session.trust_env = settings.root_url.host not in LOOPBACK

    def log_in(self) -> None:
        """Get new tokens. Raises CarbureError."""
        self._access_token = None
        tokens = self._request_json(
            "POST",
            TOKEN_PATH,
            json={
                "email": self._settings.user_email,
                "password": self._settings.user_password.get_secret_value(),
            },
        )
        self._store_access_token(tokens)
        self._refresh_token = tokens.get("refresh")

    def entities(self) -> dict[str, list[Entity]]:
        """Return the entities that CARBURE may credit, by SIREN. Raises CarbureError.

        CARBURE credits a SIREN if exactly one entity has it. If several have, one may be the master
        and be credited, but the list does not show which.
        """
        entities: dict[str, list[Entity]] = {}
        try:
            for item in self._request_json("GET", ENTITIES_PATH, params=CREDITED_ENTITIES):
                entity = Entity(int(item["id"]), str(item["name"]))
                entities.setdefault(str(item["registration_id"]), []).append(entity)
        except (KeyError, TypeError, ValueError) as error:
            raise CarbureError(
                f"{self._host} does not return a list of entities: check CARBURE_ROOT_URL"
            ) from error
        return entities

    def prepare_request(self) -> None:
        """Do now what would delay `send`: renew a token that expires soon, and keep the rate.

        Raises CarbureError.
        """
        is_old = self._clock.now() >= self._token_received_at + TOKEN_LIFETIME
        if is_old and not self.refresh_token():
            self.log_in()
        self._keep_rate(CERTIFICATES_PATH)

    def refresh_token(self) -> bool:
        """Get a new access token with the refresh token. Return whether that succeeded."""
        self._access_token = None
        try:
            self._store_access_token(
                self._request_json("POST", REFRESH_PATH, json={"refresh": self._refresh_token})
            )
        except CarbureError:
            return False
        return True

    def send(self, body: bytes) -> Response:
        """Post a payload once. Return the response, or an uncertain one if there is none."""
        started_at = self._clock.now()
        headers = {"Content-Type": "application/json"}
        try:
            reply = self._exchange("POST", CERTIFICATES_PATH, data=body, headers=headers)
        except TRANSPORT_ERRORS as error:
            text = f"no response ({type(error).__name__}): CARBURE may have stored it"
            duration_seconds = self._seconds_since(started_at)
            return Response(Outcome.UNCERTAIN, None, text, duration_seconds, [RefusalReason(text)])
        return parse_response(reply, self._seconds_since(started_at))

    def probe(self, period: date) -> str | None:
        """Send a request without stations. Return the reason if CARBURE does not accept it.

        Raises CarbureError if the login fails.
        """
        self.prepare_request()
        unit = {"code": "FRXXX", "from": f"{period}", "to": f"{period}", "stations": []}
        payload = [{"entity": "-", "siren": "000000000", "operational_units": [unit]}]
        response = self.send(json.dumps(payload).encode())
        return None if response.outcome is Outcome.ACCEPTED else response.reasons[0].text

    def _store_access_token(self, tokens: Any) -> None:
        access = tokens.get("access") if isinstance(tokens, dict) else None
        # requests would show a token with other characters in its error message.
        if not isinstance(access, str) or not (access.isascii() and access.isprintable()):
            raise CarbureError(f"{self._host} returns no token: check CARBURE_ROOT_URL")
        self._access_token = access
        self._token_received_at = self._clock.now()

    def _request_json(self, method: str, path: str, **content: Any) -> Any:
        """Make a call and return its JSON. Raises CarbureError unless the status is 200."""
        reply = self._exchange_with_retries(method, path, **content)
        raise_if_unusable(reply.status)
        if reply.status != HTTPStatus.OK:
            raise CarbureError(
                f"{self._host} returns {reply.status} for {path}: check CARBURE_ROOT_URL"
            )
        try:
            return reply.json()
        except JSON_ERRORS as error:
            raise CarbureError(
                f"{self._host} does not return JSON for {path}: check CARBURE_ROOT_URL"
            ) from error

    def _exchange_with_retries(self, method: str, path: str, **content: Any) -> Reply:
        """Make a call. Repeat it while CARBURE limits the rate, and for a minute while it is down.

        Raises CarbureError.
        """
        give_up_at = self._clock.now() + timedelta(seconds=MAX_UNAVAILABLE_SECONDS)
        for attempt in count(1):
            try:
                reply = self._exchange(method, path, **content)
            except TRANSPORT_ERRORS as error:
                problem = self._temporary_problem(error)
            else:
                is_throttled = reply.status == HTTPStatus.TOO_MANY_REQUESTS
                if is_throttled and attempt <= MAX_RATE_LIMIT_RETRIES:
                    pause_seconds = rate_limit_pause_seconds(parse_retry_after(reply))
                    self._clock.wait(pause_seconds, RATE_LIMIT_REASON)
                    continue
                if reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return reply
                problem = f"HTTP {reply.status}"
            if self._clock.now() >= give_up_at:
                break
            self._clock.wait(backoff_seconds(attempt), f"{self._host} is unavailable: {problem}")
        raise CarbureError(
            f"{self._host} has been unavailable for a minute ({problem}): try again later; if it"
            " has never worked, check CARBURE_ROOT_URL"
        )

    def _temporary_problem(self, error: Exception) -> str:
        """Name an error that may pass. Raises CarbureError for any other."""
        name = type(error).__name__
        if not isinstance(error, TEMPORARY_ERRORS) or isinstance(error, PERMANENT_ERRORS):
            raise CarbureError(
                f"cannot reach {self._host} ({name}): check CARBURE_ROOT_URL"
            ) from error
        return name

    def _exchange(self, method: str, path: str, **content: Any) -> Reply:
        self._keep_rate(path)
        self._last_call_at = self._clock.now()
        try:
            with (
                deadline(MAX_REQUEST_SECONDS),
                self._session.request(
                    method,
                    self._root + path,
                    timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                    # requests would follow a redirect of a POST with a GET.
                    allow_redirects=False,
                    stream=True,
                    **content,
                ) as response,
            ):
                return Reply.read(response)
        except TRANSPORT_ERRORS:
            # A late response must not be read as that of the next call.
            self._session.close()
            raise

    def _keep_rate(self, path: str) -> None:
        is_request = path == CERTIFICATES_PATH
        interval = MIN_REQUEST_INTERVAL if is_request else MIN_CALL_INTERVAL
        self._clock.wait_until(self._last_call_at + interval, RATE_LIMIT_REASON)

    def _add_credentials(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the credentials as `auth`. Otherwise requests would look for some in ~/.netrc."""
        request.headers["X-API-KEY"] = self._settings.user_api_key.get_secret_value()
        if self._access_token is not None:
            request.headers["Authorization"] = f"Bearer {self._access_token}"
        return request

    def _seconds_since(self, instant: datetime) -> float:
        return (self._clock.now() - instant).total_seconds()

    @property
    def _host(self) -> str:
        url = self._settings.root_url
        return f"CARBURE at {url.scheme}://{url.host}:{url.port}"
