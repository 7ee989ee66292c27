"""Of thousands of drawn cases the models say what the independent reference says."""

from datetime import date
from decimal import Decimal
from itertools import chain

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from dev.qualicharge import Source
from tests.support import cases, reference
from tests.support.warehouse import Warehouse

CASES = 3000
# What a session of the database thinks of time zones must not matter.
DATABASE_TIME_ZONE = "Pacific/Auckland"


def draw_source() -> Source:
    """Draw the cases and put them in one source, since a build costs as much for one as for all."""
    drawn = cases.every_place()

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases.cases())
    def collect(case: Source) -> None:
        drawn.append(case)

    collect()
    return cases.merge(drawn)


@pytest.fixture(scope="module")
def source() -> Source:
    return draw_source()


@pytest.fixture(scope="module", params=cases.TIME_ZONES)
def built(
    request: pytest.FixtureRequest, warehouse: Warehouse, source: Source
) -> tuple[Warehouse, str]:
    """The warehouse with every month built, for one time zone of the calendar after the other."""
    warehouse.load(source)
    abroad = warehouse.with_variables(PGTZ=DATABASE_TIME_ZONE)
    abroad.build("--full-refresh", time_zone=request.param)
    return warehouse, request.param


@pytest.fixture(scope="module")
def expected(built: tuple[Warehouse, str], source: Source) -> dict[date, dict]:
    _, time_zone = built
    return {period: reference.flag_sessions(source, period, time_zone) for period in cases.PERIODS}


def test_every_session_is_judged_alike(
    built: tuple[Warehouse, str], expected: dict[date, dict]
) -> None:
    warehouse, _ = built
    columns = (
        *("session_id", "period", *reference.FLAGS, "invalid_energy", "hidden_overlap"),
        *("is_rejected", "rejection_reasons", "blocking_reason", "max_energy_kwh"),
        *(
            "max_power_kw",
            "id_pdc_itinerance",
            "id_station_itinerance",
            "operational_unit_code",
            "siren",
        ),
        *("amenageur_name", "booked_energy_kwh"),
    )
    rows = warehouse.query(
        f"select {', '.join(columns)} from tiruert.sessions_flagged where period = any(%s)",
        list(cases.PERIODS),
    )
    got = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    sessions = chain.from_iterable(month.values() for month in expected.values())
    wanted = {str(session.session_id): as_row(session) for session in sessions}
    assert len(got) == len(rows)
    assert got.keys() == wanted.keys()
    different = {key: (got[key], wanted[key]) for key in wanted if got[key] != wanted[key]}
    assert not different, f"{len(different)} sessions, such as {next(iter(different.values()))}"


def test_every_session_is_shown_as_it_was_received(
    built: tuple[Warehouse, str], source: Source, expected: dict[date, dict]
) -> None:
    warehouse, _ = built
    rows = warehouse.query(
        "select session_id, started_at, ended_at, cast(energy_kwh as text)"
        " from tiruert.sessions_flagged where period = any(%s)",
        list(cases.PERIODS),
    )
    judged = set(chain.from_iterable(expected.values()))
    assert {key: (start, end, repr(float(energy))) for key, start, end, energy in rows} == {
        str(session.id): (session.start, session.end, repr(session.energy))
        for session in source.session
        if session.id in judged
    }


def as_row(session: reference.FlaggedSession) -> dict:
    row = vars(session) | session.flags | {"session_id": str(session.session_id)}
    del row["flags"]
    return row


def test_every_station_has_the_same_energy(
    built: tuple[Warehouse, str], expected: dict[date, dict]
) -> None:
    warehouse, _ = built
    rows = warehouse.query(
        "select period, id_station_itinerance, sessions, cast(energy_mwh as text)"
        " from tiruert.station_energy_monthly where period = any(%s)",
        list(cases.PERIODS),
    )
    assert sorted(rows) == sorted(
        (period, station, volume.sessions, f"{volume.energy_mwh:f}")
        for period, flagged in expected.items()
        for station, volume in reference.station_volumes(flagged).items()
    )


def test_everything_blocked_is_counted_under_its_reason(
    built: tuple[Warehouse, str], expected: dict[date, dict]
) -> None:
    warehouse, _ = built
    rows = warehouse.query(
        "select period, blocking_reason, amenageur_name, siren, operational_unit_code,"
        " id_station_itinerance, sessions, energy_mwh from tiruert.blocked_energy_monthly where period = any(%s)",
        list(cases.PERIODS),
    )
    assert {row[:6]: row[6:] for row in rows} == {
        (period, *place): tuple(volume)
        for period, flagged in expected.items()
        for place, volume in reference.blocked_energy_mwh(flagged).items()
    }


def test_the_balance_has_the_same_books(
    built: tuple[Warehouse, str], expected: dict[date, dict]
) -> None:
    warehouse, _ = built
    for period, flagged in expected.items():
        for line, entry in reference.balance(flagged).items():
            name = line.removeprefix("rejected_")
            [row] = warehouse.query(
                f"select {name}_sessions, {name}_kwh"
                " from tiruert.energy_balance_monthly where period = %s",
                period,
            )
            assert (line, *row) == (line, *entry)
            assert isinstance(row[1], Decimal)
