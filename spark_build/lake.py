"""The folders of the lake, on any storage that Spark can use."""

from dataclasses import dataclass
from typing import Any, Self

import click
import psycopg2
from psycopg2 import sql
from py4j.protocol import Py4JError
from pyspark import SparkContext

from common.database import Connection

# The run whose folder is read from now on, for each table and month.
USED_RUNS = """
    select folder, to_char(period, 'YYYY-MM'), landed_run
    from {intermediate}.period_builds
    cross join lateral unnest(array[model, model || '_changes']) as folders (folder)
    where landed_run is not null and to_char(period, 'YYYY-MM') = any(%(months)s)
    union all
    select 'sessions', to_char(period, 'YYYY-MM'), max(run)
    from {landing}.lake_fills
    where to_char(period, 'YYYY-MM') = any(%(months)s)
    group by period
"""


@dataclass(frozen=True)
class Lake:
    """The lake's folder, and the Java objects that access it, even after Spark has stopped."""

    folder: str
    jvm: Any
    files: Any

    @classmethod
    def of_running_spark(cls, folder: str) -> Self | None:
        """Return the lake, or None if this process has not started Spark."""
        context = SparkContext._active_spark_context
        if context is None:
            return None
        jvm: Any = context._jvm
        path = jvm.org.apache.hadoop.fs.Path(folder)
        return cls(folder, jvm, path.getFileSystem(context._jsc.hadoopConfiguration()))

    def delete_unused_runs(self, connection: Connection, schema: str, months: list[str]) -> None:
        """Delete the folders of runs that a later run has replaced in these months.

        A later run than the one in use may have landed, so its folder stays. An error leaves
        folders to the next build, because the months are already built.
        """
        statement = sql.SQL(USED_RUNS).format(
            intermediate=sql.Identifier(f"{schema}_intermediate"),
            landing=sql.Identifier(f"{schema}_landing"),
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, {"months": months})
                for table, month, run in cursor.fetchall():
                    self._delete_runs_before(f"{self.folder}/{table}/month={month}", run)
        except (psycopg2.Error, Py4JError, OSError) as error:
            reason = str(error).splitlines()[0]
            click.echo(f"Old folders of the lake could not be deleted: {reason}", err=True)

    def _delete_runs_before(self, folder: str, used_run: str) -> None:
        path = self.jvm.org.apache.hadoop.fs.Path(folder)
        for status in self.files.listStatus(path) if self.files.exists(path) else ():
            name = status.getPath().getName()
            if name.startswith("run=") and name < f"run={used_run}":
                self.files.delete(status.getPath(), True)
