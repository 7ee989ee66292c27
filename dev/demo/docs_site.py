"""Serve the documentation that dbt generates, without the unit tests."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class PortError(Exception):
    """The port cannot be used. The message is one line."""


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing about requests."""


@contextmanager
def listening(port: int, folder: Path) -> Iterator[ThreadingHTTPServer]:
    """Reserve a port of this machine for the files in `folder`. Raises PortError."""
    handler = partial(_QuietHandler, directory=str(folder))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise PortError(
            f"cannot use port {port}: {error.strerror}; choose another, e.g. make docs PORT=8081"
        ) from None
    with server:
        yield server


def write(generated: Path, folder: Path) -> None:
    """Copy what `dbt docs generate` wrote to `folder`, without unit tests.

    The lineage of a model would show each of its unit tests next to the models that read it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("index.html", "catalog.json"):
        shutil.copy(generated / name, folder)
    manifest = json.loads((generated / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"unit_tests": {}}))


def serve(server: ThreadingHTTPServer) -> None:
    """Serve until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        server.serve_forever()
