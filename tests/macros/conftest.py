"""Warehouses with some months built, from local and from foreign tables."""

import json
from collections.abc import Callable

import pytest

from dev import generator
from dev.qualicharge import Session
from tests.support.two_operators import RECENT_START, charge, network, noon
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="module")
def first_built(warehouse: Warehouse) -> tuple[Warehouse, list[Session]]:
    """January to April 2025 and the current month, with one hour per operator in each."""
    source, alpha, beta = network()
    for start in (*(noon(month, 10) for month in (1, 2, 3, 4)), RECENT_START):
        source.session += [charge(alpha, start), charge(beta, start)]
    warehouse.load(source)
    # From a charge point with a broken clock. It belongs to no month and must not hide the others.
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
    """A copy of `first_built` for each test to change."""
    warehouse, sessions = first_built
    return make_warehouse(like=warehouse), sessions


@pytest.fixture
def loaded(make_warehouse: Callable[..., Warehouse]) -> tuple[Warehouse, Session]:
    """One session of April 2025, in the source only."""
    warehouse = make_warehouse()
    source, alpha, _ = network()
    source.session.append(charge(alpha, noon(4, 10)))
    warehouse.load(source)
    return warehouse, source.session[0]


@pytest.fixture(scope="session")
def local(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A warehouse built from the tables of another database.

    The foreign tables are created twice, because the operation must be repeatable.
    """
    remote, local = make_warehouse(), make_warehouse()
    remote.load(generator.generate().source, schema="public")
    address = {
        "host": remote.environment["PGHOST"],
        "port": remote.environment.get("PGPORT", "5432"),
        "dbname": remote.environment["PGDATABASE"],
    }
    create = ("run-operation", "create_foreign_tables", "--args", json.dumps(address))
    local.dbt(*create)
    local.query(
        "create user mapping for current_user server qualicharge options (user %s, password %s)",
        remote.environment["PGUSER"],
        remote.environment.get("PGPASSWORD", ""),
    )
    local.dbt(*create)
    local.dbt("build")
    return local
