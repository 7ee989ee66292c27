"""The demo's incidents end as they say, and fill every card of the dashboards."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import pytest

from dev.carbure_stub import CarbureStub, charge_point_operator, running
from dev.database import CommandError, Database
from dev.demo import incidents, submission, summary
from reports.dashboards.card_query import run_card
from reports.dashboards.specification import Card, read_dashboards
from tests.support.submission import with_carbure
from tests.support.warehouse import Warehouse

MAY = date(2025, 5, 1)
CARDS = [
    pytest.param(card, id=f"{dashboard.slug}/{card.slug}")
    for dashboard in read_dashboards()
    for card in dashboard.cards
]


class Played(NamedTuple):
    """The warehouse after the incidents, and how each ended."""

    warehouse: Warehouse
    station_count: int
    outcomes: list[str]


@pytest.fixture(scope="module")
def played(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Played:
    """Send May while CARBURE does not know a SIREN, then play the incidents."""
    warehouse = make_warehouse(like=made)
    database = Database(warehouse.environment)
    siren = incidents.largest_siren(database, MAY)
    stub = CarbureStub(
        entities=[charge_point_operator(1, "Opérateur", siren)], user_calls_per_second=10_000
    )
    incidents.enable(stub, siren, is_enabled=False)
    with running(stub) as root_url:
        sender = Database(with_carbure(warehouse, stub, root_url).environment)
        assert submission.send(sender, MAY).exit_code == 0
        station_count = sum(row.siren == siren for row in stub.rows)
        _, _, _, *lines = incidents.Incidents(sender, stub, MAY, siren).lines()
    return Played(warehouse, station_count, [line.rpartition(": ")[2] for line in lines])


def test_each_incident_has_its_outcome(played: Played) -> None:
    others = played.station_count - 1
    assert played.outcomes == [
        f"{others} accepted, 1 refused (exit code 1)",
        "1 accepted (exit code 0)",
        # The station without sessions is corrected to 0 MWh.
        "1 accepted, 1 refused (exit code 1)",
        "1 locked (exit code 1)",
        f"{others} accepted, 1 locked (exit code 1)",
        "1 locked, 1 refused (exit code 1)",
    ]


@pytest.mark.parametrize("card", CARDS)
def test_every_card_shows_something(played: Played, card: Card) -> None:
    with played.warehouse.connection() as connection:
        with connection.cursor() as cursor:
            cursor.execute("set search_path to tiruert")
        rows = run_card(connection, card, {"month": "2025-05"}).rows
    assert rows
    assert card.display != "scalar" or all(rows[0].values())


def test_suggested_queries_fit_a_terminal(played: Played) -> None:
    environment = played.warehouse.environment
    psql = shutil.which("psql", path=environment["PATH"])
    assert psql is not None
    for query in summary.QUERIES.split("\n\n"):
        finished = subprocess.run(
            [psql, "-c", query], env=environment, capture_output=True, text=True, check=True
        )
        lines = finished.stdout.splitlines()
        assert len(lines) > 4, query
        assert max(map(len, lines)) <= 80, query


def test_failed_run_shows_the_log_of_the_sender(made: Warehouse) -> None:
    without_carbure = Database(made.environment | {"CARBURE_ROOT_URL": ""})
    with pytest.raises(CommandError, match="CARBURE_ROOT_URL"):
        submission.send(without_carbure, MAY)
