"""The month's flags and station sums by SQL written by hand, once as one statement, once as two."""

from pathlib import Path

from psycopg2 import sql

from dev.bench.measure import seconds_of
from dev.bench.source import LOOKBACK, MONTH, MONTH_END
from dev.bench.warehouse import Warehouse

FOLDER = Path(__file__).with_name("sql")
VIEWS = sql.SQL((FOLDER / "hand_written.sql").read_text())
STATION_ENERGY = sql.SQL((FOLDER / "station_energy.sql").read_text())
LIMITS = {
    "lookback_start": MONTH - LOOKBACK,
    "month_start": MONTH,
    "month_end": MONTH_END,
    "month": MONTH.date(),
}

EMPTY_TABLES = sql.SQL("""
    create table {schema}.session_flags as select * from {schema}.flagged with no data;
    create table {schema}.station_energy as {station_energy} with no data
""")
# Nothing of a statement that also writes runs in parallel.
ONE_STATEMENT = sql.SQL("""
    with flagged as (
        insert into {schema}.session_flags
        select * from {schema}.flagged
        returning charge_point_version_id, energy_kwh, is_rejected
    )
    insert into {schema}.station_energy {station_energy}
""")
TWO_STATEMENTS = sql.SQL("""
    create table {schema}.session_flags as select * from {schema}.flagged;
    create table {schema}.station_energy as {station_energy}
""")


def one_statement(warehouse: Warehouse) -> float:
    """Flag and add up in one statement; give its seconds."""
    schema = sql.Identifier("one_statement")
    make_views(warehouse, schema)
    warehouse.query(_compose(EMPTY_TABLES, schema, sql.Identifier("one_statement", "flagged")))
    statement = _compose(ONE_STATEMENT, schema, sql.Identifier("flagged"))
    return seconds_of(lambda: warehouse.query(statement))


def two_statements(warehouse: Warehouse) -> float:
    """Flag, then add up what was flagged; give the seconds of both."""
    schema = sql.Identifier("two_statements")
    make_views(warehouse, schema)
    flagged = sql.Identifier("two_statements", "session_flags")
    statements = _compose(TWO_STATEMENTS, schema, flagged)
    return seconds_of(lambda: warehouse.query(statements))


def make_views(warehouse: Warehouse, schema: sql.Identifier) -> None:
    """Name what the statements begin with, in a schema in place of what it held."""
    warehouse.query(sql.SQL("drop schema if exists {} cascade").format(schema))
    warehouse.query(sql.SQL("create schema {}").format(schema))
    warehouse.query(VIEWS.format(schema=schema), **LIMITS)


def _compose(statement: sql.SQL, schema: sql.Identifier, flagged: sql.Identifier) -> sql.Composable:
    station_energy = STATION_ENERGY.format(schema=schema, flagged=flagged)
    return statement.format(schema=schema, station_energy=station_energy)
