"""The month computed with Spark on this machine: its wall and CPU time beside dbt build's."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from dev.bench import resources
from dev.bench.database import BenchmarkDatabase, BenchmarkError
from dev.bench.measurement import Measurement
from dev.bench.source import MONTH
from dev.bench.stage import LOCAL, Stage

PERIOD = f"{MONTH:%Y-%m}"
# Two executors with a core each, on the same machine.
CLUSTER = "local-cluster[2,1,4096]"
RESULTS = (
    "select id_station_itinerance, energy_mwh, sessions from tiruert.station_energy_monthly"
    " order by 1",
    "select siren, rule, sum(sessions), sum(energy_kwh) from tiruert.anomalies_daily"
    " group by 1, 2 order by 1, 2",
)


def measure_spark(stage: Stage) -> Iterator[Measurement]:
    """Build the month on both engines, in turns. Raise BenchmarkError if their marts differ."""
    database = stage.databases[LOCAL]
    times: dict[str, list[tuple[float, float]]] = {"dbt build": [], "Spark": []}
    for _ in range(stage.plan.runs):
        with TemporaryDirectory() as lake:
            results = []
            for name, build in _builds(database, Path(lake)).items():
                database.drop_marts()
                stage.plan.log(f"{name}, with CPU time")
                times[name].append(_measure(build))
                results.append([database.query(statement) for statement in RESULTS])
            if results[0] != results[1]:
                raise BenchmarkError("dbt build and Spark disagree on stations or rules")
    for name, runs in times.items():
        yield stage.measurement(f"{name}, wall time", "s", [wall for wall, _ in runs])
        yield stage.measurement(f"{name}, CPU time of the machine", "s", [cpu for _, cpu in runs])


def _builds(database: BenchmarkDatabase, lake: Path) -> dict[str, Callable[[], None]]:
    on_spark = database.with_variables(TIRUERT_LAKE=str(lake), TIRUERT_SPARK_MASTER=CLUSTER)
    return {
        "dbt build": lambda: database.build(period=PERIOD),
        "Spark": lambda: on_spark.spark_build("--period", PERIOD),
    }


def _measure(build: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds, and the CPU seconds of all processes of the machine meanwhile."""
    before = psutil.cpu_times()
    seconds = resources.seconds_of(build)
    after = psutil.cpu_times()
    return seconds, after.user + after.system - before.user - before.system
