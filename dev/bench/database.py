"""Databases of the benchmark's server, with the same settings for every contender."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2 import sql

from dev.database import Database
from dev.dbt import dbt_variables
from dev.postgres import PROJECT
from dev.postgres import SERVER_SETTINGS as DEMO_SETTINGS

# A server for millions of sessions needs more than the defaults.
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
    """The benchmark cannot continue. The message is one line."""


@dataclass(frozen=True)
class BenchmarkDatabase(Database):
    """A database with generated sources and the marts built from them."""

    def with_settings(self, settings: dict[str, str]) -> "BenchmarkDatabase":
        """Return the same database with other session settings."""
        return self.with_variables(PGOPTIONS=_options(settings))

    def build(self, **variables: str | int) -> None:
        """Run `dbt build`, with these variables if there are any."""
        self.dbt("build", *(("--vars", json.dumps(variables)) if variables else ()))

    def drop_marts(self) -> None:
        """Drop everything that dbt has built."""
        schemas = self.query("select nspname from pg_namespace where nspname ^@ %s", MARTS)
        for (schema,) in schemas:
            self.query(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


@contextmanager
def temporary_database(server: dict[str, str], name: str) -> Iterator[BenchmarkDatabase]:
    """Create an empty database, replacing one of the same name, and drop it after the block."""
    variables = {"PGDATABASE": name, "PGOPTIONS": _options(SESSION_SETTINGS)}
    default = default_database(server)
    create = sql.SQL("create database {}").format(sql.Identifier(name))
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    default.execute_outside_transaction(drop)
    default.execute_outside_transaction(create)
    try:
        yield BenchmarkDatabase(server | dbt_variables(PROJECT / "target" / name) | variables)
    finally:
        default.execute_outside_transaction(drop)


def default_database(server: dict[str, str]) -> BenchmarkDatabase:
    """Return the server's default database, with the settings of the benchmark."""
    return BenchmarkDatabase(server).with_settings(SESSION_SETTINGS)


def create_foreign_tables(remote: BenchmarkDatabase, local: BenchmarkDatabase) -> None:
    """Make the sources of `remote` available as foreign tables in `local`."""
    arguments = {
        "host": remote.environment["PGHOST"],
        "port": remote.environment["PGPORT"],
        "dbname": remote.environment["PGDATABASE"],
        "schema": "qualicharge",
    }
    local.dbt("run-operation", "create_foreign_tables", "--args", json.dumps(arguments))
    local.query(
        "create user mapping for current_user server qualicharge options (user %s)",
        remote.environment["PGUSER"],
    )


def _options(settings: dict[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in settings.items())
