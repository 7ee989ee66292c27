"""A card's SQL, in which Metabase's parameters become bound ones, and the rows that it gives."""

import re
from datetime import date
from typing import Any, NamedTuple

from psycopg2.extensions import connection as Connection  # noqa: N812

OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
PARAMETER = re.compile(r"\{\{(\w+)\}\}")
# What a card takes where it is given no month, so that its pages can say which one that was.
LATEST_WHOLE_MONTH = """
    select max(period), max(computed_at) from energy_balance_monthly
    where period = coalesce(%(period)s, (select period from latest_complete_month))
"""


class Result(NamedTuple):
    """What a card's SQL gave: the names of its columns, and its rows by these names."""

    columns: list[str]
    rows: list[dict[str, Any]]


def bound(sql: str, values: dict[str, str]) -> str:
    """Write Metabase's SQL as psycopg2 takes it.

    What is between `[[` and `]]` stays where every parameter in it has a value. A value is never
    put into the text.
    """

    def keep_or_drop(optional: re.Match[str]) -> str:
        text = optional[1]
        return text if values.keys() >= set(PARAMETER.findall(text)) else ""

    return PARAMETER.sub(r"%(\1)s", OPTIONAL.sub(keep_or_drop, sql.replace("%", "%%")))


def run(connection: Connection, sql: str, values: dict[str, str]) -> Result:
    """Ask the warehouse what a card asks."""
    with connection.cursor() as cursor:
        cursor.execute(bound(sql, values), values)
        columns = [column.name for column in cursor.description]
        return Result(columns, [dict(zip(columns, row, strict=True)) for row in cursor])


def find_month(connection: Connection, period: date | None) -> tuple[Any, Any]:
    """Give the month asked for, or the last one that is over, and when it was computed.

    Both are None where the warehouse has no such month.
    """
    with connection.cursor() as cursor:
        cursor.execute(LATEST_WHOLE_MONTH, {"period": period})
        return cursor.fetchone()
