"""The command line: python -m sender --period 2025-04."""

import json
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from common.cli import Month, run_cli
from common.database import connected
from common.errors import SettingsError
from common.exit_codes import ExitCode, help_text
from sender import console, ledger
from sender.client import CarbureClient
from sender.clock import Clock
from sender.console import Log
from sender.errors import EXIT_CODES
from sender.plan import SummaryRow
from sender.run import Options, Run
from sender.settings import CarbureSettings, SenderSettings

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog=help_text(EXIT_CODES))
@click.option("--period", type=Month(), help="The month, such as 2025-04.")
@click.option("--siren", "sirens", multiple=True, help="Only this SIREN; may be repeated.")
@click.option(
    "--plan", "--dry-run", "only_plan", is_flag=True, help="Send nothing; show what would go."
)
@click.option("--detail", is_flag=True, help="Show each station that goes, old and new.")
@click.option("--force", is_flag=True, help="Send what was acknowledged again.")
@click.option(
    "--allow-open-period", is_flag=True, help="Send although sessions may still be added."
)
@click.option("--allow-shrinkage", is_flag=True, help="Send although many stations have gone.")
@click.option("--output", type=FILE, help="Write the payload to this file, as JSON.")
@click.option("--report", "report_file", type=FILE, help="Write what came of the run, as JSON.")
@click.option("--status", is_flag=True, help="Show what CARBURE has, by the ledger; send nothing.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(
    period: date | None,
    sirens: tuple[str, ...],
    only_plan: bool,
    detail: bool,
    force: bool,
    allow_open_period: bool,
    allow_shrinkage: bool,
    output: Path | None,
    report_file: Path | None,
    status: bool,
    log_format: str,
) -> ExitCode:
    """Send to CARBURE what differs between a month of the warehouse and what CARBURE has.

    \b
    Examples:
      python -m sender --period 2025-04 --plan
      python -m sender --period 2025-04 --plan --detail --siren 891118473
      python -m sender --period 2025-04 --plan --output payload.json
      python -m sender --period 2025-04
      python -m sender --period 2025-04 --force --siren 891118473
      python -m sender --period 2025-04 --allow-open-period --allow-shrinkage
      python -m sender --period 2025-04 --log-format json --report outcome.json
      python -m sender --status --period 2025-04
    """  # noqa: D301
    settings = SenderSettings.load()
    if status:
        return _show_status(settings, period)
    if period is None:
        raise click.UsageError("Missing option '--period'.")
    for path in filter(None, (output, report_file)):
        _write(path, [], mode="a")
    clock = Clock()
    log = Log(clock, as_json=log_format == "json")
    options = Options(period, only_plan, sirens, force, allow_open_period, allow_shrinkage)
    carbure = _carbure(clock, log, may_be_missing=only_plan)
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        run = Run(connection, carbure, clock, settings, options, log)
        if not only_plan:
            run.prepare()
        run.ask_carbure()
        run.plan(show_detail=detail)
        if output is not None:
            _write(output, run.payload())
        if only_plan:
            code = ExitCode.CHANGES_PENDING if run.would_send() else run.exit_code([])
            return _conclude(run, list(run.summary.lines()), code, report_file)
        code = ExitCode.INTERRUPTED
        with _interruptible(clock):
            try:
                _send(run, clock, log)
                code = run.exit_code(run.outcomes())
            except click.ClickException as error:
                code = error.exit_code
                raise
            finally:
                _conclude(run, run.outcomes(), code, report_file)
        return code


def _carbure(clock: Clock, log: Log, *, may_be_missing: bool) -> CarbureClient | None:
    try:
        return CarbureClient(CarbureSettings.load(), clock)
    except SettingsError as error:
        if not may_be_missing:
            raise
        log(f"CARBURE is not asked which SIRENs it knows: {error.message}")
        return None


def _send(run: Run, clock: Clock, log: Log) -> None:
    total, sent = run.would_send(), 0
    if total == 0:
        log("nothing to send")
    started_at = clock.now()
    for exchange in run.send():
        sent += len(exchange.stations)
        for line in console.exchange_lines(exchange):
            log(line)
        seconds = (clock.now() - started_at).total_seconds()
        log(
            console.progress(exchange, sent, total, seconds),
            siren=exchange.stations[0].siren,
            stations=len(exchange.stations),
            outcome=exchange.answer.outcome,
        )
        if clock.is_interrupted:
            raise KeyboardInterrupt


def _conclude(run: Run, lines: list[SummaryRow], code: int, report_file: Path | None) -> ExitCode:
    """Show what is to be done or what came of it, and write it to the report."""
    for text in console.table(lines):
        click.echo(text)
    if report_file is not None:
        outcome = {
            "run_id": run.run_id,
            "exit_code": int(code),
            "plan": [line._asdict() for line in run.summary.lines()],
            "lines": [line._asdict() for line in lines],
        }
        _write(report_file, [json.dumps(outcome, default=str, ensure_ascii=False)])
    return ExitCode(code)


def _show_status(settings: SenderSettings, period: date | None) -> ExitCode:
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        for month, lines in ledger.read_status(connection, period):
            click.echo(f"{month:%Y-%m}")
            for text in console.table(lines):
                click.echo(text)
    return ExitCode.SUCCESS


def _write(path: Path, parts: Iterable[str], mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.writelines(parts)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from None


@contextmanager
def _interruptible(clock: Clock) -> Iterator[None]:
    """Let a first signal end the run after the request under way, and a second one at once."""

    def end(*_: object) -> None:
        clock.interrupt()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        os.write(2, b"Ending after the request under way; once more ends at once.\n")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    yield


def main() -> None:
    """Run the command, and end with an exit code and, after an error, one line."""
    run_cli(command, "python -m sender", "Interrupted; the ledger knows what was sent.")


if __name__ == "__main__":
    main()
