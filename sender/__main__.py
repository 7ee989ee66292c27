"""The command line: python -m sender --period 2025-04."""

import logging
import signal
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click
from click.core import ParameterSource

from common.cli import Months, log_in_signal_handler, run_cli
from common.database import connected
from common.errors import SettingsError, WarehouseError
from common.exit_codes import ExitCode, help_text
from common.version import project_version
from sender import console, ledger
from sender.adoption import adopt
from sender.client import CarbureClient
from sender.clock import Clock
from sender.errors import EXIT_CODES
from sender.ledger import Ledger
from sender.period_lock import lock_period
from sender.progress import Progress
from sender.report import Result, check_writable, reported, write_file
from sender.run import Options, Run
from sender.settings import CarbureSettings, SenderSettings
from sender.summary import SummaryRow

FILE = click.Path(dir_okay=False, path_type=Path)
# The options that each of these uses. Any other would have no effect.
USED_WITH = {
    "status": {"period", "sirens", "log_format", "debug"},
    "only_adopt": {"period", "log_format", "debug"},
}

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
    "--allow-open-period",
    is_flag=True,
    help="Send even if sessions may be missing: received later, or not read from QualiCharge.",
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
    help="Format of everything that is printed.",
)
@click.option("--debug", is_flag=True, help="Log every HTTP call, and tracebacks of errors.")
@click.version_option(project_version(), "--version")
@click.pass_context
def command(
    context: click.Context,
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
    _reject_unused_options(context)
    settings = SenderSettings.load()
    if status:
        return _show_status(settings, _single(period) if period else None, sirens, log_format)
    if period is None:
        raise click.UsageError("Missing option '--period'.")
    if only_adopt:
        return _adopt(settings, period, log_format)
    clock = Clock()
    options = Options(_single(period), only_plan, sirens, force, allow_open_period, allow_shrinkage)
    with reported(report) as result:
        try:
            result.exit_code = _run(settings, options, clock, output, result, detail, log_format)
        finally:
            _show(result.lines, options.period, log_format)
    return result.exit_code


def _run(
    settings: SenderSettings,
    options: Options,
    clock: Clock,
    output: Path | None,
    result: Result,
    show_detail: bool,
    log_format: str,
) -> ExitCode:
    """Plan a month and, unless `only_plan`, send it. Fills the result."""
    if output is not None:
        check_writable(output)
    carbure = _create_client(clock, is_optional=options.only_plan)
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        run = Run(connection, clock, settings, options)
        result.run_id = run.ledger.run_id
        if not options.only_plan:
            run.lock_period()
        if carbure is not None:
            run.load_entities(carbure)
        run.plan(show_detail=show_detail)
        result.plan = list(run.summary.rows())
        if output is not None:
            write_file(output, run.payload_json())
        if options.only_plan or carbure is None:
            result.lines = result.plan
            return _plan_exit_code(run)
        _end_gracefully_when_interrupted(clock)
        try:
            _send(run, carbure, clock, has_bar=log_format == "text" and sys.stderr.isatty())
        finally:
            result.lines = run.summary.result(run.ledger.read_outcomes())
        return run.exit_code(result.lines)


def _reject_unused_options(context: click.Context) -> None:
    """Reject options without effect: whoever gave them expects one."""
    for chosen, used in USED_WITH.items():
        if context.params[chosen]:
            for option in context.command.params:
                source = context.get_parameter_source(option.name or "")
                is_given = source is ParameterSource.COMMANDLINE
                if is_given and option.name not in {chosen, *used}:
                    name = "--adopt" if chosen == "only_adopt" else f"--{chosen}"
                    raise click.UsageError(f"{option.opts[0]} has no effect with {name}.")


def _plan_exit_code(run: Run) -> ExitCode:
    if run.is_refused_by_guard:
        return ExitCode.GUARD
    has_changes = run.summary.stations_to_send > 0
    return ExitCode.CHANGES_PENDING if has_changes else run.exit_code([])


def _single(months: list[date]) -> date:
    if len(months) > 1:
        raise click.UsageError("A range of months is only for --adopt.")
    return months[0]


def _adopt(settings: SenderSettings, months: list[date], log_format: str) -> ExitCode:
    """Adopt each month. Fails if the platform has none of them: the option is probably wrong."""
    has_stations = False
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        for month in months:
            lock_period(connection, month)
            rows = adopt(connection, settings.indicators_table, Ledger(connection, month, Clock()))
            has_stations = has_stations or bool(rows)
            if log_format == "text":
                click.echo(f"{month:%Y-%m}" if rows else f"{month:%Y-%m}: no indicators")
            _show(rows, month, log_format)
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


def _send(run: Run, carbure: CarbureClient, clock: Clock, *, has_bar: bool) -> None:
    total = run.summary.stations_to_send
    if total == 0:
        logger.info("nothing to send")
        return
    with Progress(total, clock, has_bar=has_bar) as progress:
        for request in run.send(carbure):
            progress.show(request)
            if clock.is_interrupted:
                raise KeyboardInterrupt


def _show(rows: Iterable[SummaryRow], period: date, log_format: str) -> None:
    lines = console.json_lines(rows, period) if log_format == "json" else console.table(rows)
    for line in lines:
        click.echo(line)


def _show_status(
    settings: SenderSettings, period: date | None, sirens: tuple[str, ...], log_format: str
) -> ExitCode:
    with connected(settings.schema_) as connection:
        ledger.check_version(connection)
        months = list(ledger.read_status(connection, period, sirens))
    for month, rows in months:
        if log_format == "text":
            click.echo(f"{month:%Y-%m}")
        _show(rows, month, log_format)
    if not months:
        logger.warning("the ledger has nothing for this choice")
    return ExitCode.SUCCESS


def _end_gracefully_when_interrupted(clock: Clock) -> None:
    """End the run after the current request on the first signal, and at once on the second."""

    def interrupt(*_: object) -> None:
        clock.interrupt()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        log_in_signal_handler("Ending after the current request. Interrupt again to end at once.")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


def main() -> None:
    """Run the command and exit with its code."""
    run_cli(command, "python -m sender", "Interrupted. The ledger has what was sent.")


if __name__ == "__main__":
    main()
