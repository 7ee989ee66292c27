"""The calls of dbt-metabase, against a stub of Metabase's API."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.metabase import API_KEY, MetabaseStub, run_stub
from tests.support.warehouse import Warehouse


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
