"""The tests of a build find our own errors in the data, and only those."""

from collections.abc import Callable

import pytest

from tests.support.two_operators import charge, network, noon
from tests.support.warehouse import Warehouse

FLAGS = "tiruert_intermediate.int_session_flags"


@pytest.fixture(scope="module")
def first_built(warehouse: Warehouse) -> Warehouse:
    """A month with four sessions, received and built long ago."""
    source, alpha, beta = network()
    for day in (10, 11):
        source.session += [charge(point, noon(3, day)) for point in (alpha, beta)]
    warehouse.load(source)
    warehouse.build()
    return warehouse


@pytest.fixture
def built(first_built: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    return make_warehouse(like=first_built)


def check_source(warehouse: Warehouse, variables: str = "{}") -> tuple[int, str]:
    finished = warehouse.run(
        *("dbt", "--no-use-colors", "test", "--select", "source_is_received"),
        *("--vars", variables),
    )
    return finished.returncode, finished.stdout


def test_books_in_whole_wh_may_not_differ_by_half_a_wh(built: Warehouse) -> None:
    """Sessions have no fractions of Wh, so rounding is no excuse."""
    built.query(
        "update tiruert.energy_balance_monthly"
        " set sendable_kwh = sendable_kwh + 0.0005, received_kwh = received_kwh + 0.0005"
    )
    finished = built.run("dbt", "test", "--select", "books_balance")
    assert finished.returncode == 1
    assert "Failure in test books_balance" in finished.stdout


def test_sessions_added_corrected_and_deleted_during_a_build_are_no_error(built: Warehouse) -> None:
    built.query(
        """
        delete from qualicharge.session
        where id = (select id from qualicharge.session order by id limit 1);
        update qualicharge.session set energy = 12, updated_at = now()
        where id = (select id from qualicharge.session order by id limit 1);
        insert into qualicharge.session
        select gen_random_uuid(), start, "end", energy, point_de_charge_id, now(), now()
        from qualicharge.session limit 1
        """
    )
    assert check_source(built)[0] == 0


def test_sessions_that_arrived_after_the_build_are_not_lost(built: Warehouse) -> None:
    """The build was three hours ago."""
    built.query(
        """
        update tiruert_intermediate.period_builds
        set
            built_at = built_at - interval '3 hours',
            requested_at = requested_at - interval '3 hours';
        insert into qualicharge.session
        select gen_random_uuid(), start, "end", energy, point_de_charge_id,
            now() - interval '2 hours', now() - interval '2 hours'
        from qualicharge.session limit 1
        """
    )
    assert check_source(built)[0] == 0


@pytest.mark.parametrize(
    "damage",
    [
        f"delete from {FLAGS} where session_id in (select session_id from {FLAGS} limit 1)",
        f"insert into {FLAGS} select * from {FLAGS} limit 1",
        f"update {FLAGS} set energy_kwh = energy_kwh + 1",
    ],
    ids=["lost", "duplicated", "altered"],
)
def test_damaged_session_fails_the_build(built: Warehouse, damage: str) -> None:
    """The marts are built from the damaged sessions."""
    built.query(damage)
    inputs = "'int_stations', 'int_charge_points', 'int_lookback_sessions', 'int_session_flags'"
    built.query(
        "update tiruert_intermediate.period_builds set built_at = null"
        f" where model not in ({inputs})"
    )
    built.build()
    code, output = check_source(built)
    assert code == 1
    assert "Failure in test source_is_received" in output


def test_retry_of_a_failed_check_fails_again(built: Warehouse) -> None:
    built.query(
        f"update {FLAGS} set energy_kwh = energy_kwh + 1;"
        "update tiruert_intermediate.int_energy_daily set energy_kwh = energy_kwh + 1"
    )
    # With its own --target, dbt writes the file that `dbt retry` reads (forked_programs).
    target = ("--target", "warehouse")
    balance = ("energy_balance_daily", "energy_balance_monthly", "source_is_received")
    build = built.run("dbt", "build", "--select", *balance, "--vars", "period: 2025-03", *target)
    assert build.returncode == 1, build.stdout
    retry = built.run("dbt", "retry", *target)
    assert retry.returncode == 1, retry.stdout
    assert "Failure in test source_is_received" in retry.stdout


def test_month_that_the_last_build_left_out_is_checked_on_request(built: Warehouse) -> None:
    """Both the sessions and the balance of March are damaged."""
    built.query(
        f"update {FLAGS} set energy_kwh = energy_kwh + 1;"
        "update tiruert.energy_balance_monthly set received_kwh = 0"
    )
    built.build(period="2025-04")
    assert check_source(built)[0] == 0
    assert check_source(built, "check_all_months: true")[0] == 1


@pytest.mark.parametrize(("age", "expected"), [("1 day", "WARN=0"), ("3 days", "WARN=1")])
def test_source_without_new_sessions_is_a_warning(
    built: Warehouse, age: str, expected: str
) -> None:
    built.query(
        "update qualicharge.session set start = now() - cast(%s as interval),"
        " created_at = now() - cast(%s as interval)",
        age,
        age,
    )
    finished = built.run("dbt", "--no-use-colors", "test", "--select", "source_is_fresh")
    assert finished.returncode == 0
    assert expected in finished.stdout
    freshness = built.run("dbt", "--no-use-colors", "source", "freshness")
    assert freshness.returncode == 0
    assert ("WARN freshness" in freshness.stdout) == (expected == "WARN=1")
