"""No value from one operator stops a build or changes the rows of the others."""

import math
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from dev import qualicharge
from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station
from tests.support.strategies import (
    DAY,
    HOUR,
    INVALID_POWERS_KW,
    MAX_DURATIONS,
    MILLISECOND,
    ODD_POWERS_KW,
    ODD_TIMES,
)
from tests.support.two_operators import RECENT_START, TIMES_OF_BUILDS, charge, network
from tests.support.warehouse import Warehouse

# In this month and an earlier one. A build without `period` computes both.
STARTS = (RECENT_START, RECENT_START - timedelta(days=31))
# Two days ahead, because midnight may pass before the build.
FUTURE = datetime.now(UTC) + 2 * DAY
# Products and quotients of these may overflow and underflow.
CLEAN_ENERGIES_KWH = (10.0, 5e-324)
ENERGIES_KWH = (
    *CLEAN_ENERGIES_KWH,
    *(1e308, sys.float_info.max, -1e308, -5e-324, math.nan, math.inf, -math.inf),
)
POSITIVE_DURATIONS = (MILLISECOND, HOUR, 366 * DAY)
DURATIONS = (*POSITIVE_DURATIONS, -HOUR, -366 * DAY)

SIREN = "552081317"
CODE = "FRODD"

Rows = dict[str, list[tuple]]


class OddBuild(NamedTuple):
    """The build after an operator sent odd values, and the rows of the others around it."""

    warehouse: Warehouse
    finished: subprocess.CompletedProcess[str]
    rows_before: Rows
    rows_after: Rows
    sessions: list[Session]


@pytest.fixture(scope="module")
def odd_build(warehouse: Warehouse) -> OddBuild:
    """Two operators, then a third one that sends every odd value. Each build runs dbt's tests."""
    source, *points = network()
    source.session += [charge(point, start) for point in points for start in STARTS]
    warehouse.load(source)
    warehouse.dbt("build")
    rows_before = rows_of_others(warehouse)
    third = odd_operator()
    with warehouse.connection() as connection:
        qualicharge.load(connection, third)
    finished = warehouse.run("dbt", "build")
    return OddBuild(warehouse, finished, rows_before, rows_of_others(warehouse), third.session)


def test_fractions_of_wh_that_add_up_to_whole_wh_balance(
    make_warehouse: Callable[..., Warehouse],
) -> None:
    """12.0005 and 7.0005 kWh are 19.001, but their stations are rounded to 12.001 and 7.001."""
    warehouse = make_warehouse()
    source, alpha, beta = network()
    source.amenageur[1] = source.amenageur[1]._replace(siren_amenageur=SIREN)
    source.session += [charge(alpha, STARTS[0], 12.0005), charge(beta, STARTS[0], 7.0005)]
    warehouse.load(source)
    warehouse.dbt("build")
    total = "select sum(energy_mwh) from tiruert.station_energy_monthly"
    assert warehouse.query(total) == [(Decimal("0.019002"),)]


def odd_operator() -> Source:
    """Return an operator that has sessions with odd values only."""
    owner = Amenageur(uuid4(), "Opérateur étrange", SIREN, None)
    unit = OperationalUnit(uuid4(), CODE, "Réseau", "CHARGING")
    shared, small = (
        Station(uuid4(), f"{CODE}P{number}", None, owner.id, unit.id, None) for number in (1, 2)
    )
    source = Source([owner], [unit], [shared, small])

    def add_point(power_kw: float = 50.0, station: Station = shared) -> ChargePoint:
        serial = len(source._pointdecharge)
        point = ChargePoint(uuid4(), f"{CODE}E{serial}", power_kw, True, False, station.id, None)
        source._pointdecharge.append(point)
        return point

    def add(point: ChargePoint, **odd_values: Any) -> None:
        source.session.append(charge(point, RECENT_START)._replace(**odd_values))

    for time in (*ODD_TIMES, FUTURE):
        add(add_point(), start=time)
        add(add_point(), start=time, end=time)
    for start in STARTS:
        for end in (*ODD_TIMES, *[start + duration for duration in MAX_DURATIONS]):
            add(add_point(), start=start, end=end)
        # No rule rejects it, but it is more than the station could deliver in the month.
        add(add_point(0.1, small), start=start, end=start + 366 * DAY, energy=800.0)
    for power_kw in (50.0, *ODD_POWERS_KW):
        busy_point = add_point(power_kw)
        for start, energy_kwh, duration in product(STARTS, ENERGIES_KWH, DURATIONS):
            values = {"start": start, "end": start + duration, "energy": energy_kwh}
            add(add_point(power_kw), **values)
            if power_kw not in INVALID_POWERS_KW:
                add(busy_point, **values)
    return source


def rows_of_others(warehouse: Warehouse) -> Rows:
    """Return the rows of every mart with a station or SIREN column, except the third operator's."""
    marts = warehouse.query(
        "select table_name, string_agg(column_name, ', ') from information_schema.columns"
        " where table_schema = 'tiruert'"
        " and column_name in ('id_station_itinerance', 'siren', 'target') group by table_name"
    )
    return {
        mart: sorted(
            warehouse.query(
                f"select cast(to_jsonb(mart) - {TIMES_OF_BUILDS} as text)"
                f" from tiruert.{mart} as mart where coalesce({keys}, '') not in (%s, %s, %s)",
                *(SIREN, f"{CODE}P1", f"{CODE}P2"),
            )
        )
        for mart, keys in marts
    }


def test_build_and_its_tests_pass(odd_build: OddBuild) -> None:
    assert odd_build.finished.returncode == 0, odd_build.finished.stdout


def test_rows_of_the_other_operators_do_not_change(odd_build: OddBuild) -> None:
    # Only one of the two operators can be sent.
    assert len(odd_build.rows_before["station_energy_monthly"]) == len(STARTS)
    assert odd_build.rows_after == odd_build.rows_before


def test_every_odd_session_is_flagged_or_outside_months(odd_build: OddBuild) -> None:
    in_months = [session for session in odd_build.sessions if session.start in STARTS]
    outside = [session for session in odd_build.sessions if session.start not in STARTS]
    warehouse = odd_build.warehouse
    flagged = f"sessions_flagged where operational_unit_code = '{CODE}'"
    assert ids_in(warehouse, flagged) == sorted(str(session.id) for session in in_months)
    assert ids_in(warehouse, "sessions_outside_months") == sorted(
        str(session.id) for session in outside
    )


def ids_in(warehouse: Warehouse, mart: str) -> list[str]:
    rows = warehouse.query(f"select session_id from tiruert.{mart}")
    return sorted(session_id for (session_id,) in rows)


def test_invalid_power_blocks_its_clean_energy(odd_build: OddBuild) -> None:
    blocked = odd_build.warehouse.query(
        "select sessions, energy_mwh from tiruert.blocked_energy_monthly"
        " where blocking_reason = 'invalid_power'"
    )
    cases = len(INVALID_POWERS_KW) * len(POSITIVE_DURATIONS)
    volume = (cases * len(CLEAN_ENERGIES_KWH), cases * Decimal("0.010"))
    assert blocked == [volume] * len(STARTS)
