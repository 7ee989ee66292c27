"""A build replaces whole months: it removes deleted rows and leaves other months unchanged."""

import re
from datetime import UTC, date, datetime

import pytest

from dev.qualicharge import Session
from tests.support.two_operators import (
    CURRENT_MONTH,
    MARTS,
    RECENT_START,
    contents,
    delete,
    move,
    noon,
    row_counts,
    session_at,
    set_energy,
)
from tests.support.waiting import MAX_WAIT_SECONDS, wait_for
from tests.support.warehouse import Warehouse

PAST_MONTHS = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]


def built_months(warehouse: Warehouse, mart: str) -> list[str]:
    return sorted(row_counts(warehouse, mart))


def test_first_build_creates_every_month(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, _ = built
    for mart in MARTS:
        assert built_months(warehouse, mart) == [*PAST_MONTHS, CURRENT_MONTH]


def test_second_build_changes_nothing(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, _ = built
    before = contents(warehouse)
    warehouse.build()
    warehouse.build(period="2025-01..2025-04")
    assert contents(warehouse) == before


def test_index_of_a_new_version_reaches_existing_tables(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """Each table and partition has it once, however often it is built."""
    warehouse, _ = built
    before = indexed_columns(warehouse)
    assert ("int_reception_delays", "(period)") in before
    assert ("int_session_flags_2025_04", "(charge_point_id)") in before
    warehouse.query("drop index tiruert_intermediate.int_reception_delays_period_idx")
    for _ in range(2):
        warehouse.build(period="2025-04")
    assert indexed_columns(warehouse) == before


def test_column_of_a_new_version_reaches_existing_tables(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """It is null in months that are not built again."""
    warehouse, _ = built
    before = contents(warehouse)
    warehouse.query("alter table tiruert.energy_balance_monthly drop column sessions_read_at")
    warehouse.build(period="2025-04")
    without = "select cast(period as text) from tiruert.energy_balance_monthly"
    without += " where sessions_read_at is null order by 1"
    months = [month for (month,) in warehouse.query(without)]
    assert months == [*PAST_MONTHS[:-1], CURRENT_MONTH]
    assert contents(warehouse) == before


def test_month_has_its_index_before_readers_wait(built: tuple[Warehouse, list[Session]]) -> None:
    """Readers wait from the moment when the old table of the month is dropped."""
    warehouse, _ = built
    warehouse.query(
        "create table public.commands (number serial, tag text);"
        "create function public.note() returns event_trigger language plpgsql as"
        " 'begin insert into public.commands (tag) values (tg_tag); end';"
        "create event trigger noted on ddl_command_end execute function public.note()"
    )
    warehouse.dbt("run", "--select", "int_session_flags", "--vars", "period: 2025-04")
    warehouse.query("drop event trigger noted")
    tags = [tag for (tag,) in warehouse.query("select tag from public.commands order by number")]
    assert tags.index("CREATE INDEX") < tags.index("DROP TABLE")


def indexed_columns(warehouse: Warehouse) -> list[tuple]:
    """Return tables with the columns of their indexes."""
    return warehouse.query(
        "select tablename, substring(indexdef from '\\([^)]*\\)$') from pg_indexes"
        " where schemaname ^@ 'tiruert' order by 1, 2"
    )


def test_deleted_and_moved_sessions_leave_no_rows_behind(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """April loses one session to a deletion and one to May, so it has no rows in any mart."""
    warehouse, sessions = built
    april_alpha, april_beta = (s for s in sessions if s.start == noon(4, 10))
    delete(warehouse, april_alpha)
    move(warehouse, april_beta, to=noon(5, 1))
    warehouse.build(period="2025-04..2025-05")
    for mart in MARTS:
        assert "2025-04-01" not in row_counts(warehouse, mart)
    assert row_counts(warehouse, "sessions_flagged")["2025-05-01"] == 1


def test_full_refresh_of_one_month_is_refused(built: tuple[Warehouse, list[Session]]) -> None:
    """It would delete all the other months."""
    warehouse, _ = built
    before = contents(warehouse)
    finished = warehouse.run("dbt", "run", "--full-refresh", "--vars", "period: 2025-04")
    assert finished.returncode != 0
    assert "--full-refresh" in finished.stdout
    assert contents(warehouse) == before


def test_concurrent_builds_do_not_duplicate_rows(built: tuple[Warehouse, list[Session]]) -> None:
    """Both builds wait for the same table before either replaces the month."""
    warehouse, _ = built
    before = contents(warehouse)
    table = "blocked_energy_monthly"
    build = ("dbt", "run", "--select", table, "--vars", "period: 2025-02")
    with warehouse.start(*build) as first, warehouse.start(*build) as second:
        with warehouse.lock(f"tiruert.{table}", "exclusive"):
            warehouse.wait_until_blocked(f"tiruert.{table}", first, second)
        for process in (first, second):
            output, _ = process.communicate(timeout=MAX_WAIT_SECONDS)
            assert process.returncode == 0, output
    assert contents(warehouse) == before


def test_concurrent_full_builds_both_pass(built: tuple[Warehouse, list[Session]]) -> None:
    """Both wait for the same table, or for each other, so that they build the rest together."""
    warehouse, _ = built
    before = contents(warehouse)
    build = ("dbt", "build", "--vars", "period: 2025-01..2025-04")
    # The second build may wait with both of its threads.
    waiting = (
        "select count(*) >= 2 from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    with warehouse.start(*build) as first, warehouse.start(*build) as second:
        with warehouse.lock("tiruert_intermediate.charge_point_states", "exclusive"):
            wait_for(lambda: warehouse.query(waiting) == [(True,)])
        for process in (first, second):
            output, _ = process.communicate(timeout=MAX_WAIT_SECONDS)
            assert process.returncode == 0, output
    assert contents(warehouse) == before
    [(runs,)] = warehouse.query(
        "select count(distinct built_at) from tiruert_intermediate.period_builds"
        " where period between '2025-01-01' and '2025-04-01'"
    )
    assert runs == 1, "every mart has the figures of the second build"


def test_only_the_requested_month_is_built(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, sessions = built
    for session in sessions:
        if session.start in (noon(2, 10), noon(3, 10)):
            delete(warehouse, session)
    warehouse.build(period="2025-02")
    assert built_months(warehouse, "sessions_flagged") == [
        "2025-01-01",
        "2025-03-01",
        "2025-04-01",
        CURRENT_MONTH,
    ]


def test_build_without_a_period_builds_changeable_and_missing_months(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """February and March can no longer change. May is missing. The current month becomes empty."""
    warehouse, sessions = built
    for session in sessions:
        if session.start in (noon(3, 10), RECENT_START):
            delete(warehouse, session)
        if session.start == noon(2, 10):
            move(warehouse, session, to=noon(5, 10))
    warehouse.build()
    for mart in MARTS:
        assert built_months(warehouse, mart) == [*PAST_MONTHS, "2025-05-01"]


def test_changeable_months_start_with_the_month_changeable_days_ago(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """With the limit on 31 March, March and April lose the deleted rows and February does not."""
    warehouse, sessions = built
    for session in sessions:
        if session.start != noon(1, 10):
            delete(warehouse, session)
    days = (datetime.now(UTC).date() - date(2025, 3, 31)).days
    warehouse.build(changeable_days=days)
    assert built_months(warehouse, "sessions_flagged") == ["2025-01-01", "2025-02-01"]


def test_corrected_session_becomes_clean(built: tuple[Warehouse, list[Session]]) -> None:
    warehouse, sessions = built
    april = session_at(sessions, noon(4, 10))
    for energy_kwh, expected in ((5000.0, []), (12.0, [(12,)])):
        set_energy(warehouse, april, energy_kwh)
        warehouse.build(period="2025-04")
        rows = warehouse.query(
            "select energy_mwh * 1000 from tiruert.station_energy_monthly"
            " where period = '2025-04-01'"
        )
        assert rows == expected


def test_month_does_not_depend_on_the_months_built_with_it(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """A session from 10 March to May overlaps April but starts before April's look-back."""
    warehouse, sessions = built
    march = session_at(sessions, noon(3, 10))
    warehouse.query(
        'update qualicharge.session set "end" = %s where id = %s', noon(5, 1), str(march.id)
    )
    warehouse.build(period="2025-03..2025-04")
    together = contents(warehouse)
    warehouse.build(period="2025-04")
    assert contents(warehouse) == together
    [overlaps] = warehouse.query(
        "select count(*) from tiruert.sessions_flagged where overlap and period = '2025-04-01'"
    )
    assert overlaps == (0,)


@pytest.mark.parametrize("period", ["2025-13", "avril", "2025-04-01", "2025-04..2025-01", "202504"])
def test_invalid_period_is_an_error_that_quotes_it(server: Warehouse, period: str) -> None:
    finished = server.run("dbt", "compile", "--quiet", "--vars", f"period: {period}")
    assert finished.returncode != 0
    assert period in finished.stdout


def test_build_reads_only_the_month_and_its_look_back(
    built: tuple[Warehouse, list[Session]],
) -> None:
    """With a partitioned source, the plan reads only the partitions of March and April."""
    warehouse, _ = built
    warehouse.partition_source_by_month()
    warehouse.build(period="2025-04")
    models = ("int_lookback_sessions", "int_session_flags")
    warehouse.dbt("compile", "--select", *models, "--vars", "period: 2025-04")
    plans = []
    for model in models:
        compiled = warehouse.compiled_sql(f"models/intermediate/{model}.sql")
        plans += [line for (line,) in warehouse.query(f"explain (costs off) {compiled}")]
    plan = "\n".join(plans)
    assert set(re.findall(r"on (chunk_\d+)", plan)) == {"chunk_3", "chunk_4"}
    assert "start >= '2025-03-25 00:00:00" in plan
    assert "start < '2025-05-01 00:00:00" in plan
