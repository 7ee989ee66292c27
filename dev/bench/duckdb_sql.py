"""The hand-written statement in DuckDB on Parquet files, as a lower bound of the cost."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import sqlglot
from psycopg2 import sql

from dev.bench import hand_written
from dev.bench.database import BenchmarkDatabase
from dev.bench.resources import seconds_of
from dev.bench.source import Chunk

SCHEMA = sql.Identifier("hand_written")
SESSION_COLUMNS = {
    "id": "uuid",
    "start": "timestamptz",
    "end": "timestamptz",
    "energy": "double",
    "point_de_charge_id": "uuid",
    "created_at": "timestamptz",
}
CHARGE_POINT_COLUMNS = {
    "id": "uuid",
    "charge_point_version_id": "bigint",
    "station_version_id": "bigint",
    "max_power_kw": "double",
    "id_station_itinerance": "varchar",
    "operational_unit_code": "varchar",
    "siren": "varchar",
    "amenageur_name": "varchar",
    "blocking_reason": "varchar",
}


class DuckDB:
    """A DuckDB whose sources and results are Parquet files in a folder.

    DuckDB reads `numeric` as decimal(18, 3). The generated energies have three decimals, so the
    sums are exact.
    """

    def __init__(self, folder: Path, database: BenchmarkDatabase, chunks: Sequence[Chunk]) -> None:
        """Export the sessions of `chunks` and the charge points, and transpile the queries."""
        self.folder = folder
        self.connection = duckdb.connect()
        self.connection.execute("create schema qualicharge; create schema hand_written")
        for chunk in chunks:
            table = sql.Identifier("qualicharge", chunk.name)
            self._export(database, table, SESSION_COLUMNS, chunk.name)
        self._create_view("qualicharge.session", "session_*.parquet")
        # The query of this view uses functions of PostgreSQL, so DuckDB reads its rows.
        hand_written.create_views(database, SCHEMA)
        view = sql.Identifier("hand_written", "charge_points")
        self._export(database, view, CHARGE_POINT_COLUMNS, "charge_points")
        self._create_view("hand_written.charge_points", "charge_points.parquet")

        flagged = sql.Identifier("hand_written", "flagged_sessions")
        self.queries = {
            "flagged_sessions": _transpile(database, hand_written.flagged_sessions(SCHEMA)),
            "station_energy": _transpile(database, hand_written.station_energy(SCHEMA, flagged)),
        }

    def run(self) -> float:
        """Flag and sum into Parquet files. Return the seconds it took."""
        return seconds_of(self._flag_and_sum)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        return self.connection.execute(statement).fetchall()

    def _flag_and_sum(self) -> None:
        for name, query in self.queries.items():
            file = f"{name}.parquet"
            self.connection.sql(query).write_parquet(str(self.folder / file))
            self._create_view(f"hand_written.{name}", file)

    def _create_view(self, name: str, files: str) -> None:
        self.connection.execute(
            f"create or replace view {name} as from read_parquet('{self.folder / files}')"
        )

    def _export(
        self,
        database: BenchmarkDatabase,
        relation: sql.Identifier,
        columns: dict[str, str],
        name: str,
    ) -> None:
        """Export a relation to a Parquet file through CSV, which needs no DuckDB extension."""
        copy = sql.SQL("copy (select {} from {}) to stdout (format csv)").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), relation
        )
        with TemporaryDirectory(dir=self.folder) as folder:
            file = Path(folder) / "rows.csv"
            with (
                file.open("wb") as csv,
                database.connection() as connection,
                connection.cursor() as cursor,
            ):
                cursor.copy_expert(copy, csv)
            self.connection.read_csv(str(file), header=False, columns=columns).write_parquet(
                str(self.folder / f"{name}.parquet")
            )


def _transpile(database: BenchmarkDatabase, query: sql.Composed) -> str:
    with database.connection() as connection:
        [statement] = sqlglot.transpile(query.as_string(connection), "postgres", "duckdb")
    return statement
