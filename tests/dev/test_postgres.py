"""The server of the project's own: whatever becomes of who started it, the next start works."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dev import postgres
from tests.support.warehouse import PROJECT

# Starts a server, says where it is, and waits to be ended.
OWNER = """
import signal, sys, time
from dev import postgres

signal.signal(signal.SIGTERM, signal.default_int_handler)
with postgres.running(sys.argv[1]) as environment:
    print(environment["PGHOST"], flush=True)
    time.sleep(60)
"""


@pytest.fixture
def name() -> Iterator[str]:
    yield (name := f"try-{os.getpid()}")
    subprocess.run(["rm", "-rf", postgres.state_folder() / name], check=True)  # noqa: S607


@pytest.fixture
def owner(name: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, name], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


def postmaster(name: str) -> int:
    return int((postgres.state_folder() / name / "data/postmaster.pid").read_text().split()[0])


def is_running(process: int) -> bool:
    """A process that nobody has buried yet is dead all the same."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("polite", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_with_its_owner(name: str, owner: subprocess.Popen[str], polite: int) -> None:
    owner.stdout.readline()
    server = postmaster(name)
    owner.send_signal(polite)
    owner.wait(timeout=30)
    assert not is_running(server)


def test_what_a_killed_owner_left_is_cleared_up_by_the_next_start(
    name: str, owner: subprocess.Popen[str]
) -> None:
    owner.stdout.readline()
    left = postmaster(name)
    owner.kill()
    owner.wait(timeout=30)
    assert is_running(left)
    with postgres.running(name):
        assert not is_running(left)
        assert is_running(postmaster(name))


def test_a_second_owner_is_told_that_it_is_in_use(name: str, owner: subprocess.Popen[str]) -> None:
    owner.stdout.readline()
    with pytest.raises(postgres.PostgresError, match="in use"), postgres.running(name):
        pass
    assert is_running(postmaster(name))


def test_nobody_else_gets_in(name: str) -> None:
    """No port is open, and the socket's folder belongs to the server's user alone."""
    with postgres.running(name) as environment:
        assert Path(environment["PGHOST"]).stat().st_mode & 0o077 == 0
        log = (postgres.state_folder() / name / "server.log").read_text()
        assert "listening on Unix socket" in log
        assert "listening on IP" not in log
