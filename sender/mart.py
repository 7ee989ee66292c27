"""The final mart, as the sender reads it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import psycopg2
from psycopg2 import errors, sql

from sender.errors import NoRowsError, WarehouseError

MART = "station_energy_monthly"
CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT = "5min"


class StationEnergy(NamedTuple):
    """One row of the mart: a station's energy in a month, in MWh, and whom it is credited to."""

    period_start: date
    period_end: date
    entity: str
    siren: str
    code: str
    id_station_itinerance: str
    energy_mwh: Decimal
    is_controlled: bool


def read_stations(period: date, schema: str) -> list[StationEnergy]:
    """Read a month's rows in the order in which they are sent.

    Raises WarehouseError where the mart cannot be read, NoRowsError where it has none for `period`.
    """
    query = sql.SQL(
        "select {columns} from {mart} where period = %s order by siren, entity, code, {station}"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, StationEnergy._fields)),
        mart=sql.Identifier(schema, MART),
        station=sql.Identifier("id_station_itinerance"),
    )
    with _cursor(schema) as cursor:
        cursor.execute(query, [period])
        stations = [StationEnergy(*row) for row in cursor]
    if not stations:
        month = f"{period:%Y-%m}"
        raise NoRowsError(
            f"{schema}.{MART} has no rows for {month}: run dbt build --vars 'period: {month}'"
        )
    return stations


@contextmanager
def _cursor(schema: str) -> Iterator[psycopg2.extensions.cursor]:
    """Connect by libpq's variables, to read only, and turn what goes wrong into one clear line."""
    try:
        with closing(psycopg2.connect("", connect_timeout=CONNECT_TIMEOUT_SECONDS)) as connection:
            connection.set_session(readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("set statement_timeout to %s", [STATEMENT_TIMEOUT])
                yield cursor
    except (errors.UndefinedTable, errors.InvalidSchemaName, errors.UndefinedColumn):
        raise WarehouseError(f"{schema}.{MART} has not been built: run dbt build") from None
    except psycopg2.OperationalError as error:
        raise WarehouseError(
            "cannot read the warehouse: check PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE:"
            f" {error}"
        ) from None
    except psycopg2.Error as error:
        raise WarehouseError(f"cannot read {schema}.{MART}: {error}") from None
