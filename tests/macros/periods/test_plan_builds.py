"""A run decides once which months to build. It costs the same however long the history is."""

import json
import re
from collections.abc import Callable

import pytest

from dev.qualicharge import Session
from tests.support.two_operators import charge, network, noon, set_energy
from tests.support.warehouse import Warehouse

JSON_LOG = ("--log-format=json", "--log-level=debug")


def statements(warehouse: Warehouse, *arguments: str) -> list[str]:
    """Run dbt and return the SQL statements that it sent."""
    finished = warehouse.run("dbt", *JSON_LOG, *arguments)
    assert finished.returncode == 0, finished.stdout[-3000:]
    events = map(json.loads, finished.stdout.splitlines())
    return [event["data"]["sql"] for event in events if event["info"]["name"] == "SQLQuery"]


@pytest.fixture(scope="module")
def frozen(warehouse: Warehouse) -> Warehouse:
    """Two months built that can no longer change."""
    source, alpha, beta = network()
    source.session += [
        charge(point, noon(month, 10)) for month in (1, 2) for point in (alpha, beta)
    ]
    warehouse.load(source)
    warehouse.build()
    return warehouse


def test_build_with_nothing_to_do_says_so(frozen: Warehouse) -> None:
    finished = frozen.run("dbt", "--no-use-colors", "run")
    assert finished.returncode == 0
    assert "Nothing to build: every month is frozen and built" in finished.stdout
    monthly = re.findall(r"OK created sql monthly_replace .*\[(.*) in ", finished.stdout)
    assert len(monthly) == 15
    assert set(monthly) == {"nothing to build"}


