"""After any history of the source and of builds, every month has the figures of the reference."""

import json
from collections.abc import Callable
from datetime import date

import pytest

from dev import qualicharge
from dev.qualicharge import Source
from tests.support import histories
from tests.support.histories import Build, Figures, Kept
from tests.support.warehouse import Warehouse

SEEDS = 8
READ_MARTS = (
    "--select",
    *("+station_energy_monthly", "+blocked_energy_monthly", "+energy_balance_monthly"),
    "+sessions_flagged",
)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_months_are_as_predicted(make_warehouse: Callable[..., Warehouse], seed: int) -> None:
    """Each build's months are checked, so that a failure shows the first wrong build.

    In one history of three, late sessions also start before what retention has dropped.
    """
    warehouse, kept = make_warehouse(), Kept()
    warehouse.load(Source())
    past = []
    can_arrive_before_drop = seed % 3 == 2
    for number, build in enumerate(histories.generate(seed, can_arrive_before_drop)):
        run(warehouse, build)
        kept.record(build)
        past.append(describe(number, build))
        for month in build.months:
            actual, expected = figures(warehouse, month), kept.figures(month, build.limits)
            assert differences(actual, expected) == [], "\n".join((f"{month:%Y-%m}", *past))


def run(warehouse: Warehouse, build: Build) -> None:
    """Replace the source and build, at times only after an attempt that is killed."""
    replace_source(warehouse, build.source)
    period = months_range(build.months)
    # The loss guard is not tested here: a month may lose what its operators delete.
    variables = {"accept_loss": months_range(histories.MONTHS), **build.limits}
    if build.killed_at:
        warehouse.kill_build_at(*build.killed_at, period=period, **variables)
    if build.is_full_refresh:
        warehouse.build("--full-refresh", *READ_MARTS, **variables)
    else:
        warehouse.build(*READ_MARTS, period=period, **variables)


def replace_source(warehouse: Warehouse, source: Source) -> None:
    with warehouse.connection() as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "truncate qualicharge.amenageur, qualicharge.operationalunit,"
                " qualicharge._station, qualicharge._pointdecharge, qualicharge.session"
            )
        qualicharge.load(connection, source)


def months_range(months: tuple[date, ...]) -> str:
    return f"{months[0]:%Y-%m}..{months[-1]:%Y-%m}"


def figures(warehouse: Warehouse, month: date) -> Figures:
    """Return what the marts have for a month."""
    stations = warehouse.query(
        "select id_station_itinerance, siren, amenageur_name, operational_unit_code, energy_mwh"
        " from tiruert.station_energy_monthly where period = %s",
        month,
    )
    blocked = warehouse.query(
        "select blocking_reason, cast(sum(sessions) as integer), sum(energy_mwh)"
        " from tiruert.blocked_energy_monthly where period = %s group by blocking_reason",
        month,
    )
    balance = warehouse.query(
        "select received_sessions, received_kwh, rejected_sessions, rejected_kwh"
        " from tiruert.energy_balance_monthly where period = %s",
        month,
    )
    sessions = warehouse.query(
        "select session_id, rejection_reasons from tiruert.sessions_flagged where period = %s",
        month,
    )
    assert len(set(stations)) == len(stations)
    assert len(dict(sessions)) == len(sessions)
    return Figures(
        set(stations),
        {reason: (count, energy_mwh) for reason, count, energy_mwh in blocked},
        balance[0] if balance else (0, 0, 0, 0),
        {session_id: sorted(reasons) for session_id, reasons in sessions},
    )


def differences(actual: Figures, expected: Figures) -> list[str]:
    """Describe what differs, sessions first because they explain the sums."""
    lines = [
        f"session {session_id}: {actual.reasons.get(session_id)} is not"
        f" {expected.reasons.get(session_id)}"
        for session_id in sorted(actual.reasons.keys() | expected.reasons.keys())
        if actual.reasons.get(session_id) != expected.reasons.get(session_id)
    ]
    if actual.balance != expected.balance:
        lines.append(f"balance: {actual.balance} is not {expected.balance}")
    if actual.blocked != expected.blocked:
        lines.append(f"blocked: {actual.blocked} is not {expected.blocked}")
    if actual.stations != expected.stations:
        wrong, missing = (
            sorted(map(str, rows))
            for rows in (actual.stations - expected.stations, expected.stations - actual.stations)
        )
        lines.append(f"stations: {wrong} is not {missing}")
    return lines


def describe(number: int, build: Build) -> str:
    """Describe a build and the events before it in one line."""
    kind = "full refresh" if build.is_full_refresh else months_range(build.months)
    killed = f", first killed at {build.killed_at[0]}" if build.killed_at else ""
    return f"build {number} ({kind}{killed}), after: {json.dumps(build.events, ensure_ascii=False)}"
