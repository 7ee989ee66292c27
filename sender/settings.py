"""The sender's settings. `docs/reference.md` lists them; it is generated from this file."""

from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import Settings, WarehouseSettings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def _fits_header(secret: SecretStr) -> SecretStr:
    """Reject early what the HTTP library would reject late, in an error that shows the secret."""
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("contains characters that an HTTP header cannot carry")
    return secret


def _is_encrypted(url: HttpUrl) -> HttpUrl:
    """Refuse to send secrets over the network in clear text."""
    if url.scheme != "https" and url.host not in LOOPBACK:
        raise ValueError("must begin with https:// (http:// is accepted for this machine only)")
    return url


RootUrl = Annotated[HttpUrl, AfterValidator(_is_encrypted)]
ApiKey = Annotated[SecretStr, Field(min_length=1), AfterValidator(_fits_header)]


class CarbureSettings(Settings):
    """The address of CARBURE, and our credentials."""

    model_config = SettingsConfigDict(env_prefix="CARBURE_")

    root_url: RootUrl = Field(description="URL of CARBURE, e.g. https://carbure.example")
    user_api_key: ApiKey = Field(description="API key, sent with every call.")
    user_email: str = Field(min_length=1, description="User who sends.")
    user_password: SecretStr = Field(min_length=1, description="Password of that user.")


class SenderSettings(WarehouseSettings):
    """How the sender works. The defaults are meant for production."""

    closed_after_days: int = Field(
        default=21, ge=0, description="Days from the end of a period until it can be sent."
    )
    min_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of the acknowledged stations that a period must have, at least.",
    )
    settle_seconds: float = Field(
        default=35, ge=0, description="Seconds until an uncertain request is retried."
    )
    initial_batch_size: int = Field(
        default=200, ge=1, le=200, description="Stations in the first request."
    )
    max_batch_size: int = Field(
        default=1000, ge=1, le=10_000, description="Stations in a request, at most."
    )
    target_seconds: float = Field(
        default=4, gt=0, lt=30, description="Time that CARBURE should need for a request."
    )
