"""The warehouse as the sender sees it: marts, ledger, and one run at a time for a period."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any

import psycopg2
from psycopg2 import errors, sql

from sender.errors import WarehouseError

CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT = "5min"
# A run that has just ended, or was killed, still holds its lock for a moment.
LOCK_TIMEOUT = "3s"
LEDGER_SUFFIX = "_ledger"
# The advisory locks of this program, apart from those of others in the same database.
LOCK_SPACE = 715_031


@contextmanager
def connected(schema: str, program: str = "sender") -> Iterator[Any]:
    """Connect by libpq's variables, with the marts' and the ledger's schema in the search path.

    `program` is who we are to those who look at the server. What goes wrong in the database while
    the connection is in use raises WarehouseError.
    """
    try:
        connection = psycopg2.connect(
            "",
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            fallback_application_name=f"{program} {socket.gethostname()} {os.getpid()}",
        )
        with closing(connection):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("set statement_timeout to %s", [STATEMENT_TIMEOUT])
                cursor.execute(
                    sql.SQL("set search_path to {}, {}").format(
                        sql.Identifier(schema), sql.Identifier(schema + LEDGER_SUFFIX)
                    )
                )
            yield connection
    except (errors.UndefinedTable, errors.UndefinedColumn):
        raise WarehouseError(f"the marts in {schema} have not been built: run dbt build") from None
    except (errors.QueryCanceled, errors.LockNotAvailable) as error:
        raise WarehouseError(f"the warehouse takes too long: {error}") from None
    except psycopg2.OperationalError as error:
        raise WarehouseError(
            "cannot work with the warehouse: check PGHOST, PGPORT, PGUSER, PGPASSWORD and"
            f" PGDATABASE: {error}"
        ) from None
    except psycopg2.Error as error:
        raise WarehouseError(f"cannot work with the schema {schema}: {error}") from None


def hold_period(connection: Any, period: date) -> None:
    """Be the only sender of a period as long as the connection lives.

    Raises WarehouseError that says who else is.
    """
    key = {"space": LOCK_SPACE, "month": period.year * 12 + period.month}
    with connection.cursor() as cursor:
        try:
            cursor.execute("set lock_timeout to %s", [LOCK_TIMEOUT])
            cursor.execute("select pg_advisory_lock(%(space)s, %(month)s)", key)
        except errors.LockNotAvailable:
            is_ours = False
        else:
            is_ours = True
        cursor.execute("reset lock_timeout")
        if is_ours:
            return
        cursor.execute(
            """
            select usename, application_name, pg_locks.pid
            from pg_locks
            inner join pg_stat_activity on pg_locks.pid = pg_stat_activity.pid
            where locktype = 'advisory' and granted
                and classid = %(space)s and objid = %(month)s
                and database = (select oid from pg_database where datname = current_database())
            """,
            key,
        )
        holder = cursor.fetchone()
    who = "{} as {}, server process {}".format(*holder) if holder else "a run that has just ended"
    raise WarehouseError(f"{period:%Y-%m} is being sent by another sender: {who}")


@contextmanager
def snapshot(connection: Any) -> Iterator[None]:
    """See the warehouse as it is at one moment, whatever is built meanwhile; change nothing."""
    with connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read, read only")
        try:
            yield
        except BaseException:
            cursor.execute("rollback")
            raise
        cursor.execute("commit")
