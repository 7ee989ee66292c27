"""Runs of dbt within this process, so that no Spark driver survives it."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg
from py4j.protocol import Py4JError
from pydantic import BaseModel, TypeAdapter
from pyspark import SparkContext

from common.errors import UserError
from common.exit_codes import ExitCode

Variables = dict[str, Any]


class BuildError(UserError):
    """A run of dbt failed. dbt has printed why."""

    exit_code = ExitCode.INCOMPLETE


class PlannedMonth(BaseModel):
    """A month that Spark has to compute, as printed by the macro `plan_spark`."""

    month: str
    held: bool
    has_landed: bool
    states_version: str


def run_dbt(*arguments: str, variables: Variables) -> None:
    """Run dbt on PostgreSQL. Raises BuildError if it fails."""
    _invoke(dbtRunner(), *arguments, "--target", "warehouse", variables=variables)


def run_dbt_on_spark(*arguments: str, variables: Variables) -> None:
    """Run dbt on Spark. Raises BuildError if it fails.

    It has a target folder of its own, because dbt keeps what it has parsed for one target only. It
    caches only what it runs, because Spark cannot list the schemas of the warehouse.
    """
    folder = Path(os.environ.get("DBT_TARGET_PATH", "target")) / "spark"
    _invoke(
        dbtRunner(), *arguments,
        "--target", "spark", "--target-path", str(folder), "--cache-selected-only",
        variables=variables,
    )  # fmt: skip


def plan_months() -> list[PlannedMonth]:
    """Return the months that Spark has to compute. Raises BuildError."""
    printed: list[str] = []

    def collect(event: EventMsg) -> None:
        if event.info.name == "PrintEvent":
            printed.append(event.info.msg)  # type: ignore[attr-defined]  # generated class

    runner = dbtRunner(callbacks=[collect])
    _invoke(
        runner, "run-operation", "plan_spark", "--target", "warehouse",
        variables={"spark_build": {"plans_months": True}},
    )  # fmt: skip
    return TypeAdapter(list[PlannedMonth]).validate_json(printed[-1])


def stop_spark() -> None:
    """Stop Spark if it is running, and with it its executors."""
    # The driver may be what has failed.
    with suppress(Py4JError, OSError):
        # The public getActiveSession() knows only the sessions of the current thread.
        context = SparkContext._active_spark_context
        if context is not None:
            context.stop()


def _invoke(runner: dbtRunner, *arguments: str, variables: Variables) -> None:
    result = runner.invoke([*arguments, "--vars", json.dumps(variables)])
    if not result.success:
        reason = f": {result.exception}" if result.exception else ", see above"
        raise BuildError(f"dbt {' '.join(arguments[:2])} failed{reason}")
