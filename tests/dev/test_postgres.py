"""The private server: however its owner ends, the next start works."""

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

# Starts a server, prints its socket folder, and waits to be stopped.
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
    try:
        # A zombie has exited; its parent has not reaped it yet.
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_server_stops_with_its_owner(
    name: str, owner: subprocess.Popen[str], signal_number: int
) -> None:
    owner.stdout.readline()
    server = postmaster(name)
    owner.send_signal(signal_number)
    owner.wait(timeout=30)
    assert not is_running(server)


def test_next_start_stops_the_server_of_a_killed_owner(
    name: str, owner: subprocess.Popen[str]
) -> None:
    owner.stdout.readline()
    orphan = postmaster(name)
    owner.kill()
    owner.wait(timeout=30)
    assert is_running(orphan)
    with postgres.running(name):
        assert not is_running(orphan)
        assert is_running(postmaster(name))


def test_second_owner_gets_an_error(name: str, owner: subprocess.Popen[str]) -> None:
    owner.stdout.readline()
    with pytest.raises(postgres.PostgresError, match="in use"), postgres.running(name):
        pass
    assert is_running(postmaster(name))


def test_server_is_not_reachable_by_others(name: str) -> None:
    """It listens on no port, and only its own user can access the socket's folder."""
    with postgres.running(name) as environment:
        assert Path(environment["PGHOST"]).stat().st_mode & 0o077 == 0
        log = (postgres.state_folder() / name / "server.log").read_text()
        assert "listening on Unix socket" in log
        assert "listening on IP" not in log
