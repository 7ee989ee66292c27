"""The base class of all settings, and the settings that several programs need."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.errors import SettingsError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def _fits_header(secret: SecretStr) -> SecretStr:
    """Reject early what the HTTP library would reject later, in an error that shows the secret."""
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("contains characters that are not allowed in an HTTP header")
    return secret


def _is_encrypted(url: HttpUrl) -> HttpUrl:
    """Reject URLs that would send secrets over the network in clear text."""
    if url.scheme != "https" and url.host not in LOOPBACK:
        raise ValueError("must begin with https:// (http:// is allowed for this machine only)")
    return url


RootUrl = Annotated[HttpUrl, AfterValidator(_is_encrypted)]
ApiKey = Annotated[SecretStr, Field(min_length=1), AfterValidator(_fits_header)]


class Settings(BaseSettings):
    """Settings from the environment or a `.env` file. Error messages never show a value."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    @classmethod
    def load(cls) -> Self:
        """Read the settings.

        Raises SettingsError, which names every missing or invalid variable in one line.
        """
        prefix = cls.model_config["env_prefix"]
        file = cls.model_config["env_file"]
        try:
            return cls()
        except ValidationError as error:
            problems = "; ".join(
                f"{prefix}{str(problem['loc'][0]).upper().removeprefix(prefix)}: "
                + _explain(problem)
                for problem in error.errors(include_input=False)
            )
            raise SettingsError(
                f"check the environment{f' or {file}' if file else ''}: {problems}"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"cannot read .env: {error}") from error


def _explain(problem: ErrorDetails) -> str:
    """Explain a problem in terms of variables; pydantic's messages are for developers."""
    if problem["type"] in ("missing", "string_too_short", "too_short"):
        return "is not set"
    if problem["type"].startswith("url"):
        return "is not a valid URL, e.g. https://host.example"
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
