"""The summary at the end of the demo: energy by outcome, rejections, and what CARBURE received."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from textwrap import indent
from typing import Any

from psycopg2.extras import NamedTupleCursor

from dev.carbure_stub import CertificateRow
from dev.database import Database

KWH_PER_MWH = 1000
RULES = """
    select
        labels.reason,
        coalesce(sum(anomalies.sessions), 0) as sessions,
        coalesce(sum(anomalies.energy_kwh), 0) / 1000 as energy_mwh,
        labels.title
    from tiruert.reason_labels as labels
    left join tiruert.anomalies_daily as anomalies
        on labels.period = anomalies.period and labels.reason = anomalies.rule
    where labels.period = %s and labels.kind in ('rejection', 'mark')
    group by labels.reason, labels.title, labels.display_order
    order by labels.display_order
"""
BLOCKING_REASONS = """
    select blocked.blocking_reason, sum(blocked.sessions), sum(blocked.energy_mwh), labels.title
    from tiruert.blocked_energy_monthly as blocked
    left join tiruert.reason_labels as labels
        on blocked.period = labels.period and blocked.blocking_reason = labels.reason
    where blocked.period = %s
    group by blocked.blocking_reason, labels.title, labels.display_order
    order by labels.display_order
"""
# Their results fit a terminal of 80 columns.
QUERIES = """\
select period, received_kwh, rejected_kwh, blocked_kwh, sendable_kwh
from tiruert.energy_balance_monthly;

select id_pdc_itinerance, started_at, energy_kwh, rejection_reasons
from tiruert.sessions_flagged where enex limit 9;

select id_station_itinerance, status, acknowledged_mwh, computed_mwh
from tiruert.station_energy_changes where difference_mwh <> 0;
"""
NEXT_STEPS = f"""
Explore the results of this run:

  target/dashboards/index.html   the dashboards, in a browser
  make docs                      models and columns with their lineage, likewise
  make psql                      a prompt on the warehouse; try

{indent(QUERIES, "    ")}"""


def read_balances(database: Database) -> list[Any]:
    """Return the energy balance of all months, earliest first."""
    with (
        database.connection() as connection,
        connection.cursor(cursor_factory=NamedTupleCursor) as cursor,
    ):
        cursor.execute("select * from tiruert.energy_balance_monthly order by period")
        return cursor.fetchall()


def lines(
    database: Database, months: Sequence[date], received: Sequence[CertificateRow]
) -> Iterator[str]:
    """Yield the lines of the summary, month by month."""
    for balance in read_balances(database):
        if balance.period in months:
            yield from title(f"{balance.period:%B %Y}: energy balance")
            yield from _balance_lines(balance)
            yield from title("Sessions by rule (a session can break several)")
            yield from _lines(database.query(RULES, balance.period))
            yield from title("Blocked, by reason")
            yield from _lines(database.query(BLOCKING_REASONS, balance.period))
            yield from title("Received by CARBURE")
            rows = [row for row in received if row.first_day == balance.period]
            yield _received_line(balance, rows)


def title(text: str) -> list[str]:
    """Return the lines of a title."""
    return ["", text, "─" * len(text)]


def _line(label: str, sessions: int, energy_mwh: Decimal, remark: str = "") -> str:
    return f"  {label:<26} {sessions:>9,} sessions {energy_mwh:>14,.3f} MWh  {remark}".rstrip()


def _balance_lines(balance: Any) -> Iterator[str]:
    outcomes = {
        "received": "sent to QualiCharge by operators",
        "rejected": "breaks at least one rejecting rule",
        "blocked": "clean, but cannot be credited",
        "sendable": "clean, and included in its station's total",
    }
    for outcome, remark in outcomes.items():
        yield _line(outcome, *_sessions_and_mwh(balance, outcome), remark)


def _lines(rows: Sequence[tuple[Any, ...]]) -> Iterator[str]:
    yield from (_line(*row) for row in rows)
    if not rows:
        yield "  nothing"


def _sessions_and_mwh(balance: Any, prefix: str) -> tuple[int, Decimal]:
    return getattr(balance, f"{prefix}_sessions"), getattr(balance, f"{prefix}_kwh") / KWH_PER_MWH


def _received_line(balance: Any, rows: Sequence[CertificateRow]) -> str:
    energy_mwh = sum((Decimal(str(row.energy_mwh)) for row in rows), Decimal(0))
    _, sendable_mwh = _sessions_and_mwh(balance, "sendable")
    is_complete = energy_mwh == sendable_mwh
    verdict = "everything sendable" if is_complete else f"out of {sendable_mwh} MWh sendable"
    sirens = len({row.siren for row in rows})
    return f"  {len(rows):,} stations of {sirens} SIRENs, {energy_mwh:,} MWh: {verdict}"
