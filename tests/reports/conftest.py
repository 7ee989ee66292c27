"""Fixtures for the tests of reports."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.browser import Browser, open_browser
from tests.support.submission import Incidents, send_with_incidents
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def incidents(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Incidents:
    """A warehouse whose May was sent with incidents. Read-only: tests that write use a copy."""
    return send_with_incidents(make_warehouse(like=made))


@pytest.fixture(scope="session")
def siren(incidents: Incidents) -> str:
    """The SIREN whose stations were refused and locked."""
    [(siren,)] = incidents.warehouse.query(
        "select distinct siren from tiruert.station_submissions where is_locked"
    )
    return siren
