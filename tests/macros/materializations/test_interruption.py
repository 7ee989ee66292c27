"""An interrupted build leaves each month complete, old or new. The next build does the rest."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg2
import pytest

from dev import postgres
from dev.dbt import dbt_variables
from dev.qualicharge import Session
from tests.support.two_operators import charge, contents, network, noon, session_at, set_energy
from tests.support.waiting import wait_for
from tests.support.warehouse import Warehouse

FEBRUARY_FLAGS = "tiruert_intermediate.int_session_flags_2025_02"


def february_energies(warehouse: Warehouse, table: str, column: str) -> set[float]:
    rows = warehouse.query(f"select {column} from tiruert.{table} where period = '2025-02-01'")
    return {float(energy) for (energy,) in rows}


def test_marts_missed_by_a_killed_build_are_built_next_time(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """The next build has no period, and February can no longer change."""
    warehouse, sessions = built
    set_energy(warehouse, session_at(sessions, noon(2, 10)), 12.0)
    warehouse.kill_build_at("tiruert_intermediate.int_energy_daily", "exclusive", period="2025-02")
    assert february_energies(warehouse, "sessions_flagged", "energy_kwh") == {10, 12}
    assert february_energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {10}
    warehouse.build()
    assert february_energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}
    assert february_energies(warehouse, "energy_balance_monthly", "received_kwh") == {22}


@pytest.mark.parametrize(
    ("table", "mode"),
    [(FEBRUARY_FLAGS, "access share"), ("tiruert.station_energy_monthly", "row exclusive")],
)
def test_build_killed_while_replacing_a_month_leaves_the_old_rows(
    built: tuple[Warehouse, list[Session]], table: str, mode: str
) -> None:
    """The lock of a reader or a writer stops the build in the transaction of this table."""
    warehouse, sessions = built
    before = contents(warehouse)
    set_energy(warehouse, session_at(sessions, noon(2, 10)), 12.0)
    set_energy(warehouse, session_at(sessions, noon(3, 10)), 13.0)
    warehouse.kill_build_at(table, mode, period="2025-02")
    after = contents(warehouse)
    assert after["station_energy_monthly"] == before["station_energy_monthly"]
    if table == FEBRUARY_FLAGS:
        assert after == before
    warehouse.build()
    assert february_energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}
    # Nobody asked for March, so it keeps its figures.
    march = "select sum(energy_kwh) from tiruert.sessions_flagged where period = '2025-03-01'"
    assert warehouse.query(march) == [(20,)]


def test_killed_build_of_several_months_resumes_where_it_stopped(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """The next build has no period. It skips January, and builds February and March."""
    warehouse, _ = built
    builds = "select cast(period as text), built_at from tiruert_intermediate.period_builds"
    flag_builds = f"{builds} where model = 'int_session_flags' and period < '2025-05-01'"
    before = dict(warehouse.query(flag_builds))
    warehouse.kill_build_at(FEBRUARY_FLAGS, "access share", period="2025-01..2025-03")
    killed = dict(warehouse.query(flag_builds))
    warehouse.build()
    resumed = dict(warehouse.query(flag_builds))
    assert [month for month in before if before[month] != killed[month]] == ["2025-01-01"]
    assert sorted(month for month in before if killed[month] != resumed[month]) == [
        "2025-02-01",
        "2025-03-01",
    ]
    [(marts_built_at,)] = warehouse.query(
        "select min(built_at) from tiruert_intermediate.period_builds where period < '2025-04-01'"
        " and model not in ('int_stations', 'int_charge_points', 'int_lookback_sessions',"
        " 'int_session_flags')"
    )
    assert marts_built_at == resumed["2025-02-01"]


def test_station_sold_during_a_killed_build_stays_in_the_marts(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """Another build continues from the owners that the killed one has stored for February."""
    warehouse, _ = built
    warehouse.query(
        "update qualicharge.amenageur set siren_amenageur = '552100554'"
        " where siren_amenageur = '732829320'"
    )
    present = {"use_current_states": "2025-02"}
    warehouse.kill_build_at(FEBRUARY_FLAGS, "access share", period="2025-02", **present)
    warehouse.build("--select", "int_session_flags+", period="2025-02")
    stations = "select siren, energy_mwh * 1000 from tiruert.station_energy_monthly"
    assert warehouse.query(f"{stations} where period = '2025-02-01'") == [("552100554", 10)]
    assert warehouse.query(f"{stations} where period = '2025-01-01'") == [("732829320", 10)]


def test_build_logs_its_progress_by_month(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, _ = built
    finished = warehouse.run("dbt", "run", "--vars", "period: 2025-01..2025-03")
    for line in (
        "int_session_flags 2025-01 (1 of 3): 2 rows",
        "int_session_flags 2025-03 (3 of 3): 2 rows",
        "station_energy_monthly 2025-02 (2 of 3): 1 rows",
    ):
        assert line in finished.stdout


def test_failed_data_test_keeps_the_old_figures(built: tuple[Warehouse, list[Session]]) -> None:
    """A charge point with two states at once stops the build before the marts."""
    warehouse, sessions = built
    before = contents(warehouse)
    set_energy(warehouse, session_at(sessions, noon(2, 10)), 12.0)
    states = "tiruert_intermediate.charge_point_states"
    warehouse.query(f"create table copies as table {states}; insert into {states} table copies")
    failed = warehouse.run("dbt", "build", "--vars", "period: 2025-02")
    assert failed.returncode == 1
    assert contents(warehouse) == before
    warehouse.query(f"truncate {states}; insert into {states} table copies")
    warehouse.build(period="2025-02")
    assert february_energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}


@pytest.fixture
def server_name() -> Iterator[str]:
    name = f"crash-{os.getpid()}"
    yield name
    shutil.rmtree(postgres.state_folder() / name, ignore_errors=True)


def test_server_killed_during_a_build_restarts_with_complete_months(
    server_name: str, tmp_path: Path
) -> None:
    """SIGKILL ends every server process while the build replaces a month."""
    source, alpha, beta = network()
    source.session += [charge(point, noon(2, 10)) for point in (alpha, beta)]
    with postgres.running(server_name) as environment:
        warehouse = Warehouse(environment | dbt_variables(tmp_path))
        # The project's own server does not sync on commit; production does.
        warehouse.query("alter database postgres set synchronous_commit = on")
        warehouse.load(source)
        warehouse.build()
        before = contents(warehouse)
        set_energy(warehouse, source.session[0], 12.0)
        with pytest.raises(psycopg2.Error):
            kill_server_during_build(warehouse, server_name)
    with postgres.running(server_name) as environment:
        warehouse = Warehouse(environment | dbt_variables(tmp_path))
        assert contents(warehouse) == before
        warehouse.build()
        assert february_energies(warehouse, "station_energy_monthly", "energy_mwh * 1000") == {12}


def kill_server_during_build(warehouse: Warehouse, server_name: str) -> None:
    build = ("dbt", "run", "--vars", "period: 2025-02")
    with warehouse.lock(FEBRUARY_FLAGS, "access share"), warehouse.start(*build) as process:
        warehouse.wait_until_blocked(FEBRUARY_FLAGS, process)
        kill_server(server_name)


def kill_server(server_name: str) -> None:
    pid_file = postgres.state_folder() / server_name / "data" / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        # The others exit by themselves once the postmaster is gone.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for(lambda: all(has_exited(process) for process in processes))


def has_exited(process: psutil.Process) -> bool:
    """Return whether a process has exited, even if its parent has not reaped it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_build_needs_only_select_on_the_source(
    built: tuple[Warehouse, list[Session]], make_warehouse: Callable[..., Warehouse]
) -> None:
    """A read replica is enough, and the build takes no lock that blocks others."""
    warehouse, _ = built
    role = f"builder_{uuid4().hex[:8]}"
    database = warehouse.environment["PGDATABASE"]
    warehouse.query(
        "drop schema tiruert, tiruert_staging, tiruert_intermediate, tiruert_landing cascade"
    )
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
