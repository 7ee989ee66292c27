"""A build that is cut off leaves each month whole, old or new; the next build mends the rest."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg2
import pytest

from dev import postgres
from dev.dbt import dbt_variables
from dev.qualicharge import Session
from tests.support.months import charge, contents, network, noon
from tests.support.warehouse import PROJECT, Warehouse

SECONDS = 60


@contextmanager
def building(warehouse: Warehouse, period: str) -> Iterator[subprocess.Popen[bytes]]:
    """Let dbt build, in a process that a test can kill."""
    command = [Path(sys.executable).with_name("dbt"), "run", "--vars", f"period: {period}"]
    with subprocess.Popen(
        command, cwd=PROJECT, env=warehouse.environment, stdout=subprocess.DEVNULL
    ) as process:
        yield process
        process.kill()


@contextmanager
def lock(warehouse: Warehouse, table: str, mode: str) -> Iterator[None]:
    """Hold a table, so that a build stops when it comes to it."""
    with warehouse.connection() as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"lock table {table} in {mode} mode")
        yield


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def somebody_waits(warehouse: Warehouse) -> bool:
    return warehouse.query(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    ) != [(0,)]


def nobody_else_is_there(warehouse: Warehouse) -> bool:
    return warehouse.query(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    ) == [(0,)]


def kill_at(warehouse: Warehouse, period: str, table: str, mode: str) -> None:
    """Build, and kill dbt with no chance to clean up when it waits for a table."""
    with lock(warehouse, table, mode), building(warehouse, period) as build:
        wait_for(lambda: somebody_waits(warehouse))
        build.kill()
        build.wait()
    wait_for(lambda: nobody_else_is_there(warehouse))


def change_energy(warehouse: Warehouse, session: Session, energy_kwh: float) -> None:
    warehouse.query(
        "update qualicharge.session set energy = %s where id = %s", energy_kwh, str(session.id)
    )


def february(sessions: list[Session]) -> Session:
    return next(session for session in sessions if session.start == noon(2, 10))


def energies(warehouse: Warehouse, table: str, column: str) -> set[float]:
    rows = warehouse.query(f"select {column} from tiruert.{table} where period = '2025-02-01'")
    return {float(energy) for (energy,) in rows}


def test_dbt_killed_between_two_marts_is_mended_by_the_next_build(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """Although the month is closed, and nobody asks for it again."""
    warehouse, sessions = built
    change_energy(warehouse, february(sessions), 12.0)
    kill_at(warehouse, "2025-02", "tiruert_intermediate.int_energy_daily", "exclusive")
    assert energies(warehouse, "sessions_flagged", "energy_kwh") == {10, 12}
    assert energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {10}
    warehouse.build()
    assert energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}
    assert energies(warehouse, "energy_balance_monthly", "received_kwh") == {22}


@pytest.mark.parametrize(
    "table", ["tiruert_intermediate.int_session_flags_2025_02", "tiruert.station_energy_monthly"]
)
def test_dbt_killed_while_it_replaces_a_month_leaves_the_old_one(
    built: tuple[Warehouse, list[Session]], table: str
) -> None:
    """A reader of the month's table, or of a row's lock, holds up the change itself."""
    warehouse, sessions = built
    before = contents(warehouse)
    change_energy(warehouse, february(sessions), 12.0)
    change_energy(warehouse, next(s for s in sessions if s.start == noon(3, 10)), 13.0)
    mode = "access share" if table.endswith("2025_02") else "row exclusive"
    kill_at(warehouse, "2025-02", table, mode)
    after = contents(warehouse)
    assert after["station_energy_monthly"] == before["station_energy_monthly"]
    if mode == "access share":
        assert after == before
    warehouse.build()
    assert energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}
    unasked = "select sum(energy_kwh) from tiruert.sessions_flagged where period = '2025-03-01'"
    assert warehouse.query(unasked) == [(20,)]


def test_a_range_that_was_killed_is_taken_up_where_it_stopped(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """The first month is not built again; the others are, though nobody asks for them again."""
    warehouse, _ = built
    builds = "select cast(period as text), built_at from tiruert_intermediate.period_builds"
    of_flags = f"{builds} where model = 'int_session_flags' and period < '2025-05-01'"
    first = dict(warehouse.query(of_flags))
    second_month = "tiruert_intermediate.int_session_flags_2025_02"
    kill_at(warehouse, "2025-01..2025-03", second_month, "access share")
    killed = dict(warehouse.query(of_flags))
    warehouse.build()
    resumed = dict(warehouse.query(of_flags))
    assert [month for month in first if first[month] != killed[month]] == ["2025-01-01"]
    assert sorted(month for month in first if killed[month] != resumed[month]) == [
        "2025-02-01",
        "2025-03-01",
    ]
    [(built_of_marts,)] = warehouse.query(
        "select min(built_at) from tiruert_intermediate.period_builds where period < '2025-04-01'"
        " and model <> 'int_session_flags'"
    )
    assert built_of_marts == resumed["2025-02-01"]


def test_a_build_says_at_which_month_it_is(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, _ = built
    finished = warehouse.run("dbt", "run", "--vars", "period: 2025-01..2025-03")
    for line in (
        "int_session_flags 2025-01 (1 of 3): 2 rows",
        "int_session_flags 2025-03 (3 of 3): 2 rows",
        "station_energy_monthly 2025-02 (2 of 3): 1 rows",
    ):
        assert line in finished.stdout


def test_a_failed_test_keeps_the_old_figures_until_a_build_passes(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """A charge point that stands twice would double its sessions."""
    warehouse, sessions = built
    before = contents(warehouse)
    change_energy(warehouse, february(sessions), 12.0)
    warehouse.query(
        "alter table qualicharge._pointdecharge drop constraint _pointdecharge_pkey cascade,"
        " drop constraint _pointdecharge_id_pdc_itinerance_key;"
        " insert into qualicharge._pointdecharge select * from qualicharge._pointdecharge"
    )
    failed = warehouse.run("dbt", "build", "--vars", "period: 2025-02")
    assert failed.returncode == 1
    assert contents(warehouse) == before
    warehouse.query("delete from qualicharge._pointdecharge where ctid > '(0,2)'")
    warehouse.build(period="2025-02")
    assert energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}


@pytest.fixture
def name() -> Iterator[str]:
    yield (name := f"crash-{os.getpid()}")
    subprocess.run(["rm", "-rf", postgres.state_folder() / name], check=True)  # noqa: S607


def test_a_server_killed_during_a_build_comes_back_with_whole_months(
    name: str, tmp_path: Path
) -> None:
    """Every process of it gets a SIGKILL while a month is being replaced."""
    source, alpha, beta = network()
    source.session += [charge(point, noon(2, 10)) for point in (alpha, beta)]
    with postgres.running(name) as environment:
        warehouse = Warehouse(environment | dbt_variables(tmp_path))
        # As anywhere but here, what was committed is on disk.
        warehouse.query("alter database postgres set synchronous_commit = on")
        warehouse.load(source)
        warehouse.build()
        before = contents(warehouse)
        change_energy(warehouse, source.session[0], 12.0)
        with pytest.raises(psycopg2.Error):
            kill_server_during_build(warehouse, name)
    with postgres.running(name) as environment:
        warehouse = Warehouse(environment | dbt_variables(tmp_path))
        assert contents(warehouse) == before
        warehouse.build()
        assert energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}


def kill_server_during_build(warehouse: Warehouse, name: str) -> None:
    month = "tiruert_intermediate.int_session_flags_2025_02"
    with lock(warehouse, month, "access share"), building(warehouse, "2025-02"):
        wait_for(lambda: somebody_waits(warehouse))
        kill_server(name)


def kill_server(name: str) -> None:
    pid_file = postgres.state_folder() / name / "data" / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=SECONDS)


def test_a_build_needs_no_more_than_select_on_the_source(
    built: tuple[Warehouse, list[Session]], make_warehouse: Callable[..., Warehouse]
) -> None:
    """So it can read a replica, and take no lock there that anybody else would notice."""
    warehouse, _ = built
    role = f"builder_{uuid4().hex[:8]}"
    database = warehouse.environment["PGDATABASE"]
    warehouse.query("drop schema tiruert, tiruert_staging, tiruert_intermediate cascade")
    warehouse.query(
        f"create role {role}; grant create on database {database} to {role};"
        f" grant usage on schema qualicharge to {role};"
        f" grant select on all tables in schema qualicharge to {role};"
        f" grant all on schema tiruert_ledger to {role};"
        f" grant all on all tables in schema tiruert_ledger to {role}"
    )
    try:
        warehouse.with_variables(PGOPTIONS=f"-c role={role}").dbt("build")
    finally:
        warehouse.query(f"drop owned by {role}; drop role {role}")
