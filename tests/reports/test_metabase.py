"""What metabase-sync and dbt-metabase send, against a stand-in: no Metabase has been asked."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reports.dashboards import specification
from tests.support.metabase import API_KEY, Metabase, running
from tests.support.warehouse import PROJECT, Warehouse

CARDS = sum(len(dashboard.cards) for dashboard in specification.read())


@pytest.fixture
def metabase() -> Metabase:
    return Metabase()


@pytest.fixture
def variables(metabase: Metabase, tmp_path: Path) -> Iterator[dict[str, str]]:
    with running(metabase) as url:
        yield os.environ | {
            "METABASE_URL": url,
            "METABASE_API_KEY": API_KEY,
            "HOME": str(tmp_path),
            "NO_PROXY": "127.0.0.1",
        }


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's dashboards, to write ids into."""
    return Path(shutil.copytree(PROJECT / "dashboards", tmp_path / "dashboards"))


def bring(
    copy: Path, variables: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reports.dashboards", "metabase", *arguments],
        cwd=copy.parent,
        env=variables | {"PYTHONPATH": f"{copy.parent}:{PROJECT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_plan_shows_everything_and_changes_nothing(
    copy: Path, variables: dict[str, str], metabase: Metabase
) -> None:
    planned = bring(copy, variables)
    assert planned.returncode == 2, planned.stderr
    assert f"{CARDS + 5} create, 0 update" in planned.stdout
    assert metabase.writes == []


def test_what_was_brought_is_there_connected_and_not_brought_again(
    copy: Path, variables: dict[str, str], metabase: Metabase
) -> None:
    assert bring(copy, variables, "--apply").returncode == 0
    cards, dashboards = metabase.items["card"], metabase.items["dashboard"]
    assert len(cards) == CARDS
    assert [dashboard["name"] for dashboard in sorted(dashboards.values(), key=position)] == [
        dashboard.name for dashboard in specification.read()
    ]
    for dashboard in dashboards.values():
        for place in dashboard["dashcards"]:
            query = cards[place["card_id"]]["dataset_query"]
            tags = query["native"]["template-tags"]
            mappings = place["parameter_mappings"]
            assert {mapping["parameter_id"] for mapping in mappings} == tags.keys()
            assert {mapping["card_id"] for mapping in mappings} <= {place["card_id"]}
            assert query["database"] == 1
    metabase.writes.clear()
    again = bring(copy, variables)
    assert again.returncode == 0, again.stdout
    assert "nothing to do." in again.stdout


def position(dashboard: dict) -> int:
    return dashboard["position"]


def test_a_card_that_changed_is_changed_there(
    copy: Path, variables: dict[str, str], metabase: Metabase
) -> None:
    bring(copy, variables, "--apply")
    card = next(copy.rglob("trend.sql"))
    card.write_text(card.read_text().replace("24 months", "36 months"))
    metabase.writes.clear()
    planned = bring(copy, variables)
    assert planned.returncode == 2
    assert "SQL: " in planned.stdout
    assert metabase.writes == []
    assert bring(copy, variables, "--apply").returncode == 0
    [write] = metabase.writes
    assert (
        "36 months"
        in metabase.items["card"][int(write.rpartition("/")[2])]["dataset_query"]["native"]["query"]
    )


def test_a_database_that_metabase_lacks_is_said(
    copy: Path, variables: dict[str, str], metabase: Metabase
) -> None:
    metabase.database = "Autre"
    planned = bring(copy, variables)
    assert planned.returncode == 1
    assert "missing on target: TIRUERT" in planned.stderr


def test_a_missing_setting_is_said(copy: Path, variables: dict[str, str]) -> None:
    del variables["METABASE_API_KEY"]
    planned = bring(copy, variables)
    # Not 2, which says that there is something to bring.
    assert planned.returncode == 1
    assert "missing or wrong settings: METABASE_API_KEY" in planned.stderr


def test_columns_get_their_descriptions_types_and_foreign_keys(
    made: Warehouse,
    make_warehouse: Callable[..., Warehouse],
    variables: dict[str, str],
    metabase: Metabase,
) -> None:
    warehouse = make_warehouse(like=made)
    # Tests that empty the ledger take the views on it away.
    warehouse.dbt("run", "--select", "marts.submission")
    for table, columns in warehouse.query(
        "select table_name, array_agg(cast(column_name as text)) from information_schema.columns"
        " where table_schema = 'tiruert' group by table_name"
    ):
        metabase.add_table("tiruert", table, columns)
    finished = subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt-metabase"), "models"),
            *("--manifest-path", f"{warehouse.environment['DBT_TARGET_PATH']}/manifest.json"),
            *("--metabase-database", "TIRUERT", "--include-schemas", "tiruert"),
        ],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    siren = metabase.column("data_freshness", "siren")
    assert siren["semantic_type"] == "type/Category"
    assert siren["description"].startswith("SIREN of the aménageur")
    month = metabase.column("energy_balance_monthly", "period")
    assert month["semantic_type"] == "type/PK"
    assert metabase.column("station_energy_monthly", "period")["fk_target_field_id"] == month["id"]
    reason = metabase.column("blocked_energy_monthly", "blocking_reason")
    assert reason["fk_target_field_id"] == metabase.column("reason_labels", "reason")["id"]
