"""What a submission of a whole country costs, beside what CARBURE itself takes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from psycopg2.extensions import connection as Connection  # noqa: N812

from dev.generator import valid_siren

PERIOD = "2025-04"
SIRENS = 600
STATIONS_PER_SIREN = 334
# By the times observed at CARBURE: a request costs for each of its stations, and the more, the
# more rows are there already.
SECONDS_PER_STATION = 0.0015
SECONDS_PER_STATION_AND_ROW = 5e-8

FILL_MARTS = """
    insert into tiruert.station_energy_monthly
    select
        '2025-04-01', '2025-04-01', '2025-04-30', 'Opérateur ' || siren, siren,
        'FRZ' || lpad(cast(rank %% 100 as text), 2, '0'),
        'FRZ' || lpad(cast(rank %% 100 as text), 2, '0') || 'P' || rank || 'X' || number,
        number * 0.001, 1, false, now()
    from unnest(%(sirens)s) with ordinality as sirens (siren, rank)
    cross join generate_series(1, %(stations)s) as number;

    insert into tiruert.energy_balance_monthly
    select (jsonb_populate_record(
        cast(null as tiruert.energy_balance_monthly),
        zeros.columns || jsonb_build_object(
            'period', period, 'computed_at', min(computed_at),
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


def fill_marts(connection: Connection) -> None:
    """Give a month many stations, with a balance that agrees."""
    sirens = [valid_siren(rank) for rank in range(SIRENS)]
    with connection, connection.cursor() as cursor:
        cursor.execute(FILL_MARTS, {"sirens": sirens, "stations": STATIONS_PER_SIREN})


def lines(connection: Connection, environment: dict[str, str]) -> Iterator[str]:
    """Send the month, then once more, and tell what each of the two runs took."""
    for name in ("everything is sent", "nothing has changed"):
        with connection, connection.cursor() as cursor:
            cursor.execute("select coalesce(sum(duration_seconds), 0) from tiruert_ledger.response")
            [answered_before] = cursor.fetchone()
        seconds, peak_mb = _run_sender(environment)
        with connection, connection.cursor() as cursor:
            cursor.execute("select coalesce(sum(duration_seconds), 0) from tiruert_ledger.response")
            [answered] = cursor.fetchone()
        own_seconds = seconds - (answered - answered_before)
        yield f"{name}: {own_seconds:.1f} s beside the requests"
        if answered > answered_before:
            # Of the second run it would be that of this process, which has the rows by then.
            yield f"  {peak_mb:.0f} MB of memory at most"
            yield from _share(connection, own_seconds)


def _run_sender(environment: dict[str, str]) -> tuple[float, float]:
    started_at = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "sender", "--period", PERIOD],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the sender ended with {process.returncode}")
    return time.monotonic() - started_at, usage.ru_maxrss / 1024


def _share(connection: Connection, own_seconds: float) -> Iterator[str]:
    """Hold the sender's own time against what CARBURE would take for the same requests."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from tiruert_ledger.request_station group by request_id"
            " order by request_id"
        )
        sizes = [size for (size,) in cursor]
    rows, carbure_seconds = 0, 0.0
    for size in sizes:
        carbure_seconds += size * (SECONDS_PER_STATION + SECONDS_PER_STATION_AND_ROW * rows)
        rows += size
    share = own_seconds / (own_seconds + carbure_seconds)
    yield (
        f"  {rows:,} stations in {len(sizes)} requests, for which CARBURE would take"
        f" {carbure_seconds:,.0f} s: the sender's own time is {share:.1%} of such a run"
    )