def test_number_of_statements_does_not_depend_on_the_history(
    frozen: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    longer = make_warehouse(like=frozen)
    longer.query(
        """
        insert into qualicharge.session
        select gen_random_uuid(), start - months, "end" - months, energy, point_de_charge_id,
            created_at - months, updated_at - months
        from qualicharge.session
        cross join lateral (
            select cast(number || ' months' as interval) as months
            from generate_series(2, 12, 2) as number
        ) as earlier
        """
    )
    longer.build()
    [(months,)] = longer.query("select count(*) from tiruert.energy_balance_monthly")
    assert months == 14
    assert len(statements(longer, "build")) == len(statements(frozen, "build"))


def test_build_with_nothing_to_do_reads_only_the_last_frozen_month(
    frozen: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    """The source is partitioned, as it is in chunks on the platform."""
    warehouse = make_warehouse(like=frozen)
    warehouse.partition_source_by_month()
    before = rows_read(warehouse)
    warehouse.dbt("build")
    # One row tells that the source is not empty, another that it has dropped nothing. The two
    # sessions of February are counted.
    assert rows_read(warehouse) <= before + 4


def rows_read(warehouse: Warehouse) -> int:
    """Return how many rows of sessions have been read so far, by all connections."""
    warehouse.wait_until_unused(warehouse.environment["PGDATABASE"])
    [(rows,)] = warehouse.query(
        "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)"
        " from pg_stat_user_tables where schemaname = 'qualicharge'"
        " and (relname like 'chunk%%' or relname = 'session')"
    )
    return rows


def test_foreign_server_returns_one_row_per_month_at_most(local: Warehouse) -> None:
    """Through foreign tables, each month is one remote query with constant limits."""
    sent = statements(local, "run", "--select", "int_session_flags")
    [probe] = [sql for sql in sent if "union all" in sql and "limit 1" in sql]
    plan = [line for (line,) in local.query(f"explain (verbose) {strip_comment(probe)}")]
    remote = [line.split("Remote SQL: ")[1] for line in plan if "Remote SQL" in line]
    assert len(remote) > 100
    month = (
        r"SELECT NULL FROM public.session WHERE \(\(start >= '(\d{4}-\d\d)-01 00:00:00\+00'\)\)"
        r" AND \(\(start < '\d{4}-\d\d-\d\d 00:00:00\+00'\)\) LIMIT 1::bigint"
    )
    probed = [re.fullmatch(month, sql) for sql in remote]
    assert all(probed), remote
    assert not {"2025-04", "2025-05"} & {match[1] for match in probed}, "built months are skipped"


def test_foreign_server_counts_the_sessions_of_a_frozen_month(local: Warehouse) -> None:
    sent = statements(local, "test", "--select", "frozen_months_match_source")
    [count] = [strip_comment(sql) for sql in sent if "count(*) filter" in sql]
    plan = [line for (line,) in local.query(f"explain (verbose) {count}")]
    [remote] = [line.split("Remote SQL: ")[1] for line in plan if "Remote SQL" in line]
    assert "count(*) FILTER (WHERE " in remote
    assert "((start >= '2025-05-01 00:00:00+00'))" in remote


def strip_comment(sql: str) -> str:
    return re.sub(r"/\*.*?\*/", "", sql, flags=re.DOTALL)


def test_requested_month_without_sessions_is_a_warning(frozen: Warehouse) -> None:
    finished = frozen.run("dbt", "--no-use-colors", "run", "--vars", "period: 2019-01")
    assert finished.returncode == 0
    assert "the source has no session in the requested month 2019-01" in finished.stdout


def test_empty_source_is_a_warning(
    frozen: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    warehouse = make_warehouse(like=frozen)
    warehouse.query("truncate qualicharge.session")
    finished = warehouse.run("dbt", "--no-use-colors", "run")
    assert finished.returncode == 0
    assert "the source has no session at all" in finished.stdout


MARTS_LATER = """
    update tiruert_intermediate.period_builds
    set built_at = '2025-06-14 10:00Z', requested_at = '2025-06-14 10:00Z'
    where model !~ '^int_'
"""
# That it missed the day is no reason to read the source again.
ONE_MART_EARLIER = """
    update tiruert_intermediate.period_builds
    set built_at = '2025-06-13 10:00Z', requested_at = '2025-06-13 10:00Z'
    where model = 'data_freshness'
"""
# Spark had read the sessions before midnight.
FROM_SPARK = """
    update tiruert_intermediate.period_builds set landed_run = '20250613235900'
    where model = 'int_session_flags'
"""
# The source had lost too much, so Spark used its copy. It would do so every night.
FROM_OLD_COPY = """
    update tiruert_intermediate.period_builds set source_read_at = '2025-06-10 03:15Z'
    where source_read_at is not null;
    update tiruert_intermediate.period_builds set landed_run = '20250614001000'
    where model = 'int_session_flags'
"""
# Too much of it was lost, but the month's own sessions were read.
LOOK_BACK_EARLIER = """
    update tiruert_intermediate.period_builds set source_read_at = '2025-06-10 03:15Z'
    where model = 'int_lookback_sessions'
"""


@pytest.mark.parametrize(
    ("built_at", "then", "is_built"),
    [
        ("2025-06-13 23:59Z", None, True),
        ("2025-06-14 00:00Z", None, False),
        ("2025-06-13 23:59Z", MARTS_LATER, True),
        ("2025-06-14 00:10Z", FROM_SPARK, True),
        ("2025-06-14 00:10Z", FROM_OLD_COPY, False),
        ("2025-06-14 00:10Z", LOOK_BACK_EARLIER, False),
        ("2025-06-14 00:10Z", ONE_MART_EARLIER, False),
    ],
    ids=[
        "before",
        "on the day",
        "marts later",
        "Spark over midnight",
        "Spark with an old copy",
        "look-back refused",
        "one mart earlier",
    ],
)
def test_frozen_month_that_missed_its_last_day_is_built(
    loaded: tuple[Warehouse, Session], built_at: str, then: str | None, is_built: bool
) -> None:
    """April could change until 14 June. A correction has arrived since its last build."""
    warehouse, session = loaded
    # Changeable for longer in this build only, which must not count.
    warehouse.build(changeable_days=1000)
    set_energy(warehouse, session, 12)
    warehouse.query(
        "update tiruert_intermediate.period_builds set built_at = %s, requested_at = %s",
        built_at,
        built_at,
    )
    if then:
        warehouse.query(then)
    warehouse.build()
    received = "select received_kwh from tiruert.energy_balance_monthly"
    assert warehouse.query(received) == [(12 if is_built else 10,)]
    assert "Nothing to build" in warehouse.run("dbt", "run").stdout


def test_frozen_month_that_was_not_read_on_its_last_day_is_built(
    loaded: tuple[Warehouse, Session],
) -> None:
    """The source was empty in the night of 14 June, after a correction that had just arrived."""
    warehouse, session = loaded
    warehouse.build()
    warehouse.query(
        "update tiruert_intermediate.period_builds set built_at = '2025-06-13 03:15Z',"
        " requested_at = built_at, source_read_at = '2025-06-13 03:15Z'"
        " where source_read_at is not null"
    )
    warehouse.query(
        "create table public.copy as table qualicharge.session; truncate qualicharge.session"
    )
    warehouse.build(period="2025-04")
    warehouse.query("insert into qualicharge.session table public.copy")
    set_energy(warehouse, session, 12)
    warehouse.build()
    received = "select received_kwh from tiruert.energy_balance_monthly"
    assert warehouse.query(received) == [(12,)]
    assert "Nothing to build" in warehouse.run("dbt", "run").stdout


@pytest.fixture
def april(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """April, built, with a session on each day."""
    warehouse = make_warehouse()
    source, alpha, _ = network()
    source.session += [charge(alpha, noon(4, day)) for day in range(1, 31)]
    warehouse.load(source)
    warehouse.build()
    return warehouse


def test_month_refused_on_its_last_day_is_tried_again_until_the_source_is_repaired(
    april: Warehouse,
) -> None:
    """Most sessions were missing in the source on 14 June. One arrives with them later."""
    april.query(
        "update tiruert_intermediate.period_builds set built_at = '2025-06-13 03:15Z',"
        " requested_at = '2025-06-13 03:15Z', source_read_at = case"
        " when source_read_at is not null then cast('2025-06-13 03:15Z' as timestamptz) end;"
        "create table public.missing as select * from qualicharge.session offset 1;"
        "delete from qualicharge.session where id in (select id from public.missing)"
    )
    received = "select received_sessions from tiruert.energy_balance_monthly"
    for _ in range(2):
        assert "FAIL 1 months_keep_their_sessions" in april.run("dbt", "build").stdout
        assert april.query(received) == [(30,)]
    april.query(
        "insert into qualicharge.session select * from public.missing union all"
        " select gen_random_uuid(), start - interval '2 hours', start, energy,"
        " point_de_charge_id, created_at, updated_at from qualicharge.session"
    )
    april.build()
    assert april.query(received) == [(31,)]
    assert "Nothing to build" in april.run("dbt", "run").stdout


def test_loss_that_was_refused_once_is_named_every_night(april: Warehouse) -> None:
    """An operator has withdrawn sessions of a frozen month, and somebody has built it by name."""
    april.query("delete from qualicharge.session where start > '2025-04-15'")
    by_name = april.run("dbt", "build", "--vars", "period: 2025-04")
    assert "FAIL 1 months_keep_their_sessions" in by_name.stdout
    assert "is frozen and has" not in by_name.stdout
    nightly = april.run("dbt", "build").stdout
    assert "2025-04 is frozen and has 30 sessions. The source now has 14" in nightly


def test_sessions_that_arrive_after_a_month_was_frozen_are_counted(
    frozen: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    """Of two frozen months, a build looks at the last one, and a check of all months at both."""
    warehouse = make_warehouse(like=frozen)
    assert "is frozen and has" not in warehouse.run("dbt", "build").stdout
    warehouse.query(
        "insert into qualicharge.session"
        ' select gen_random_uuid(), start + days, "end" + days, energy, point_de_charge_id,'
        " now(), now() from qualicharge.session cross join"
        " unnest(array[interval '1 day', interval '2 days']) as days"
    )
    warehouse.query(
        "update qualicharge.session set energy = 12, updated_at = now() where start = %s",
        noon(2, 10),
    )
    message = (
        "2025-{} is frozen and has 2 sessions. The source now has 6, and has received or changed {}"
        " of them since. To count what it has now, run dbt build --vars 'period: 2025-{}'"
    )
    january, february = message.format("01", 4, "01"), message.format("02", 6, "02")
    finished = warehouse.run("dbt", "--no-use-colors", "build")
    assert finished.returncode == 0
    assert "WARN 1 frozen_months_match_source" in finished.stdout
    assert february in finished.stdout
    assert january not in finished.stdout
    every_month = ("dbt", "test", "--vars", "check_all_months: true")
    finished = warehouse.run(*every_month)
    assert january in finished.stdout
    assert february in finished.stdout
    warehouse.build(period="2025-01..2025-02")
    assert "is frozen and has" not in warehouse.run(*every_month).stdout


def test_deleted_sessions_of_a_frozen_month_are_counted(
    frozen: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    warehouse = make_warehouse(like=frozen)
    warehouse.query(
        "delete from qualicharge.session where id in"
        " (select id from qualicharge.session where start = %s limit 1)",
        noon(2, 10),
    )
    expected = "2025-02 is frozen and has 2 sessions. The source now has 1, and has received"
    assert expected in warehouse.run("dbt", "build").stdout


@pytest.fixture
def interrupted(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """March and April, built. The build of a correction of March, and of May, was killed."""
    warehouse = make_warehouse()
    source, alpha, _ = network()
    source.session += [charge(alpha, noon(month, 10)) for month in (3, 4)]
    warehouse.load(source)
    warehouse.build()
    set_energy(warehouse, source.session[0], 12)
    warehouse.query(
        "insert into qualicharge.session select gen_random_uuid(), '2025-05-10', \"end\", energy,"
        " point_de_charge_id, now(), now() from qualicharge.session limit 1"
    )
    warehouse.kill_build_at(
        "tiruert_intermediate.int_session_flags", "share row exclusive", period="2025-03..2025-05"
    )
    return warehouse


def test_marts_built_while_their_inputs_wait_are_built_again(interrupted: Warehouse) -> None:
    """An analyst builds the marts after the killed build. All months are frozen."""
    interrupted.build("--select", "path:models/marts")
    received = (
        "select cast(period as text), received_kwh from tiruert.energy_balance_monthly order by 1"
    )
    # May is not built: its sessions are not there yet.
    assert interrupted.query(received) == [("2025-03-01", 10), ("2025-04-01", 10)]
    interrupted.build()
    assert interrupted.query(received) == [
        ("2025-03-01", 12),
        ("2025-04-01", 10),
        ("2025-05-01", 10),
    ]


def test_missing_source_schema_is_one_clear_error(frozen: Warehouse) -> None:
    finished = frozen.run("dbt", "--no-use-colors", "build", "--vars", "source_schema: nowhere")
    assert finished.returncode != 0
    assert "the schema 'nowhere' has no table 'session'" in finished.stdout
    assert "source_schema" in finished.stdout
    assert "ERROR creating" not in finished.stdout


def test_compile_needs_no_source_and_changes_nothing(
    make_warehouse: Callable[..., Warehouse],
) -> None:
    empty = make_warehouse()
    empty.dbt("compile", "--select", "int_session_flags")
    assert not empty.query("select from pg_namespace where nspname like 'tiruert%%'")


@pytest.fixture
def copy(frozen: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse(like=frozen)


@pytest.mark.parametrize("table", ["period_builds", "change_log"])
def test_start_of_a_run_does_not_wait_for_a_running_build(copy: Warehouse, table: str) -> None:
    """A running build has written to these tables in a transaction that is still open."""
    impatient = copy.with_variables(PGOPTIONS="-c lock_timeout=10s")
    with copy.lock(f"tiruert_intermediate.{table}", "row exclusive"):
        impatient.dbt("run", "--select", "blocked_energy_monthly")


def test_model_whose_input_was_rebuilt_alone_is_rebuilt_by_the_next_build(copy: Warehouse) -> None:
    copy.query("update qualicharge.session set energy = 12")
    copy.build("--select", "int_session_flags", period="2025-01")
    copy.build()
    energies = "select energy_mwh * 1000 from tiruert.station_energy_monthly order by period"
    assert copy.query(energies) == [(12,), (10,)]


def test_dropped_mart_is_rebuilt_with_every_month(copy: Warehouse) -> None:
    copy.query("drop table tiruert.blocked_energy_monthly cascade")
    copy.build()
    months = "select count(*) from tiruert.blocked_energy_monthly"
    assert copy.query(months) == [(2,)]


def test_session_in_the_future_belongs_to_no_month(copy: Warehouse) -> None:
    """It is not in the current month either, until a build on its day."""
    copy.query("update qualicharge.session set start = now() + interval '25 hours'")
    copy.build()
    future = "select count(*) from tiruert.sessions_flagged where started_at > now()"
    assert copy.query(future) == [(0,)]
