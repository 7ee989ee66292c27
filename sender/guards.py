"""What must be true of a period before any of it is sent: closed, balanced, and not shrunk."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sender.errors import GuardError
from sender.settings import SenderSettings

FACTS_SQL = """
    with mart as (
        select
            count(*) as stations,
            count(*) filter (where energy_mwh > 0) as stations_with_energy,
            coalesce(sum(sessions), 0) as sessions,
            coalesce(sum(energy_mwh), 0) * 1000 as energy_kwh,
            min(computed_at) as computed_at
        from station_energy_monthly
        where period = %(period)s
    ),

    acknowledged as (
        select
            greatest(
                count(*) filter (where period = %(month_before)s),
                count(*) filter (where period = %(period)s)
            ) as stations
        from station_status
        where period in (%(month_before)s, %(period)s) and energy_mwh > 0
    )

    select
        mart.stations_with_energy as stations,
        acknowledged.stations as stations_acknowledged,
        mart.computed_at,
        coalesce(
            balance.received_sessions
            = balance.rejected_sessions + balance.blocked_sessions + balance.sendable_sessions
            and balance.received_kwh
            = balance.rejected_kwh + balance.blocked_kwh + balance.sendable_kwh
            and balance.sendable_sessions = mart.sessions
            -- Where energies are finer than a Wh, each station is rounded, by half of one at most.
            and abs(balance.sendable_kwh - mart.energy_kwh) <= case
                when balance.sendable_kwh = round(balance.sendable_kwh, 3) then 0
                else mart.stations * 0.0005
            end
            and (mart.stations = 0 or balance.computed_at = mart.computed_at),
            mart.stations = 0 and balance.period is null
        ) as is_balanced
    from mart
    cross join acknowledged
    left join energy_balance_monthly as balance on balance.period = %(period)s
"""


class Facts(NamedTuple):
    """What the warehouse says of a period; stations are those with energy.

    `stations_acknowledged` are those of the period itself or of the month before, the more.
    """

    stations: int
    stations_acknowledged: int
    computed_at: datetime | None
    is_balanced: bool


def read_facts(connection: Any, period: date) -> Facts:
    """Read what the guards judge."""
    month_before = (period - timedelta(days=1)).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(FACTS_SQL, {"period": period, "month_before": month_before})
        return Facts(*cursor.fetchone())


def guard_books(period: date, facts: Facts) -> None:
    """Refuse a mart that does not hold what the balance says."""
    if not facts.is_balanced:
        raise GuardError(
            f"the books of {period:%Y-%m} do not balance: {_build(period)}, and look at the test"
            " books_balance if this comes back"
        )


def guard_open_period(period: date, facts: Facts, now: datetime, settings: SenderSettings) -> None:
    """Refuse a period to which sessions are still added, or that was computed while they were."""
    end = (period.replace(day=28) + timedelta(days=4)).replace(day=1)
    closed_on = end + timedelta(days=settings.closed_after_days)
    if now.date() < closed_on:
        raise GuardError(
            f"{period:%Y-%m} is open until {closed_on}: wait, or give --allow-open-period"
        )
    if facts.computed_at is not None and facts.computed_at.astimezone(UTC).date() < closed_on:
        raise GuardError(
            f"{period:%Y-%m} was computed on {facts.computed_at:%Y-%m-%d}, before it was closed on"
            f" {closed_on}: {_build(period)}, or give --allow-open-period"
        )


def guard_shrinkage(period: date, facts: Facts, settings: SenderSettings) -> None:
    """Refuse an empty or a far too small mart: its missing stations would all be taken back."""
    if facts.stations == 0:
        raise GuardError(
            f"the mart has no energy for {period:%Y-%m}: {_build(period)},"
            " or give --allow-shrinkage"
        )
    if facts.stations < settings.min_share * facts.stations_acknowledged:
        raise GuardError(
            f"{period:%Y-%m} has {facts.stations} stations, CARBURE has acknowledged"
            f" {facts.stations_acknowledged} for it or for the month before: look at the marts,"
            " or give --allow-shrinkage"
        )


def _build(period: date) -> str:
    return f"run dbt build --vars 'period: {period:%Y-%m}'"
