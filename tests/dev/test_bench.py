"""The benchmark as a whole. It fails if its contenders compute different results."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.warehouse import PROJECT


def test_hand_written_sql_and_duckdb_agree_with_the_models(tmp_path: Path) -> None:
    """They must agree on the count of each flag and on the energy of each station."""
    file = tmp_path / "bench.json"
    options = "--millions 0.02 --months 1 --runs 1 --measure statements --measure duckdb"
    subprocess.run(
        [sys.executable, "-m", "dev.bench", *options.split(), "--json", file],
        cwd=PROJECT,
        timeout=600,
        check=True,
    )
    names = {row["name"] for row in json.loads(file.read_text())["measurements"]}
    assert {"dbt build", "one statement", "two statements", "DuckDB"} < names
