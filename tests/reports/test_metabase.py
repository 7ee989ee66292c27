"""The calls of metabase-sync and dbt-metabase, against a stub of Metabase's API."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.exit_codes import ExitCode
from reports.dashboards.specification import read_dashboards
from tests.support.metabase import API_KEY, MetabaseStub, run_stub
from tests.support.warehouse import PROJECT, Warehouse

CARDS = sum(len(dashboard.cards) for dashboard in read_dashboards())


@pytest.fixture
def stub() -> MetabaseStub:
    return MetabaseStub()


@pytest.fixture
def variables(stub: MetabaseStub, tmp_path: Path) -> Iterator[dict[str, str]]:
    with run_stub(stub) as url:
        yield os.environ | {
            "METABASE_URL": url,
            "METABASE_API_KEY": API_KEY,
            "HOME": str(tmp_path),
            "NO_PROXY": "127.0.0.1",
        }


@pytest.fixture
def reports_copy(tmp_path: Path) -> Path:
    """A copy of `reports`, because `--apply` writes ids into its dashboards."""
    return Path(shutil.copytree(PROJECT / "reports", tmp_path / "reports"))


def sync(
    reports_copy: Path, variables: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reports.dashboards", "metabase", *arguments],
        cwd=reports_copy.parent,
        env=variables | {"PYTHONPATH": f"{reports_copy.parent}:{PROJECT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_plan_shows_changes_without_applying_them(
    reports_copy: Path, variables: dict[str, str], stub: MetabaseStub
) -> None:
    planned = sync(reports_copy, variables)
    assert planned.returncode == ExitCode.CHANGES_PENDING, planned.stderr
    assert f"{CARDS + 5} create, 0 update" in planned.stdout
    assert stub.writes == []


def test_apply_creates_connected_dashboards_once(
    reports_copy: Path, variables: dict[str, str], stub: MetabaseStub
) -> None:
    assert sync(reports_copy, variables, "--apply").returncode == 0
    cards, dashboards = stub.items["card"], stub.items["dashboard"]
    assert len(cards) == CARDS
    assert [dashboard["name"] for dashboard in sorted(dashboards.values(), key=position)] == [
        dashboard.name for dashboard in read_dashboards()
    ]
    for dashboard in dashboards.values():
        for dashcard in dashboard["dashcards"]:
            query = cards[dashcard["card_id"]]["dataset_query"]
            tags = query["native"]["template-tags"]
            mappings = dashcard["parameter_mappings"]
            assert {mapping["parameter_id"] for mapping in mappings} == tags.keys()
            assert {mapping["card_id"] for mapping in mappings} <= {dashcard["card_id"]}
            assert query["database"] == 1
    stub.writes.clear()
    again = sync(reports_copy, variables)
    assert again.returncode == 0, again.stdout
    assert "nothing to do." in again.stdout


def position(dashboard: dict) -> int:
    return dashboard["position"]


def test_changed_card_is_updated(
    reports_copy: Path, variables: dict[str, str], stub: MetabaseStub
) -> None:
    sync(reports_copy, variables, "--apply")
    card = next(reports_copy.rglob("trend.sql"))
    card.write_text(card.read_text().replace("24 months", "36 months"))
    stub.writes.clear()
    planned = sync(reports_copy, variables)
    assert planned.returncode == ExitCode.CHANGES_PENDING
    assert "SQL: " in planned.stdout
    assert stub.writes == []
    assert sync(reports_copy, variables, "--apply").returncode == 0
    [write] = stub.writes
    changed = stub.items["card"][int(write.rpartition("/")[2])]
    assert "36 months" in changed["dataset_query"]["native"]["query"]


def test_missing_database_is_an_error(
    reports_copy: Path, variables: dict[str, str], stub: MetabaseStub
) -> None:
    stub.database = "Autre"
    planned = sync(reports_copy, variables)
    assert planned.returncode == ExitCode.INCOMPLETE
    assert "missing on target: TIRUERT" in planned.stderr


def test_missing_setting_is_an_error(reports_copy: Path, variables: dict[str, str]) -> None:
    del variables["METABASE_API_KEY"]
    planned = sync(reports_copy, variables)
    assert planned.returncode == ExitCode.USAGE
    assert "missing or invalid settings: METABASE_API_KEY" in planned.stderr


def test_columns_have_descriptions_types_and_foreign_keys(
    made: Warehouse,
    make_warehouse: Callable[..., Warehouse],
    variables: dict[str, str],
    stub: MetabaseStub,
) -> None:
    warehouse = make_warehouse(like=made)
    # Tests that empty the ledger drop the views on it.
    warehouse.dbt("run", "--select", "staging.ledger", "marts.submission")
    for table, columns in warehouse.query(
        "select table_name, array_agg(cast(column_name as text)) from information_schema.columns"
        " where table_schema = 'tiruert' group by table_name"
    ):
        stub.add_table("tiruert", table, columns)
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
    siren = stub.column("data_freshness", "siren")
    assert siren["semantic_type"] == "type/Category"
    assert siren["description"].startswith("SIREN of the aménageur")
    month = stub.column("energy_balance_monthly", "period")
    assert month["semantic_type"] == "type/PK"
    assert stub.column("station_energy_monthly", "period")["fk_target_field_id"] == month["id"]
