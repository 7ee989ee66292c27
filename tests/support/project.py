"""Parts of the project, and a copy of it for tests that change it."""

import shutil
from pathlib import Path

from tests.support.warehouse import PROJECT

PARTS_OF_THE_PROJECT = (
    *("common", "dev", "docs", "macros", "models", "reports", "sender", "snapshots"),
    *("spark_build", "tests"),
)
MODELS_ON_SPARK = {
    "int_lookback_sessions",
    "int_session_flags",
    "int_energy_daily",
    "int_reception_delays",
    "int_charge_point_sessions",
}


def copy_project(copy: Path) -> Path:
    """Copy the project to a folder, and return the folder."""
    for part in PARTS_OF_THE_PROJECT:
        shutil.copytree(PROJECT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("dbt_project.yml", "pyproject.toml"):
        shutil.copy(PROJECT / file, copy)
    return copy


def replace_once(file: Path, old: str, new: str) -> None:
    """Replace a text that a file contains exactly once."""
    before, after = file.read_text().split(old)
    file.write_text(before + new + after)
