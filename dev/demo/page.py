"""The closing page: where the energy went, why sessions were rejected, what CARBURE got."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extras import NamedTupleCursor

from dev.carbure_stub import Row

# In the order of the balance's columns.
FLAGS = (
    *("negs", "eneu", "enea", "odus", "enex", "duplicate", "overlap"),
    *("invalid_energy", "hidden_overlap"),
)
KWH_PER_MWH = 1000
# A rule's description in the database; its first sentence is enough here.
MEANING = """
    select split_part(col_description('tiruert.sessions_flagged'::regclass, attnum), '. ', 1)
    from pg_attribute
    where attrelid = 'tiruert.sessions_flagged'::regclass and attname = %s
"""
WHERE_TO_LOOK = """
Look further, on what this run has left:

  target/dashboards/index.html     the dashboards, in a browser
  make psql                        a prompt on the warehouse; try
                                     select * from tiruert.energy_balance_monthly;
                                     select * from tiruert.sessions_flagged where enex limit 9;
                                     select * from tiruert.blocked_energy_monthly;
  make docs                        every model and column, with its lineage, in a browser
"""


def read_books(connection: Connection) -> list[Any]:
    """Read the balance of every month, the earliest first."""
    with connection, connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
        cursor.execute("select * from tiruert.energy_balance_monthly order by period")
        return cursor.fetchall()


def lines(connection: Connection, months: Sequence[date], received: Sequence[Row]) -> Iterator[str]:
    """Write the page, a part for each month."""
    for book in read_books(connection):
        if book.period in months:
            yield from _title(f"{book.period:%B %Y}: where the energy went")
            yield from _balance(book)
            yield from _title("Why sessions were rejected (one session may break several rules)")
            yield from _rejections(connection, book)
            yield from _title("What could not be sent, though it is clean")
            yield from _blocked(connection, book.period)
            yield from _title("What CARBURE got")
            yield from _sent(book, [row for row in received if row.first_day == book.period])
    yield WHERE_TO_LOOK


def _title(text: str) -> list[str]:
    return ["", text, "─" * len(text)]


def _line(label: str, sessions: int, energy_mwh: Decimal, remark: str = "") -> str:
    return f"  {label:<26} {sessions:>9,} sessions {energy_mwh:>14,.3f} MWh  {remark}".rstrip()


def _balance(book: Any) -> Iterator[str]:
    places = {
        "received": "sent to QualiCharge by the operators",
        "rejected": "breaks at least one rule",
        "blocked": "clean, but its station cannot be credited",
        "sendable": "clean, and in the station's sum",
    }
    for place, remark in places.items():
        yield _line(place, *_figures(book, place), remark)


def _rejections(connection: Connection, book: Any) -> Iterator[str]:
    with connection, connection.cursor() as cursor:
        for flag in FLAGS:
            cursor.execute(MEANING, [flag])
            [meaning] = cursor.fetchone()
            yield _line(flag, *_figures(book, flag), " ".join(meaning.split()))


def _figures(book: Any, place: str) -> tuple[int, Decimal]:
    return getattr(book, f"{place}_sessions"), getattr(book, f"{place}_kwh") / KWH_PER_MWH


def _blocked(connection: Connection, period: date) -> Iterator[str]:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select blocking_reason, sum(sessions), sum(energy_mwh)"
            " from tiruert.blocked_energy_monthly where period = %s"
            " group by blocking_reason order by blocking_reason",
            [period],
        )
        rows = cursor.fetchall()
    yield from (_line(*row) for row in rows)
    if not rows:
        yield "  nothing"


def _sent(book: Any, received: Sequence[Row]) -> Iterator[str]:
    energy_mwh = sum((Decimal(str(row.energy_mwh)) for row in received), Decimal(0))
    _, sendable_mwh = _figures(book, "sendable")
    verdict = "all that is sendable" if energy_mwh == sendable_mwh else f"of {sendable_mwh} MWh"
    sirens = len({row.siren for row in received})
    yield f"  {len(received):,} stations of {sirens} SIRENs, {energy_mwh:,} MWh: {verdict}"
