"""Connections to the warehouse, and reading it as of one moment."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import errors, sql

from common.errors import WarehouseError

CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT = "5min"
LEDGER_SUFFIX = "_ledger"


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
