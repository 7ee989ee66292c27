"""What the sender's own checks hold back before CARBURE, which would not, sees it."""

from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

import pytest
from pydantic import ValidationError

from sender.payload import OperationalUnit, Payload
from sender.plan import Action, PlannedStation
from sender.submission import faults_of
from tests.support.warehouse import Warehouse

FEBRUARY = date(2024, 2, 1)
SOUND = PlannedStation(
    amenageur_name="Alpha",
    siren="732829320",
    operational_unit_code="FRAAA",
    id_station_itinerance="FRAAAP1",
    energy_mwh=Decimal("12.345678"),
    is_controlled=False,
    acknowledged_siren=None,
    acknowledged_mwh=None,
    uncertain_since=None,
    action=Action.NEW,
)
OTHER = SOUND._replace(
    amenageur_name="Beta", siren="552100554", code="FRBBB", id_station_itinerance="FRBBBP1"
)


def test_sound_rows_become_the_payload_that_carbure_documents() -> None:
    second = SOUND._replace(id_station_itinerance="FRAAAP2", energy_mwh=Decimal(0))
    assert Payload.of(FEBRUARY, [SOUND, second, OTHER]).as_json().decode() == (
        '[{"entity":"Alpha","siren":"732829320","operational_units":[{"code":"FRAAA",'
        '"from":"2024-02-01","to":"2024-02-29","stations":['
        '{"id":"FRAAAP1","energy":12.345678,"is_controlled":false},'
        '{"id":"FRAAAP2","energy":0.0,"is_controlled":false}]}]},'
        '{"entity":"Beta","siren":"552100554","operational_units":[{"code":"FRBBB",'
        '"from":"2024-02-01","to":"2024-02-29","stations":['
        '{"id":"FRBBBP1","energy":12.345678,"is_controlled":false}]}]}]'
    )


@pytest.mark.parametrize(
    "wrong",
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
def test_a_row_that_is_wrong_is_a_fault(wrong: dict) -> None:
    assert faults_of(FEBRUARY, [OTHER, SOUND._replace(**wrong)])


def test_a_station_that_stands_twice_is_a_fault() -> None:
    twice = SOUND._replace(amenageur_name="Alpha bis")
    [fault] = faults_of(FEBRUARY, [SOUND, twice])
    assert "there more than once: FRAAAP1" in fault.text


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [("2024-02-02", "2024-02-29"), ("2024-02-01", "2024-02-28"), ("2024-02-01", "2024-03-31")],
)
def test_a_unit_is_sent_for_one_whole_month(first_day: str, last_day: str) -> None:
    station = {"id": "FRAAAP1", "energy": 1, "is_controlled": False}
    unit = {"code": "FRAAA", "from": first_day, "to": last_day, "stations": [station]}
    with pytest.raises(ValidationError, match="is not a calendar month"):
        OperationalUnit.model_validate(unit)


def test_the_longest_and_the_shortest_station_id_are_sent() -> None:
    ids = ["FRAAAP1", "FRAAAP" + "1" * 58]
    assert faults_of(FEBRUARY, [SOUND._replace(id_station_itinerance=text) for text in ids]) == []


def test_the_sender_accepts_every_row_of_the_mart(made: Warehouse) -> None:
    """What the models block and what the sender holds back are the same rules, written twice."""
    rows = made.query(
        "select period, amenageur_name, siren, operational_unit_code,"
        " id_station_itinerance, energy_mwh, is_controlled"
        " from tiruert.station_energy_monthly"
        " order by period, siren, amenageur_name, operational_unit_code"
    )
    assert len(rows) > 1000
    for period, group in groupby(rows, key=itemgetter(0)):
        stations = [PlannedStation(*row[1:], None, None, None, Action.NEW) for row in group]
        assert faults_of(period, stations) == []
