"""The same figures by DuckDB from Parquet files: about the least that they can cost."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from psycopg2 import sql

from dev.bench.hand_written import LIMITS, make_views
from dev.bench.measure import seconds_of
from dev.bench.source import Chunk
from dev.bench.warehouse import Warehouse

FOLDER = Path(__file__).with_name("sql")
FLAGS = (FOLDER / "duckdb_flags.sql").read_text()
STATIONS = (FOLDER / "duckdb_stations.sql").read_text()

SESSION_COLUMNS = {
    "id": "uuid",
    "start": "timestamptz",
    "end": "timestamptz",
    "energy": "double",
    "point_de_charge_id": "uuid",
    "created_at": "timestamptz",
}
# A number for each charge point sorts faster than its id, here too.
CHARGE_POINTS = sql.SQL("""
    select
        id, charge_point_version_id, max_power_kw, id_station_itinerance, code, siren, entity,
        blocking_reason
    from export.charge_points
""")
CHARGE_POINT_COLUMNS = {
    "id": "uuid",
    "number": "bigint",
    "max_power_kw": "double",
    "id_station_itinerance": "varchar",
    "code": "varchar",
    "siren": "varchar",
    "entity": "varchar",
    "blocking_reason": "varchar",
}


class DuckDB:
    """The sources as Parquet files in a folder, and what is made of them beside."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing but the limits of the month."""
        self.folder = folder
        self.connection = duckdb.connect()
        for name, limit in LIMITS.items():
            self.connection.execute(f"set variable {name} = $limit", {"limit": limit})

    def export(self, warehouse: Warehouse, chunks: list[Chunk]) -> None:
        """Write the sessions of `chunks`, and the charge points with where they stand."""
        for chunk in chunks:
            columns = sql.SQL(", ").join(map(sql.Identifier, SESSION_COLUMNS))
            rows = sql.SQL("select {} from {}").format(
                columns, sql.Identifier("qualicharge", chunk.name)
            )
            self._export(warehouse, rows, SESSION_COLUMNS, chunk.name)
        make_views(warehouse, sql.Identifier("export"))
        self._export(warehouse, CHARGE_POINTS, CHARGE_POINT_COLUMNS, "charge_points")
        self._show("session", "session_*.parquet")
        self._show("charge_points", "charge_points.parquet")

    def run(self) -> float:
        """Flag and add up, into Parquet files; give the seconds."""
        return seconds_of(self._flag_and_add_up)

    def query(self, statement: str) -> list[tuple]:
        """Give the rows of a statement."""
        return self.connection.execute(statement).fetchall()

    def _flag_and_add_up(self) -> None:
        self.connection.sql(FLAGS).write_parquet(str(self.folder / "flags.parquet"))
        self._show("flags", "flags.parquet")
        self.connection.sql(STATIONS).write_parquet(str(self.folder / "stations.parquet"))
        self._show("stations", "stations.parquet")

    def _show(self, view: str, files: str) -> None:
        self.connection.read_parquet(str(self.folder / files)).create_view(view)

    def _export(
        self, warehouse: Warehouse, rows: sql.Composable, columns: dict[str, str], name: str
    ) -> None:
        """Write rows of PostgreSQL to a Parquet file, by way of CSV: no extension is needed."""
        with TemporaryDirectory(dir=self.folder) as folder:
            file = Path(folder) / "rows.csv"
            copy = sql.SQL("copy ({}) to stdout (format csv)").format(rows)
            with (
                file.open("wb") as csv,
                warehouse.connection() as connection,
                connection.cursor() as cursor,
            ):
                cursor.copy_expert(copy, csv)
            self.connection.read_csv(str(file), header=False, columns=columns).write_parquet(
                str(self.folder / f"{name}.parquet")
            )
