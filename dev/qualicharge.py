"""QualiCharge's tables: row types, table creation and loading."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

TABLES_SQL = Path(__file__).with_name("qualicharge.sql")


class Amenageur(NamedTuple):
    """The owner of stations. One SIREN can appear in several rows."""

    id: UUID
    nom_amenageur: str | None
    siren_amenageur: str | None
    contact_amenageur: str | None


class OperationalUnit(NamedTuple):
    """An operator's network, with its code of five characters."""

    id: UUID
    code: str
    name: str
    type: str


class Station(NamedTuple):
    """A station. `deleted_at` marks a closed station, which may have earlier sessions."""

    id: UUID
    id_station_itinerance: str
    nom_station: str | None
    amenageur_id: UUID | None
    operational_unit_id: UUID | None
    deleted_at: datetime | None


class ChargePoint(NamedTuple):
    """A charge point, with its nominal power in kW."""

    id: UUID
    id_pdc_itinerance: str
    puissance_nominale: float
    prise_type_combo_ccs: bool
    prise_type_chademo: bool
    station_id: UUID | None
    deleted_at: datetime | None


class Session(NamedTuple):
    """A charging session. `energy` is in kWh. Times are timezone-aware.

    A time that `datetime` cannot represent is given as a PostgreSQL literal, such as `infinity`.
    """

    id: UUID
    start: datetime | str
    end: datetime | str
    energy: float
    point_de_charge_id: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass
class Source:
    """The rows of all tables, in an order that satisfies the foreign keys."""

    amenageur: list[Amenageur] = field(default_factory=list)
    operationalunit: list[OperationalUnit] = field(default_factory=list)
    _station: list[Station] = field(default_factory=list)
    _pointdecharge: list[ChargePoint] = field(default_factory=list)
    session: list[Session] = field(default_factory=list)


def create_tables(connection: Connection, schema: str = "qualicharge") -> None:
    """Create the schema with empty tables. Drop the schema first if it exists."""
    name = sql.Identifier(schema)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("drop schema if exists {} cascade").format(name))
        cursor.execute(sql.SQL("create schema {}").format(name))
        cursor.execute(sql.SQL("set local search_path to {}").format(name))
        cursor.execute(TABLES_SQL.read_text())


def load(connection: Connection, source: Source, schema: str = "qualicharge") -> None:
    """Append the rows of `source` to the tables in one transaction."""
    with connection, connection.cursor() as cursor:
        for table in fields(source):
            copy = sql.SQL("copy {} from stdin with (format csv, null '\\N')").format(
                sql.Identifier(schema, table.name)
            )
            cursor.copy_expert(copy, _as_csv(getattr(source, table.name)))
        cursor.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, "session")))


def _as_csv(rows: Iterable[NamedTuple]) -> io.StringIO:
    r"""Write rows as CSV for COPY. Null is \N, to tell it apart from an empty string."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        [r"\N" if value is None else value for value in row] for row in rows
    )
    buffer.seek(0)
    return buffer
