"""Other months than that of the run that should be sent again."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from common.database import Connection, Cursor
from sender.plan import PLAN_SQL, Action, plan_parameters

# The months that were sent, and of which a plan may send something. Without books, a month cannot
# be sent again.
CANDIDATES_SQL = """
    with entities as (
        select *
        from unnest(cast(%(sirens)s as text[]), cast(%(entity_ids)s as integer[]))
            as entities (siren, entity_id)
    )

    select distinct period
    from station_energy_monthly as mart
    full join station_status as ledger using (period, id_station_itinerance)
    left join entities on coalesce(mart.siren, ledger.last_siren) = entities.siren
    where
        period <> %(period)s
        and period in (select period from request)
        and period in (select period from energy_balance_monthly)
        and ledger.status is distinct from 'locked'
        and (
            ledger.status = 'uncertain'
            or coalesce(mart.energy_mwh, 0) <> coalesce(ledger.energy_mwh, 0)
            or mart.siren <> ledger.siren
            or mart.operational_unit_code <> ledger.operational_unit_code
            or (
                ledger.energy_mwh is not null
                and entities.entity_id is not null
                and ledger.entity_id is distinct from entities.entity_id
            )
        )
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

    `entity_ids` are as for `read_plan`. Raises psycopg2's QueryCanceled if the warehouse is too
    slow.
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
