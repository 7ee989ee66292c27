"""Names that would break the SQL of Spark are refused before anything runs."""

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
