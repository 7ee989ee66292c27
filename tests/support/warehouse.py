"""A database of a test's own, with dbt and the sender run against it as a user runs them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from dev import qualicharge
from dev.qualicharge import Source

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Warehouse:
    """Where a test's sources and marts are, as environment variables of libpq and dbt."""

    environment: dict[str, str]

    def with_variables(self, **variables: str) -> "Warehouse":
        """The same warehouse, seen with other environment variables."""
        return Warehouse(self.environment | variables)

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Connect as dbt and the sender do."""
        connection = psycopg2.connect(
            host=self.environment["PGHOST"],
            port=self.environment.get("PGPORT"),
            user=self.environment["PGUSER"],
            password=self.environment.get("PGPASSWORD"),
            dbname=self.environment["PGDATABASE"],
        )
        with closing(connection):
            yield connection

    def query(self, statement: str, *parameters: Any) -> list[tuple]:
        """Run a statement and give its rows, if it has any."""
        with self.connection() as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def load(self, source: Source, schema: str = "qualicharge") -> None:
        """Put `source` in place of what QualiCharge's tables held."""
        with self.connection() as connection:
            qualicharge.create_tables(connection, schema)
            qualicharge.load(connection, source, schema)

    def dbt(self, *arguments: str) -> None:
        """Run dbt; what it prints is shown where it fails."""
        finished = self.run("dbt", *arguments)
        assert finished.returncode == 0, finished.stdout

    def build(self, *arguments: str, **variables: Any) -> None:
        """Run every model, without the tests, which generated cases need not pass."""
        self.dbt("run", "--vars", json.dumps(variables), *arguments)

    def compiled(self, path: str) -> str:
        """Give the SQL that dbt made of a model when it last compiled it."""
        return (Path(self.environment["DBT_TARGET_PATH"]) / "compiled/tiruert" / path).read_text()

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the project's environment, whatever comes of it."""
        return subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
