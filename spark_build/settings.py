"""The settings of a build on Spark, and what it needs on this machine."""

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.errors import SettingsError
from common.settings import WarehouseSettings


class SparkSettings(WarehouseSettings):
    """Where the marts and the lake are. `profiles.yml` reads the same variables."""

    # dbt does not read this file: it would use another schema or cluster than this program.
    model_config = SettingsConfigDict(env_file=None)

    lake: str = Field(
        min_length=1,
        description="Folder of the lake, as Spark names it, e.g. s3a://bucket/lake. The driver and"
        " all executors read and write it.",
    )
    spark_master: str = Field(
        default="local[*]",
        description="Spark's master, e.g. spark://host:7077 or k8s://host. The default is this"
        " machine.",
    )
    jdbc_driver: Path = Field(
        default=Path("/usr/share/java/postgresql.jar"),
        description="PostgreSQL's JDBC driver, at the same path on the driver and all executors.",
    )

    @classmethod
    def load(cls) -> Self:
        """Read the settings. Raises SettingsError if one, or a program, is missing."""
        settings = super().load()
        # The SQL for Spark does not quote these names.
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", settings.schema_):
            raise SettingsError(
                "TIRUERT_SCHEMA: on Spark, use only lower-case letters, digits and underscores"
            )
        if set(settings.lake) & set("'`"):
            raise SettingsError("TIRUERT_LAKE: use no quotes in the path")
        if find_spec("pyspark") is None:
            raise SettingsError("pyspark is not installed: pip install 'pyspark>=4.1' dbt-spark")
        if shutil.which("java") is None:
            raise SettingsError("java is not on the PATH: Spark needs Java 17 or later")
        if os.environ.get("PGHOST", "").startswith("/"):
            raise SettingsError("PGHOST is a Unix socket, which Java cannot use: set a host name")
        if not settings.jdbc_driver.is_file():
            raise SettingsError(
                f"there is no JDBC driver at {settings.jdbc_driver}: install"
                " libpostgresql-jdbc-java, or set TIRUERT_JDBC_DRIVER"
            )
        return settings
