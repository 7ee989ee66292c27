"""Read one operator's month from the marts, as of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extras import NamedTupleCursor

from common.database import connected, snapshot

QUERIES = Path(__file__).with_name("queries")
ROWS_PER_FETCH = 2000

# A named tuple with the columns of its query. psycopg2 creates its class at run time.
QueryRow = Any


@dataclass(frozen=True)
class Marts:
    """The marts, limited to one month and one SIREN."""

    connection: Connection
    period: date
    siren: str

    def rows(self, query: str) -> Iterator[QueryRow]:
        """Run a file of `queries` and yield its rows. Keep only some of them in memory."""
        text = (QUERIES / f"{query}.sql").read_text(encoding="utf-8")
        with self.connection.cursor(
            query, cursor_factory=NamedTupleCursor, withhold=True
        ) as cursor:
            cursor.itersize = ROWS_PER_FETCH
            cursor.execute(text, {"period": self.period, "siren": self.siren})
            yield from cursor

    def first_row(self, query: str) -> QueryRow | None:
        """Run a file of `queries` and return its first row, or None."""
        return next(iter(list(self.rows(query))), None)


@contextmanager
def open_marts(schema: str, period: date, siren: str) -> Iterator[Marts]:
    """Connect to the marts in `schema`, read-only. Every query sees the same moment."""
    with connected(schema, program="operator_report") as connection, snapshot(connection):
        with connection.cursor() as cursor:
            cursor.execute("set local timezone to 'UTC'")
            # Every row is read, so plan for the whole result instead of its first rows.
            cursor.execute("set local cursor_tuple_fraction to 1")
        yield Marts(connection, period, siren)
