"""The sender's settings, from the environment or a `.env` file. libpq reads its own variables."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from sender.errors import SettingsError


def _fits_a_header(secret: SecretStr) -> SecretStr:
    """Refuse early what would fail late, in an error of the HTTP library that shows the secret."""
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("has characters that a header cannot carry")
    return secret


ApiKey = Annotated[SecretStr, Field(min_length=1), AfterValidator(_fits_a_header)]


class CarbureSettings(BaseSettings):
    """Where CARBURE is, and who we are to it, in variables such as `CARBURE_ROOT_URL`."""

    model_config = SettingsConfigDict(
        env_prefix="CARBURE_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    root_url: HttpUrl
    user_api_key: ApiKey
    user_email: Annotated[str, Field(min_length=1)]
    user_password: Annotated[SecretStr, Field(min_length=1)]

    @classmethod
    def load(cls) -> Self:
        """Read them. Raises SettingsError with the names of those that are missing or wrong."""
        try:
            return cls()
        except ValidationError as error:
            problems = "; ".join(
                f"CARBURE_{str(problem['loc'][0]).upper()}: {problem['msg']}"
                for problem in error.errors(include_input=False)
            )
            raise SettingsError(f"set in the environment or in .env: {problems}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"cannot read .env: {error}") from None


class WarehouseSettings(BaseSettings):
    """Where the marts are: `TIRUERT_SCHEMA`, which dbt's profile reads too."""

    tiruert_schema: str = "tiruert"
