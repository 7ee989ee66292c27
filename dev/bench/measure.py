"""Seconds, memory, and bytes on disk."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

import psutil

from dev.bench.warehouse import MARTS, Warehouse

SECONDS_BETWEEN_SAMPLES = 0.1
# How Linux calls the memory that all processes of a server share.
SHARED_BUFFERS = "/dev/zero (deleted)"

BACKENDS = """
    select pid from pg_stat_activity
    where backend_type in ('client backend', 'parallel worker') and pid <> pg_backend_pid()
"""


def seconds_of(work: Callable[[], object]) -> float:
    """Do some work, and tell how long it took."""
    started_at = time.monotonic()
    work()
    return time.monotonic() - started_at


@dataclass
class Watched:
    """What a build of dbt took at most besides time, in MB."""

    memory_of_the_server: float = 0.0
    memory_of_dbt: float = 0.0
    temporary_files: float = 0.0


def watch(warehouse: Warehouse, build: Callable[[], None]) -> Watched:
    """Run a build under observation, which slows it down."""
    watched, done = Watched(), Event()
    watcher = Thread(target=_sample, args=(warehouse, watched, done), daemon=True)
    written_before = temporary_megabytes(warehouse)
    watcher.start()
    try:
        build()
    finally:
        done.set()
        watcher.join()
    watched.temporary_files = temporary_megabytes(warehouse) - written_before
    return watched


def _sample(warehouse: Warehouse, watched: Watched, done: Event) -> None:
    """Look at the server's backends, parallel workers included, and at what this process runs."""
    with warehouse.connection() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while not done.wait(SECONDS_BETWEEN_SAMPLES):
            cursor.execute(BACKENDS)
            server = sum(_without_shared_buffers(pid) for (pid,) in cursor)
            # What the system tells in the end begins with the memory of who started it.
            dbt = sum(map(_resident, psutil.Process().children(recursive=True)))
            watched.memory_of_the_server = max(watched.memory_of_the_server, server / 1024**2)
            watched.memory_of_dbt = max(watched.memory_of_dbt, dbt / 1024**2)


def _without_shared_buffers(pid: int) -> int:
    """Add up a process's share of what it uses, without the buffers of the whole server."""
    try:
        maps = psutil.Process(pid).memory_maps()
    except psutil.NoSuchProcess:
        return 0
    return sum(part.pss for part in maps if part.path != SHARED_BUFFERS)


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def temporary_megabytes(warehouse: Warehouse) -> float:
    """Tell how much has been written to temporary files of the database since it was made."""
    # A backend tells what it wrote when it ends, a moment after its client.
    while warehouse.query(BACKENDS):
        time.sleep(SECONDS_BETWEEN_SAMPLES)
    [(written,)] = warehouse.query(
        "select temp_bytes from pg_stat_database where datname = current_database()"
    )
    return written / 1024**2


def marts_megabytes(warehouse: Warehouse) -> float:
    """Tell how much disk all that dbt has made takes, indexes included."""
    [(size,)] = warehouse.query(
        """
        select sum(pg_total_relation_size(pg_class.oid))
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where pg_namespace.nspname ^@ %(marts)s and pg_class.relkind = 'r'
        """,
        marts=MARTS,
    )
    return float(size) / 1024**2
