"""Run the SQL of the cards against the warehouse."""

import re
from datetime import date, datetime

from psycopg2.extensions import connection as Connection  # noqa: N812

from common.errors import WarehouseError
from reports.dashboards.card_result import CardResult
from reports.dashboards.specification import PARAMETER, Card
from reports.errors import NoDataError

OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
# The month that a card shows by default, so that the page can name it.
CHOSEN_MONTH = """
    select max(period), max(computed_at) from energy_balance_monthly
    inner join built_months using (period)
    where month_text = coalesce(%(month)s, latest_complete_month)
"""
SIREN_IS_KNOWN = """
    select
        exists (select from energy_balance_daily where period = %(period)s and siren = %(siren)s)
        or exists (
            select from submission_status_monthly where period = %(period)s and siren = %(siren)s
        )
        or exists (select from data_freshness where period = %(period)s and siren = %(siren)s)
"""


def bind_parameters(sql: str, values: dict[str, str]) -> str:
    """Convert Metabase's parameters to psycopg2's. Values are never put into the text.

    An optional part, in `[[` and `]]`, is kept only if every parameter in it has a value.
    """

    def keep_or_drop(optional: re.Match[str]) -> str:
        text = optional[1]
        return text if values.keys() >= set(PARAMETER.findall(text)) else ""

    return PARAMETER.sub(r"%(\1)s", OPTIONAL.sub(keep_or_drop, sql.replace("%", "%%")))


def run_card(connection: Connection, card: Card, values: dict[str, str]) -> CardResult:
    """Run a card's SQL with values for its parameters."""
    with connection.cursor() as cursor:
        cursor.execute(bind_parameters(card.sql, values), values)
        columns = [column.name for column in cursor.description]
        return CardResult(card, columns, [dict(zip(columns, row, strict=True)) for row in cursor])


def find_month(connection: Connection, month: str | None) -> tuple[date, datetime]:
    """Return the requested month, or the latest complete one, and when it was computed."""
    with connection.cursor() as cursor:
        cursor.execute(CHOSEN_MONTH, {"month": month})
        period, computed_at = cursor.fetchone()
    if period is None:
        raise WarehouseError("the month has not been built: run dbt build")
    return period, computed_at


def check_siren(connection: Connection, period: date, siren: str) -> None:
    """Raise an error if the marts have nothing about a SIREN in a month."""
    with connection.cursor() as cursor:
        cursor.execute(SIREN_IS_KNOWN, {"period": period, "siren": siren})
        [is_known] = cursor.fetchone()
    if not is_known:
        raise NoDataError(siren, period)
