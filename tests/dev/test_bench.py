"""The whole benchmark, on a small data set."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.support.warehouse import PROJECT

SESSIONS = 20_000


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The measurements of one run over two histories.

    The benchmark itself fails if two ways to compute the month disagree on a flag or a station, or
    if a nightly build does not build exactly the expected months.
    """
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    options = f"--millions {SESSIONS / 1e6} --runs 1 --months 1 --months 2"
    measures = "--measure statements --measure duckdb --measure nightly"
    subprocess.run(
        [
            *(sys.executable, "-m", "dev.bench", "--json", file),
            *options.split(),
            *measures.split(),
        ],
        cwd=PROJECT,
        env=os.environ | {"DBT_EXCLUDE_RESOURCE_TYPES": "test unit_test"},
        timeout=800,
        check=True,
    )
    measurements: list[dict[str, Any]] = json.loads(file.read_text())["measurements"]
    return measurements


def test_hand_written_sql_and_duckdb_agree_with_the_models(measured: list[dict[str, Any]]) -> None:
    names = {row["name"] for row in measured}
    assert {"dbt build", "one statement", "two statements", "DuckDB"} < names


def test_nightly_builds_are_compared_over_histories(measured: list[dict[str, Any]]) -> None:
    runs = {(row["name"], row["months"]): row["runs"] for row in measured}
    for kind in ("one changeable month", "nothing to build"):
        short, long = (runs[f"nightly, {kind}", months] for months in (1, 2))
        ratio = f"nightly, {kind} (months: 2) / nightly, {kind} (months: 1)"
        assert runs[ratio, 2] == [long[0] / short[0]]
    for months in (1, 2):
        [built] = runs["rows of sessions read, one changeable month", months]
        [idle] = runs["rows of sessions read, nothing to build", months]
        assert idle < 0.1 * SESSIONS < SESSIONS < built
