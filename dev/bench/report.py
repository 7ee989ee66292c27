"""The table, the file beside it, and what both say of the machine."""

import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import agate
import psutil

from dev.bench.warehouse import Warehouse

HEADINGS = (
    "sessions",
    "months",
    "sources",
    "what",
    "median",
    "unit",
    "lowest",
    "highest",
)
PACKAGES = ("dbt-core", "dbt-postgres", "duckdb", "pandas")
SETTINGS_SQL = """
    select name, current_setting(name) from pg_settings
    where source not in ('default', 'override') order by name
"""


@dataclass(frozen=True)
class Row:
    """One thing that was measured in several runs, or the ratio of two of them."""

    sessions: int
    months: int
    sources: str
    what: str
    unit: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """What stands for the runs."""
        return statistics.median(self.runs)

    def over(self, other: "Row") -> "Row":
        """Give the ratio to another row, run by run."""
        ratios = tuple(mine / its for mine, its in zip(self.runs, other.runs, strict=True))
        what = f"{self._label(other)} / {other._label(self)}"
        return Row(self.sessions, self.months, self.sources, what, "times", ratios)

    def _label(self, beside: "Row") -> str:
        """Say what was measured, and of how many months where that is the difference."""
        if self.months == beside.months:
            return self.what
        return f"{self.what} (months: {self.months})"


def as_table(rows: Iterable[Row]) -> agate.Table:
    """Put the rows into a table for a terminal."""
    text = [
        (
            f"{row.sessions:,}",
            str(row.months),
            row.sources,
            row.what,
            f"{row.median:,.2f}",
            row.unit,
            f"{min(row.runs):,.2f}",
            f"{max(row.runs):,.2f}",
        )
        for row in rows
    ]
    return agate.Table(text, HEADINGS, [agate.Text()] * len(HEADINGS))


def as_json(rows: Iterable[Row], about: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """Put the rows, with every run, beside what they were measured on."""
    return about | {"notes": notes, "rows": [asdict(row) | {"median": row.median} for row in rows]}


def describe(warehouse: Warehouse) -> dict[str, Any]:
    """Tell what the figures depend on: hardware, versions, settings of the server."""
    [(postgres,)] = warehouse.query("show server_version")
    versions = {name: version(name) for name in PACKAGES}
    return {
        "hardware": {
            "processor": _processor(),
            "processors": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        },
        "versions": {"PostgreSQL": postgres, "Python": platform.python_version()} | versions,
        "server_settings": dict(warehouse.query(SETTINGS_SQL)),
    }


def _processor() -> str:
    """Ask Linux, which does not tell Python."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
