"""What the marts say of one SIREN's month, all of it at one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from psycopg2.extras import NamedTupleCursor

from common.database import connected, snapshot

QUERIES = Path(__file__).with_name("queries")
ROWS_PER_FETCH = 2000


@dataclass(frozen=True)
class Marts:
    """The marts, asked about one SIREN's month."""

    connection: Any
    period: date
    siren: str

    def rows(self, query: str) -> Iterator[Any]:
        """Give the rows of a query; the server keeps them, so that memory does not grow."""
        text = (QUERIES / f"{query}.sql").read_text(encoding="utf-8")
        with self.connection.cursor(
            query, cursor_factory=NamedTupleCursor, withhold=True
        ) as cursor:
            cursor.itersize = ROWS_PER_FETCH
            cursor.execute(text, {"period": self.period, "siren": self.siren})
            yield from cursor

    def row(self, query: str) -> Any | None:
        """Give the only row of a query, if it has one."""
        return next(iter(list(self.rows(query))), None)


@contextmanager
def opened(schema: str, period: date, siren: str) -> Iterator[Marts]:
    """Read the marts in `schema` as they are now, whatever is built meanwhile; change nothing."""
    with connected(schema, program="explain") as connection, snapshot(connection):
        with connection.cursor() as cursor:
            cursor.execute("set local timezone to 'UTC'")
            # All rows of a cursor are read: plan for the last one, not for the first.
            cursor.execute("set local cursor_tuple_fraction to 1")
        yield Marts(connection, period, siren)
