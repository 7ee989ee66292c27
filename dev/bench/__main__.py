"""The command line of the benchmark."""

import json
import signal
from pathlib import Path
from typing import Any

import click

from dev import postgres
from dev.bench.database import SERVER_SETTINGS, BenchmarkError, default_database
from dev.bench.measurement import Measurement, as_json, as_table, describe_environment
from dev.bench.runner import MILLION, OPTIONAL_MEASUREMENTS, measure_size
from dev.bench.stage import BenchmarkPlan
from dev.database import CommandError


@click.command()
@click.option(
    "--millions",
    type=click.FloatRange(min=0, min_open=True),
    multiple=True,
    default=(1, 10),
    show_default=True,
    help="Sessions per month, in millions. May be repeated.",
)
@click.option(
    "--months",
    type=click.IntRange(min=1),
    multiple=True,
    help="Months of history, including the measured month. May be repeated."
    "  [default: 1, 12 and, for up to one million sessions, 24]",
)
@click.option(
    "--measure",
    "optional",
    type=click.Choice(OPTIONAL_MEASUREMENTS),
    multiple=True,
    default=[name for name in OPTIONAL_MEASUREMENTS if name != "spark"],
    help="Measure this in addition to a first `dbt build` of one month. May be repeated."
    "  [default: all but spark, which needs Java]",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Number of runs of each measurement.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=postgres.PROJECT / "target" / "bench.json",
    help="File for all runs.  [default: target/bench.json]",
)
def bench(
    millions: tuple[float, ...],
    months: tuple[int, ...],
    optional: tuple[str, ...],
    runs: int,
    json_file: Path,
) -> None:
    """Compare `dbt build` with other ways to compute a month, and over a growing history.

    Example: python -m dev.bench --millions 1 --measure statements --measure duckdb
    """
    measurements: list[Measurement] = []
    notes: list[str] = []
    try:
        settings = SERVER_SETTINGS
        if "spark" in optional:
            settings = settings | postgres.loopback_settings()
        with postgres.running("bench", settings=settings) as server:
            environment = describe_environment(default_database(server))
            for sessions in sorted(round(million * MILLION) for million in set(millions)):
                histories = sorted(set(months)) or _default_months(sessions)
                plan = BenchmarkPlan(sessions, histories, frozenset(optional), runs, _log)
                measurements += measure_size(server, plan, notes)
                _write(json_file, as_json(measurements, environment, notes))
    except (BenchmarkError, CommandError, postgres.PostgresError) as error:
        raise click.ClickException(str(error)) from None
    as_table(measurements).print_table(max_rows=None, max_columns=None, max_column_width=None)
    for note in notes:
        click.echo(note)


def _default_months(sessions: int) -> list[int]:
    return [1, 12, 24] if sessions <= MILLION else [1, 12]


def _write(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    _log(f"wrote {file}")


def _log(message: str) -> None:
    click.secho(f"· {message}", fg="cyan", err=True)


if __name__ == "__main__":
    # Like Ctrl-C, SIGTERM must raise KeyboardInterrupt, so that the server is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bench(prog_name="python -m dev.bench")
