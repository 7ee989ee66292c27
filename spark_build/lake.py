"""The folders of the lake, on any storage that Spark can use."""

from dataclasses import dataclass
from typing import Any, Self

import click
import psycopg2
from psycopg2 import sql
from py4j.protocol import Py4JError
from pyspark import SparkContext

from common.database import Connection

# The folders in use: of runs that computed a month in use, of runs whose rows have landed, and the
# copies of sessions that these runs read.
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
    select folder, to_char(period, 'YYYY-MM'), array_agg(run) from folders group by folder, period
"""

FORGET_FILLS = """
    delete from {landing}.lake_fills
    where to_char(period, 'YYYY-MM') = %s and not run = any(%s)
"""


@dataclass(frozen=True)
class Lake:
    """The lake's folder, and Hadoop's classes to read it. They work after Spark has stopped."""

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
        """Delete the folders of runs that are not in use, and their rows in `lake_fills`.

        No other build on Spark is running. An error is printed, not raised, because the months are
        already built. The next build that computes the month deletes its folders.
        """
        schemas = {
            "intermediate": sql.Identifier(f"{schema}_intermediate"),
            "landing": sql.Identifier(f"{schema}_landing"),
        }
        statement = sql.SQL(FOLDERS_IN_USE).format(**schemas)
        forget = sql.SQL(FORGET_FILLS).format(**schemas)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                used = {(table, month): runs for table, month, runs in cursor.fetchall()}
                # First, so that no build looks for a folder that is gone.
                for month in months:
                    cursor.execute(forget, [month, used.get(("sessions", month), [])])
            for table in {"sessions"} | {table for table, _ in used}:
                for month in months:
                    runs = used.get((table, month), [])
                    self._delete_others(f"{self.folder}/{table}/month={month}", runs)
        except (psycopg2.Error, Py4JError, OSError) as error:
            reason = str(error).splitlines()[0]
            click.echo(f"Old folders of the lake could not be deleted: {reason}", err=True)

    def _delete_others(self, folder: str, used: list[str]) -> None:
        path = self.path(folder)
        for status in self.files.listStatus(path) if self.files.exists(path) else ():
            prefix, _, run = status.getPath().getName().partition("run=")
            if run and not prefix and run not in used:
                self.files.delete(status.getPath(), True)
