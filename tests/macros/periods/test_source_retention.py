"""The warehouse keeps what the source drops: no month shrinks because the source was emptied."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from dev.qualicharge import Session
from tests.support.two_operators import charge, contents, delete, move, network, noon
from tests.support.warehouse import Warehouse

BOTH_MONTHS = "2025-04..2025-05"
KEPT = "computed from the sessions kept in the warehouse"


@pytest.fixture
def copy(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """April and May 2025, with sessions from the last days of March."""
    return make_warehouse(like=made)


def drop_by_delete(warehouse: Warehouse, before: str) -> None:
    warehouse.query("delete from qualicharge.session where start < %s", before)


def drop_by_partition(warehouse: Warehouse, before: str) -> None:
    """Drop whole chunks, as TimescaleDB's retention does."""
    warehouse.query(
        "alter table qualicharge.session rename to whole;"
        "create table qualicharge.session (like qualicharge.whole including all)"
        " partition by range (start);"
        f"create table qualicharge.old partition of qualicharge.session"
        f" for values from (minvalue) to ('{before}');"
        f"create table qualicharge.new partition of qualicharge.session"
        f" for values from ('{before}') to (maxvalue);"
        "insert into qualicharge.session select * from qualicharge.whole;"
        "drop table qualicharge.old"
    )


def build(warehouse: Warehouse, *arguments: str, **variables: object) -> str:
    """Run `dbt build` with its data tests and return its output."""
    options = (*arguments, "--vars", json.dumps(variables))
    finished = warehouse.run("dbt", "--no-use-colors", "build", *options)
    assert finished.returncode == 0, finished.stdout[-3000:]
    return finished.stdout


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        ("2025-04-17", drop_by_delete),
        ("2025-04-17", drop_by_partition),
        ("2025-05-01", drop_by_partition),
        ("2025-05-09", drop_by_partition),
        ("2030-01-01", drop_by_partition),
    ],
    ids=["rows", "within-first", "between", "within-second", "everything"],
)
def test_months_are_as_before_after_the_source_dropped_sessions(
    copy: Warehouse, before: str, drop: Callable[[Warehouse, str], None]
) -> None:
    expected = contents(copy)
    drop(copy, before)
    assert KEPT in build(copy, period=BOTH_MONTHS)
    assert contents(copy) == expected


def test_full_refresh_keeps_what_the_source_dropped(copy: Warehouse) -> None:
    """April is computed from kept sessions, May from the source."""
    expected = contents(copy)
    drop_by_partition(copy, "2025-04-17")
    copy.build("--full-refresh")
    assert contents(copy) == expected


def test_balance_says_when_the_source_was_read(copy: Warehouse) -> None:
    """May is still read. April is computed from kept sessions."""
    copy.build(period=BOTH_MONTHS)
    first = build_times(copy)
    for read_at, computed_at in first.values():
        assert read_at > computed_at, "the run started before it read"
    drop_by_partition(copy, "2025-04-17")
    copy.build(period=BOTH_MONTHS)
    second = build_times(copy)
    assert second["2025-04"][0] == first["2025-04"][0] < second["2025-04"][1]
    assert second["2025-05"][0] > second["2025-05"][1] > first["2025-05"][0]


def test_balance_built_alone_does_not_hide_that_its_inputs_are_old(copy: Warehouse) -> None:
    """The sessions were read again, but the build was killed before it summed them."""
    copy.build(period="2025-04")
    [read_at, _] = build_times(copy)["2025-04"]
    copy.build("--select", "int_session_flags", period="2025-04")
    copy.build("--select", "energy_balance_monthly", period="2025-04")
    assert build_times(copy)["2025-04"][0] == read_at
    copy.build(period="2025-04")
    assert build_times(copy)["2025-04"][0] > read_at


def test_time_is_unknown_if_an_old_version_has_read_what_is_kept(copy: Warehouse) -> None:
    copy.query("update tiruert_intermediate.period_builds set source_read_at = null")
    drop_by_partition(copy, "2025-04-17")
    copy.build(period=BOTH_MONTHS)
    times = build_times(copy)
    assert times["2025-04"][0] is None
    assert times["2025-05"][0] is not None


