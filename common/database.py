"""Connections to the warehouse, and consistent reads."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import psycopg2.extensions
from psycopg2 import errors, sql

from common.errors import WarehouseError

CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT = "5min"
LEDGER_SUFFIX = "_ledger"

Connection = psycopg2.extensions.connection
Cursor = psycopg2.extensions.cursor


@contextmanager
def connected(schema: str, program: str = "sender") -> Iterator[Connection]:
    """Connect with libpq's variables. The search path is `schema`, then the ledger's schema.

    `program` is shown in `pg_stat_activity`. Raises WarehouseError for any database error while
    the connection is open.
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
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        raise WarehouseError(f"the marts in {schema} have not been built: run dbt build") from error
    except (errors.QueryCanceled, errors.LockNotAvailable) as error:
        raise WarehouseError(f"the warehouse is too slow; try again later: {error}") from error
    except psycopg2.OperationalError as error:
        raise WarehouseError(
            "cannot use the warehouse: check PGHOST, PGPORT, PGUSER, PGPASSWORD and"
            f" PGDATABASE: {error}"
        ) from error
    except psycopg2.Error as error:
        raise WarehouseError(f"cannot use the schema {schema}: {error}") from error


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Run a block in a read-only transaction that does not see concurrent changes."""
    with connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read, read only")
        try:
            yield
        except BaseException:
            cursor.execute("rollback")
            raise
        cursor.execute("commit")
