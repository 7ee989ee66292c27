"""dbt and `spark_build` in a process forked from one that has already parsed the project.

Imports and parsing are half of the time of a small build. `multiprocessing` keeps a server process
that has done both, and forks it for each command. Everything after that is as on the command line:
each command has a process, an environment and a session of its own, and can be killed.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.waiting import MAX_WAIT_SECONDS

# Parsing depends on these, so a command that changes them must parse.
PARSED_SCHEMA = "tiruert"
PARSED_OPTIONS = ("source_schema", "--target")
# No test reads dbt's log file, and only one its JSON files.
WITHOUT_FILES = {"DBT_LOG_LEVEL_FILE": "none", "DBT_WRITE_JSON": "false"}
COMMANDS = ("build", "run", "test", "run-operation", "compile")
SPARK_BUILD = ("python", "-m", "spark_build")
ON_SPARK = ("--target", "spark")
PARSED_PROJECT = "tests.support.parsed_project"

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([PARSED_PROJECT])


def parse_for_spark_too() -> None:
    """Call this before the first command, because it takes as long as a small build."""
    _CONTEXT.set_forkserver_preload([PARSED_PROJECT, "tests.support.parsed_for_spark"])


def can_fork(command: Sequence[str], environment: dict[str, str]) -> bool:
    """Return whether the command would parse the project as it is parsed already."""
    if environment["TIRUERT_SCHEMA"] != PARSED_SCHEMA:
        return False
    if command[0] != "dbt":
        return tuple(command[:3]) == SPARK_BUILD
    name = next(argument for argument in command[1:] if not argument.startswith("-"))
    options = command[:-2] if is_on_spark(command) else command
    return name in COMMANDS and not any(
        option in argument for argument in options for option in PARSED_OPTIONS
    )


def is_on_spark(command: Sequence[str]) -> bool:
    return tuple(command[-2:]) == ON_SPARK


class ForkedProgram:
    """A running program, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        self.args = list(command)
        self._output = tempfile.NamedTemporaryFile("r")  # noqa: SIM115
        self._errors = tempfile.NamedTemporaryFile("r")  # noqa: SIM115
        files = (self._output.name, self._errors.name)
        self._process = _CONTEXT.Process(target=_run, args=(command, folder, environment, files))
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float) -> None:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)

    def communicate(self, timeout: float = MAX_WAIT_SECONDS) -> tuple[str, str]:
        self.wait(timeout)
        return self._output.read(), self._errors.read()


def _run(
    command: Sequence[str], folder: Path, environment: dict[str, str], files: tuple[str, str]
) -> None:
    """Run in the forked process. Its exit code is that of the command line."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment | WITHOUT_FILES)
    for descriptor, file in zip((1, 2), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY), descriptor)
    if command[0] == "dbt":
        _run_dbt(command[1:])
    else:
        _run_spark_build(command[2:])


def _run_dbt(arguments: Sequence[str]) -> None:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415  (slow, and already imported here)

    from tests.support.parsed_project import manifest_for  # noqa: PLC0415

    if is_on_spark(arguments):
        from spark_build.dbt import stop_spark  # noqa: PLC0415
        from tests.support.parsed_for_spark import manifest  # noqa: PLC0415
    else:
        manifest = manifest_for(os.environ["PGDATABASE"])
    finished = dbtRunner(manifest=manifest).invoke(list(arguments))
    if is_on_spark(arguments):
        # Otherwise no later build could use the same Java process.
        stop_spark()
    raise SystemExit(2 if finished.exception else int(not finished.success))


def _run_spark_build(arguments: Sequence[str]) -> None:
    from spark_build import dbt  # noqa: PLC0415
    from tests.support.parsed_for_spark import manifest  # noqa: PLC0415
    from tests.support.parsed_project import manifest_for  # noqa: PLC0415

    parsed = {dbt.WAREHOUSE: manifest_for(os.environ["PGDATABASE"]), dbt.SPARK: manifest}
    dbt._parsed_project = parsed.__getitem__
    sys.argv = list(arguments)
    runpy.run_module("spark_build", run_name="__main__")
