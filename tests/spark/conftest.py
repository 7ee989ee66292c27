"""A PostgreSQL server that Spark can reach, and a cluster with separate executors."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from dev import postgres
from dev.dbt import dbt_variables
from tests.support.warehouse import PROJECT, Warehouse

JDBC_DRIVER = Path("/usr/share/java/postgresql.jar")
# Two executors, each a process of its own with one core and 1 GB.
CLUSTER = "local-cluster[2,1,1024]"
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
    with postgres.running(f"tests-spark-{worker_id}", settings=settings) as environment:
        server = Warehouse(environment)
        numbers = count(1)

        def make() -> Warehouse:
            name = f"spark_{next(numbers)}"
            folder = tmp_path_factory.mktemp(name)
            (folder / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
            with server.connection() as connection, connection.cursor() as cursor:
                connection.autocommit = True
                cursor.execute(f"drop database if exists {name}")
                cursor.execute(f"create database {name}")
            return server.with_variables(
                PGDATABASE=name,
                TIRUERT_LAKE=str(folder / "lake"),
                TIRUERT_SPARK_MASTER=CLUSTER,
                SPARK_CONF_DIR=str(folder),
                **dbt_variables(folder),
            )

        yield make


@pytest.fixture(scope="session")
def project_in_paris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project whose months are those of Paris."""
    copy = tmp_path_factory.mktemp("project") / "tiruert"
    names = ("models", "macros", "snapshots", "tests/dbt", "common", "spark_build")
    for name in names:
        shutil.copytree(PROJECT / name, copy / name)
    shutil.copy(PROJECT / "pyproject.toml", copy)
    configuration = (PROJECT / "dbt_project.yml").read_text()
    (copy / "dbt_project.yml").write_text(
        configuration.replace("  time_zone: UTC\n", "  time_zone: Europe/Paris\n")
    )
    return copy
