"""Runs of dbt within this process, so that no Spark driver survives it."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from py4j.protocol import Py4JError
from pydantic import BaseModel, TypeAdapter
from pyspark import SparkContext

from common.errors import UserError
from common.exit_codes import ExitCode

Variables = dict[str, Any]
Callback = Callable[[EventMsg], None]
# The targets of profiles.yml.
WAREHOUSE, SPARK = "warehouse", "spark"


class BuildError(UserError):
    """A run of dbt failed. dbt has printed why."""

    exit_code = ExitCode.INCOMPLETE


class PlannedMonth(BaseModel):
    """A month that Spark has to compute, as printed by the macro `plan_spark`."""

    month: str
    sessions_run: str | None
    has_landed: bool
    states_version: str
    flags_before: str | None
    limits_have_changed: bool


def run_dbt(*arguments: str, variables: Variables) -> None:
    """Run dbt on PostgreSQL. Raises BuildError if it fails."""
    _invoke(WAREHOUSE, *arguments, variables=variables)


def run_dbt_on_spark(*arguments: str, variables: Variables) -> None:
    """Run dbt on Spark. Raises BuildError if it fails.

    It caches only what it runs, because Spark cannot list the schemas of the warehouse.
    """
    _invoke(SPARK, *arguments, "--cache-selected-only", variables=variables)


def plan_months() -> list[PlannedMonth]:
    """Return the months that Spark has to compute. Raises BuildError."""
    printed: list[str] = []

    def collect(event: EventMsg) -> None:
        if event.info.name == "PrintEvent":
            printed.append(event.info.msg)  # type: ignore[attr-defined]  # generated class

    step = {"spark_build": {"plans_months": True}}
    _invoke(WAREHOUSE, "run-operation", "plan_spark", variables=step, callbacks=[collect])
    return TypeAdapter(list[PlannedMonth]).validate_json(printed[-1])


def stop_spark() -> None:
    """Stop Spark if it is running, and with it its executors."""
    # The driver may be what has failed.
    with suppress(Py4JError, OSError):
        # The public getActiveSession() knows only the sessions of the current thread.
        context = SparkContext._active_spark_context
        if context is not None:
            context.stop()


def _invoke(
    target: str, *arguments: str, variables: Variables, callbacks: list[Callback] | None = None
) -> None:
    # A run changes the manifest.
    manifest = _parsed_project(target).deepcopy()  # type: ignore[no-untyped-call]
    runner = dbtRunner(manifest, callbacks)
    _run(runner, target, *arguments, "--vars", json.dumps(variables))


@cache
def _parsed_project(target: str) -> Manifest:
    """Parse the project, once for all steps: their variables change no model's configuration."""
    manifest: Manifest = _run(dbtRunner(), target, "parse")
    return manifest


def _run(runner: dbtRunner, target: str, *arguments: str) -> Any:
    """Run dbt and return its result. Raises BuildError if it fails."""
    options = ["--target", target]
    if target == SPARK:
        # dbt keeps one parsed project per folder, so each target needs its own.
        folder = Path(os.environ.get("DBT_TARGET_PATH", "target")) / SPARK
        options += ["--target-path", str(folder)]
    finished = runner.invoke([*arguments, *options])
    if isinstance(finished.exception, KeyboardInterrupt):
        raise finished.exception
    if not finished.success:
        reason = f": {finished.exception}" if finished.exception else ", see above"
        raise BuildError(f"dbt {' '.join(arguments[:2])} failed{reason}")
    return finished.result
