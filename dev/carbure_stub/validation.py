"""CARBURE's validation of a payload."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from dev.carbure_stub.refusal import RefusedError, unknown_error
from dev.carbure_stub.storage import CertificateRow

SIREN_MIN_LENGTH = 9
UNIT_CODE_LENGTH = 5
STATION_ID_MIN_LENGTH = 7
STATION_ID_START = re.compile(r"FR[A-Z0-9]{3}P")

Object = dict[str, Any]
Checks = dict[str, Callable[[Any], bool]]


def validate(payload: Any) -> None:
    """Raise RefusedError if the payload has the wrong structure or invalid fields."""
    if not _is_list_of_objects(payload):
        raise unknown_error()
    if not all(isinstance(item.get("operational_units"), list) for item in payload):
        raise _validation_error([])
    errors = [
        {"index": str(index), "entity": item.get("entity")} | error
        for index, item in enumerate(payload)
        for error in _errors_of(item)
    ]
    if errors:
        raise _validation_error(errors)


def refuse_other_years(payload: list[Object], configured_years: set[int]) -> None:
    """Raise RefusedError if a valid payload has a `from` in a year that is not configured."""
    for item in payload:
        for unit in item["operational_units"]:
            if date.fromisoformat(unit["from"]).year not in configured_years:
                raise unknown_error()


def rows_of(payload: list[Object], entity_ids: dict[str, int]) -> list[CertificateRow]:
    """Convert a valid payload to rows. CARBURE also accepts SIRENs it does not know."""
    return [
        CertificateRow(
            station_id=station["id"],
            first_day=date.fromisoformat(unit["from"]),
            last_day=date.fromisoformat(unit["to"]),
            siren=item["siren"],
            entity_id=entity_ids.get(item["siren"]),
            unit_code=unit["code"],
            energy_mwh=float(station["energy"]),
            is_controlled=station["is_controlled"],
        )
        for item in payload
        for unit in item["operational_units"]
        for station in unit.get("stations", [])
    ]


def count_stations(payload: Any) -> int:
    """Count the stations of a payload, valid or not."""
    if isinstance(payload, list):
        return sum(count_stations(item) for item in payload)
    if not isinstance(payload, dict):
        return 0
    if isinstance(payload.get("stations"), list):
        return len(payload["stations"])
    return count_stations(payload.get("operational_units"))


def _validation_error(errors: list[Object]) -> RefusedError:
    return RefusedError(400, {"status": "validation_error", "errors": errors})


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _errors_of(item: Object) -> Iterator[Object]:
    for error in _invalid_fields(item, ENTITY_CHECKS):
        yield {"siren": item.get("siren")} | error
    if not _is_list_of_objects(item["operational_units"]):
        raise unknown_error()
    for unit in item["operational_units"]:
        for error in _invalid_fields(unit, UNIT_CHECKS):
            yield {"unit_code": unit.get("code"), "station_id": None} | error
        stations = unit.get("stations", [])
        if not _is_list_of_objects(stations):
            raise unknown_error()
        for station in stations:
            for error in _invalid_fields(station, STATION_CHECKS):
                yield {"unit_code": unit.get("code"), "station_id": station.get("id")} | error


def _invalid_fields(item: Object, checks: Checks) -> Iterator[Object]:
    for field, is_valid in checks.items():
        value = item.get(field)
        if value is None:
            yield {"field": field, "errors": ["Ce champ est obligatoire."]}
        elif not is_valid(value):
            yield {"field": field, "errors": ["Enter a valid value."]}


def _is_filled_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_siren(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= SIREN_MIN_LENGTH


def _is_unit_code(value: Any) -> bool:
    return isinstance(value, str) and len(value) == UNIT_CODE_LENGTH


def _is_station_id(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) >= STATION_ID_MIN_LENGTH
        and STATION_ID_START.match(value) is not None
    )


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


ENTITY_CHECKS: Checks = {"entity": _is_filled_text, "siren": _is_siren}
UNIT_CHECKS: Checks = {"code": _is_unit_code, "from": _is_day, "to": _is_day}
STATION_CHECKS: Checks = {
    "id": _is_station_id,
    "energy": _is_number,
    "is_controlled": _is_boolean,
}
