"""Other months than that of the run that should be sent again."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from common.database import Connection, Cursor
from sender.plan import PLAN_SQL, Action, plan_parameters

# Only these months need a plan. When an adopted request was sent, and to which entity, is unknown.
CANDIDATES_SQL = """
    with entities as (
        select *
        from unnest(cast(%(sirens)s as text[]), cast(%(entity_ids)s as integer[]))
            as entities (siren, entity_id)
    ),

    accepted as (
        select
            request.*,
            entities.entity_id is not null
            and request.entity_id is distinct from entities.entity_id as has_other_entity
        from request
        inner join response using (request_id)
        left join entities using (siren)
        where response.outcome = 'accepted' and request.period <> %(period)s
    ),

    sent as (
        select
            period,
            siren,
            max(sent_at) filter (where not is_adopted) as last_sent_at,
            bool_or(has_other_entity) as has_other_entity
        from accepted
        group by period, siren
    ),

    accepted_stations as (
        select
            accepted.period,
            accepted.siren,
            count(distinct request_station.id_station_itinerance) as stations
        from accepted
        inner join request_station using (request_id)
        group by accepted.period, accepted.siren
    ),

    computed_stations as (
        select period, siren, count(*) as stations
        from station_energy_monthly
        where energy_mwh > 0 and period in (select period from sent)
        group by period, siren
    )

    -- Without books, a month cannot be sent again.
    select sent.period
    from sent
    inner join energy_balance_monthly as balance using (period)
    where
        sent.has_other_entity
        or sent.last_sent_at is null
        or balance.computed_at > sent.last_sent_at
    union
    -- Refused, or left out by --siren or by a run that ended early.
    select computed_stations.period
    from computed_stations
    inner join energy_balance_monthly using (period)
    left join accepted_stations using (period, siren)
    where computed_stations.stations > coalesce(accepted_stations.stations, 0)
    order by period
"""

# One row, because other months may have many stations, and a statement has a deadline.
MONTH_SQL = f"""
    with plan as (
        {PLAN_SQL.read_text()}
    ),

    to_send as (
        select
            *,
            action = 'repeated' and has_other_entity and energy_mwh = acknowledged_mwh
                as is_only_credited
        from plan
        where action = any(%(sending)s)
    )

    select
        count(*) filter (where not is_only_credited),
        coalesce(
            sum(energy_mwh - coalesce(acknowledged_mwh, 0)) filter (where not is_only_credited), 0
        ),
        count(*) filter (where is_only_credited),
        coalesce(sum(energy_mwh) filter (where is_only_credited), 0),
        coalesce(array_agg(distinct siren), array[]::text[])
    from to_send
    -- A run would hold these back.
    where siren not in (select siren from to_send where would_detach)
"""  # noqa: S608  (SQL of a file)


class MonthToSendAgain(NamedTuple):
    """What a run of another month would send.

    First the stations that have changed or were not accepted, with the sum of the differences. Then
    the others, which CARBURE would credit to another entity, or for the first time.
    """

    period: date
    changed_stations: int
    change_mwh: Decimal
    credited_stations: int
    credited_mwh: Decimal
    sirens: list[str]


def months_to_send_again(
    connection: Connection, period: date, entity_ids: Mapping[str, int] | None
) -> list[MonthToSendAgain]:
    """Return the other months that were sent, and that a run would send again in part.

    `entity_ids` are as for `read_plan`. A month is looked at if its marts were computed after
    a SIREN was last sent, if it has more stations than CARBURE has accepted, or if CARBURE may
    credit another entity now. Raises psycopg2's QueryCanceled if the warehouse is too slow.
    """
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES_SQL, plan_parameters(period, entity_ids))
        candidates = [candidate for (candidate,) in cursor.fetchall()]
        months = [_month(cursor, candidate, entity_ids) for candidate in candidates]
    return [month for month in months if month.sirens]


def _month(cursor: Cursor, period: date, entity_ids: Mapping[str, int] | None) -> MonthToSendAgain:
    sending = [str(action) for action in Action if action.sends]
    cursor.execute(MONTH_SQL, plan_parameters(period, entity_ids) | {"sending": sending})
    [row] = cursor.fetchall()
    return MonthToSendAgain(period, *row)
