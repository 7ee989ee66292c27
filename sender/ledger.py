"""The ledger: the requests sent to CARBURE and its responses. Rows are only added."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import uuid4

from psycopg2 import errors, sql
from psycopg2.extras import execute_values

from common.database import Connection, Cursor
from common.errors import WarehouseError
from sender.clock import Clock
from sender.plan import PlannedStation
from sender.response import Response
from sender.retry_policy import MAX_REQUEST_SECONDS
from sender.summary import CONFIRMED, SummaryRow

# The same as latest_ledger_version() in macros/ledger/ensure_ledger.sql.
VERSION = 4
MAX_BODY_CHARACTERS = 10_000
# Accepted requests from which the next run takes its first batch size.
RECENT_REQUESTS = 20


class StationRow(NamedTuple):
    """A station of a request, as in the table `request_station`."""

    id_station_itinerance: str
    amenageur_name: str
    operational_unit_code: str
    energy_mwh: Decimal
    is_controlled: bool


class Ledger:
    """The ledger of one period, written by one run."""

    def __init__(self, connection: Connection, period: date, clock: Clock) -> None:
        """Use a connection that has the ledger's schema in its search path."""
        self._connection = connection
        self.period = period
        self._clock = clock
        self.run_id = uuid4()

    def resolve_orphans(self) -> None:
        """Record an uncertain response for each request whose run ended before a response.

        The run could have received the response until its timeout, so that is the recorded time.
        """
        with self._transaction() as cursor:
            cursor.execute(
                """
                insert into response (request_id, responded_at, outcome, body, duration_seconds)
                select
                    request_id,
                    sent_at + %(timeout)s,
                    'uncertain',
                    'the run ended before a response came',
                    0
                from request
                where period = %(period)s
                    and not exists (
                        select from response where response.request_id = request.request_id
                    )
                """,
                {"period": self.period, "timeout": timedelta(seconds=MAX_REQUEST_SECONDS)},
            )

    def record_request(
        self,
        stations: Sequence[PlannedStation],
        body: bytes,
        *,
        entity_id: int | None,
        batch_size: int,
    ) -> int:
        """Record a request before it is sent. Return its id.

        `entity_id` is the entity that CARBURE credits for the SIREN, or None.
        """
        rows = [
            StationRow(
                station.id_station_itinerance,
                station.amenageur_name,
                station.operational_unit_code,
                station.energy_mwh,
                station.is_controlled,
            )
            for station in stations
        ]
        with self._transaction() as cursor:
            return self._insert_request(
                cursor,
                rows,
                siren=stations[0].siren,
                is_known_entity=entity_id is not None,
                entity_id=entity_id,
                batch_size=batch_size,
                body_sha256=sha256(body).hexdigest(),
                sent_at=self._clock.now(),
            )

    def record_adopted(
        self, siren: str, stations: Sequence[StationRow], acknowledged_at: datetime, source: str
    ) -> None:
        """Record stations of one SIREN that another program sent and CARBURE acknowledged."""
        with self._transaction() as cursor:
            request_id = self._insert_request(
                cursor,
                stations,
                siren=siren,
                # Nobody knows what CARBURE knew then, so assume that it credited the SIREN.
                is_known_entity=True,
                batch_size=None,
                body_sha256="",
                sent_at=acknowledged_at,
                is_adopted=True,
            )
            cursor.execute(
                "insert into response values (%s, %s, 'accepted', null, %s, 0)",
                [request_id, acknowledged_at, f"adopted from {source}"],
            )

    def _insert_request(
        self, cursor: Cursor, stations: Sequence[StationRow], **columns: Any
    ) -> int:
        columns |= {"run_id": str(self.run_id), "period": self.period}
        cursor.execute(
            sql.SQL("insert into request ({}) values ({}) returning request_id").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join(map(sql.Placeholder, columns)),
            ),
            columns,
        )
        [(request_id,)] = cursor.fetchall()
        execute_values(
            cursor,
            "insert into request_station values %s",
            [(request_id, *station) for station in stations],
            page_size=1000,
        )
        return int(request_id)

    def record_response(self, request_id: int, response: Response) -> None:
        """Record the response to a request, and the stations it names."""
        with self._transaction() as cursor:
            cursor.execute(
                "insert into response values (%s, %s, %s, %s, %s, %s)",
                [
                    request_id,
                    self._clock.now(),
                    response.outcome,
                    response.status,
                    response.body[:MAX_BODY_CHARACTERS],
                    response.duration_seconds,
                ],
            )
            execute_values(
                cursor,
                "insert into refusal values %s on conflict do nothing",
                [
                    (request_id, reason.station_id, reason.is_locked, reason.text)
                    for reason in response.reasons
                    if reason.station_id is not None
                ],
            )

    def recent_batch_size(self) -> int | None:
        """Return the largest batch size of the recent accepted requests, of any period.

        That of the last one alone may be small because of an outage.
        """
        with self._transaction() as cursor:
            cursor.execute(
                """
                select max(batch_size)
                from (
                    select batch_size from request
                    inner join response using (request_id)
                    where outcome = 'accepted' and batch_size is not null
                    order by request_id desc
                    limit %s
                ) as recent_requests
                """,
                [RECENT_REQUESTS],
            )
            [(batch_size,)] = cursor.fetchall()
        return None if batch_size is None else int(batch_size)

    def read_outcomes(self) -> list[SummaryRow]:
        """Return the outcome of this run's last request for each station, summed per SIREN."""
        with self._transaction() as cursor:
            cursor.execute(
                """
                with last_request as (
                    select id_station_itinerance, max(request_id) as request_id
                    from request
                    inner join request_station using (request_id)
                    where run_id = %(run_id)s
                    group by id_station_itinerance
                )

                select
                    request.siren,
                    min(request_station.amenageur_name) as amenageur_name,
                    case
                        -- CARBURE refuses to change it, and has this energy already.
                        when refusal.is_locked
                            and status.siren = request.siren
                            and status.operational_unit_code = request_station.operational_unit_code
                            and status.energy_mwh = request_station.energy_mwh
                            then %(confirmed)s
                        else coalesce(response.outcome, 'uncertain')
                    end as outcome,
                    count(*) as stations,
                    sum(request_station.energy_mwh) as energy_mwh
                from last_request
                inner join request using (request_id)
                inner join request_station using (request_id, id_station_itinerance)
                left join response using (request_id)
                left join refusal using (request_id, id_station_itinerance)
                left join (
                    select * from station_status
                    where period = %(period)s
                ) as status using (id_station_itinerance)
                group by 1, 3
                order by 1, 3
                """,
                {"run_id": str(self.run_id), "period": self.period, "confirmed": CONFIRMED},
            )
            return [SummaryRow(*row) for row in cursor]

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        with self._connection.cursor() as cursor:
            cursor.execute("begin")
            try:
                yield cursor
            except BaseException:
                cursor.execute("rollback")
                raise
            cursor.execute("commit")


