"""Other months than that of the run that should be sent again."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from common.database import Connection
from sender.plan import Action, PlannedStation, read_plan

# Only these months need a plan. As in plan.sql, the entity of an adopted request is unknown, and
# assumed to be right. When another program sent it is unknown too.
CANDIDATES_SQL = """
    with entities as (
        select *
        from unnest(cast(%(sirens)s as text[]), cast(%(entity_ids)s as integer[]))
            as entities (siren, entity_id)
    ),

    sent as (
        select
            request.period,
            max(request.sent_at) filter (where not request.is_adopted) as last_sent_at,
            bool_or(
                not request.is_adopted
                and entities.entity_id is not null
                and request.entity_id is distinct from entities.entity_id
            ) as has_other_entity
        from request
        inner join response using (request_id)
        left join entities using (siren)
        where response.outcome = 'accepted' and request.period <> %(period)s
        group by request.period
    )

    select sent.period
    from sent
    -- Without books, a month cannot be sent again.
    inner join energy_balance_monthly as balance using (period)
    where
        sent.has_other_entity
        or sent.last_sent_at is null
        or balance.computed_at > sent.last_sent_at
    order by sent.period
"""


class MonthToSendAgain(NamedTuple):
    """What a run of another month would send.

    Stations that changed, with the sum of their changes; and unchanged ones that CARBURE would
    credit to another entity than when they were sent, or for the first time.
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
    """Return the months other than `period` that were sent, and of which a run would send a part.

    `entity_ids` are as for `read_plan`. A month is looked at if its marts were computed after it
    was last sent, or if CARBURE would credit it otherwise. Raises psycopg2's QueryCanceled if the
    warehouse is too slow.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CANDIDATES_SQL,
            {
                "period": period,
                "sirens": list(entity_ids or ()),
                "entity_ids": list((entity_ids or {}).values()),
            },
        )
        candidates = [candidate for (candidate,) in cursor.fetchall()]
    months = (_month(connection, candidate, entity_ids) for candidate in candidates)
    return [month for month in months if month.sirens]


def _month(
    connection: Connection, period: date, entity_ids: Mapping[str, int] | None
) -> MonthToSendAgain:
    to_send = [
        station
        for station in read_plan(connection, period, entity_ids)
        if station.action.sends and not station.would_detach
    ]
    credited = [station for station in to_send if _is_unchanged(station)]
    changed = [station for station in to_send if not _is_unchanged(station)]
    return MonthToSendAgain(
        period,
        len(changed),
        sum((s.energy_mwh - (s.acknowledged_mwh or 0) for s in changed), Decimal(0)),
        len(credited),
        sum((station.energy_mwh for station in credited), Decimal(0)),
        sorted({station.siren for station in to_send}),
    )


def _is_unchanged(station: PlannedStation) -> bool:
    return station.action is Action.REPEATED and station.uncertain_since is None
