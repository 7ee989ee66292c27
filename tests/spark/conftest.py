"""A PostgreSQL server that Spark can reach, and a cluster with separate executors."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev import postgres
from dev.dbt import dbt_variables
from dev.demo.__main__ import CLUSTER
from spark_build.settings import SparkSettings
from tests.support.project import copy_project
from tests.support.warehouse import Warehouse, temporary_databases

JDBC_DRIVER = SparkSettings.model_fields["jdbc_driver"].default
# For a few thousand sessions, more partitions only take time.
SPARK_DEFAULTS = "spark.sql.shuffle.partitions 2\nspark.ui.enabled false\n"


@pytest.fixture(scope="session")
def make_lake_warehouse(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Callable[[], Warehouse]]:
    """Create databases with a lake each, on a server that listens on the loopback interface."""
    if shutil.which("java") is None or not JDBC_DRIVER.is_file():
        pytest.skip("Spark needs Java and libpostgresql-jdbc-java")
    settings = postgres.SERVER_SETTINGS | postgres.loopback_settings()
    with (
        postgres.running(f"tests-spark-{worker_id}", settings=settings) as environment,
        temporary_databases(Warehouse(environment)) as make_database,
    ):

        def make() -> Warehouse:
            folder = tmp_path_factory.mktemp("spark")
            (folder / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
            return make_database().with_variables(
                TIRUERT_LAKE=str(folder / "lake"),
                TIRUERT_SPARK_MASTER=CLUSTER,
                SPARK_CONF_DIR=str(folder),
                **dbt_variables(folder),
            )

        yield make


@pytest.fixture(scope="session")
def project_in_paris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project whose months are those of Paris."""
    copy = copy_project(tmp_path_factory.mktemp("project"))
    configuration = copy / "dbt_project.yml"
    configuration.write_text(
        configuration.read_text().replace("  time_zone: UTC\n", "  time_zone: Europe/Paris\n")
    )
    return copy
