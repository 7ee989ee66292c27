"""A PostgreSQL database, addressed by libpq's environment variables."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import make_dsn

from dev.postgres import PROJECT

CONNECTION_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
}


class CommandError(Exception):
    """A program failed. The message contains its output."""


@dataclass(frozen=True)
class Database:
    """A database, and the environment variables with which programs use it."""

    environment: dict[str, str]
    program_timeout_seconds: float | None = None

    def with_variables(self, **variables: str) -> Self:
        """Return a copy with additional environment variables."""
        return replace(self, environment=self.environment | variables)

    @contextmanager
    def connection(self, *, autocommit: bool = False) -> Iterator[Connection]:
        """Connect, and close the connection at the end of the block."""
        parameters = {
            parameter: self.environment.get(variable)
            for parameter, variable in CONNECTION_VARIABLES.items()
        }
        with closing(psycopg2.connect(make_dsn(**parameters))) as connection:
            connection.autocommit = autocommit
            yield connection

    def query(self, statement: str | sql.Composable, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement in its own transaction and return its rows, if any."""
        with self.connection() as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def execute_outside_transaction(self, statement: str | sql.Composable) -> None:
        """Run a statement that PostgreSQL refuses in a transaction, such as `create database`."""
        with self.connection(autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the virtual environment and capture its output."""
        return subprocess.run(  # noqa: S603
            [Path(sys.executable).with_name(program), *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=self.program_timeout_seconds,
            check=False,
        )

    def dbt(self, *arguments: str) -> None:
        """Run dbt. Raise CommandError with its output if it fails."""
        self._run_or_raise("dbt", *arguments)

    def spark_build(self, *arguments: str) -> None:
        """Run a build on Spark. Raise CommandError with its output if it fails."""
        self._run_or_raise("python", "-m", "spark_build", *arguments)

    def _run_or_raise(self, program: str, *arguments: str) -> None:
        finished = self.run(program, *arguments)
        if finished.returncode != 0:
            command = " ".join((program, *arguments[:2]))
            raise CommandError(f"{command} failed:\n{finished.stdout}{finished.stderr}")
