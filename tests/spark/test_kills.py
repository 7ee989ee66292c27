"""Whatever is killed, each month stays as it was until a later build replaces it as a whole."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from common.exit_codes import ExitCode
from dev.demo.__main__ import CLUSTER
from tests.spark.conftest import PASSWORD
from tests.support.two_operators import charge, network, noon
from tests.support.waiting import MAX_WAIT_SECONDS, wait_for
from tests.support.warehouse import Process, Warehouse

BUILD = ("python", "-m", "spark_build")
APRIL = ("--period", "2025-04")
EXECUTOR = "CoarseGrainedExecutorBackend"
DRIVER = "org.apache.spark.deploy.SparkSubmit"
LANDINGS = "tiruert_landing.landings"
FLAGS = "tiruert_intermediate.int_session_flags"


@pytest.fixture(scope="module")
def lake_warehouse(make_lake_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """One operator's sessions of April, one of them rejected, built once on Spark."""
    warehouse = make_lake_warehouse()
    source, alpha, beta = network()
    source.session += [charge(alpha, noon(4, 10)), charge(beta, noon(4, 11))]
    source.session.append(charge(alpha, noon(4, 10) + timedelta(minutes=30)))
    warehouse.load(source)
    build(warehouse, *APRIL)
    assert sendable_kwh(warehouse) == 10
    return warehouse


@pytest.fixture
def changed(lake_warehouse: Warehouse) -> Iterator[Warehouse]:
    """The first session has one kWh more than in the marts."""
    before = sendable_kwh(lake_warehouse)
    [(session_id,)] = lake_warehouse.query(
        "select id from qualicharge.session order by start limit 1"
    )
    lake_warehouse.query(
        "update qualicharge.session set energy = %s where id = %s", float(before) + 1, session_id
    )
    yield lake_warehouse
    assert sendable_kwh(lake_warehouse) == before + 1
    assert lake_warehouse.query(f"select * from {LANDINGS}") == []


def build(warehouse: Warehouse, *arguments: str) -> str:
    finished = warehouse.run(*BUILD, *arguments)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def sendable_kwh(warehouse: Warehouse) -> float:
    [(energy,)] = warehouse.query("select sendable_kwh from tiruert.energy_balance_monthly")
    return energy


def child(build: Process, name: str) -> psutil.Process:
    """Return the first process of the build whose command line contains `name`."""
    found: list[psutil.Process] = []

    def is_running() -> bool:
        assert build.poll() is None
        for process in psutil.Process(build.pid).children(recursive=True):
            # It may have just ended.
            with suppress(psutil.NoSuchProcess):
                command_line = " ".join(process.cmdline())
                assert PASSWORD not in command_line
                if name in command_line:
                    found.append(process)
        return bool(found)

    wait_for(is_running)
    return found[0]


def wait_for_lookback(warehouse: Warehouse, since: float) -> None:
    """Wait until Spark has computed the first model, so that it is computing the second."""
    month = Path(warehouse.environment["TIRUERT_LAKE"], "int_lookback_sessions/month=2025-04")
    wait_for(lambda: any(path.stat().st_mtime > since for path in month.glob("run=*/_SUCCESS")))


def last_write(warehouse: Warehouse) -> float:
    lake = Path(warehouse.environment["TIRUERT_LAKE"])
    return max(path.stat().st_mtime for path in lake.rglob("_SUCCESS"))


def stop_while_computing(
    warehouse: Warehouse, stop: Callable[[Process], None]
) -> subprocess.CompletedProcess[str]:
    """Stop the build, or a part of it, while Spark computes the second model."""
    since = last_write(warehouse)
    with warehouse.start(*BUILD, *APRIL) as process:
        wait_for_lookback(warehouse, since)
        stop(process)
        output, errors = process.communicate(timeout=MAX_WAIT_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def kill_at(warehouse: Warehouse, table: str, mode: str) -> None:
    """Kill the build with SIGKILL when it waits for a lock on `table`. All of it ends."""
    with warehouse.lock(table, mode), warehouse.start(*BUILD, *APRIL) as process:
        warehouse.wait_until_blocked(table, process)
        process.kill()
        process.wait(timeout=MAX_WAIT_SECONDS)
    warehouse.wait_until_unused(warehouse.environment["PGDATABASE"])


def test_month_keeps_its_figures_until_a_build_completes(changed: Warehouse) -> None:
    """Every build but the last is stopped. The last one loses an executor and still completes."""
    before = sendable_kwh(changed)
    stopped = stop_while_computing(changed, lambda build: os.kill(build.pid, signal.SIGINT))
    assert stopped.returncode == ExitCode.INTERRUPTED, stopped.stdout + stopped.stderr
    assert stopped.stderr.splitlines()[-1].startswith("Interrupted. Run the command again")
    assert sendable_kwh(changed) == before

    stopped = stop_while_computing(changed, lambda build: child(build, DRIVER).kill())
    assert stopped.returncode == ExitCode.INCOMPLETE, stopped.stdout + stopped.stderr
    assert stopped.stderr.splitlines()[-1].startswith("Error: dbt run --select failed")
    assert sendable_kwh(changed) == before

    # The rows of the first model have landed, but not their number.
    kill_at(changed, LANDINGS, "share")
    assert sendable_kwh(changed) == before

    cluster = changed.with_variables(TIRUERT_SPARK_MASTER=CLUSTER)
    completed = stop_while_computing(cluster, lambda build: child(build, EXECUTOR).kill())
    assert completed.returncode == ExitCode.SUCCESS, completed.stdout + completed.stderr
    assert "Lost executor" in completed.stderr
    assert "computing it on Spark" in completed.stdout


def test_kill_before_the_swap_keeps_what_has_landed(changed: Warehouse) -> None:
    """Builds refuse it while its rows are doubled or judged by other limits, and then take it.

    These builds have no period. April is closed, so they only take the rows of the killed one.
    """
    before = sendable_kwh(changed)
    kill_at(changed, FLAGS, "share row exclusive")
    [(name,)] = changed.query(
        "select tablename from pg_tables where schemaname = 'tiruert_landing'"
        " and tablename ~ '^int_session_flags_2025'"
    )
    landed = f"tiruert_landing.{name}"
    changed.query(f"create table public.landed as table {landed}")
    changed.query(f"insert into {landed} select * from {landed}")
    finished = changed.run(*BUILD)
    assert finished.returncode == 1
    assert (
        "rows have landed from Spark: run python -m spark_build --period 2025-04" in finished.stdout
    )
    assert sendable_kwh(changed) == before

    changed.query(f"truncate {landed}; insert into {landed} table public.landed")
    changed.query(f"update {LANDINGS} set states_version = 'other ' || states_version")
    step = {"spark_build": {"plans_months": False, "months": ["2025-04"]}}
    finished = changed.run(
        "dbt", "run", "--select", "int_session_flags", "--vars", json.dumps(step)
    )
    assert finished.returncode == 1
    assert "from other stations, charge points or limits" in finished.stdout
    assert sendable_kwh(changed) == before

    changed.query(f"update {LANDINGS} set states_version = replace(states_version, 'other ', '')")
    assert "an interrupted build has computed it" in build(changed)


def test_second_build_at_once_is_refused(lake_warehouse: Warehouse) -> None:
    with lake_warehouse.connection() as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(715032, hashtext('tiruert'))")
        finished = lake_warehouse.run(*BUILD, *APRIL)
    assert finished.returncode == 4
    assert "another build on Spark is running" in finished.stderr
