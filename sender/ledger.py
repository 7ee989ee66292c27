"""The ledger: what was sent, what was answered, and so what CARBURE has. Rows are only added."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

from psycopg2 import errors, sql
from psycopg2.extras import execute_values

from sender.carbure import LONGEST_REQUEST_SECONDS, Answer
from sender.clock import Clock
from sender.errors import WarehouseError
from sender.plan import Line, PlannedStation
from sender.warehouse import LEDGER_SUFFIX, LOCK_SPACE

LEDGER_SQL = Path(__file__).with_name("ledger.sql")
VERSION = 1
LONGEST_BODY = 10_000


class Ledger:
    """The ledger of one period, written by one run."""

    def __init__(self, connection: Any, period: date, clock: Clock) -> None:
        """Write for `period` over a connection in whose search path the ledger is."""
        self._connection = connection
        self.period = period
        self._clock = clock
        self.run_id = uuid4()

    def settle(self) -> None:
        """Give requests of runs that ended before an answer the answer that they are uncertain.

        The last moment at which one could be received is when its run would have given up.
        """
        with self._transaction() as cursor:
            cursor.execute(
                """
                insert into answer (request_id, answered_at, outcome, body, duration_seconds)
                select
                    request_id,
                    prepared_at + %(longest)s,
                    'uncertain',
                    'the run ended before an answer came',
                    0
                from request
                where period = %(period)s
                    and not exists (select from answer where answer.request_id = request.request_id)
                """,
                {
                    "period": self.period,
                    "longest": timedelta(seconds=LONGEST_REQUEST_SECONDS),
                },
            )

    def prepare(
        self,
        stations: Sequence[PlannedStation],
        body: bytes,
        *,
        is_registered: bool,
        stations_at_most: int,
    ) -> int:
        """Write down a request before it is sent; give its id."""
        with self._transaction() as cursor:
            cursor.execute(
                """
                insert into request (
                    run_id, period, siren, is_registered, stations_at_most, body_sha256, prepared_at
                )
                values (%s, %s, %s, %s, %s, %s, %s)
                returning request_id
                """,
                [
                    str(self.run_id),
                    self.period,
                    stations[0].siren,
                    is_registered,
                    stations_at_most,
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
                        station.entity,
                        station.code,
                        station.energy_mwh,
                        station.is_controlled,
                    )
                    for station in stations
                ],
                page_size=1000,
            )
        return request_id

    def record(self, request_id: int, answer: Answer) -> None:
        """Write down what a request came to, and the stations that the answer names."""
        with self._transaction() as cursor:
            cursor.execute(
                "insert into answer values (%s, %s, %s, %s, %s, %s)",
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

    def stations_at_most(self) -> int | None:
        """Give the size that the last request was at that CARBURE accepted, of any period."""
        with self._transaction() as cursor:
            cursor.execute(
                "select stations_at_most from request inner join answer using (request_id)"
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


def read_status(connection: Any, period: date | None) -> Iterator[tuple[date, list[Line]]]:
    """Read, for one month or all, how many stations of each SIREN are in which state."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select
                period,
                coalesce(siren, last_siren) as siren,
                min(coalesce(entity, last_entity)) as entity,
                state,
                count(*) as stations,
                coalesce(sum(energy_mwh), 0) as energy_mwh
            from station_state
            where period = %(period)s or %(period)s is null
            group by 1, 2, 4
            order by 1, 2, 4
            """,
            {"period": period},
        )
        rows = cursor.fetchall()
    for month, group in groupby(rows, key=itemgetter(0)):
        yield month, [Line(*row[1:]) for row in group]


def upgrade(connection: Any, schema: str) -> None:
    """Make the ledger where there is none. Raises WarehouseError where it is of another version."""
    ledger_schema = sql.Identifier(schema + LEDGER_SUFFIX)
    with connection.cursor() as cursor:
        try:
            cursor.execute("select max(version) from ledger_version")
            [version] = cursor.fetchone()
        except errors.UndefinedTable:
            cursor.execute(
                sql.SQL(
                    "select pg_advisory_xact_lock({space}, 0);"
                    " create schema if not exists {schema}; set local search_path to {schema};"
                ).format(space=sql.Literal(LOCK_SPACE), schema=ledger_schema)
                + sql.SQL(LEDGER_SQL.read_text())
            )
            version = VERSION
    if version != VERSION:
        raise WarehouseError(
            f"the ledger is of version {version}, this sender knows {VERSION}:"
            " use the version of the project that made it"
        )
