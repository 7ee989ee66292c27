"""The sender's settings. The settings table in the documentation is generated from here."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ApiKey, RootUrl, Settings, WarehouseSettings


class CarbureSettings(Settings):
    """The URL of CARBURE and the credentials to use."""

    model_config = SettingsConfigDict(env_prefix="CARBURE_")

    root_url: RootUrl = Field(
        description="URL of CARBURE, e.g. https://carbure.example."
        " Must be HTTPS, except on this machine."
    )
    user_api_key: ApiKey = Field(description="API key, sent with every call.")
    user_email: str = Field(min_length=1, description="Email address of the CARBURE user.")
    user_password: SecretStr = Field(min_length=1, description="Password of that user.")


class SenderSettings(WarehouseSettings):
    """How the sender works. The defaults are meant for production."""

    closed_after_days: int = Field(
        default=21, ge=0, description="Days after the end of a period until it may be sent."
    )
    min_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Minimum number of stations, as a share of those that CARBURE has acknowledged"
        " for the period or the month before.",
    )
    min_energy_share: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="Minimum energy, as a share of what CARBURE has acknowledged for the period.",
    )
    indicators_table: str = Field(
        default="public.indicators",
        pattern=r"^[^.]+(\.[^.]+)?$",
        description="The platform's table of indicators, which `--adopt` reads.",
    )
    settle_seconds: float = Field(
        default=35,
        ge=0,
        description="Seconds that CARBURE may take for a request once a worker has taken it.",
    )
    min_retry_seconds: float = Field(
        default=120,
        ge=0,
        description="Minimum seconds before an uncertain request is sent again.",
    )
    initial_batch_size: int = Field(
        default=200,
        ge=1,
        le=200,
        description="Stations in the first request, until a batch size has proved to work.",
    )
    max_batch_size: int = Field(
        default=1000, ge=1, le=10_000, description="Maximum number of stations in a request."
    )
    target_seconds: float = Field(
        default=4,
        gt=0,
        lt=30,
        description="Response time that the batch size is adapted to, in seconds.",
    )
