"""The base class of all settings, and the settings every program needs."""

from typing import Self

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.errors import SettingsError


class Settings(BaseSettings):
    """Settings from the environment or a `.env` file. Error messages never show a value."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    @classmethod
    def load(cls) -> Self:
        """Read the settings.

        Raises SettingsError, which names every missing or invalid variable in one line.
        """
        prefix = cls.model_config["env_prefix"]
        try:
            return cls()
        except ValidationError as error:
            problems = "; ".join(
                f"{prefix}{str(problem['loc'][0]).upper().removeprefix(prefix)}: "
                + _explain(problem)
                for problem in error.errors(include_input=False)
            )
            raise SettingsError(f"check the environment or .env: {problems}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"cannot read .env: {error}") from error


def _explain(problem: ErrorDetails) -> str:
    """Explain a problem in terms of variables; pydantic's messages are for developers."""
    if problem["type"] in ("missing", "string_too_short", "too_short"):
        return "is not set"
    if problem["type"].startswith("url"):
        return "is not a valid URL, e.g. https://carbure.example"
    return problem["msg"].removeprefix("Value error, ")


class WarehouseSettings(Settings):
    """Where the marts are. libpq reads its own variables (`PGHOST` and so on)."""

    model_config = SettingsConfigDict(env_prefix="TIRUERT_")

    schema_: str = Field(
        default="tiruert",
        alias="TIRUERT_SCHEMA",
        min_length=1,
        description="Schema of the marts. dbt reads it too, from the environment only.",
    )