def read_status(
    connection: Connection, period: date | None, sirens: Sequence[str] = ()
) -> Iterator[tuple[date, list[SummaryRow]]]:
    """Return the status of one month, or of all: station counts and energy per SIREN.

    The energy is what CARBURE has acknowledged; if it has acknowledged none, what was sent last.
    The status of acknowledged energy is `uncredited` if no entity is known that CARBURE credits.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select
                period,
                coalesce(siren, last_siren) as siren,
                min(coalesce(station_status.amenageur_name, last_amenageur_name)) as amenageur_name,
                case
                    when status = 'acknowledged' and entity_id is null
                        and station_status.energy_mwh > 0 then 'uncredited'
                    else status
                end as status,
                count(*) as stations,
                coalesce(sum(coalesce(station_status.energy_mwh, sent.energy_mwh)), 0) as energy_mwh
            from station_status
            left join request_station as sent
                on
                    station_status.last_request_id = sent.request_id
                    and station_status.id_station_itinerance = sent.id_station_itinerance
            where
                (period = %(period)s or %(period)s is null)
                and (coalesce(siren, last_siren) = any(%(sirens)s) or %(sirens)s = '{}')
            group by 1, 2, 4
            order by 1, 2, 4
            """,
            {"period": period, "sirens": list(sirens)},
        )
        rows = cursor.fetchall()
    for month, group in groupby(rows, key=itemgetter(0)):
        yield month, [SummaryRow(*row[1:]) for row in group]


def check_version(connection: Connection) -> None:
    """Check that the ledger exists and has the supported version. Raises WarehouseError."""
    with connection.cursor() as cursor:
        try:
            cursor.execute("select max(version) from ledger_version")
        except errors.UndefinedTable as error:
            raise WarehouseError("the ledger does not exist: run dbt build") from error
        [(version,)] = cursor.fetchall()
    if version < VERSION:
        raise WarehouseError(f"the ledger has version {version}, not {VERSION}: run dbt build")
    if version > VERSION:
        raise WarehouseError(
            f"the ledger has version {version}, this sender supports {VERSION}:"
            " use a newer version of the project"
        )
