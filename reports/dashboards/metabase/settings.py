"""Where Metabase is. dbt-metabase reads the same variables."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import ApiKey, RootUrl, Settings


class MetabaseSettings(Settings):
    """The URL of Metabase and the key to use."""

    model_config = SettingsConfigDict(env_prefix="METABASE_")

    url: RootUrl = Field(
        description="URL of Metabase, e.g. https://metabase.example."
        " Must be HTTPS, except on this machine."
    )
    api_key: ApiKey = Field(
        description="API key of a group that may edit the collection and run SQL on the database."
    )
