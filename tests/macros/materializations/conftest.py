"""A warehouse with some months built from the sessions of two operators."""

from collections.abc import Callable

import pytest

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
