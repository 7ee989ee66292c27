"""The roles have the privileges that they need, and no others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from dev.carbure_stub import CarbureStub, running
from tests.support.submission import send, with_carbure
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="module")
def granted(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Iterator[Warehouse]:
    warehouse = make_warehouse(like=made)
    warehouse.query("drop schema if exists tiruert_ledger cascade")
    # A build creates the ledger. The roles do not exist yet, so this build grants nothing.
    warehouse.dbt("run", "--select", "path:models/staging/ledger", "path:models/marts/submission")
    try:
        warehouse.dbt("run-operation", "create_roles")
        yield warehouse
    finally:
        for role in ("tiruert_sender", "tiruert_reader"):
            warehouse.query(f"drop owned by {role}; drop role {role}")


def is_allowed(warehouse: Warehouse, role: str, statement: str) -> bool:
    try:
        warehouse.query(f"set role {role}; {statement}")
    except psycopg2.errors.InsufficientPrivilege:
        return False
    return True


ALLOWED_TO_SENDER = {
    "select from tiruert.station_energy_monthly": True,
    "select from tiruert.energy_balance_monthly": True,
    "select from tiruert_ledger.station_status": True,
    "insert into tiruert_ledger.response select from tiruert_ledger.response where false": True,
    "insert into tiruert_ledger.ledger_version values (0)": False,
    "select from tiruert.sessions_flagged": False,
    "select from tiruert_staging.stg_qualicharge__sessions": False,
    "select from qualicharge.session": False,
    "update tiruert_ledger.response set outcome = 'refused'": False,
    "delete from tiruert_ledger.request": False,
    "truncate tiruert_ledger.request": False,
    "delete from tiruert.station_energy_monthly": False,
    "create table tiruert.own ()": False,
}
ALLOWED_TO_READER = {
    "select from tiruert.sessions_flagged": True,
    "select from tiruert.blocked_energy_monthly": True,
    "select from tiruert_ledger.station_status": True,
    "select from tiruert_ledger.request": False,
    "insert into tiruert_ledger.ledger_version values (-1)": False,
    "delete from tiruert.station_energy_monthly": False,
    "select from qualicharge.session": False,
}


@pytest.mark.parametrize("statement", ALLOWED_TO_SENDER)
def test_sender_has_only_the_privileges_it_needs(granted: Warehouse, statement: str) -> None:
    assert is_allowed(granted, "tiruert_sender", statement) is ALLOWED_TO_SENDER[statement]


@pytest.mark.parametrize("statement", ALLOWED_TO_READER)
def test_reader_has_only_the_privileges_it_needs(granted: Warehouse, statement: str) -> None:
    assert is_allowed(granted, "tiruert_reader", statement) is ALLOWED_TO_READER[statement]


def test_sender_role_is_enough_for_a_run(granted: Warehouse) -> None:
    stub = CarbureStub(user_calls_per_second=10_000)
    with running(stub) as root_url:
        finished = send(
            with_carbure(granted, stub, root_url).with_variables(PGOPTIONS="-c role=tiruert_sender")
        )
    assert finished.returncode == 0, finished.stderr
    assert stub.rows


def test_reader_role_is_enough_for_an_operator_report(granted: Warehouse, tmp_path: Path) -> None:
    finished = granted.with_variables(PGOPTIONS="-c role=tiruert_reader").run(
        *("python", "-m", "reports.operator", "--period", "2025-04", "--siren", "199900010"),
        *("--output", str(tmp_path)),
    )
    assert finished.returncode == 0, finished.stderr


def test_full_refresh_grants_the_privileges_again(granted: Warehouse) -> None:
    granted.dbt("run", "--full-refresh", "--select", "station_energy_monthly")
    assert is_allowed(granted, "tiruert_sender", "select from tiruert.station_energy_monthly")


def test_schema_with_capitals_and_spaces_works(
    made: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    warehouse = make_warehouse(like=made).with_variables(TIRUERT_SCHEMA="Tiruert Essai")
    roles = ('"Tiruert Essai_sender"', '"Tiruert Essai_reader"')
    try:
        warehouse.build()
        warehouse.dbt("run-operation", "create_roles")
        mart = 'select from "Tiruert Essai".station_energy_monthly'
        assert all(is_allowed(warehouse, role, mart) for role in roles)
        # The second build grants again.
        warehouse.build()
    finally:
        for role in roles:
            warehouse.query(f"drop owned by {role}; drop role {role}")
