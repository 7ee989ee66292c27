"""QualiCharge's tables at a country's size, made by the server and the same every time."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from dev import qualicharge
from dev.generator import valid_siren

SIRENS = [valid_siren(rank) for rank in range(600)]
CHARGE_POINTS = 150_000
CHUNK = timedelta(days=7)
MONTH = datetime(2025, 4, 1, tzinfo=UTC)
MONTH_END = datetime(2025, 5, 1, tzinfo=UTC)
LOOKBACK = timedelta(days=7)

SQL = Path(__file__).with_name("sql")
NETWORK = (SQL / "network.sql").read_text()
SESSIONS = sql.SQL((SQL / "sessions.sql").read_text())

Connect = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Chunk:
    """Seven days of sessions; counted back from the end of the month that is measured."""

    number: int

    @property
    def end(self) -> datetime:
        """The first instant that is not in it any more."""
        return MONTH_END - self.number * CHUNK

    @property
    def start(self) -> datetime:
        """The first instant in it."""
        return self.end - CHUNK

    @property
    def name(self) -> str:
        """What its table is called."""
        return f"session_{self.start:%Y%m%d}"


def first_month(months: int) -> datetime:
    """Give the first of as many months, the one that is measured being the last."""
    index = MONTH.year * 12 + MONTH.month - months
    return MONTH.replace(year=index // 12, month=index % 12 + 1)


def chunks(months: int) -> list[Chunk]:
    """List the chunks of as many months, and of the days that the rules look back to."""
    days = MONTH_END - first_month(months) + LOOKBACK
    return [Chunk(number) for number in range(ceil(days / CHUNK))]


def make_network(connection: Connection) -> None:
    """Make the tables, and all rows but the sessions."""
    qualicharge.create_tables(connection)
    with connection, connection.cursor() as cursor:
        cursor.execute("set local search_path to qualicharge")
        cursor.execute(NETWORK, {"sirens": SIRENS})


def make_sessions(connect: Connect, wanted: list[Chunk], sessions_per_month: int) -> None:
    """Fill chunks, as many at a time as there are processors."""
    sessions = round(sessions_per_month * (CHUNK / (MONTH_END - MONTH)))
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        # A list, so that what fails in one of them fails here.
        list(executor.map(lambda chunk: _fill(connect, chunk, sessions), wanted))


def _fill(connect: Connect, chunk: Chunk, sessions: int) -> None:
    """Make a chunk aside, and its indexes when it becomes one: after its rows, which is faster."""
    # With two turns at least, whatever the size, so that sessions have neighbours.
    charge_points = min(CHARGE_POINTS, ceil(sessions / 2))
    turns = ceil(sessions / charge_points)
    parameters = {
        "first": chunk.number * sessions,
        "start": chunk.start,
        "end": chunk.end,
        "sessions": sessions,
        "charge_points": charge_points,
        "turns": turns,
        "turn_seconds": CHUNK.total_seconds() / turns,
    }
    name = sql.Identifier(chunk.name)
    with connect() as connection, connection, connection.cursor() as cursor:
        cursor.execute("set local search_path to qualicharge")
        cursor.execute(sql.SQL("create table {} (like session)").format(name))
        cursor.execute(SESSIONS.format(chunk=name), parameters)
        cursor.execute(
            sql.SQL(
                "alter table session attach partition {} for values from (%(start)s) to (%(end)s)"
            ).format(name),
            parameters,
        )
    with connect() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        # As rows are that have been there for a while: the first to read them writes nothing.
        cursor.execute(sql.SQL("vacuum (analyze) qualicharge.{}").format(name))
