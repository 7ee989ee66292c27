"""The sender's settings, from the environment or a `.env` file. libpq reads its own variables."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from sender.errors import SettingsError


def _fits_a_header(secret: SecretStr) -> SecretStr:
    """Refuse early what would fail late, in an error of the HTTP library that shows the secret."""
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("has characters that a header cannot carry")
    return secret


def _is_encrypted(url: HttpUrl) -> HttpUrl:
    """Refuse to send secrets over the network in clear text."""
    if url.scheme != "https" and url.host not in LOOPBACK:
        raise ValueError("must begin with https:// (http:// only for this machine)")
    return url


LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
RootUrl = Annotated[HttpUrl, AfterValidator(_is_encrypted)]
ApiKey = Annotated[SecretStr, Field(min_length=1), AfterValidator(_fits_a_header)]


class _Settings(BaseSettings):
    """Settings that say in one line what is missing or wrong, and never show a value."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    @classmethod
    def load(cls) -> Self:
        """Read them. Raises SettingsError with the names of those that are missing or wrong."""
        prefix = cls.model_config["env_prefix"]
        try:
            return cls()
        except ValidationError as error:
            problems = "; ".join(
                f"{prefix}{str(problem['loc'][0]).upper().removeprefix(prefix)}: {_words(problem)}"
                for problem in error.errors(include_input=False)
            )
            raise SettingsError(f"check the environment or .env: {problems}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"cannot read .env: {error}") from None


def _words(problem: Any) -> str:
    """Say it in words for who sets variables; pydantic's are for who writes code."""
    if problem["type"] in ("missing", "string_too_short", "too_short"):
        return "is not set"
    if problem["type"].startswith("url"):
        return "is no address such as https://carbure.example"
    return problem["msg"].removeprefix("Value error, ")


class CarbureSettings(_Settings):
    """Where CARBURE is, and who we are to it."""

    model_config = SettingsConfigDict(env_prefix="CARBURE_")

    root_url: RootUrl
    user_api_key: ApiKey
    user_email: Annotated[str, Field(min_length=1)]
    user_password: Annotated[SecretStr, Field(min_length=1)]


class SenderSettings(_Settings):
    """How the sender works; the defaults are meant for production."""

    model_config = SettingsConfigDict(env_prefix="TIRUERT_")

    # Where the marts are; dbt's profile reads the same variable. The ledger's is beside it.
    schema_: Annotated[str, Field(alias="TIRUERT_SCHEMA", min_length=1)] = "tiruert"
    # Days after its end until a period is sent.
    closed_after_days: Annotated[int, Field(ge=0)] = 21
    # Of the stations acknowledged for the month before, the share that a period must have.
    least_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    # Seconds after an uncertain outcome until its stations are sent again.
    settle_seconds: Annotated[float, Field(ge=0)] = 35
    # Stations in a request: how many to begin with, and at most.
    first_batch: Annotated[int, Field(ge=1, le=200)] = 200
    largest_batch: Annotated[int, Field(ge=1, le=10_000)] = 1000
    # How long CARBURE should take for a request, in seconds.
    target_seconds: Annotated[float, Field(gt=0, lt=30)] = 4
