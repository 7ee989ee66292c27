"""Settings that would fail in dbt or on Spark are refused before anything runs."""

from pathlib import Path

import pytest

from common.errors import SettingsError
from spark_build.settings import SparkSettings


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TIRUERT_SCHEMA", "Tiruert Essai"), ("TIRUERT_LAKE", "/srv/l'essai")],
)
def test_name_that_needs_quotes_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("TIRUERT_LAKE", "/srv/lake")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        SparkSettings.load()


def test_lake_that_dbt_would_not_find_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """dbt reads the environment, but no `.env`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIRUERT_LAKE", raising=False)
    (tmp_path / ".env").write_text("TIRUERT_LAKE=/srv/lake\n")
    with pytest.raises(SettingsError, match="check the environment: TIRUERT_LAKE: is not set"):
        SparkSettings.load()
