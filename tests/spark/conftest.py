"""A PostgreSQL server that Spark can reach, and warehouses with a lake each."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark import SparkConf
from pyspark.java_gateway import launch_gateway

from dev import postgres
from dev.dbt import dbt_variables
from dev.demo.__main__ import SHORT_LIVED_JAVA
from spark_build.settings import SparkSettings
from tests.support.forked_programs import parse_for_spark_too
from tests.support.warehouse import WITHOUT_UNIT_TESTS, Warehouse, temporary_databases

JDBC_DRIVER = SparkSettings.model_fields["jdbc_driver"].default
# Starts sooner than a cluster with separate executors.
ONE_PROCESS = "local[2]"
PASSWORD = "not-on-a-command-line"  # noqa: S105
# For a few thousand sessions, more partitions only take time.
SPARK_DEFAULTS = f"""
spark.sql.catalog.warehouse.password {PASSWORD}
spark.sql.shuffle.partitions 2
spark.ui.enabled false
"""

parse_for_spark_too()


@pytest.fixture(scope="session")
def java() -> None:
    """Skip tests on a machine without Java, or without PostgreSQL's driver for it."""
    if shutil.which("java") is None or not JDBC_DRIVER.is_file():
        pytest.skip("Spark needs Java and libpostgresql-jdbc-java")


@pytest.fixture(scope="session")
def java_process(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start a Java process, and return variables with which builds use it for their driver.

    Starting one, and compiling what it runs, takes half of a small build.
    """
    folder = tmp_path_factory.mktemp("java")
    (folder / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SPARK_CONF_DIR", str(folder))
        monkeypatch.setenv("JAVA_TOOL_OPTIONS", SHORT_LIVED_JAVA)
        configuration = SparkConf(loadDefaults=False)
        configuration.set("spark.driver.extraClassPath", str(JDBC_DRIVER))
        gateway = launch_gateway(configuration)
    parameters = gateway.java_parameters
    try:
        yield {
            "PYSPARK_GATEWAY_PORT": str(parameters.port),
            "PYSPARK_GATEWAY_SECRET": parameters.auth_token,
        }
    finally:
        gateway.shutdown()
        gateway.proc.kill()
        gateway.proc.wait()


@pytest.fixture(scope="session")
def make_lake_warehouse(
    java: None, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Callable[..., Warehouse]]:
    """Create databases with a lake each, on a server that Spark reaches with a password."""
    settings = postgres.SERVER_SETTINGS | postgres.loopback_settings()
    with postgres.running(f"tests-spark-{worker_id}", settings=settings) as environment:
        server = Warehouse(environment | {"PGPASSWORD": PASSWORD})
        require_password(server)

        def make(master: str = ONE_PROCESS) -> Warehouse:
            folder = tmp_path_factory.mktemp("spark")
            (folder / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
            return make_database().with_variables(
                TIRUERT_LAKE=str(folder / "lake"),
                TIRUERT_SPARK_MASTER=master,
                SPARK_CONF_DIR=str(folder),
                JAVA_TOOL_OPTIONS=SHORT_LIVED_JAVA,
                **WITHOUT_UNIT_TESTS,
                **dbt_variables(folder),
            )

        with temporary_databases(server) as make_database:
            yield make


def require_password(server: Warehouse) -> None:
    """Set a password and require it. A new server trusts everyone, and keeps this setting."""
    server.query(f"alter role postgres password '{PASSWORD}'")
    [(file,)] = server.query("show hba_file")
    Path(file).write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    server.query("select pg_reload_conf()")