def build_times(warehouse: Warehouse) -> dict[str, tuple[datetime | None, datetime]]:
    """Return when the sessions of each month were read, and when its balance was computed."""
    return {
        month: (read_at, computed_at)
        for month, read_at, computed_at in warehouse.query(
            "select to_char(period, 'YYYY-MM'), sessions_read_at, computed_at"
            " from tiruert.energy_balance_monthly"
        )
    }


def test_kept_sessions_are_judged_as_those_of_the_source(copy: Warehouse) -> None:
    """Row by row, under other limits too, which change neighbours as well."""
    limits = {"eneu_energy_kwh": 60, "enea_ratio": 0.9, "max_duration_days": 1}
    copy.build(period=BOTH_MONTHS, **limits)
    expected = contents(copy)
    copy.build(period=BOTH_MONTHS)
    assert contents(copy) != expected
    copy.query("truncate qualicharge.session")
    copy.build(period=BOTH_MONTHS, **limits)
    assert contents(copy) == expected


def test_first_sessions_deleted_by_their_operator_are_not_kept(copy: Warehouse) -> None:
    """An operator deletes only sessions of his own, here the earliest ones of all."""
    [(unit,)] = copy.query(
        "select operational_unit_code from tiruert.sessions_flagged"
        " where operational_unit_code is not null order by started_at limit 1"
    )
    deleted = copy.query(
        "delete from qualicharge.session where id in ("
        " select session_id from tiruert.sessions_flagged where operational_unit_code = %s"
        " order by started_at limit 5) returning id",
        unit,
    )
    assert KEPT not in build(copy, period=BOTH_MONTHS)
    remaining = "select count(*) from tiruert.sessions_flagged where session_id = any(%s::uuid[])"
    assert copy.query(remaining, [session for (session,) in deleted]) == [(0,)]


def test_only_session_corrected_by_its_operator_is_not_kept(
    loaded: tuple[Warehouse, Session],
) -> None:
    """The source has no other session that the warehouse knows, but it is not empty."""
    warehouse, session = loaded
    warehouse.build(period="2025-04")
    move(warehouse, session, to=noon(4, 11))
    warehouse.build(period="2025-04")
    assert warehouse.query("select started_at from tiruert.sessions_flagged") == [(noon(4, 11),)]


def test_first_session_deleted_beside_one_with_the_same_start_stops_no_build(
    make_warehouse: Callable[..., Warehouse],
) -> None:
    warehouse = make_warehouse()
    source, alpha, beta = network()
    source.session += [charge(alpha, noon(4, 10)), charge(beta, noon(4, 10))]
    warehouse.load(source)
    warehouse.build(period="2025-04")
    first, second = sorted(source.session, key=lambda session: session.id)
    delete(warehouse, first)
    warehouse.build(period="2025-04")
    kept = warehouse.query("select session_id from tiruert.sessions_flagged")
    assert kept == [(str(second.id),)]


@pytest.mark.parametrize("but", ["nothing", "the last session"])
def test_sessions_that_are_back_are_read_again(copy: Warehouse, but: str) -> None:
    """The source was empty for a night. All is back but the last session, which was deleted."""
    copy.query("create table dropped as select * from qualicharge.session")
    copy.query("truncate qualicharge.session")
    build(copy, period=BOTH_MONTHS)
    deleted = 0 if but == "nothing" else 1
    copy.query(
        "insert into qualicharge.session select * from dropped order by start desc, id offset %s",
        deleted,
    )
    copy.query("update qualicharge.session set energy = 0 where energy = 'NaN'")
    output = build(copy, period=BOTH_MONTHS)
    assert "the source has the sessions again" in output
    invalid = "select count(*) from tiruert.sessions_flagged where energy_kwh = 'NaN'"
    assert copy.query(invalid) == [(0,)]


def test_month_that_nobody_has_is_not_built(copy: Warehouse) -> None:
    """The source was emptied before the first build."""
    copy.query("drop schema tiruert, tiruert_staging, tiruert_intermediate cascade")
    drop_by_delete(copy, "2025-04-17")
    output = build(copy, source_complete_since="2025-04-17")
    assert "2025-04 is not built: the source is complete only since 2025-04-17" in output
    assert copy.query("select cast(period as text) from tiruert.energy_balance_monthly") == [
        ("2025-05-01",)
    ]


