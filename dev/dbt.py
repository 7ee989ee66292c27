"""An isolated dbt configuration: dbt reads and writes only a folder of our choice."""

import shutil
from pathlib import Path

from dev.postgres import PROJECT


def dbt_variables(folder: Path) -> dict[str, str]:
    """Write a dbt profile to `folder`, and return the variables that make dbt use the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "profiles.example.yml", folder / "profiles.yml")
    return {
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "TIRUERT_SCHEMA": "tiruert",
    }
