"""What the sender's own checks hold back before CARBURE, which would not, sees it."""

from datetime import date
from decimal import Decimal

import pytest

from sender import submission
from sender.carbure import Outcome
from sender.mart import StationEnergy
from sender.payload import Payload
from tests.warehouse import Warehouse

SOUND = StationEnergy(
    period_start=date(2024, 2, 1),
    period_end=date(2024, 2, 29),
    entity="Alpha",
    siren="732829320",
    code="FRAAA",
    id_station_itinerance="FRAAAP1",
    energy_mwh=Decimal("12.345678"),
    is_controlled=False,
)
OTHER = SOUND._replace(
    entity="Beta", siren="552100554", code="FRBBB", id_station_itinerance="FRBBBP1"
)


def test_sound_rows_become_the_payload_that_carbure_documents() -> None:
    second = SOUND._replace(id_station_itinerance="FRAAAP2", energy_mwh=Decimal(0))
    assert Payload.of([SOUND, second, OTHER]).as_json().decode() == (
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
        {"entity": " "},
        {"code": "FRAA", "id_station_itinerance": "FRAAAP1"},
        {"code": "FRBBB"},
        {"id_station_itinerance": "fraaaP1"},
        {"id_station_itinerance": "FRAAAX1"},
        {"id_station_itinerance": "FRAAAP"},
        {"id_station_itinerance": "FRAAAP" + "1" * 59},
        {"energy_mwh": Decimal("-0.000001")},
        {"energy_mwh": Decimal("NaN")},
        {"energy_mwh": Decimal("Infinity")},
        {"period_end": date(2024, 2, 28)},
        {"period_start": date(2024, 2, 2)},
        {"period_end": date(2024, 3, 31)},
    ],
    ids=str,
)
def test_a_row_that_is_wrong_holds_back_its_siren_alone(wrong: dict) -> None:
    held, sent = submission.prepare([SOUND._replace(**wrong), OTHER])
    assert held.outcome is Outcome.HELD
    assert held.payload is None
    assert held.reasons
    assert sent.outcome is Outcome.NOT_SENT
    assert sent.payload is not None


def test_a_station_of_two_sirens_is_held_back_for_both() -> None:
    twice = SOUND._replace(entity="Beta", siren="552100554")
    batches = submission.prepare([SOUND, twice])
    assert [batch.outcome for batch in batches] == [Outcome.HELD, Outcome.HELD]
    assert {reason.station_id for batch in batches for reason in batch.reasons} == {"FRAAAP1"}


def test_the_longest_and_the_shortest_station_id_are_sent() -> None:
    ids = ["FRAAAP1", "FRAAAP" + "1" * 58]
    [batch] = submission.prepare([SOUND._replace(id_station_itinerance=text) for text in ids])
    assert batch.outcome is Outcome.NOT_SENT


def test_the_sender_accepts_every_row_of_the_mart(made: Warehouse) -> None:
    """What the models block and what the sender holds back are the same rules, written twice."""
    rows = made.query(
        f"select {', '.join(StationEnergy._fields)} from tiruert.station_energy_monthly"
        " order by period, siren, entity, code"
    )
    assert len(rows) > 1000
    Payload.of(StationEnergy(*row) for row in rows)
