"""A database of the benchmark's server, and dbt run on it as a scheduler runs it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from dev.dbt import dbt_variables
from dev.postgres import PROJECT
from dev.postgres import SERVER_SETTINGS as DEMO_SETTINGS

# A server for millions of sessions has more than the defaults; the same for whatever is measured.
SERVER_SETTINGS = DEMO_SETTINGS | {
    "shared_buffers": "4GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
}
SESSION_SETTINGS = {
    "work_mem": "1GB",
    "maintenance_work_mem": "1GB",
    "parallel_tuple_cost": "0.01",
}
MARTS = "tiruert"


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message says why in one line."""


@dataclass(frozen=True)
class Warehouse:
    """Where sources and marts are, as environment variables of libpq and dbt."""

    environment: dict[str, str]

    @property
    def database(self) -> str:
        """What the database is called."""
        return self.environment["PGDATABASE"]

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Connect with the settings that dbt has."""
        connection = psycopg2.connect(
            host=self.environment["PGHOST"],
            port=self.environment["PGPORT"],
            user=self.environment["PGUSER"],
            dbname=self.database,
            options=self.environment["PGOPTIONS"],
        )
        with closing(connection):
            yield connection

    def query(self, statement: str | sql.Composable, **parameters: Any) -> list[tuple]:
        """Run a statement and give its rows, if it has any."""
        with self.connection() as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def with_settings(self, settings: dict[str, str]) -> "Warehouse":
        """Give the same warehouse to who connects with other settings."""
        return Warehouse(self.environment | {"PGOPTIONS": _options(settings)})

    def build(self, period: str) -> None:
        """Run `dbt build` for a month or a range, tests and dbt's own start included."""
        self.dbt("build", "--vars", json.dumps({"period": period}))

    def dbt(self, *arguments: str) -> None:
        """Run dbt; what it prints is shown where it fails."""
        finished = subprocess.run(  # noqa: S603
            [Path(sys.executable).with_name("dbt"), *arguments],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if finished.returncode != 0:
            raise BenchmarkError(f"dbt {arguments[0]} failed:\n{finished.stdout}")

    def forget_marts(self) -> None:
        """Drop all that dbt has made, so that the next build is a first one."""
        schemas = self.query(
            "select nspname from pg_namespace where nspname ^@ %(marts)s", marts=MARTS
        )
        for (schema,) in schemas:
            self.query(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


@contextmanager
def temporary_warehouse(server: dict[str, str], name: str) -> Iterator[Warehouse]:
    """Make an empty database, in place of what was called so, and drop it in the end."""
    own = {"PGDATABASE": name, "PGOPTIONS": _options(SESSION_SETTINGS)}
    _drop(server, name)
    _outside(server, sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        yield Warehouse(server | dbt_variables(PROJECT / "target" / name) | own)
    finally:
        _drop(server, name)


def on_server(server: dict[str, str]) -> Warehouse:
    """Give the database that every server has, with the settings of the others."""
    return Warehouse(server | {"PGOPTIONS": _options(SESSION_SETTINGS)})


def _drop(server: dict[str, str], name: str) -> None:
    database = sql.Identifier(name)
    _outside(server, sql.SQL("drop database if exists {} with (force)").format(database))


def _outside(server: dict[str, str], statement: sql.Composable) -> None:
    """Run a statement on the server itself, in no transaction."""
    with on_server(server).connection() as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


def show_source_of(far: Warehouse, near: Warehouse) -> None:
    """Let foreign tables of `near` stand for the sources of `far`."""
    where = {"host": far.environment["PGHOST"], "port": far.environment["PGPORT"]}
    arguments = where | {"dbname": far.database, "schema": "qualicharge"}
    near.dbt("run-operation", "create_foreign_tables", "--args", json.dumps(arguments))
    near.query(
        "create user mapping for current_user server qualicharge options (user %(user)s)",
        user=far.environment["PGUSER"],
    )


def _options(settings: dict[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in settings.items())
