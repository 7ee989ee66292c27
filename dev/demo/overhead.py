"""Measure the sender's own time for a national submission, and compare it with CARBURE's."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from dev.database import Database
from dev.generator import valid_siren

PERIOD = "2025-04"
SIRENS = 600
STATIONS_PER_SIREN = 334
# Fitted to observed response times of CARBURE. The time per station grows with the rows that
# CARBURE already has.
SECONDS_PER_STATION = 0.0015
SECONDS_PER_STATION_AND_ROW = 5e-8

FILL_MARTS = """
    insert into tiruert.station_energy_monthly
    select
        '2025-04-01', '2025-04-01', '2025-04-30', 'Opérateur ' || siren, siren,
        'FRZ' || lpad(cast(rank %% 100 as text), 2, '0'),
        'FRZ' || lpad(cast(rank %% 100 as text), 2, '0') || 'P' || rank || 'X' || number,
        number * 0.001, 1, false, now()
    from unnest(%s) with ordinality as sirens (siren, rank)
    cross join generate_series(1, %s) as number;

    insert into tiruert.energy_balance_monthly
    select (jsonb_populate_record(
        cast(null as tiruert.energy_balance_monthly),
        zeros.columns || jsonb_build_object(
            'period', period, 'computed_at', min(computed_at), 'sessions_read_at', min(computed_at),
            'received_sessions', count(*), 'received_kwh', sum(energy_mwh) * 1000,
            'sendable_sessions', count(*), 'sendable_kwh', sum(energy_mwh) * 1000
        )
    )).*
    from tiruert.station_energy_monthly
    cross join (
        select jsonb_object_agg(attname, 0) as columns
        from pg_attribute
        where attrelid = cast('tiruert.energy_balance_monthly' as regclass) and attnum > 0
    ) as zeros
    group by period, zeros.columns
"""


def fill_marts(database: Database) -> None:
    """Insert the stations of one month, and an energy balance that matches them."""
    sirens = [valid_siren(rank) for rank in range(SIRENS)]
    database.query(FILL_MARTS, sirens, STATIONS_PER_SIREN)


def lines(database: Database) -> Iterator[str]:
    """Run the sender twice, and yield lines about the time of each run."""
    for name in ("everything is sent", "nothing has changed"):
        response_seconds_before = _response_seconds(database)
        seconds, peak_mb = _run_sender(database)
        response_seconds = _response_seconds(database) - response_seconds_before
        own_seconds = seconds - response_seconds
        yield f"{name}: {own_seconds:.1f} s, excluding requests"
        if response_seconds:
            # Not for the second run: the peak would be the memory inherited from this process.
            yield f"  {peak_mb:.0f} MB of memory at most"
            yield from _comparison(database, own_seconds)


def _response_seconds(database: Database) -> float:
    """Return the total time of all requests in the ledger."""
    [(seconds,)] = database.query(
        "select coalesce(sum(duration_seconds), 0) from tiruert_ledger.response"
    )
    return float(seconds)


def _run_sender(database: Database) -> tuple[float, float]:
    """Run the sender, and return its seconds and its peak memory in MB."""
    started_at = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "sender", "--period", PERIOD],
        env=database.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the sender failed with exit code {process.returncode}")
    return time.monotonic() - started_at, usage.ru_maxrss / 1024


def _comparison(database: Database, own_seconds: float) -> Iterator[str]:
    """Estimate CARBURE's time for the same requests, and the sender's share of the total."""
    batch_sizes = database.query(
        "select count(*) from tiruert_ledger.request_station group by request_id"
        " order by request_id"
    )
    rows, carbure_seconds = 0, 0.0
    for (size,) in batch_sizes:
        carbure_seconds += size * (SECONDS_PER_STATION + SECONDS_PER_STATION_AND_ROW * rows)
        rows += size
    share = own_seconds / (own_seconds + carbure_seconds)
    yield (
        f"  {rows:,} stations in {len(batch_sizes)} requests; CARBURE would take"
        f" {carbure_seconds:,.0f} s, so the sender accounts for {share:.1%} of the run"
    )
