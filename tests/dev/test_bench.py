"""The benchmark as a whole, at a small size."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.warehouse import PROJECT

SESSIONS = 20_000


def test_hand_written_sql_and_duckdb_agree_with_the_models(tmp_path: Path) -> None:
    """They must agree on the count of each flag and on the energy of each station."""
    measured = bench(tmp_path, "--months 1 --measure statements --measure duckdb")
    names = {row["name"] for row in measured}
    assert {"dbt build", "one statement", "two statements", "DuckDB"} < names


def test_nightly_builds_are_compared_over_histories(tmp_path: Path) -> None:
    """The benchmark fails if such a build does not build exactly the expected months."""
    measured = bench(tmp_path, "--months 1 --months 2 --measure nightly")
    runs = {(row["name"], row["months"]): row["runs"] for row in measured}
    for kind in ("one changeable month", "nothing to build"):
        short, long = (runs[f"nightly, {kind}", months] for months in (1, 2))
        ratio = f"nightly, {kind} (months: 2) / nightly, {kind} (months: 1)"
        assert runs[ratio, 2] == [long[0] / short[0]]
    for months in (1, 2):
        [built] = runs["rows of sessions read, one changeable month", months]
        [idle] = runs["rows of sessions read, nothing to build", months]
        assert idle < 0.1 * SESSIONS < SESSIONS < built


def bench(folder: Path, options: str) -> list[dict[str, Any]]:
    """Run the benchmark at a small size and return its measurements."""
    file = folder / "bench.json"
    size = f"--millions {SESSIONS / 1e6} --runs 1"
    subprocess.run(
        [sys.executable, "-m", "dev.bench", *size.split(), *options.split(), "--json", file],
        cwd=PROJECT,
        timeout=600,
        check=True,
    )
    measurements: list[dict[str, Any]] = json.loads(file.read_text())["measurements"]
    return measurements
