"""A database for tests, and the project's programs run on it as a user runs them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import extensions

from dev import qualicharge
from dev.qualicharge import Source
from tests.support.forked_programs import ForkedProgram, can_fork
from tests.support.waiting import MAX_WAIT_SECONDS, wait_for

WITHOUT_TESTS = ("--exclude-resource-types", "test", "unit_test")
# Unit tests are a quarter of a small build, and need no source. test_rules.py runs them.
WITHOUT_UNIT_TESTS = {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}
WITH_UNIT_TESTS = {"DBT_EXCLUDE_RESOURCE_TYPES": ""}
PROJECT = Path(__file__).resolve().parent.parent.parent
Process = subprocess.Popen[str] | ForkedProgram


@dataclass(frozen=True)
class Warehouse:
    """A database with sources and marts, as environment variables for libpq and dbt.

    Programs run in `project`, which may be a copy of the project with changes.
    """

    environment: dict[str, str]
    project: Path = PROJECT

    def with_variables(self, **variables: str) -> "Warehouse":
        """Return the same warehouse with other environment variables."""
        return replace(self, environment=self.environment | variables)

    @contextmanager
    def connection(self) -> Iterator[extensions.connection]:
        """Connect as dbt and the sender do, but do not wait for locks forever."""
        connection = psycopg2.connect(
            host=self.environment["PGHOST"],
            port=self.environment.get("PGPORT"),
            user=self.environment["PGUSER"],
            password=self.environment.get("PGPASSWORD"),
            dbname=self.environment["PGDATABASE"],
            options=f"-c lock_timeout={MAX_WAIT_SECONDS}s",
        )
        with closing(connection):
            yield connection

    def query(self, statement: str, *parameters: Any) -> list[tuple]:
        """Run a statement and return its rows, if any."""
        with self.connection() as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            # Rows without columns have an empty description.
            return [] if cursor.description is None else cursor.fetchall()

    def load(self, source: Source, schema: str = "qualicharge") -> None:
        """Replace QualiCharge's tables with the rows of `source`."""
        with self.connection() as connection:
            qualicharge.create_tables(connection, schema)
            qualicharge.load(connection, source, schema)

    def partition_source_by_month(self) -> None:
        """Partition the sessions of 2025 by month, as TimescaleDB does with its chunks."""
        chunks = "".join(
            f"create table qualicharge.chunk_{month} partition of qualicharge.session"
            f" for values from ('2025-{month:02}-01 00:00Z') to ('2025-{month + 1:02}-01 00:00Z');"
            for month in range(1, 12)
        )
        self.query(
            "alter table qualicharge.session rename to whole;"
            "create table qualicharge.session (like qualicharge.whole including all)"
            f" partition by range (start); {chunks}"
            "create table qualicharge.chunk_0 partition of qualicharge.session default;"
            "insert into qualicharge.session select * from qualicharge.whole"
        )

    @contextmanager
    def lock(self, table: str, mode: str) -> Iterator[None]:
        """Hold a lock on a table."""
        with self.connection() as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"lock table {table} in {mode} mode")
            yield

    def wait_until_blocked(self, table: str, *processes: Process) -> None:
        """Wait until each of the processes waits for a lock on a table."""

        def are_blocked() -> bool:
            for process in processes:
                if process.poll() is not None:
                    output = "\n".join(process.communicate())
                    pytest.fail(f"the process exited before it waited for {table}:\n{output}")
            [(waiting,)] = self.query(
                "select count(*) from pg_locks"
                " where not granted and relation = cast(%s as regclass)",
                table,
            )
            return waiting == len(processes)

        wait_for(are_blocked)

    def wait_until_unused(self, database: str) -> None:
        """Wait until `database` has no connection other than this one."""
        others = (
            "select from pg_stat_activity where datname = %s and pid <> pg_backend_pid() limit 1"
        )
        wait_for(lambda: not self.query(others, database))

    def dbt(self, *arguments: str) -> None:
        """Run dbt and fail with its output if it fails."""
        finished = self.run("dbt", *arguments)
        assert finished.returncode == 0, finished.stdout

    def build(self, *arguments: str, **variables: Any) -> None:
        """Run `dbt build` without dbt's tests, which some sources are meant to fail."""
        self.dbt("build", *WITHOUT_TESTS, "--vars", json.dumps(variables), *arguments)

    def kill_build_at(self, table: str, mode: str, **variables: Any) -> None:
        """Start a build and kill dbt with SIGKILL when it waits for a lock on `table`."""
        build = ("dbt", "build", *WITHOUT_TESTS, "--vars", json.dumps(variables))
        with self.lock(table, mode), self.start(*build) as process:
            self.wait_until_blocked(table, process)
            process.kill()
            process.wait(timeout=MAX_WAIT_SECONDS)
        self.wait_until_unused(self.environment["PGDATABASE"])

    def compiled_sql(self, path: str) -> str:
        """Return the SQL of a model as dbt last compiled it."""
        return (Path(self.environment["DBT_TARGET_PATH"]) / "compiled/tiruert" / path).read_text()

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the project's environment and return its output and exit code."""
        with self.start(program, *arguments) as process:
            output, errors = process.communicate(timeout=MAX_WAIT_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    @contextmanager
    def start(self, program: str, *arguments: str) -> Iterator[Process]:
        """Start a program; on exit, kill it and its children if it is still running."""
        process = self._start(program, *arguments)
        try:
            yield process
        finally:
            if process.poll() is None:
                # A process that has just been forked has no group yet.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.kill()
            process.communicate(timeout=MAX_WAIT_SECONDS)

    def _start(self, program: str, *arguments: str) -> Process:
        command = (program, *arguments)
        if self.project == PROJECT and can_fork(command, self.environment):
            return ForkedProgram(command, self.project, self.environment)
        return subprocess.Popen(
            [Path(sys.executable).with_name(program), *arguments],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@contextmanager
def temporary_databases(server: Warehouse) -> Iterator[Callable[..., Warehouse]]:
    """Yield a function that creates databases, empty or copied from another. Drop them at last."""
    numbers = count(1)
    names = []

    def make(like: Warehouse | None = None) -> Warehouse:
        name = f"tiruert_test_{os.getpid()}_{next(numbers)}"
        template = "template1"
        if like:
            template = like.environment["PGDATABASE"]
            # PostgreSQL itself waits only 5 s for the last connections to close.
            server.wait_until_unused(template)
        _run_outside_transaction(server, f"create database {name} template {template}")
        names.append(name)
        return server.with_variables(PGDATABASE=name)

    yield make
    for name in names:
        _run_outside_transaction(server, f"drop database {name} with (force)")


def _run_outside_transaction(server: Warehouse, statement: str) -> None:
    with server.connection() as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
