"""December 2024 of QualiCharge's public sample gives the figures computed for it elsewhere."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dev import sample
from tests.support.warehouse import Warehouse

FLAGS = ("negs", "eneu", "enea", "odus", "enex", "duplicate", "overlap")


@pytest.fixture(scope="module")
def december(warehouse: Warehouse, sample_folder: Path) -> Warehouse:
    warehouse.load(sample.read(sample_folder))
    warehouse.dbt("build")
    return warehouse


def expected(folder: Path, name: str) -> list[tuple[str, ...]]:
    with (folder / "expected" / name).open(encoding="utf-8", newline="") as file:
        return sorted(tuple(row) for row in list(csv.reader(file))[1:])


def test_every_station_has_its_energy_to_the_wh(december: Warehouse, sample_folder: Path) -> None:
    rows = december.query(
        "select siren, amenageur_name, operational_unit_code, id_station_itinerance,"
        " cast(energy_mwh as text)"
        " from tiruert.station_energy_monthly where period = '2024-12-01'"
    )
    assert sorted(rows) == expected(sample_folder, "2024-12-station-mwh.csv")


def test_every_siren_has_its_sessions_flags_and_energy(
    december: Warehouse, sample_folder: Path
) -> None:
    flags = ", ".join(f"count(*) filter (where {flag})" for flag in FLAGS)
    rows = december.query(
        f"""
        select siren, amenageur_name, count(*), count(*) filter (where not is_rejected), {flags},
            count(distinct id_station_itinerance) filter (where not is_rejected),
            sum(booked_energy_kwh) filter (where not is_rejected) / 1000
        from tiruert.sessions_flagged where period = '2024-12-01'
        group by siren, amenageur_name
        """
    )
    got = sorted((*map(str, row[:-1]), f"{row[-1]:.6f}") for row in rows)
    assert got == expected(sample_folder, "2024-12-siren.csv")


def test_the_month_has_the_published_totals(december: Warehouse) -> None:
    """Printed in the description of the sample, as are the two days below."""
    balance = december.query(
        "select received_sessions, sendable_sessions, sendable_kwh"
        " from tiruert.energy_balance_monthly where period = '2024-12-01'"
    )
    assert balance == [(77_761, 46_463, Decimal("1539017.581"))]
    stations = december.query(
        "select count(*), sum(energy_mwh)"
        " from tiruert.station_energy_monthly where period = '2024-12-01'"
    )
    assert stations == [(2_691, Decimal("1539.017581"))]


def sessions_of(day: int, until: int) -> tuple[datetime, datetime]:
    return datetime(2024, 12, day, tzinfo=UTC), datetime(2024, 12, until, tzinfo=UTC)


def test_the_27th_has_the_figures_of_the_flow_that_ran_before(december: Warehouse) -> None:
    of_the_day = "started_at >= %s and started_at < %s"
    [(sirens,)] = december.query(
        f"select count(distinct siren) from tiruert.sessions_flagged where {of_the_day}",
        *sessions_of(27, until=28),
    )
    [power_dot] = december.query(
        f"""
        select count(*), count(*) filter (where not is_rejected),
            count(*) filter (where is_rejected),
            count(distinct id_station_itinerance) filter (where not is_rejected),
            sum(booked_energy_kwh) filter (where not is_rejected)
        from tiruert.sessions_flagged where siren = '891118473' and {of_the_day}
        """,
        *sessions_of(27, until=28),
    )
    assert sirens == 24
    assert power_dot == (851, 500, 351, 268, Decimal("15850.909"))


def test_two_days_of_a_siren_have_the_figures_of_the_flow_that_ran_before(
    december: Warehouse,
) -> None:
    rows = december.query(
        """
        select id_station_itinerance, sum(booked_energy_kwh)
        from tiruert.sessions_clean
        where siren = '891118473' and started_at >= %s and started_at < %s
        group by id_station_itinerance
        """,
        *sessions_of(27, until=29),
    )
    stations = dict(rows)
    assert len(stations) == 358
    assert stations["FRPD1PACCSAT"] == Decimal("143.422")
