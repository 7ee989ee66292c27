"""The documentation that `make docs` serves: without unit tests, and it stops on Ctrl-C."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from dev.demo import docs_site
from tests.support.waiting import wait_for
from tests.support.warehouse import PROJECT, Warehouse

SERVE = (
    "import sys; from pathlib import Path; from dev.demo import docs_site\n"
    "with docs_site.listening(int(sys.argv[1]), Path(sys.argv[2])) as server:\n"
    "    docs_site.serve(server)"
)


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def is_served(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/index.html", timeout=5).text == "<html>"
    except requests.ConnectionError:
        return False


def test_site_has_all_but_the_unit_tests(made: Warehouse, tmp_path: Path) -> None:
    made.dbt("docs", "generate")
    generated = Path(made.environment["DBT_TARGET_PATH"])
    docs_site.write(generated, tmp_path)
    before, after = (
        json.loads((folder / "manifest.json").read_text()) for folder in (generated, tmp_path)
    )
    assert before["unit_tests"]
    assert after == before | {"unit_tests": {}}
    for name in ("index.html", "catalog.json"):
        assert (tmp_path / name).read_bytes() == (generated / name).read_bytes()


def test_busy_port_is_one_line(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        finished = subprocess.run(
            [sys.executable, "-m", "dev.demo", "docs", "--port", str(port)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert finished.returncode == 1
    assert finished.stderr == (
        f"Error: cannot use port {port}: Address already in use;"
        " choose another, e.g. make docs PORT=8081\n"
    )


def test_interrupted_server_ends_quietly(port: int, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html>")
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port), str(tmp_path)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            wait_for(lambda: is_served(port))
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, *output) == (0, b"", b"")
