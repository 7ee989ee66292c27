"""The guards: a period must be closed, balanced and not shrunk before it is sent."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from common.database import Connection
from sender.errors import GuardError
from sender.payload import last_day_of
from sender.settings import SenderSettings

FACTS_SQL = """
    with mart as (
        select
            count(*) as stations,
            count(*) filter (where energy_mwh > 0) as stations_with_energy,
            coalesce(sum(sessions), 0) as sessions,
            coalesce(sum(energy_mwh), 0) as energy_mwh,
            min(computed_at) as computed_at
        from station_energy_monthly
        where period = %(period)s
    ),

    acknowledged as (
        select
            greatest(
                count(*) filter (where period = %(month_before)s),
                count(*) filter (where period = %(period)s)
            ) as stations,
            coalesce(sum(energy_mwh) filter (where period = %(period)s), 0) as energy_mwh
        from station_status
        where period in (%(month_before)s, %(period)s) and energy_mwh > 0
    )

    select
        mart.stations_with_energy as stations,
        acknowledged.stations as acknowledged_stations,
        mart.energy_mwh,
        acknowledged.energy_mwh as acknowledged_mwh,
        balance.computed_at,
        balance.sessions_read_at,
        coalesce(
            balance.received_sessions
            = balance.rejected_sessions + balance.blocked_sessions + balance.sendable_sessions
            and balance.received_kwh
            = balance.rejected_kwh + balance.blocked_kwh + balance.sendable_kwh
            and balance.sendable_sessions = mart.sessions
            -- Stations are rounded to the Wh, but sessions may be finer. dbt's test is stricter.
            and abs(balance.sendable_kwh - mart.energy_mwh * 1000) <= mart.stations * 0.0005
            and (mart.stations = 0 or balance.computed_at = mart.computed_at),
            false
        ) as is_balanced,
        balance.period is not null as is_built
    from mart
    cross join acknowledged
    left join energy_balance_monthly as balance on balance.period = %(period)s
"""


class Facts(NamedTuple):
    """What the guards check. `stations` counts only those with energy.

    `acknowledged_stations` is the number for the period or for the month before, whichever is
    larger. `acknowledged_mwh` is the energy for the period. `is_built` if the period has books; if
    not, both times are None. `sessions_read_at` is also None for a build by an old version.
    """

    stations: int
    acknowledged_stations: int
    energy_mwh: Decimal
    acknowledged_mwh: Decimal
    computed_at: datetime | None
    sessions_read_at: datetime | None
    is_balanced: bool
    is_built: bool


def read_facts(connection: Connection, period: date) -> Facts:
    """Read the facts about a period from the marts and the ledger."""
    month_before = (period - timedelta(days=1)).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(FACTS_SQL, {"period": period, "month_before": month_before})
        [facts] = cursor.fetchall()
    return Facts(*facts)


def check_books(period: date, facts: Facts) -> None:
    """Check that there is an energy balance, and that the mart agrees with it.

    Raises GuardError.
    """
    if not facts.is_built:
        raise GuardError(
            f"the marts have no energy balance of {period:%Y-%m}: {_build_command(period)}"
        )
    if not facts.is_balanced:
        raise GuardError(
            f"the books of {period:%Y-%m} do not balance: {_build_command(period)}; if that does"
            " not help, check the dbt test books_balance"
        )


def check_closed(period: date, facts: Facts, now: datetime, settings: SenderSettings) -> None:
    """Check that the period is closed, and has the sessions that were received until then.

    Raises GuardError.
    """
    closed_on = last_day_of(period) + timedelta(days=1 + settings.closed_after_days)
    if now.date() < closed_on:
        raise GuardError(
            f"{period:%Y-%m} is open until {closed_on}: wait, or use --allow-open-period"
        )
    computed_on = _utc_date(facts.computed_at, closed_on)
    if computed_on < closed_on:
        raise GuardError(
            f"{period:%Y-%m} was computed on {computed_on}, before it was closed on"
            f" {closed_on}: {_build_command(period)}, or use --allow-open-period"
        )
    # The source was empty, had dropped a part of the month, or had lost too much of it.
    read_on = _utc_date(facts.sessions_read_at, closed_on)
    if read_on < closed_on:
        raise GuardError(
            f"{period:%Y-%m} has only the sessions that QualiCharge had on {read_on}, before it was"
            f" closed on {closed_on}: if it has the whole month again, {_build_command(period)}; if"
            " the dbt test months_keep_their_sessions fails, see docs/runbook.md; else use"
            " --allow-open-period"
        )


def check_shrinkage(period: date, facts: Facts, settings: SenderSettings) -> None:
    """Check that the mart has enough stations and energy. Missing ones would be corrected to 0.

    Raises GuardError.
    """
    if facts.stations == 0:
        raise GuardError(
            f"the mart has no energy for {period:%Y-%m}: {_build_command(period)},"
            " or use --allow-shrinkage"
        )
    if facts.stations < settings.min_share * facts.acknowledged_stations:
        raise GuardError(
            f"{period:%Y-%m} has {facts.stations} stations, but CARBURE has acknowledged"
            f" {facts.acknowledged_stations} for it or for the month before: check the marts,"
            " or use --allow-shrinkage"
        )
    if facts.energy_mwh < Decimal(str(settings.min_energy_share)) * facts.acknowledged_mwh:
        raise GuardError(
            f"{period:%Y-%m} has {facts.energy_mwh} MWh, but CARBURE has acknowledged"
            f" {facts.acknowledged_mwh} MWh for it: check the marts, or use --allow-shrinkage"
        )


def _utc_date(instant: datetime | None, default: date) -> date:
    return default if instant is None else instant.astimezone(UTC).date()


def _build_command(period: date) -> str:
    return f"run dbt build --vars 'period: {period:%Y-%m}'"
