"""Adopt what the previous flow sent: read the platform's indicators into the ledger.

The platform has a row for each SIREN and month that CARBURE acknowledged, with the payload. The
flow was sometimes run again, so a month may have several rows of a SIREN. CARBURE deletes nothing:
of a station, the newest row that contains it counts.

CARBURE keeps a row for each station and interval, and for each time that a station stands in a
payload. This sender can change only one row, that of the whole month.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import psycopg2
from psycopg2 import sql

from common.database import Connection
from common.errors import WarehouseError
from sender.ledger import Ledger, StationRow
from sender.payload import last_day_of
from sender.summary import SummaryRow

ACKNOWLEDGED_SQL = sql.SQL("""
    with indicators as (
        select
            timestamp as acknowledged_at,
            -- If rows have equal times, the one that was inserted last is the newest.
            row_number() over (order by timestamp, ctid) as number,
            cast(cast(extras as text) as jsonb) as payload
        from {table}
        where code = 'tirue' and period = 'm'
    ),

    stations as (
        select
            indicators.number,
            indicators.acknowledged_at,
            entity ->> 'siren' as siren,
            entity ->> 'entity' as amenageur_name,
            unit ->> 'code' as operational_unit_code,
            station ->> 'id' as id_station_itinerance,
            round(cast(station ->> 'energy' as numeric), 6) as energy_mwh,
            coalesce(cast(station ->> 'is_controlled' as boolean), false) as is_controlled,
            cast(unit ->> 'from' as date) as first_day,
            cast(unit ->> 'to' as date) as last_day
        from indicators
        cross join lateral jsonb_array_elements(
            case when jsonb_typeof(payload) = 'array' then payload else '[]' end
        ) as entity
        cross join lateral jsonb_array_elements(entity -> 'operational_units') as unit
        cross join lateral jsonb_array_elements(unit -> 'stations') as station
    ),

    of_month as (
        select
            *,
            count(*) over (
                partition by number, id_station_itinerance, first_day, last_day
            ) > 1 as is_repeated
        from stations
        where first_day < %(period)s + interval '1 month' and last_day >= %(period)s
    ),

    -- A later payload changes only one of the rows of a station that was repeated.
    rows_at_carbure as (
        select
            *,
            case when bool_or(is_repeated) over same_key then max(energy_mwh) over same_key end
                as repeated_mwh
        from of_month
        window same_key as (partition by id_station_itinerance, first_day, last_day)
    ),

    newest as (
        select distinct on (id_station_itinerance, first_day, last_day) *
        from rows_at_carbure
        order by id_station_itinerance, first_day, last_day, number desc
    )

    select
        newest.number,
        newest.acknowledged_at,
        newest.siren,
        newest.amenageur_name,
        newest.operational_unit_code,
        newest.id_station_itinerance,
        newest.energy_mwh,
        newest.is_controlled,
        newest.first_day,
        newest.last_day,
        newest.repeated_mwh,
        status.acknowledged_request_id is not null
        and (status.siren, status.operational_unit_code, status.energy_mwh)
        = (newest.siren, newest.operational_unit_code, newest.energy_mwh) as is_in_ledger,
        exists (
            select from request
            inner join request_station using (request_id)
            left join response using (request_id)
            where
                request.period = %(period)s
                and not request.is_adopted
                -- The others have changed nothing at CARBURE.
                and coalesce(response.outcome, 'uncertain') in ('accepted', 'uncertain')
                and request_station.id_station_itinerance = newest.id_station_itinerance
        ) as is_sent
    from newest
    left join station_status as status
        on
            status.period = %(period)s
            and newest.id_station_itinerance = status.id_station_itinerance
    order by newest.number, newest.siren, newest.id_station_itinerance
""")


class AdoptedStation(NamedTuple):
    """A station as the previous flow sent it.

    `repeated_mwh` is the highest energy, if a payload had the station several times.
    `is_in_ledger` if the ledger has the same already, `is_sent` if CARBURE may have stored what
    this sender has sent since.
    """

    number: int
    acknowledged_at: datetime
    siren: str
    amenageur_name: str
    operational_unit_code: str
    id_station_itinerance: str
    energy_mwh: Decimal
    is_controlled: bool
    first_day: date
    last_day: date
    repeated_mwh: Decimal | None
    is_in_ledger: bool
    is_sent: bool

    def is_of_month(self, period: date) -> bool:
        """Whether the station was sent for exactly this month."""
        return (self.first_day, self.last_day) == (period, last_day_of(period))

    @property
    def outcome(self) -> str:
        """What adoption does with the station."""
        if self.is_sent:
            return "sent since"
        return "known" if self.is_in_ledger else "adopted"


def adopt(connection: Connection, table: str, ledger: Ledger) -> list[SummaryRow]:
    """Record what CARBURE acknowledged for the ledger's period, unless the ledger has it.

    Returns station counts and energy per SIREN. Raises WarehouseError if the table cannot be read,
    or has energy that CARBURE counts besides that of the month.
    """
    found = _read(connection, table, ledger.period)
    _check_rows_at_carbure(found, table, ledger.period)
    # The others have 0 MWh.
    stations = [station for station in found if station.is_of_month(ledger.period)]
    missing = [station for station in stations if station.outcome == "adopted"]
    for (_, siren), group in groupby(missing, key=attrgetter("number", "siren")):
        of_request = list(group)
        rows = [StationRow(*attrgetter(*StationRow._fields)(station)) for station in of_request]
        ledger.record_adopted(siren, rows, of_request[0].acknowledged_at, table)
    return list(_summary(stations))


def _read(connection: Connection, table: str, period: date) -> list[AdoptedStation]:
    name = sql.Identifier(*table.split("."))
    with connection.cursor() as cursor:
        try:
            cursor.execute(ACKNOWLEDGED_SQL.format(table=name), {"period": period})
        except (psycopg2.ProgrammingError, psycopg2.DataError) as error:
            raise WarehouseError(
                f"cannot read {table}, check TIRUERT_INDICATORS_TABLE: {error.diag.message_primary}"
            ) from error
        return [AdoptedStation(*row) for row in cursor]


def _check_rows_at_carbure(stations: list[AdoptedStation], table: str, period: date) -> None:
    """Check that CARBURE has one row of each station: a second one would be counted as well."""
    second_rows = [
        station
        for station in stations
        if station.repeated_mwh or (station.energy_mwh and not station.is_of_month(period))
    ]
    if second_rows:
        first = second_rows[0]
        raise WarehouseError(
            f"{table} has {len(second_rows)} stations that were sent for other days than"
            f" {period:%Y-%m}, or twice at once, such as {first.id_station_itinerance} of"
            f" {first.siren} from {first.first_day} to {first.last_day}: CARBURE counts both rows,"
            " and only its team can delete one, see docs/migration.md"
        )


def _summary(stations: list[AdoptedStation]) -> Iterator[SummaryRow]:
    key = attrgetter("siren", "outcome")
    for (siren, outcome), group in groupby(sorted(stations, key=key), key=key):
        of_siren = list(group)
        energy_mwh = sum((station.energy_mwh for station in of_siren), Decimal(0))
        yield SummaryRow(siren, of_siren[0].amenageur_name, outcome, len(of_siren), energy_mwh)
