"""The command line: python -m sender --period 2025-04."""

import json
import logging
import os
import signal
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

from common.cli import Months, configure_logging, run_cli
from common.database import connected
from common.errors import SettingsError, UserError, WarehouseError
from common.exit_codes import ExitCode, help_text
from sender import console, ledger
from sender.adoption import adopt
from sender.client import CarbureClient
from sender.clock import Clock
from sender.errors import EXIT_CODES
from sender.ledger import Ledger
from sender.period_lock import lock_period
from sender.run import Options, Run
from sender.settings import CarbureSettings, SenderSettings
from sender.summary import SummaryRow

FILE = click.Path(dir_okay=False, path_type=Path)

logger = logging.getLogger(__name__)


@click.command(epilog=help_text(EXIT_CODES))
@click.option(
    "--period", type=Months(), help="The month, e.g. 2025-04. With --adopt, also 2025-01..2025-04."
)
@click.option("--siren", "sirens", multiple=True, help="Only this SIREN. Repeatable.")
@click.option(
    "--plan", "--dry-run", "only_plan", is_flag=True, help="Show what would be sent. Send nothing."
)
@click.option("--detail", is_flag=True, help="Show each station to be sent, old and new.")
@click.option("--force", is_flag=True, help="Send acknowledged stations again.")
@click.option(
    "--allow-open-period", is_flag=True, help="Send even if more sessions may be received."
)
@click.option("--allow-shrinkage", is_flag=True, help="Send even if many stations are missing.")
@click.option("--output", type=FILE, help="Write the payload to this file, as JSON.")
@click.option("--report", type=FILE, help="Write the result of the run to this file, as JSON.")
@click.option(
    "--status", is_flag=True, help="Show what CARBURE has, according to the ledger. Send nothing."
)
@click.option(
    "--adopt",
    "only_adopt",
    is_flag=True,
    help="Take over what the platform's indicators say that CARBURE acknowledged. Send nothing.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the log on standard error.",
)
@click.option("--debug", is_flag=True, help="Log every HTTP call, and tracebacks of errors.")
def command(
    period: list[date] | None,
    sirens: tuple[str, ...],
    only_plan: bool,
    detail: bool,
    force: bool,
    allow_open_period: bool,
    allow_shrinkage: bool,
    output: Path | None,
    report: Path | None,
    status: bool,
    only_adopt: bool,
    log_format: str,
    debug: bool,
) -> ExitCode:
    """Send the differences between a month in the warehouse and CARBURE.

    \b
    Examples:
      python -m sender --period 2025-04 --plan
      python -m sender --period 2025-04 --plan --detail --siren 891118473
      python -m sender --period 2025-04 --plan --output payload.json
      python -m sender --period 2025-04
      python -m sender --period 2025-04 --force --siren 891118473
      python -m sender --period 2025-04 --allow-open-period --allow-shrinkage
      python -m sender --period 2025-04 --log-format json --report outcome.json
      python -m sender --period 2025-04 --debug
      python -m sender --status --period 2025-04
      python -m sender --adopt --period 2025-01..2025-04
    """  # noqa: D301
    configure_logging(log_format, debug=debug)
    settings = SenderSettings.load()
    if status:
        return _show_status(settings, _single(period) if period else None, sirens)
    if period is None:
        raise click.UsageError("Missing option '--period'.")
    if only_adopt:
        return _adopt(settings, period)
    # Fail before sending if a file is not writable.
    for path in filter(None, (output, report)):
        _write(path, [], mode="a")
    clock = Clock()
    options = Options(_single(period), only_plan, sirens, force, allow_open_period, allow_shrinkage)
    carbure = _create_client(clock, is_optional=only_plan)
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        run = Run(connection, clock, settings, options)
        if not only_plan:
            run.lock_period()
        if carbure is not None:
            run.load_known_entities(carbure)
        run.plan(show_detail=detail)
        if output is not None:
            _write(output, run.payload_json())
        if only_plan or carbure is None:
            code = _plan_exit_code(run)
            _show_result(run, list(run.summary.rows()), code, report)
            return code
        return _send(run, carbure, clock, report)


