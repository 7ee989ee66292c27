"""December 2024 of the public sample matches the figures published with it."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dev import sample
from tests.support.reference import FLAGS
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="module")
def december(warehouse: Warehouse, sample_folder: Path) -> Warehouse:
    warehouse.load(sample.read(sample_folder))
    warehouse.dbt("build")
    return warehouse


def expected(folder: Path, name: str) -> list[tuple[str, ...]]:
    with (folder / "expected" / name).open(encoding="utf-8", newline="") as file:
        return sorted(tuple(row) for row in list(csv.reader(file))[1:])


def test_every_station_has_the_expected_energy(december: Warehouse, sample_folder: Path) -> None:
    rows = december.query(
        "select siren, amenageur_name, operational_unit_code, id_station_itinerance,"
        " cast(energy_mwh as text)"
        " from tiruert.station_energy_monthly where period = '2024-12-01'"
    )
    assert sorted(rows) == expected(sample_folder, "2024-12-station-mwh.csv")


def test_every_siren_has_the_expected_sessions_flags_and_energy(
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
    actual = sorted((*map(str, row[:-1]), f"{row[-1]:.6f}") for row in rows)
    assert actual == expected(sample_folder, "2024-12-siren.csv")


def test_month_has_the_published_totals(december: Warehouse) -> None:
    """The sample's description contains these figures and those of the two tests below."""
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


def midnight(day: int) -> datetime:
    return datetime(2024, 12, day, tzinfo=UTC)


def test_27_december_has_the_figures_of_the_previous_pipeline(december: Warehouse) -> None:
    starts_that_day = "started_at >= %s and started_at < %s"
    [(sirens,)] = december.query(
        f"select count(distinct siren) from tiruert.sessions_flagged where {starts_that_day}",
        midnight(27),
        midnight(28),
    )
    [row] = december.query(
        f"""
        select count(*), count(*) filter (where not is_rejected),
            count(*) filter (where is_rejected),
            count(distinct id_station_itinerance) filter (where not is_rejected),
            sum(booked_energy_kwh) filter (where not is_rejected)
        from tiruert.sessions_flagged where siren = '891118473' and {starts_that_day}
        """,
        midnight(27),
        midnight(28),
    )
    assert sirens == 24
    assert row == (851, 500, 351, 268, Decimal("15850.909"))


def test_stations_have_the_two_day_figures_of_the_previous_pipeline(december: Warehouse) -> None:
    rows = december.query(
        """
        select id_station_itinerance, sum(booked_energy_kwh)
        from tiruert.sessions_clean
        where siren = '891118473' and started_at >= %s and started_at < %s
        group by id_station_itinerance
        """,
        midnight(27),
        midnight(29),
    )
    stations = dict(rows)
    assert len(stations) == 358
    assert stations["FRPD1PACCSAT"] == Decimal("143.422")
