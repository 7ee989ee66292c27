"""Fixtures for all tests: a PostgreSQL server, and databases on it."""

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from dev import generator, postgres
from dev.carbure_stub import running
from dev.dbt import dbt_variables
from tests.support.receiver import Scene
from tests.support.warehouse import (
    PROJECT,
    WITHOUT_UNIT_TESTS,
    Warehouse,
    temporary_databases,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres-binaries",
        type=Path,
        help="The bin folder of a PostgreSQL, to use instead of the embedded one.",
    )


class ByModule(LoadScopeScheduling):
    """Run the tests of a module in one process, because they share a database.

    Tests of the modules that share nothing are distributed one by one.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if shares_nothing(nodeid) else super()._split_scope(nodeid)


def shares_nothing(nodeid: str) -> bool:
    return "test_histories.py" in nodeid or "test_source_retention.py" in nodeid


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest modules first and single tests last, to keep all processes busy."""
    items.sort(
        key=lambda item: (not item.nodeid.startswith("tests/spark/"), shares_nothing(item.nodeid))
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores, because some tests wait: a sender keeps its rate."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByModule:
    return ByModule(config, log)


@pytest.fixture(scope="session")
def server(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Warehouse]:
    """The server named by libpq's variables or, if PGHOST is not set, one of this test process.

    Tests drop roles, which belong to a whole server, so processes must not share one.
    """
    binaries = pytestconfig.getoption("--postgres-binaries")
    own = postgres.running(
        f"tests-{binaries.parent.name}-{worker_id}" if binaries else f"tests-{worker_id}", binaries
    )
    with nullcontext(dict(os.environ)) if "PGHOST" in os.environ else own as environment:
        variables = dbt_variables(tmp_path_factory.mktemp("dbt"))
        yield Warehouse(environment | variables | WITHOUT_UNIT_TESTS)


@pytest.fixture(scope="session")
def make_warehouse(server: Warehouse) -> Iterator[Callable[..., Warehouse]]:
    """Create databases, empty or copied from another, and drop them at the end."""
    with temporary_databases(server) as make:
        yield make


@pytest.fixture(scope="module")
def warehouse(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """An empty database for the tests of one module."""
    return make_warehouse()


@pytest.fixture(scope="session")
def made(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """The generated sessions and their marts. Read-only: tests that write use a copy."""
    warehouse = make_warehouse()
    warehouse.load(generator.generate().source)
    warehouse.dbt("build")
    return warehouse


@pytest.fixture(scope="module")
def small(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of `made` in which `Scene` replaces a month with a few stations."""
    return make_warehouse(like=made)


@pytest.fixture
def scene(small: Warehouse) -> Scene:
    return Scene(small)


@pytest.fixture
def root_url(scene: Scene) -> Iterator[str]:
    with running(scene.stub) as url:
        yield url


@pytest.fixture(scope="session")
def sample_folder() -> Path:
    """The public sample and its expected figures, if they are next to the project."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the public sample is not in {folder}")
    return folder
