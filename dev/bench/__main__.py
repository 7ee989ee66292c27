"""The command line of the benchmark."""

import json
import signal
from pathlib import Path
from typing import Any

import click

from dev import postgres
from dev.bench import report
from dev.bench.figures import FIGURES, MILLION, Plan, measure_size
from dev.bench.warehouse import SERVER_SETTINGS, BenchmarkError, on_server


@click.command()
@click.option(
    "--millions",
    type=click.FloatRange(min=0, min_open=True),
    multiple=True,
    default=(1, 10),
    show_default=True,
    help="Sessions a month, in millions; may be given several times.",
)
@click.option(
    "--months",
    type=click.IntRange(min=1),
    multiple=True,
    default=(1, 12),
    show_default=True,
    help="Months that there are, the one that is measured included; may be given several times.",
)
@click.option(
    "--figure",
    "figures",
    type=click.Choice(FIGURES),
    multiple=True,
    default=FIGURES,
    help="Measure this beside `dbt build`; may be given several times. Default: all.",
)
@click.option(
    "--runs", type=click.IntRange(min=1), default=3, show_default=True, help="Of each measurement."
)
@click.option(
    "--row-by-row-days",
    type=click.IntRange(1, 30),
    default=3,
    show_default=True,
    help="Days of the month that pandas works off, at the smallest size alone.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=postgres.PROJECT / "target" / "bench.json",
    help="Where every run is written.  [default: target/bench.json]",
)
def bench(
    millions: tuple[float, ...],
    months: tuple[int, ...],
    figures: tuple[str, ...],
    runs: int,
    row_by_row_days: int,
    json_file: Path,
) -> None:
    """Measure `dbt build` of a month beside other ways to the same figures.

    Example: python -m dev.bench --millions 1 --figure statements --figure duckdb
    """
    sizes = sorted(round(million * MILLION) for million in set(millions))
    rows: list[report.Row] = []
    notes: list[str] = []
    try:
        with postgres.running("bench", settings=SERVER_SETTINGS) as server:
            about = report.describe(on_server(server))
            for sessions in sizes:
                # What takes longest says the same of a session at every size.
                wanted = frozenset(figures) - ({"row-by-row"} if sessions > sizes[0] else set())
                plan = Plan(sessions, sorted(set(months)), wanted, runs, row_by_row_days, _say)
                rows += measure_size(server, plan, notes)
                _write(json_file, report.as_json(rows, about, notes))
    except (BenchmarkError, postgres.PostgresError) as error:
        raise click.ClickException(str(error)) from None
    report.as_table(rows).print_table(max_rows=None, max_columns=None, max_column_width=None)
    for note in notes:
        click.echo(note)


def _write(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    _say(f"written: {file}")


def _say(step: str) -> None:
    click.secho(f"· {step}", fg="cyan", err=True)


if __name__ == "__main__":
    # A polite kill unwinds as Ctrl-C does, and stops the server on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bench(prog_name="python -m dev.bench")
