"""dbt with settings of its own, so that no profile or folder of a user is read or changed."""

import shutil
from pathlib import Path

from dev.postgres import PROJECT


def dbt_variables(folder: Path) -> dict[str, str]:
    """Give dbt the profile that reads libpq's variables, and keep what it writes in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "profiles.example.yml", folder / "profiles.yml")
    return {
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "TIRUERT_SCHEMA": "tiruert",
    }
