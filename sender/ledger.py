"""The ledger: what was sent, what was answered, and so what CARBURE has. Rows are only added."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import uuid4

from psycopg2 import errors
from psycopg2.extras import execute_values

from common.errors import WarehouseError
from sender.client import MAX_REQUEST_SECONDS, Response
from sender.clock import Clock
from sender.plan import PlannedStation, SummaryRow

# The same as latest_ledger_version() in macros/ledger/ensure_ledger.sql.
VERSION = 2
LONGEST_BODY = 10_000


class Ledger:
    """The ledger of one period, written by one run."""

    def __init__(self, connection: Any, period: date, clock: Clock) -> None:
        """Write for `period` over a connection in whose search path the ledger is."""
        self._connection = connection
        self.period = period
        self._clock = clock
        self.run_id = uuid4()

    def resolve_orphans(self) -> None:
        """Give requests of runs that ended before an answer the answer that they are uncertain.

        The last moment at which one could be received is when its run would have given up.
        """
        with self._transaction() as cursor:
            cursor.execute(
                """
                insert into response (request_id, responded_at, outcome, body, duration_seconds)
                select
                    request_id,
                    sent_at + %(longest)s,
                    'uncertain',
                    'the run ended before an answer came',
                    0
                from request
                where period = %(period)s
                    and not exists (
                        select from response where response.request_id = request.request_id
                    )
                """,
                {
                    "period": self.period,
                    "longest": timedelta(seconds=MAX_REQUEST_SECONDS),
                },
            )

    def record_request(
        self,
        stations: Sequence[PlannedStation],
        body: bytes,
        *,
        is_known_entity: bool,
        batch_size: int,
    ) -> int:
        """Write down a request before it is sent; give its id."""
        with self._transaction() as cursor:
            cursor.execute(
                """
                insert into request (
                    run_id, period, siren, is_known_entity, batch_size, body_sha256, sent_at
                )
                values (%s, %s, %s, %s, %s, %s, %s)
                returning request_id
                """,
                [
                    str(self.run_id),
                    self.period,
                    stations[0].siren,
                    is_known_entity,
                    batch_size,
                    sha256(body).hexdigest(),
                    self._clock.now(),
                ],
            )
            [request_id] = cursor.fetchone()
            execute_values(
                cursor,
                "insert into request_station values %s",
                [
                    (
                        request_id,
                        station.id_station_itinerance,
                        station.amenageur_name,
                        station.operational_unit_code,
                        station.energy_mwh,
                        station.is_controlled,
                    )
                    for station in stations
                ],
                page_size=1000,
            )
        return request_id

    def record_response(self, request_id: int, answer: Response) -> None:
        """Write down what a request came to, and the stations that the answer names."""
        with self._transaction() as cursor:
            cursor.execute(
                "insert into response values (%s, %s, %s, %s, %s, %s)",
                [
                    request_id,
                    self._clock.now(),
                    answer.outcome,
                    answer.status,
                    answer.body[:LONGEST_BODY],
                    answer.duration_seconds,
                ],
            )
            execute_values(
                cursor,
                "insert into refusal values %s on conflict do nothing",
                [
                    (request_id, reason.station_id, reason.is_locked, reason.text)
                    for reason in answer.reasons
                    if reason.station_id is not None
                ],
            )

    def last_batch_size(self) -> int | None:
        """Give the size that the last request was at that CARBURE accepted, of any period."""
        with self._transaction() as cursor:
            cursor.execute(
                "select batch_size from request inner join response using (request_id)"
                " where outcome = 'accepted' order by request_id desc limit 1"
            )
            row = cursor.fetchone()
        return row and row[0]

    @contextmanager
    def _transaction(self) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute("begin")
            try:
                yield cursor
            except BaseException:
                cursor.execute("rollback")
                raise
            cursor.execute("commit")


def read_status(connection: Any, period: date | None) -> Iterator[tuple[date, list[SummaryRow]]]:
    """Read, for one month or all, how many stations of each SIREN are in which state."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select
                period,
                coalesce(siren, last_siren) as siren,
                min(coalesce(amenageur_name, last_amenageur_name)) as amenageur_name,
                status,
                count(*) as stations,
                coalesce(sum(energy_mwh), 0) as energy_mwh
            from station_status
            where period = %(period)s or %(period)s is null
            group by 1, 2, 4
            order by 1, 2, 4
            """,
            {"period": period},
        )
        rows = cursor.fetchall()
    for month, group in groupby(rows, key=itemgetter(0)):
        yield month, [SummaryRow(*row[1:]) for row in group]


def check_version(connection: Any) -> None:
    """Check that dbt has created the ledger in the version this sender knows.

    Raises WarehouseError otherwise.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("select max(version) from ledger_version")
            [version] = cursor.fetchone()
        except errors.UndefinedTable:
            raise WarehouseError("the ledger does not exist: run dbt build") from None
    if version < VERSION:
        raise WarehouseError(f"the ledger has version {version}, not {VERSION}: run dbt build")
    if version > VERSION:
        raise WarehouseError(
            f"the ledger has version {version}, this sender supports {VERSION}:"
            " use a newer version of the project"
        )
