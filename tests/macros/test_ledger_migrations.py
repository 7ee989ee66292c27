"""A ledger of any earlier version is upgraded in place, with its rows."""

import re
from collections.abc import Callable

import pytest

from tests.support.warehouse import PROJECT, Warehouse

MIGRATIONS = sorted((PROJECT / "macros/ledger/migrations").glob("*.sql"))

# A request that was accepted and one that is uncertain, in the words of each version.
ROWS = {
    1: """
        insert into request (
            run_id, period, siren, is_registered, stations_at_most, body_sha256, prepared_at
        )
        select gen_random_uuid(), '2025-04-01', '732829320', true, 200, 'abc', now()
        from generate_series(1, 2);
        insert into request_station values
            (1, 'FRA00P1', 'Alpha', 'FRA00', 1.5, false),
            (2, 'FRA00P2', 'Alpha', 'FRA00', 2.5, false);
        insert into answer values (1, now(), 'accepted', 201, '', 0.1)
    """,
    2: """
        insert into request (
            run_id, period, siren, is_known_entity, batch_size, body_sha256, sent_at
        )
        select gen_random_uuid(), '2025-04-01', '732829320', true, 200, 'abc', now()
        from generate_series(1, 2);
        insert into request_station values
            (1, 'FRA00P1', 'Alpha', 'FRA00', 1.5, false),
            (2, 'FRA00P2', 'Alpha', 'FRA00', 2.5, false);
        insert into response values (1, now(), 'accepted', 201, '', 0.1)
    """,
}
ROWS[3] = ROWS[2]


def statements(migration: int) -> str:
    """Return the SQL of a migration, which is a macro without arguments."""
    [body] = re.findall(
        r"{% macro \w+\(\) %}(.*){% endmacro %}", MIGRATIONS[migration - 1].read_text(), re.DOTALL
    )
    return body


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_ledger_of_an_earlier_version_is_upgraded_with_its_rows(
    make_warehouse: Callable[..., Warehouse], made: Warehouse, version: int
) -> None:
    warehouse = make_warehouse(like=made)
    warehouse.query(
        "drop schema tiruert_ledger cascade; create schema tiruert_ledger;"
        " set local search_path to tiruert_ledger;"
        + "".join(
            f"{statements(number)}; insert into ledger_version values ({number});"
            for number in range(1, version + 1)
        )
        + ROWS[version].replace("%", "%%")
    )
    warehouse.build("--select", "path:models/staging/ledger", "path:models/marts/submission")
    assert warehouse.query("select max(version) from tiruert_ledger.ledger_version") == [
        (len(MIGRATIONS),)
    ]
    assert warehouse.query(
        "select id_station_itinerance, status, acknowledged_mwh"
        " from tiruert.station_energy_changes where siren = '732829320'"
        " order by id_station_itinerance"
    ) == [("FRA00P1", "acknowledged", 1.5), ("FRA00P2", "uncertain", None)]
    finished = warehouse.run("python", "-m", "sender", "--status", "--period", "2025-04")
    assert finished.returncode == 0, finished.stderr
