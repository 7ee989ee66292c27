"""The roles may do what they are for, and nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from dev.carbure_stub import CarbureStub, running
from tests.support.submission import send, settings_of
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="module")
def granted(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Iterator[Warehouse]:
    warehouse = make_warehouse(like=made)
    warehouse.query("drop schema if exists tiruert_ledger cascade")
    # A build makes the ledger, and gives their rights to the roles that there are.
    warehouse.dbt("run", "--select", "path:models/marts/submission")
    warehouse.dbt("run-operation", "create_roles")
    yield warehouse
    warehouse.query("drop owned by tiruert_sender, tiruert_reader")
    warehouse.query("drop role tiruert_sender, tiruert_reader")


def may(warehouse: Warehouse, role: str, statement: str) -> bool:
    try:
        warehouse.query(f"set role {role}; {statement}")
    except psycopg2.errors.InsufficientPrivilege:
        return False
    return True


SENDER = {
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
READER = {
    "select from tiruert.sessions_flagged": True,
    "select from tiruert.blocked_energy_monthly": True,
    "select from tiruert_ledger.station_status": True,
    "select from tiruert_ledger.request": False,
    "insert into tiruert_ledger.ledger_version values (-1)": False,
    "delete from tiruert.station_energy_monthly": False,
    "select from qualicharge.session": False,
}


@pytest.mark.parametrize("statement", SENDER)
def test_what_the_sender_may_do(granted: Warehouse, statement: str) -> None:
    assert may(granted, "tiruert_sender", statement) is SENDER[statement]


@pytest.mark.parametrize("statement", READER)
def test_what_a_reader_may_do(granted: Warehouse, statement: str) -> None:
    assert may(granted, "tiruert_reader", statement) is READER[statement]


def test_a_run_needs_no_more_than_the_senders_role(granted: Warehouse) -> None:
    stub = CarbureStub(user_calls_per_second=10_000)
    with running(stub) as root_url:
        finished = send(
            settings_of(granted, stub, root_url).with_variables(PGOPTIONS="-c role=tiruert_sender")
        )
    assert finished.returncode == 0, finished.stderr
    assert stub.rows


def test_an_explanation_needs_no_more_than_the_readers_role(
    granted: Warehouse, tmp_path: Path
) -> None:
    finished = granted.with_variables(PGOPTIONS="-c role=tiruert_reader").run(
        *("python", "-m", "reports.operator", "--period", "2025-04", "--siren", "199900010"),
        *("--output", str(tmp_path)),
    )
    assert finished.returncode == 0, finished.stderr


def test_rights_come_back_with_a_table_that_is_made_anew(granted: Warehouse) -> None:
    granted.dbt("run", "--full-refresh", "--select", "station_energy_monthly")
    assert may(granted, "tiruert_sender", "select from tiruert.station_energy_monthly")
