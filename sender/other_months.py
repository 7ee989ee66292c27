"""Other months than that of the run that should be sent again."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from common.database import Connection

# As in plan.sql, the entity of an adopted request is unknown, and assumed to be right.
UNCREDITED_SQL = """
    with entities as (
        select *
        from unnest(cast(%(sirens)s as text[]), cast(%(entity_ids)s as integer[]))
            as entities (siren, entity_id)
    ),

    -- There are few requests, but many stations. Their status is computed only for these months.
    candidates as (
        select distinct request.period
        from request
        inner join response using (request_id)
        inner join entities using (siren)
        where
            response.outcome = 'accepted'
            and not request.is_adopted
            and request.entity_id is distinct from entities.entity_id
            and request.period <> %(period)s
            -- Without books, a month cannot be sent again.
            and exists (
                select from energy_balance_monthly as balance
                where balance.period = request.period
            )
    )

    select
        station_status.period,
        count(*),
        sum(station_status.energy_mwh),
        array_agg(distinct station_status.siren)
    from station_status
    inner join entities using (siren)
    where
        station_status.period = any(array(select period from candidates))
        and station_status.status = 'acknowledged'
        and station_status.energy_mwh > 0
        and not station_status.is_adopted
        and station_status.entity_id is distinct from entities.entity_id
    group by station_status.period
    order by station_status.period
"""


class UncreditedMonth(NamedTuple):
    """A month with stations whose SIREN has another entity at CARBURE than when they were sent."""

    period: date
    stations: int
    energy_mwh: Decimal
    sirens: list[str]


def uncredited_months(
    connection: Connection, period: date, entity_ids: Mapping[str, int]
) -> list[UncreditedMonth]:
    """Return the months other than `period` in which CARBURE would now credit more if sent again.

    `entity_ids` has the entity that CARBURE credits for each SIREN. Raises psycopg2's QueryCanceled
    if the warehouse is too slow.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            UNCREDITED_SQL,
            {
                "period": period,
                "sirens": list(entity_ids),
                "entity_ids": list(entity_ids.values()),
            },
        )
        return [UncreditedMonth(*row) for row in cursor.fetchall()]
