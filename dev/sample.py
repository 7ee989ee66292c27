"""Read QualiCharge's public sample, or files in the same format, into source rows."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station

STATIC = "irve-statique.json.gz"
UNITS = "operational-units.csv"
SESSIONS = "sessions-*.json.gz"
# The sample has no reception times.
RECEPTION_DELAY = timedelta(days=1)


class SampleError(Exception):
    """The folder does not contain a sample. The message is one line."""


def read(folder: Path) -> Source:
    """Read the static data, the operational units and all sessions in `folder`."""
    session_files = sorted(folder.glob(SESSIONS))
    missing = [name for name in (STATIC, UNITS) if not (folder / name).is_file()]
    if missing or not session_files:
        raise SampleError(
            f"{folder} is not a sample folder: it must contain {STATIC}, {UNITS} and {SESSIONS}"
        )
    source = _read_static(_lines(folder / STATIC), _read_units(folder / UNITS))
    for file in session_files:
        source.session += _read_sessions(_lines(file), prefix=file.name)
    return source


def _read_units(file: Path) -> list[OperationalUnit]:
    with file.open(encoding="utf-8", newline="") as text:
        return [
            OperationalUnit(_id("unit", row["code"]), row["code"], row["name"], row["type"])
            for row in csv.DictReader(text)
        ]


def _read_static(charge_points: Iterator[dict[str, Any]], units: list[OperationalUnit]) -> Source:
    """Split the national format, where each charge point repeats its station and owner."""
    unit_ids = {unit.code: unit.id for unit in units}
    amenageurs: dict[tuple[str, str, str], Amenageur] = {}
    stations: dict[str, Station] = {}
    points: dict[str, ChargePoint] = {}
    for row in charge_points:
        owner = (row["nom_amenageur"], row["siren_amenageur"], row["contact_amenageur"])
        amenageur = Amenageur(_id("amenageur", *map(str, owner)), *owner)
        amenageurs[owner] = amenageur
        station = Station(
            id=_id("station", row["id_station_itinerance"]),
            id_station_itinerance=row["id_station_itinerance"],
            nom_station=row["nom_station"],
            amenageur_id=amenageur.id,
            operational_unit_id=unit_ids.get(row["id_station_itinerance"][:5]),
            deleted_at=None,
        )
        stations[station.id_station_itinerance] = station
        point = ChargePoint(
            id=_id("charge point", row["id_pdc_itinerance"]),
            id_pdc_itinerance=row["id_pdc_itinerance"],
            puissance_nominale=float(row["puissance_nominale"]),
            prise_type_combo_ccs=row["prise_type_combo_ccs"] == "True",
            prise_type_chademo=row["prise_type_chademo"] == "True",
            station_id=station.id,
            deleted_at=None,
        )
        points[point.id_pdc_itinerance] = point
    return Source(list(amenageurs.values()), units, list(stations.values()), list(points.values()))


def _read_sessions(lines: Iterator[dict[str, Any]], prefix: str) -> Iterator[Session]:
    for number, row in enumerate(lines):
        end = _instant(row["end"])
        yield Session(
            id=_id("session", prefix, str(number)),
            start=_instant(row["start"]),
            end=end,
            energy=row["energy"],
            point_de_charge_id=_id("charge point", row["id_pdc_itinerance"]),
            created_at=end + RECEPTION_DELAY,
            updated_at=end + RECEPTION_DELAY,
        )


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        yield from map(json.loads, text)


def _id(*words: str) -> UUID:
    """Derive a stable id from words."""
    return uuid5(NAMESPACE_URL, "/".join(words))


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
