"""A build replaces whole months: what the source no longer has is gone, no other month moves."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from dev.qualicharge import Session
from tests.support.months import MARTS, contents, delete, months, move, noon, this_month
from tests.support.warehouse import Warehouse


def test_the_first_build_makes_every_month(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, _ = built
    past = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]
    for mart in MARTS:
        assert sorted(months(warehouse, mart)) == [*past, this_month()]


def test_building_again_changes_nothing(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, _ = built
    before = contents(warehouse)
    warehouse.build()
    warehouse.build(period="2025-01..2025-04")
    assert contents(warehouse) == before


def test_a_month_leaves_no_ghosts_of_what_was_deleted_or_moved(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """April loses its sessions to deletion and to May: not one row of it stays, in any mart."""
    warehouse, sessions = built
    april_alpha, april_beta = (s for s in sessions if s.start == noon(4, 10))
    delete(warehouse, april_alpha)
    move(warehouse, april_beta, to=noon(5, 1))
    warehouse.build(period="2025-04..2025-05")
    for mart in MARTS:
        assert "2025-04-01" not in months(warehouse, mart)
    assert months(warehouse, "sessions_flagged")["2025-05-01"] == 1


def test_a_full_refresh_of_one_month_is_refused(built: tuple[Warehouse, list[Session]]) -> None:
    """It would leave no other month."""
    warehouse, _ = built
    before = contents(warehouse)
    finished = warehouse.run("dbt", "run", "--full-refresh", "--vars", "period: 2025-04")
    assert "leave out either --full-refresh or period" in finished.stdout
    assert contents(warehouse) == before


def test_two_builds_at_once_leave_each_row_once(built: tuple[Warehouse, list[Session]]) -> None:
    """The first is held up while it replaces a month, until the second has come to it too."""
    warehouse, _ = built
    before = contents(warehouse)
    build = ("dbt", "run", "--select", "blocked_energy_monthly", "--vars", "period: 2025-02")
    with warehouse.connection() as holder, ThreadPoolExecutor() as pool:
        with holder, holder.cursor() as cursor:
            cursor.execute("lock table tiruert.blocked_energy_monthly in exclusive mode")
            builds = [pool.submit(warehouse.run, *build) for _ in range(2)]
            wait_for_lock(warehouse, waiting=2)
        assert [build.result().returncode for build in builds] == [0, 0]
    assert contents(warehouse) == before


def wait_for_lock(warehouse: Warehouse, waiting: int) -> None:
    deadline = time.monotonic() + 60
    while [(waiting,)] != warehouse.query(
        "select count(*) from pg_locks where not granted"
        " and relation = cast('tiruert.blocked_energy_monthly' as regclass)"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_only_the_months_asked_for_are_built(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, sessions = built
    for session in sessions:
        delete(warehouse, session)
    warehouse.build(period="2025-02")
    assert sorted(months(warehouse, "sessions_flagged")) == [
        "2025-01-01",
        "2025-03-01",
        "2025-04-01",
        this_month(),
    ]


def test_a_build_without_a_period_takes_the_months_that_can_change_and_the_missing_ones(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """January is closed and stays; May is new; the present month is emptied."""
    warehouse, sessions = built
    for session in sessions:
        if session.start == noon(1, 10) or session.start > noon(4, 10):
            delete(warehouse, session)
        if session.start == noon(2, 10):
            move(warehouse, session, to=noon(5, 10))
    warehouse.build()
    for mart in MARTS:
        assert sorted(months(warehouse, mart)) == [
            "2025-01-01",
            "2025-02-01",
            "2025-03-01",
            "2025-04-01",
            "2025-05-01",
        ]


def test_the_months_that_can_change_begin_with_the_one_so_many_days_ago(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """Seen from the last of March, March and April lose what the source lost; February does not."""
    warehouse, sessions = built
    for session in sessions:
        delete(warehouse, session)
    since_then = datetime.now(UTC).date() - date(2025, 3, 31)
    warehouse.build(changeable_days=since_then.days)
    assert sorted(months(warehouse, "sessions_flagged")) == ["2025-01-01", "2025-02-01"]


def test_a_session_that_is_no_longer_flagged_becomes_clean(
    built: tuple[Warehouse, list[Session]],
) -> None:
    warehouse, sessions = built
    april = next(session for session in sessions if session.start == noon(4, 10))
    set_energy = "update qualicharge.session set energy = %s where id = %s"
    for energy_kwh, energies in ((5000.0, []), (12.0, [(12,)])):
        warehouse.query(set_energy, energy_kwh, str(april.id))
        warehouse.build(period="2025-04")
        assert energies == warehouse.query(
            "select energy_mwh * 1000 from tiruert.station_energy_monthly"
            " where period = '2025-04-01'"
        )


def test_a_month_is_the_same_whatever_is_built_with_it(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """A session of 8 March that never ended hides all of April, but is out of its sight."""
    warehouse, sessions = built
    march = next(session for session in sessions if session.start == noon(3, 10))
    warehouse.query(
        'update qualicharge.session set "end" = %s where id = %s', noon(5, 1), str(march.id)
    )
    warehouse.build(period="2025-03..2025-04")
    together = contents(warehouse)
    warehouse.build(period="2025-04")
    assert contents(warehouse) == together
    [overlaps] = warehouse.query(
        "select overlap_sessions from tiruert.energy_balance_monthly where period = '2025-04-01'"
    )
    assert overlaps == (0,)


@pytest.mark.parametrize("period", ["2025-13", "avril", "2025-04-01", "2025-04..2025-01", "202504"])
def test_a_period_that_is_none_is_refused_in_one_line(server: Warehouse, period: str) -> None:
    finished = server.run("dbt", "compile", "--quiet", "--vars", f"period: {period}")
    assert finished.returncode != 0
    assert f"period is '{period}': " in finished.stdout


def test_a_build_reads_no_session_outside_its_view(built: tuple[Warehouse, list[Session]]) -> None:
    """Of a source in chunks it opens those of the month and of the seven days before it."""
    warehouse, _ = built
    divide_into_chunks(warehouse)
    warehouse.build(period="2025-04")
    warehouse.dbt("compile", "--select", "int_session_flags", "--vars", "period: 2025-04")
    compiled = warehouse.compiled("models/intermediate/int_session_flags.sql")
    plan = "\n".join(line for (line,) in warehouse.query(f"explain (costs off) {compiled}"))
    assert set(re.findall(r"on (chunk_\d+)", plan)) == {"chunk_3", "chunk_4"}
    assert "start >= '2025-03-25 00:00:00" in plan
    assert "start < '2025-05-01 00:00:00" in plan


def divide_into_chunks(warehouse: Warehouse) -> None:
    """Give the source a table for each month, as TimescaleDB would for each week."""
    chunks = "".join(
        f"create table qualicharge.chunk_{month} partition of qualicharge.session"
        f" for values from ('2025-{month:02}-01 00:00Z') to ('2025-{month + 1:02}-01 00:00Z');"
        for month in range(1, 12)
    )
    warehouse.query(
        "alter table qualicharge.session rename to whole;"
        "create table qualicharge.session (like qualicharge.whole including all)"
        f" partition by range (start); {chunks}"
        "create table qualicharge.chunk_0 partition of qualicharge.session default;"
        "insert into qualicharge.session select * from qualicharge.whole"
    )
