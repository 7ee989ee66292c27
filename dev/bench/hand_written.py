"""Flags and station sums of one month, computed by hand-written SQL."""

from pathlib import Path

from psycopg2 import sql

from dev.bench.database import BenchmarkDatabase
from dev.bench.resources import seconds_of
from dev.bench.source import LOOKBACK, MONTH, MONTH_END

FOLDER = Path(__file__).parent / "sql" / "hand_written"
CHARGE_POINTS = sql.SQL((FOLDER / "charge_points.sql").read_text())
FLAGGED_SESSIONS = sql.SQL((FOLDER / "flagged_sessions.sql").read_text())
STATION_ENERGY = sql.SQL((FOLDER / "station_energy.sql").read_text())
LIMITS: dict[str, sql.Composable] = {
    "lookback_start": sql.Literal(MONTH - LOOKBACK),
    "month_start": sql.Literal(MONTH),
    "month_end": sql.Literal(MONTH_END),
    "month": sql.Literal(MONTH.date()),
}

VIEWS = sql.SQL("""
    drop schema if exists {schema} cascade;
    create schema {schema};
    create view {schema}.charge_points as {charge_points};
    create view {schema}.flagged_sessions as {flagged_sessions}
""")
EMPTY_TABLES = sql.SQL("""
    create table {schema}.session_flags as select * from {schema}.flagged_sessions with no data;
    create table {schema}.station_energy as {station_energy} with no data
""")
# PostgreSQL does not run a statement in parallel if it writes in a CTE.
ONE_STATEMENT = sql.SQL("""
    with flagged as (
        insert into {schema}.session_flags
        select * from {schema}.flagged_sessions
        returning charge_point_version_id, energy_kwh, is_rejected
    )
    insert into {schema}.station_energy {station_energy}
""")
TWO_STATEMENTS = sql.SQL("""
    create table {schema}.session_flags as select * from {schema}.flagged_sessions;
    create table {schema}.station_energy as {station_energy}
""")


def one_statement(database: BenchmarkDatabase) -> float:
    """Flag and sum in one statement. Return the seconds it took."""
    schema = sql.Identifier("one_statement")
    create_views(database, schema)
    written = station_energy(schema, sql.Identifier("one_statement", "flagged_sessions"))
    database.query(EMPTY_TABLES.format(schema=schema, station_energy=written))
    returned = station_energy(schema, sql.Identifier("flagged"))
    statement = ONE_STATEMENT.format(schema=schema, station_energy=returned)
    return seconds_of(lambda: database.query(statement))


def two_statements(database: BenchmarkDatabase) -> float:
    """Flag in one statement and sum in another. Return the seconds they took."""
    schema = sql.Identifier("two_statements")
    create_views(database, schema)
    written = station_energy(schema, sql.Identifier("two_statements", "session_flags"))
    statements = TWO_STATEMENTS.format(schema=schema, station_energy=written)
    return seconds_of(lambda: database.query(statements))


def create_views(database: BenchmarkDatabase, schema: sql.Identifier) -> None:
    """Create the views that the statements read, in a new schema."""
    database.query(
        VIEWS.format(
            schema=schema,
            charge_points=CHARGE_POINTS.format(),
            flagged_sessions=flagged_sessions(schema),
        )
    )


def flagged_sessions(schema: sql.Identifier) -> sql.Composed:
    """Return the query for the flagged sessions. It reads `charge_points` in `schema`."""
    return FLAGGED_SESSIONS.format(schema=schema, **LIMITS)


def station_energy(schema: sql.Identifier, flagged: sql.Identifier) -> sql.Composed:
    """Return the query that sums the sessions of the relation `flagged` by station."""
    return STATION_ENERGY.format(schema=schema, flagged_sessions=flagged)