def _plan_exit_code(run: Run) -> ExitCode:
    if run.is_refused_by_guard:
        return ExitCode.GUARD
    has_changes = run.summary.stations_to_send > 0
    return ExitCode.CHANGES_PENDING if has_changes else run.exit_code([])


def _single(months: list[date]) -> date:
    if len(months) > 1:
        raise click.UsageError("A range of months is only for --adopt.")
    return months[0]


def _adopt(settings: SenderSettings, months: list[date]) -> ExitCode:
    """Adopt each month. Fails if the platform has none of them: the option is probably wrong."""
    has_stations = False
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        for month in months:
            lock_period(connection, month)
            rows = adopt(connection, settings.indicators_table, Ledger(connection, month, Clock()))
            has_stations = has_stations or bool(rows)
            click.echo(f"{month:%Y-%m}" if rows else f"{month:%Y-%m}: no indicators")
            for line in console.table(rows):
                click.echo(line)
    if not has_stations:
        raise WarehouseError(
            f"{settings.indicators_table} has no submission of these months:"
            " check --period and TIRUERT_INDICATORS_TABLE"
        )
    return ExitCode.SUCCESS


def _create_client(clock: Clock, *, is_optional: bool) -> CarbureClient | None:
    """Create a client, or return None if it is optional and its settings are missing."""
    try:
        return CarbureClient(CarbureSettings.load(), clock)
    except SettingsError as error:
        if not is_optional:
            raise
        logger.warning("cannot check which SIRENs CARBURE knows: %s", error)
        return None


def _send(run: Run, carbure: CarbureClient, clock: Clock, report: Path | None) -> ExitCode:
    """Send the plan, and show the result even if the run ends early."""
    _end_gracefully_when_interrupted(clock)
    code = ExitCode.INTERRUPTED
    try:
        _send_and_log(run, carbure, clock)
        code = run.exit_code(run.ledger.read_outcomes())
    except UserError as error:
        code = error.exit_code
        raise
    finally:
        _show_result(run, run.ledger.read_outcomes(), code, report)
    return code


def _send_and_log(run: Run, carbure: CarbureClient, clock: Clock) -> None:
    total, sent = run.summary.stations_to_send, 0
    if total == 0:
        logger.info("nothing to send")
    started_at = clock.now()
    for request in run.send(carbure):
        sent += len(request.stations)
        for line in console.refusals(request):
            logger.warning(line)
        seconds = (clock.now() - started_at).total_seconds()
        fields = {
            "siren": request.stations[0].siren,
            "stations": len(request.stations),
            "outcome": request.response.outcome,
        }
        logger.info(console.progress(request, sent, total, seconds), extra=fields)
        if clock.is_interrupted:
            raise KeyboardInterrupt


def _show_result(run: Run, rows: list[SummaryRow], code: ExitCode, report: Path | None) -> None:
    for line in console.table(rows):
        click.echo(line)
    if report is not None:
        result = {
            "run_id": run.ledger.run_id,
            "exit_code": int(code),
            "plan": [row._asdict() for row in run.summary.rows()],
            "lines": [row._asdict() for row in rows],
        }
        _write(report, [json.dumps(result, default=str, ensure_ascii=False)])


def _show_status(
    settings: SenderSettings, period: date | None, sirens: tuple[str, ...]
) -> ExitCode:
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        months = list(ledger.read_status(connection, period, sirens))
    for month, rows in months:
        click.echo(f"{month:%Y-%m}")
        for line in console.table(rows):
            click.echo(line)
    if not months:
        click.echo("The ledger has nothing for this choice.")
    return ExitCode.SUCCESS


def _write(path: Path, parts: Iterable[str], mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.writelines(parts)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error


def _end_gracefully_when_interrupted(clock: Clock) -> None:
    """End the run after the current request on the first signal, and at once on the second."""

    def interrupt(*_: object) -> None:
        clock.interrupt()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        # Unlike logging, os.write is safe in a signal handler.
        os.write(2, b"Ending after the current request. Interrupt again to end at once.\n")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


def main() -> None:
    """Run the command and exit with its code."""
    run_cli(command, "python -m sender", "Interrupted. The ledger has what was sent.")


if __name__ == "__main__":
    main()
