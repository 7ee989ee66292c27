"""The folders of the lake, on any storage that Spark can use."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import click
import psycopg2
from psycopg2 import sql
from py4j.protocol import Py4JError
from pyspark import SparkContext

from common.database import Connection

# The folders that are read from now on: of runs that computed a month, that have landed, and that
# copied the sessions for these.
FOLDERS_IN_USE = """
    with runs as (
        select model, period, landed_run as run from {intermediate}.period_builds
        where landed_run is not null
        union all
        select model, period, run from {landing}.landings
    ),
    folders as (
        select folder, period, run from runs
        cross join lateral unnest(array[model, model || '_changes']) as folders (folder)
        union all
        select 'sessions', runs.period, max(fills.run) from runs
        inner join {landing}.lake_fills as fills
            on runs.period = fills.period and fills.run <= runs.run
        where runs.model = 'int_session_flags'
        group by runs.period, runs.run
    )
    select folder, to_char(period, 'YYYY-MM'), run from folders
"""


@dataclass(frozen=True)
class Lake:
    """The lake's folder, and what Hadoop reads it with, even after Spark has stopped."""

    folder: str
    path: Any
    files: Any

    @classmethod
    def of_running_spark(cls, folder: str) -> Self | None:
        """Return the lake, or None if this process has not started Spark."""
        context = SparkContext._active_spark_context
        if context is None:
            return None
        jvm: Any = context._jvm
        path = jvm.org.apache.hadoop.fs.Path
        return cls(folder, path, path(folder).getFileSystem(context._jsc.hadoopConfiguration()))

    def delete_unused_runs(self, connection: Connection, schema: str, months: list[str]) -> None:
        """Delete the folders of runs that are not in use, because no other build is running.

        An error leaves folders to the next build, because the months are already built.
        """
        statement = sql.SQL(FOLDERS_IN_USE).format(
            intermediate=sql.Identifier(f"{schema}_intermediate"),
            landing=sql.Identifier(f"{schema}_landing"),
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                in_use = set(cursor.fetchall())
            for run, key in self._runs(months):
                if key not in in_use:
                    self.files.delete(run, True)
        except (psycopg2.Error, Py4JError, OSError) as error:
            reason = str(error).splitlines()[0]
            click.echo(f"Old folders of the lake could not be deleted: {reason}", err=True)

    def _runs(self, months: list[str]) -> Iterator[tuple[Any, tuple[str, str, str]]]:
        """Yield the path of each run's folder, and its table, month and run."""
        for table in self._folders(self.path(self.folder)):
            for month in months:
                for folder in self._folders(self.path(table, f"month={month}")):
                    prefix, _, run = folder.getName().partition("run=")
                    if run and not prefix:
                        yield folder, (table.getName(), month, run)

    def _folders(self, parent: Any) -> list[Any]:
        """Return the paths of the folders in a folder, which may be missing."""
        found = self.files.listStatus(parent) if self.files.exists(parent) else []
        return [status.getPath() for status in found if status.isDirectory()]
