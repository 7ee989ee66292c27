"""The benchmark still runs: it ends with an error unless all its ways come to the same figures."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.warehouse import PROJECT


def test_hand_written_sql_and_duckdb_come_to_the_figures_of_the_models(tmp_path: Path) -> None:
    """Counts of every flag and each station's sum, of sessions made by the server."""
    figures = ("--figure", "statements", "--figure", "duckdb")
    subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "dev.bench",
                "--millions",
                "0.02",
                "--months",
                "1",
                "--runs",
                "1",
            ),
            *(*figures, "--json", str(tmp_path / "bench.json")),
        ],
        cwd=PROJECT,
        timeout=600,
        check=True,
    )
    measured = json.loads((tmp_path / "bench.json").read_text())["rows"]
    assert {"dbt build", "one statement", "two statements", "DuckDB"} < {
        row["what"] for row in measured
    }
