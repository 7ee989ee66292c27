"""The payload, and the checks that CARBURE does not make."""

from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import pytest
from pydantic import ValidationError

from sender.payload import Payload, PayloadUnit, find_problems
from sender.plan import Action, PlannedStation
from tests.support.warehouse import Warehouse

FEBRUARY = date(2024, 2, 1)
STATION = PlannedStation(
    amenageur_name="Alpha",
    siren="732829320",
    operational_unit_code="FRAAA",
    id_station_itinerance="FRAAAP1",
    energy_mwh=Decimal("12.345678"),
    is_controlled=False,
    acknowledged_siren=None,
    acknowledged_mwh=None,
    uncertain_since=None,
    possible_mwh=None,
    has_other_entity=False,
    would_detach=False,
    action=Action.NEW,
)
OTHER_STATION = STATION._replace(
    amenageur_name="Beta",
    siren="552100554",
    operational_unit_code="FRBBB",
    id_station_itinerance="FRBBBP1",
)


def test_payload_has_the_documented_form() -> None:
    second = STATION._replace(id_station_itinerance="FRAAAP2", energy_mwh=Decimal(0))
    assert Payload.of(FEBRUARY, [STATION, second, OTHER_STATION]).to_json().decode() == (
        '[{"entity":"Alpha","siren":"732829320","operational_units":[{"code":"FRAAA",'
        '"from":"2024-02-01","to":"2024-02-29","stations":['
        '{"id":"FRAAAP1","energy":12.345678,"is_controlled":false},'
        '{"id":"FRAAAP2","energy":0.0,"is_controlled":false}]}]},'
        '{"entity":"Beta","siren":"552100554","operational_units":[{"code":"FRBBB",'
        '"from":"2024-02-01","to":"2024-02-29","stations":['
        '{"id":"FRBBBP1","energy":12.345678,"is_controlled":false}]}]}]'
    )


@pytest.mark.parametrize(
    "invalid",
    [
        {"siren": "732829321"},
        {"siren": "000000000"},
        {"siren": "73282932"},
        {"siren": "73282932O"},
        {"siren": "\uff17\uff13\uff12\uff18\uff12\uff19\uff13\uff12\uff10"},
        {"amenageur_name": " "},
        {"operational_unit_code": "FRAA", "id_station_itinerance": "FRAAAP1"},
        {"operational_unit_code": "FRBBB"},
        {"id_station_itinerance": "fraaaP1"},
        {"id_station_itinerance": "FRAAAX1"},
        {"id_station_itinerance": "FRAAAP"},
        {"id_station_itinerance": "FRAAAP" + "1" * 59},
        {"energy_mwh": Decimal("-0.000001")},
        {"energy_mwh": Decimal("NaN")},
        {"energy_mwh": Decimal("Infinity")},
    ],
    ids=str,
)
def test_invalid_station_is_a_problem(invalid: dict[str, Any]) -> None:
    assert find_problems(FEBRUARY, [OTHER_STATION, STATION._replace(**invalid)])


def test_duplicate_station_is_a_problem() -> None:
    duplicate = STATION._replace(amenageur_name="Alpha bis")
    [problem] = find_problems(FEBRUARY, [STATION, duplicate])
    assert "duplicate stations: FRAAAP1" in problem.text


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [("2024-02-02", "2024-02-29"), ("2024-02-01", "2024-02-28"), ("2024-02-01", "2024-03-31")],
)
def test_unit_must_cover_one_calendar_month(first_day: str, last_day: str) -> None:
    station = {"id": "FRAAAP1", "energy": 1, "is_controlled": False}
    unit = {"code": "FRAAA", "from": first_day, "to": last_day, "stations": [station]}
    with pytest.raises(ValidationError, match="is not a calendar month"):
        PayloadUnit.model_validate(unit)


def test_longest_and_shortest_station_ids_are_valid() -> None:
    ids = ["FRAAAP1", "FRAAAP" + "1" * 58]
    assert (
        find_problems(FEBRUARY, [STATION._replace(id_station_itinerance=text) for text in ids])
        == []
    )


def test_every_row_of_the_mart_is_valid(made: Warehouse) -> None:
    """The models block what the sender would hold back: the same rules, written twice."""
    rows = made.query(
        "select period, amenageur_name, siren, operational_unit_code,"
        " id_station_itinerance, energy_mwh, is_controlled"
        " from tiruert.station_energy_monthly"
        " order by period, siren, amenageur_name, operational_unit_code"
    )
    assert len(rows) > 1000
    for period, group in groupby(rows, key=itemgetter(0)):
        stations = [
            PlannedStation(*row[1:], None, None, None, None, False, False, Action.NEW)
            for row in group
        ]
        assert find_problems(period, stations) == []
