"""dbt in a process that is forked from one that has already imported it and parsed the project.

Imports and parsing are half of the time of a small build. `multiprocessing` keeps a server process
that has done both, and forks it for each command. Everything after that is as on the command line:
each command has a process, an environment and a session of its own, and can be killed.
"""

import multiprocessing
import os
import subprocess
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

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.parsed_project"])


def can_fork(arguments: Sequence[str], environment: dict[str, str]) -> bool:
    """Return whether dbt would parse the project as it is parsed already."""
    command = next(argument for argument in arguments if not argument.startswith("-"))
    return (
        environment["TIRUERT_SCHEMA"] == PARSED_SCHEMA
        and command in COMMANDS
        and not any(option in argument for argument in arguments for option in PARSED_OPTIONS)
    )


class ForkedDbt:
    """A running dbt, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, arguments: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        self.args = ["dbt", *arguments]
        self._output = tempfile.NamedTemporaryFile("r")  # noqa: SIM115
        self._errors = tempfile.NamedTemporaryFile("r")  # noqa: SIM115
        files = (self._output.name, self._errors.name)
        self._process = _CONTEXT.Process(target=_run, args=(arguments, folder, environment, files))
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
    arguments: Sequence[str], folder: Path, environment: dict[str, str], files: tuple[str, str]
) -> None:
    """Run in the forked process. Its exit code is that of dbt's command line."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415  (slow, and already imported here)

    from tests.support.parsed_project import manifest_for  # noqa: PLC0415

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment | WITHOUT_FILES)
    for descriptor, file in zip((1, 2), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY), descriptor)
    manifest = manifest_for(environment["PGDATABASE"])
    finished = dbtRunner(manifest=manifest).invoke(list(arguments))
    raise SystemExit(2 if finished.exception else int(not finished.success))