def test_month_that_the_source_lost_before_its_first_build_ended_is_not_built(
    make_warehouse: Callable[..., Warehouse],
) -> None:
    """The first build was killed. An empty month would then count as kept."""
    warehouse = make_warehouse()
    source, alpha, _ = network()
    source.session += [charge(alpha, noon(month, 10)) for month in (3, 4)]
    warehouse.load(source)
    warehouse.build(period="2025-03")
    warehouse.kill_build_at("tiruert_intermediate.int_session_flags", "share row exclusive")
    warehouse.build(source_complete_since="2025-04-05")
    built = "select cast(period as text), received_sessions from tiruert.energy_balance_monthly"
    assert warehouse.query(built) == [("2025-03-01", 1)]
    warehouse.build()
    assert sorted(warehouse.query(built)) == [("2025-03-01", 1), ("2025-04-01", 1)]


def test_late_session_before_what_was_dropped_does_not_hide_it(copy: Warehouse) -> None:
    """The platform drops April's first half, and a session of early April arrives."""
    expected = contents(copy)
    drop_by_delete(copy, "2025-04-17")
    copy.query(
        "insert into qualicharge.session select gen_random_uuid(), '2025-04-02', '2025-04-03',"
        " energy, point_de_charge_id, now(), now() from qualicharge.session limit 1"
    )
    assert KEPT in build(copy, period=BOTH_MONTHS)
    assert contents(copy) == expected


def test_late_sessions_of_a_dropped_month_are_counted(copy: Warehouse) -> None:
    """They are in no figure, so a test of the build says how many there are."""
    drop_by_delete(copy, "2025-04-17")
    build(copy, period=BOTH_MONTHS)
    copy.query(
        'insert into qualicharge.session select gen_random_uuid(), start, "end", energy,'
        " point_de_charge_id, now() - interval '1 day', now() - interval '1 day'"
        " from qualicharge.session where start > '2025-04-20' order by start limit 3"
    )
    output = build(copy, period=BOTH_MONTHS)
    assert "2025-04: the source has 3 sessions that came too late" in output


def received(warehouse: Warehouse, month: str) -> tuple[int, float]:
    """Return the number of sessions of a month, and their energy without that of rejected ones."""
    [figures] = warehouse.query(
        "select received_sessions, received_kwh - rejected_kwh"
        " from tiruert.energy_balance_monthly where period = %s",
        f"{month}-01",
    )
    return figures


def test_month_that_would_lose_too_much_keeps_its_state(copy: Warehouse) -> None:
    """Three per cent of May's sessions are deleted, from all of the month; of April's, one is."""
    april, may = received(copy, "2025-04"), received(copy, "2025-05")
    before = build_times(copy)
    copy.query(
        "delete from qualicharge.session where start >= '2025-05-01'"
        " and abs(hashtext(cast(id as text))) %% 100 < 3"
    )
    copy.query(
        "delete from qualicharge.session where id in ("
        " select id from qualicharge.session where start < '2025-05-01' limit 1)"
    )
    [(left,)] = copy.query("select count(*) from qualicharge.session where start >= '2025-05-01'")
    finished = copy.run(
        *("dbt", "--no-use-colors", "build"), "--vars", json.dumps({"period": BOTH_MONTHS})
    )
    assert finished.returncode == 1
    assert "FAIL 1 months_keep_their_sessions" in finished.stdout
    kept = f"2025-05 keeps its figures: {may[0]:,} sessions would become {left:,}"
    assert kept in finished.stdout
    assert received(copy, "2025-04")[0] == april[0] - 1
    assert received(copy, "2025-05") == may
    assert build_times(copy)["2025-05"][0] == before["2025-05"][0]
    build(copy, period="2025-05", accept_loss="2025-05")
    assert received(copy, "2025-05")[0] == left


def test_energy_that_would_be_lost_counts_too(copy: Warehouse) -> None:
    """No session is deleted, but an operator's unit of energy changes."""
    copy.query("update qualicharge.session set energy = energy / 1000 where start < '2025-04-10'")
    finished = copy.run("dbt", "build", "--vars", "period: 2025-04")
    assert finished.returncode == 1
    assert "clean_kwh would become" in finished.stdout


def test_new_limits_are_no_loss(copy: Warehouse) -> None:
    _, before_kwh = received(copy, "2025-05")
    copy.build(period="2025-05", eneu_energy_kwh=20)
    _, after_kwh = received(copy, "2025-05")
    assert after_kwh < before_kwh / 2
