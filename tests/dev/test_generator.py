"""The generated sessions: reproducible, of the documented size, with the planted anomalies."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from dev.generator import GeneratedSource, generate, valid_siren
from tests.support.reference import (
    FLAGS,
    FlaggedSession,
    broken_rules,
    flag_sessions,
    is_valid_siren,
    month_limits,
    outcomes,
    station_energy_mwh,
)

MAY = date(2025, 5, 1)
PERIODS = [date(2025, 4, 1), MAY]

Flagged = dict[UUID, FlaggedSession]


@pytest.fixture(scope="module")
def generated() -> GeneratedSource:
    return generate()


@pytest.fixture(scope="module", params=PERIODS, ids=str)
def period(request: pytest.FixtureRequest) -> date:
    return request.param


@pytest.fixture(scope="module")
def flagged(generated: GeneratedSource, period: date) -> Flagged:
    return flag_sessions(generated.source, period)


def test_same_seed_gives_the_same_rows(generated: GeneratedSource):
    # NaN != NaN, but tuples compare by identity first, and every NaN here is the same object.
    assert generate() == generated


def test_row_counts(generated: GeneratedSource):
    source = generated.source
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


def test_every_anomaly_is_planted_at_least_ten_times(generated: GeneratedSource, period: date):
    planted = generated.planted[period]

    assert tuple(planted.flags) == FLAGS
    assert len(planted.blocked) == 9
    counts = [*planted.flags.values(), *planted.blocked.values()]
    assert min(*counts, planted.invalid_energy, planted.invalid_time, planted.hidden_overlap) >= 10


def test_planted_counts_match_the_reference_rules(
    generated: GeneratedSource, period: date, flagged: Flagged
):
    planted = generated.planted[period]

    assert {name: entry.sessions for name, entry in outcomes(flagged).items()} == {
        "received": planted.received,
        "rejected": planted.rejected,
        "blocked": sum(planted.blocked.values()),
        "sendable": planted.sendable,
    }
    assert {rule: broken.sessions for rule, (broken, _) in broken_rules(flagged).items()} == {
        **planted.flags,
        "invalid_energy": planted.invalid_energy,
        "invalid_time": planted.invalid_time,
        "hidden_overlap": planted.hidden_overlap,
    }
    blocked = Counter(
        session.blocking_reason for session in flagged.values() if not session.is_rejected
    )
    assert blocked == {**planted.blocked, None: planted.sendable}


def test_three_stations_deliver_nothing(flagged: Flagged):
    assert list(station_energy_mwh(flagged).values()).count(Decimal(0)) == 3


def test_station_that_sends_wh_has_by_far_the_most_unacceptable_energies(flagged: Flagged):
    counts = Counter(
        session.id_station_itinerance for session in flagged.values() if session.flags["eneu"]
    )
    (_, first), (_, second) = counts.most_common(2)
    assert first > 5 * second


def test_one_operator_sends_one_day_twice(generated: GeneratedSource):
    flagged = flag_sessions(generated.source, MAY)
    day_of = {row.id: row.start.date() for row in generated.source.session}
    counts = Counter(
        (session.siren, day_of[session.session_id])
        for session in flagged.values()
        if session.flags["duplicate"]
    )
    ((siren, day), first), (_, second) = counts.most_common(2)
    assert (siren, day) == (valid_siren(4), date(2025, 5, 13))
    assert first > 5 * second


def test_one_operator_is_silent_for_eight_days(generated: GeneratedSource):
    flagged = flag_sessions(generated.source, MAY)
    day_of = {row.id: row.start.day for row in generated.source.session}
    days = {
        day_of[session.session_id]
        for session in flagged.values()
        if session.siren == valid_siren(12)
    }
    assert set(range(1, 32)) - days == set(range(19, 27))


def test_one_operator_sends_one_week_after_the_legal_delay(generated: GeneratedSource):
    flagged = flag_sessions(generated.source, MAY)
    late = {
        (flagged[row.id].siren, row.start.date())
        for row in generated.source.session
        if row.created_at - max(row.start, row.end) > timedelta(days=15)
    }
    assert late == {(valid_siren(14), date(2025, 5, day)) for day in range(5, 12)}


def test_no_station_exceeds_the_power_of_its_charge_points(
    generated: GeneratedSource, period: date, flagged: Flagged
):
    month_start, month_end = month_limits(period, "UTC")
    hours = (month_end - month_start).total_seconds() / 3600
    stations = {row.id: row.id_station_itinerance for row in generated.source._station}
    power_kw = defaultdict(float)
    for row in generated.source._pointdecharge:
        power_kw[stations.get(row.station_id)] += row.puissance_nominale
    clean_kwh = defaultdict(Decimal)
    for session in flagged.values():
        if not session.is_rejected:
            clean_kwh[session.id_station_itinerance] += session.booked_energy_kwh

    assert not [
        station_id
        for station_id in stations.values()
        if clean_kwh[station_id] > 1.1 * power_kw[station_id] * hours
    ]
