"""Measurements, and their output as a table and as JSON."""

import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import agate  # type: ignore[import-untyped]
import psutil

from dev.bench.database import BenchmarkDatabase

HEADINGS = (
    "sessions",
    "months",
    "sources",
    "name",
    "median",
    "unit",
    "lowest",
    "highest",
)
PACKAGES = ("dbt-core", "dbt-postgres", "duckdb", "sqlglot")
SETTINGS_SQL = """
    select name, current_setting(name) from pg_settings
    where source not in ('default', 'override') order by name
"""


@dataclass(frozen=True)
class Measurement:
    """A value measured in several runs, or the ratio of two measurements."""

    sessions: int
    months: int
    sources: str
    name: str
    unit: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the runs."""
        return statistics.median(self.runs)

    def ratio_to(self, other: "Measurement") -> "Measurement":
        """Return the ratio to another measurement, run by run."""
        ratios = tuple(mine / its for mine, its in zip(self.runs, other.runs, strict=True))
        name = f"{self._label(other)} / {other._label(self)}"
        return Measurement(self.sessions, self.months, self.sources, name, "times", ratios)

    def _label(self, other: "Measurement") -> str:
        """Return the name, with the number of months if that is the difference to `other`."""
        if self.months == other.months:
            return self.name
        return f"{self.name} (months: {self.months})"


def as_table(measurements: Iterable[Measurement]) -> agate.Table:
    """Format measurements as a table for the terminal."""
    rows = [
        (
            f"{measurement.sessions:,}",
            str(measurement.months),
            measurement.sources,
            measurement.name,
            f"{measurement.median:,.2f}",
            measurement.unit,
            f"{min(measurement.runs):,.2f}",
            f"{max(measurement.runs):,.2f}",
        )
        for measurement in measurements
    ]
    return agate.Table(rows, HEADINGS, [agate.Text()] * len(HEADINGS))


def as_json(
    measurements: Iterable[Measurement], environment: dict[str, Any], notes: list[str]
) -> dict[str, Any]:
    """Return measurements with all runs, and the environment they were measured in."""
    rows = [asdict(measurement) | {"median": measurement.median} for measurement in measurements]
    return environment | {"notes": notes, "measurements": rows}


def describe_environment(database: BenchmarkDatabase) -> dict[str, Any]:
    """Describe what the figures depend on: hardware, versions and server settings."""
    [(postgres,)] = database.query("show server_version")
    versions = {name: version(name) for name in PACKAGES}
    return {
        "hardware": {
            "processor": _processor(),
            "processors": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        },
        "versions": {"PostgreSQL": postgres, "Python": platform.python_version()} | versions,
        "server_settings": dict(database.query(SETTINGS_SQL)),
    }


def _processor() -> str:
    """Return the processor model. On Linux, platform.processor() does not contain it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
