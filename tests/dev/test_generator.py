"""The made sessions: the same for a seed, of the promised sizes, with the promised contents."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from dev.generator import Made, generate, valid_siren
from tests.support.reference import (
    FLAGS,
    FlaggedSession,
    balance,
    flag_sessions,
    is_valid_siren,
    month_limits,
    station_energy_mwh,
)

PERIODS = [date(2025, 4, 1), date(2025, 5, 1)]

Flagged = dict[UUID, FlaggedSession]


@pytest.fixture(scope="module")
def made() -> Made:
    return generate()


@pytest.fixture(scope="module", params=PERIODS, ids=str)
def period(request: pytest.FixtureRequest) -> date:
    return request.param


@pytest.fixture(scope="module")
def flagged(made: Made, period: date) -> Flagged:
    return flag_sessions(made.source, period)


def test_same_seed_gives_the_same_rows(made: Made):
    # NaN differs from itself, but every NaN here is one object, which is enough for tuples.
    assert generate() == made


def test_sizes(made: Made):
    source = made.source
    spellings = Counter(
        row.siren_amenageur
        for row in source.amenageur
        if (row.nom_amenageur or "").strip() and is_valid_siren(row.siren_amenageur or "")
    )
    starts = [row.start for row in source.session]

    assert sorted(spellings.values()) == [1] * 27 + [2] * 3
    assert len(source._station) == 600
    assert len(source._pointdecharge) == 3_000
    assert len(source.session) == 100_000
    assert min(starts) >= datetime(2025, 4, 1, tzinfo=UTC)
    assert max(starts) < datetime(2025, 6, 1, tzinfo=UTC)


def test_everything_is_planted_in_ten_sessions_at_least(made: Made, period: date):
    planted = made.planted[period]

    assert tuple(planted.flags) == FLAGS
    assert len(planted.blocked) == 9
    counts = [*planted.flags.values(), *planted.blocked.values()]
    assert min(*counts, planted.invalid_energy, planted.hidden_overlap) >= 10


def test_planted_numbers_are_what_the_rules_find(made: Made, period: date, flagged: Flagged):
    planted = made.planted[period]

    counts = {line: entry.sessions for line, entry in balance(flagged).items()}
    assert counts == {
        "received": planted.received,
        "rejected": planted.rejected,
        "hidden_overlap": planted.hidden_overlap,
        "blocked": sum(planted.blocked.values()),
        "sendable": planted.sendable,
        "rejected_invalid_energy": planted.invalid_energy,
        **{f"rejected_{flag}": count for flag, count in planted.flags.items()},
    }
    blocked = Counter(one.blocking_reason for one in flagged.values() if not one.is_rejected)
    assert blocked == {**planted.blocked, None: planted.sendable}


def test_stories_are_told(made: Made, period: date, flagged: Flagged):
    unacceptable = Counter(
        one.id_station_itinerance for one in flagged.values() if one.flags["eneu"]
    )
    start = {row.id: row.start for row in made.source.session}
    repeated = Counter(
        (one.siren, start[one.session_id].date())
        for one in flagged.values()
        if one.flags["duplicate"]
    )

    assert list(station_energy_mwh(flagged).values()).count(Decimal(0)) == 3
    (_, most_unacceptable), (_, second_most) = unacceptable.most_common(2)
    assert most_unacceptable > 5 * second_most
    if period == date(2025, 5, 1):
        ((_, day), count), (_, second_count) = repeated.most_common(2)
        assert day == date(2025, 5, 13)
        assert count > 5 * second_count
        days = {(one.siren, start[one.session_id].day) for one in flagged.values()}
        silent = valid_siren(12)
        assert {day for day in range(1, 32) if (silent, day) not in days} == set(range(19, 27))


def test_no_station_delivers_more_than_its_charge_points_can(
    made: Made, period: date, flagged: Flagged
):
    month_start, month_end = month_limits(period, "UTC")
    hours = (month_end - month_start).total_seconds() / 3600
    stations = {row.id: row.id_station_itinerance for row in made.source._station}
    power_kw = defaultdict(float)
    for row in made.source._pointdecharge:
        power_kw[stations.get(row.station_id)] += row.puissance_nominale
    clean_kwh = defaultdict(Decimal)
    for one in flagged.values():
        if not one.is_rejected:
            clean_kwh[one.id_station_itinerance] += one.booked_energy_kwh

    assert not [
        station_id
        for station_id in stations.values()
        if clean_kwh[station_id] > 1.1 * power_kw[station_id] * hours
    ]
