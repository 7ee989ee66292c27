"""The models and the reference implementation agree on thousands of generated cases."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dev.qualicharge import Source
from tests.support import reference, strategies
from tests.support.reference import FlaggedSession
from tests.support.warehouse import Warehouse

CASES = 3000
# Different from every `time_zone`, because the results must not depend on the session's setting.
SESSION_TIME_ZONE = "Pacific/Auckland"
SESSION_COLUMNS = (
    "session_id",
    "period",
    *reference.FLAGS,
    "invalid_energy",
    "invalid_time",
    "hidden_overlap",
    "is_rejected",
    "rejection_reasons",
    "blocking_reason",
    "duration_hours",
    "max_energy_kwh",
    "max_power_kw",
    "id_pdc_itinerance",
    "id_station_itinerance",
    "operational_unit_code",
    "siren",
    "amenageur_name",
    "booked_energy_kwh",
)

Flagged = dict[date, dict[Any, FlaggedSession]]


@pytest.fixture(scope="module")
def source() -> Source:
    """All cases in one source, because a build of one case takes as long as a build of all."""
    return strategies.hostile_source(CASES)


@pytest.fixture(scope="module", params=strategies.TIME_ZONES)
def time_zone(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def marts(make_warehouse: Callable[..., Warehouse], source: Source, time_zone: str) -> Warehouse:
    """A warehouse with every month built in `time_zone`."""
    warehouse = make_warehouse()
    warehouse.load(source)
    abroad = warehouse.with_variables(PGTZ=SESSION_TIME_ZONE)
    abroad.build(time_zone=time_zone)
    return warehouse


@pytest.fixture(scope="module")
def expected(source: Source, time_zone: str) -> Flagged:
    return {
        period: reference.flag_sessions(source, period, time_zone) for period in strategies.PERIODS
    }


def select(marts: Warehouse, columns: str, mart: str) -> list[tuple]:
    return marts.query(
        f"select {columns} from tiruert.{mart} where period = any(%s)", list(strategies.PERIODS)
    )


def test_every_session_has_the_expected_flags(marts: Warehouse, expected: Flagged) -> None:
    rows = select(marts, ", ".join(SESSION_COLUMNS), "sessions_flagged")
    actual = {row[0]: comparable(dict(zip(SESSION_COLUMNS, row, strict=True))) for row in rows}
    sessions = chain.from_iterable(month.values() for month in expected.values())
    wanted = {str(session.session_id): as_row(session) for session in sessions}
    assert len(actual) == len(rows)
    assert actual.keys() == wanted.keys()
    different = {key: (actual[key], wanted[key]) for key in wanted if actual[key] != wanted[key]}
    assert not different, f"{len(different)} sessions, such as {next(iter(different.values()))}"


def as_row(session: FlaggedSession) -> dict[str, Any]:
    row = vars(session) | session.flags | {"session_id": str(session.session_id)}
    del row["flags"]
    return comparable(row)


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """Replace NaN, which differs from itself."""
    return {
        name: "NaN" if isinstance(value, float) and math.isnan(value) else value
        for name, value in row.items()
    }


def test_every_session_keeps_its_times_and_energy(
    marts: Warehouse, source: Source, expected: Flagged
) -> None:
    # As text, because psycopg2 cannot read infinity and years before 1 or after 9999.
    columns = ("started_at", "ended_at", "energy_kwh")
    texts = ", ".join(f"cast({column} as text)" for column in columns)
    rows = select(marts, f"session_id, {texts}", "sessions_flagged")
    session_ids = set(chain.from_iterable(expected.values()))
    instant = reference.instant
    assert {
        key: (instant(start), instant(end), repr(float(energy))) for key, start, end, energy in rows
    } == {
        str(session.id): (instant(session.start), instant(session.end), repr(session.energy))
        for session in source.session
        if session.id in session_ids
    }


def test_sessions_outside_months_are_listed(
    marts: Warehouse, source: Source, time_zone: str
) -> None:
    rows = marts.query("select session_id from tiruert.sessions_outside_months")
    listed = [session_id for (session_id,) in rows]
    # Midnight may have passed since the cases were drawn.
    days = {
        now.astimezone(ZoneInfo(time_zone)).date() for now in (strategies.NOW, datetime.now(UTC))
    }
    assert sorted(listed) in [
        sorted(map(str, reference.sessions_outside_months(source, time_zone, day))) for day in days
    ]


def test_every_station_has_the_expected_energy(marts: Warehouse, expected: Flagged) -> None:
    columns = "period, id_station_itinerance, sessions, cast(energy_mwh as text)"
    rows = select(marts, columns, "station_energy_monthly")
    assert sorted(rows) == sorted(
        (period, station_id, volume.sessions, f"{volume.energy_mwh:f}")
        for period, flagged in expected.items()
        for station_id, volume in reference.station_volumes(flagged).items()
    )


def test_blocked_energy_has_the_expected_reasons(marts: Warehouse, expected: Flagged) -> None:
    columns = f"period, {', '.join(reference.BlockedKey._fields)}, sessions, energy_mwh"
    rows = select(marts, columns, "blocked_energy_monthly")
    assert {row[:6]: row[6:] for row in rows} == {
        (period, *key): tuple(volume)
        for period, flagged in expected.items()
        for key, volume in reference.blocked_volumes(flagged).items()
    }


def test_balance_has_the_expected_figures(marts: Warehouse, expected: Flagged) -> None:
    for period, flagged in expected.items():
        for outcome, entry in reference.outcomes(flagged).items():
            [row] = marts.query(
                f"select {outcome}_sessions, {outcome}_kwh"
                " from tiruert.energy_balance_monthly where period = %s",
                period,
            )
            assert (outcome, *row) == (outcome, *entry)
            assert isinstance(row[1], Decimal)


def test_rules_have_the_expected_figures(marts: Warehouse, expected: Flagged) -> None:
    rows = marts.query(
        "select period, rule, sum(sessions), sum(energy_kwh), sum(first_sessions), sum(first_kwh)"
        " from tiruert.anomalies_daily where period = any(%s) group by period, rule",
        list(strategies.PERIODS),
    )
    assert {row[:2]: row[2:] for row in rows} == {
        (period, rule): (*broken, *first)
        for period, flagged in expected.items()
        for rule, (broken, first) in reference.broken_rules(flagged).items()
        if broken.sessions
    }
