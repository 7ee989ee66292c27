"""HTTP client for the calls of Metabase's API that we need."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, TypeVar

import requests
from pydantic import ValidationError
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from common.errors import UserError
from common.exit_codes import ExitCode
from common.settings import LOOPBACK
from reports.dashboards.metabase.bodies import Body
from reports.dashboards.metabase.settings import MetabaseSettings

CONNECT_TIMEOUT_SECONDS = 10
# Metabase may run a query when it saves a card, for the 2 minutes that its role may take.
READ_TIMEOUT_SECONDS = 150
PAGE_SIZE = 100
MAX_ERROR_CHARACTERS = 300
RETRY_READS = Retry(
    total=3,
    backoff_factor=0.5,
    status_forcelist=range(HTTPStatus.INTERNAL_SERVER_ERROR, 600),
    allowed_methods=["GET"],
    raise_on_status=False,
)

AnyBody = TypeVar("AnyBody", bound=Body)


class MetabaseError(UserError):
    """Metabase cannot be used, or does not accept the dashboards."""

    exit_code = ExitCode.INCOMPLETE


class MetabaseClient:
    """A client that authenticates with an API key. Every method may raise MetabaseError."""

    def __init__(self, settings: MetabaseSettings) -> None:
        """Create a client. Nothing is sent yet."""
        self._settings = settings
        self._root = str(settings.url).rstrip("/")
        self._session = requests.Session()
        self._session.auth = self._add_key
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RETRY_READS))
        # A proxy must not see the key of a Metabase on this machine.
        self._session.trust_env = settings.url.host not in LOOPBACK

    def find_database(self, name: str) -> int:
        """Return the id of the database with that name in Metabase."""
        databases = self._rows(self._request("GET", "/api/database"))
        numbers = [row["id"] for row in databases if row.get("name") == name]
        if len(numbers) != 1:
            raise MetabaseError(
                f"{len(numbers)} databases in Metabase are named {name}: name the warehouse so"
            )
        return int(numbers[0])

    def items(self, collection: int | str, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the cards, dashboards or collections in a collection, without archived ones."""
        offset = 0
        while True:
            answer = self._request(
                "GET",
                f"/api/collection/{collection}/items",
                params={"models": kind, "limit": PAGE_SIZE, "offset": offset},
            )
            rows = self._rows(answer)
            yield from rows
            offset += len(rows)
            if not rows or offset >= answer["total"]:
                return

    def read(self, kind: str, number: int, model: type[AnyBody]) -> AnyBody:
        """Read a card, dashboard or collection."""
        return self._parse(self._request("GET", f"/api/{kind}/{number}"), model)

    def create(self, kind: str, body: Body) -> int:
        """Create a card, dashboard or collection. Return its id."""
        answer = self._request("POST", f"/api/{kind}", json=body.dump())
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
            raise self._unexpected(f"POST /api/{kind}")
        return int(answer["id"])

    def update(self, kind: str, number: int, body: Body) -> None:
        """Change the keys of a card, dashboard or collection that the body has."""
        self._request("PUT", f"/api/{kind}/{number}", json=body.dump())

    def _rows(self, answer: Any) -> list[dict[str, Any]]:
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            raise self._unexpected("a list")
        return answer["data"]

    def _parse(self, answer: Any, model: type[AnyBody]) -> AnyBody:
        try:
            return model.model_validate(answer)
        except (ValidationError, KeyError, TypeError) as error:
            raise self._unexpected(model.__name__) from error

    def _unexpected(self, what: str) -> MetabaseError:
        return MetabaseError(
            f"{self._host} returns an unexpected answer ({what}): check METABASE_URL, and whether"
            " this version of Metabase is supported"
        )

    def _request(self, method: str, path: str, **content: Any) -> Any:
        try:
            response = self._session.request(
                method,
                self._root + path,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                # requests would follow a redirect of a POST with a GET.
                allow_redirects=False,
                **content,
            )
        except (requests.RequestException, OSError) as error:
            raise MetabaseError(
                f"cannot reach {self._host} ({type(error).__name__}): check METABASE_URL"
            ) from error
        if response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise MetabaseError(
                f"{self._host} returns {response.status_code} for {method} {path}: check"
                " METABASE_API_KEY and the rights of its group"
            )
        if response.is_redirect:
            raise MetabaseError(f"{self._host} redirects to another address: check METABASE_URL")
        if not response.ok:
            raise MetabaseError(
                f"{self._host} returns {response.status_code} for {method} {path}:"
                f" {_explain(response)}"
            )
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise self._unexpected(f"{method} {path}") from error

    def _add_key(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the key as `auth`. Otherwise requests would look for a password in ~/.netrc."""
        request.headers["X-API-Key"] = self._settings.api_key.get_secret_value()
        return request

    @property
    def _host(self) -> str:
        url = self._settings.url
        return f"Metabase at {url.scheme}://{url.host}:{url.port}"


def _explain(response: requests.Response) -> str:
    """Return what Metabase says about a refused body: an error for each key, or a text."""
    try:
        answer = response.json()
    except ValueError:
        answer = response.text
    if isinstance(answer, dict):
        errors = answer.get("specific-errors") or answer.get("errors") or answer.get("message")
        answer = errors or answer
    if isinstance(answer, dict):
        answer = "; ".join(f"{key}: {problem}" for key, problem in answer.items())
    return str(answer)[:MAX_ERROR_CHARACTERS]
