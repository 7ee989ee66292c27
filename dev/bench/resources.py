"""Measure time, memory and disk space."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

import psutil

from dev.bench.database import MARTS, BenchmarkDatabase

SECONDS_BETWEEN_SAMPLES = 0.1
# Linux shows PostgreSQL's shared buffers under this path.
SHARED_BUFFERS = "/dev/zero (deleted)"

BACKENDS = """
    select pid from pg_stat_activity
    where backend_type in ('client backend', 'parallel worker') and pid <> pg_backend_pid()
"""


def seconds_of(work: Callable[[], object]) -> float:
    """Call `work` and return the seconds it took."""
    started_at = time.monotonic()
    work()
    return time.monotonic() - started_at


@dataclass
class PeakUsage:
    """Peak memory and temporary files of a build, in MB."""

    memory_of_the_server: float = 0.0
    memory_of_dbt: float = 0.0
    temporary_files: float = 0.0


def peak_usage(database: BenchmarkDatabase, build: Callable[[], None]) -> PeakUsage:
    """Run a build while sampling its memory. Sampling slows the build down."""
    peak, done = PeakUsage(), Event()
    sampler = Thread(target=_sample, args=(database, peak, done), daemon=True)
    written_before = _temporary_megabytes(database)
    sampler.start()
    try:
        build()
    finally:
        done.set()
        sampler.join()
    peak.temporary_files = _temporary_megabytes(database) - written_before
    return peak


def _sample(database: BenchmarkDatabase, peak: PeakUsage, done: Event) -> None:
    """Sample the server's backends, parallel workers included, and the child processes."""
    with database.connection(autocommit=True) as connection, connection.cursor() as cursor:
        while not done.wait(SECONDS_BETWEEN_SAMPLES):
            cursor.execute(BACKENDS)
            server = sum(_without_shared_buffers(pid) for (pid,) in cursor)
            # A child process inherits the ru_maxrss of its parent, so it cannot be used here.
            dbt = sum(map(_resident, psutil.Process().children(recursive=True)))
            peak.memory_of_the_server = max(peak.memory_of_the_server, server / 1024**2)
            peak.memory_of_dbt = max(peak.memory_of_dbt, dbt / 1024**2)


def _without_shared_buffers(pid: int) -> int:
    """Return the memory of a process, with its share of shared pages but no shared buffers."""
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


def _temporary_megabytes(database: BenchmarkDatabase) -> float:
    """Return the total size of temporary files written in the database so far."""
    _wait_for_statistics(database)
    [(written,)] = database.query(
        "select temp_bytes from pg_stat_database where datname = current_database()"
    )
    return float(written) / 1024**2


def session_rows_read(database: BenchmarkDatabase) -> int:
    """Return how many rows of sessions the server has read so far, for any client."""
    _wait_for_statistics(database)
    [(rows,)] = database.query(
        """
        select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))
        from pg_stat_user_tables
        where schemaname = 'qualicharge' and relname ^@ 'session'
        """
    )
    return int(rows)


def _wait_for_statistics(database: BenchmarkDatabase) -> None:
    """Wait until no other client is connected: a backend reports its statistics when it exits."""
    while database.query(BACKENDS):
        time.sleep(SECONDS_BETWEEN_SAMPLES)


def marts_megabytes(database: BenchmarkDatabase) -> float:
    """Return the disk space of all tables built by dbt, indexes included."""
    [(size,)] = database.query(
        """
        select sum(pg_total_relation_size(pg_class.oid))
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where pg_namespace.nspname ^@ %s and pg_class.relkind = 'r'
        """,
        MARTS,
    )
    return float(size) / 1024**2
