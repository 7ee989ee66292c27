"""What tests share: a PostgreSQL server, and on it a database for who asks."""

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from dev import generator, postgres
from dev.carbure_stub import running
from dev.dbt import dbt_variables
from dev.qualicharge import Session
from tests.support.months import NOW, charge, network, noon
from tests.support.receiver import Scene
from tests.support.warehouse import PROJECT, Warehouse


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The server that libpq's variables name, or where they name none, one of the project's own."""
    own = postgres.running("tests")
    with nullcontext(dict(os.environ)) if "PGHOST" in os.environ else own as environment:
        yield Warehouse(environment | dbt_variables(tmp_path_factory.mktemp("dbt")))


@pytest.fixture(scope="session")
def make_warehouse(server: Warehouse) -> Iterator[Callable[..., Warehouse]]:
    """Make databases, empty or like another, each under a name of its own; drop them at the end."""
    numbers = count(1)
    made = []

    def make(like: Warehouse | None = None) -> Warehouse:
        name = f"tiruert_test_{os.getpid()}_{next(numbers)}"
        template = like.environment["PGDATABASE"] if like else "template1"
        _run_outside_transaction(server, f"create database {name} template {template}")
        made.append(name)
        return server.with_variables(PGDATABASE=name)

    yield make
    for name in made:
        _run_outside_transaction(server, f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def warehouse(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """One database for the tests of a module."""
    return make_warehouse()


@pytest.fixture(scope="session")
def made(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """The demo's sessions and the marts of them, to read only: who changes them takes a copy."""
    warehouse = make_warehouse()
    warehouse.load(generator.generate().source)
    warehouse.dbt("build")
    return warehouse


@pytest.fixture(scope="module")
def first_built(warehouse: Warehouse) -> tuple[Warehouse, list[Session]]:
    """January to April 2025 and the present month, each with an hour at Alpha's and at Beta's."""
    source, alpha, beta = network()
    for start in (*(noon(month, 10) for month in (1, 2, 3, 4)), NOW - timedelta(hours=2)):
        source.session += [charge(alpha, start), charge(beta, start)]
    warehouse.load(source)
    # A broken clock: it belongs to no month, and must not hide those of the others.
    warehouse.query(
        "insert into qualicharge.session values"
        " (gen_random_uuid(), '-infinity', '2025-01-01', 1, %s, now(), now())",
        str(alpha.id),
    )
    warehouse.build()
    return warehouse, source.session


@pytest.fixture
def built(
    first_built: tuple[Warehouse, list[Session]], make_warehouse: Callable[..., Warehouse]
) -> tuple[Warehouse, list[Session]]:
    """A copy of it for each test to change."""
    warehouse, sessions = first_built
    return make_warehouse(like=warehouse), sessions


@pytest.fixture(scope="module")
def small(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of the made warehouse, with an empty ledger, for a mart of a few stations."""
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
    """The public sample with its expected figures, which may stand beside the project."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the public sample is not in {folder}")
    return folder


def _run_outside_transaction(server: Warehouse, statement: str) -> None:
    with server.connection() as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
