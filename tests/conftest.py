"""What tests share: a PostgreSQL server, and on it a database for who asks."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import count
from pathlib import Path

import pytest

from demo import postgres
from tests.warehouse import PROJECT, Warehouse

LIBPQ = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The server that libpq's variables name, or where they name none, one of the project's own."""
    named = {key: os.environ.get(key, "") for key in LIBPQ}
    profiles = tmp_path_factory.mktemp("profiles")
    shutil.copy(PROJECT / "profiles.example.yml", profiles / "profiles.yml")
    folders = {
        "DBT_PROFILES_DIR": str(profiles),
        "DBT_TARGET_PATH": str(tmp_path_factory.mktemp("target")),
        "DBT_LOG_PATH": str(tmp_path_factory.mktemp("logs")),
    }
    with nullcontext(named) if named["PGHOST"] else postgres.running("tests") as variables:
        yield Warehouse(variables | folders)


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
