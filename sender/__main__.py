"""The command line: python -m sender --period 2025-04."""

import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from sender import report, submission
from sender.carbure import Carbure, Outcome
from sender.errors import ExitCode, NoRowsError, SettingsError
from sender.mart import StationEnergy, read_stations
from sender.payload import Payload
from sender.settings import CarbureSettings, WarehouseSettings
from sender.submission import Batch

# click's own 2 would be taken for an outcome of the submission.
click.UsageError.exit_code = ExitCode.USAGE

EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    f"  {code.value:>3}  {code.description}" for code in ExitCode
)


@click.command(epilog=EXIT_CODES)
@click.option(
    "--period", type=click.DateTime(["%Y-%m"]), required=True, help="The month, such as 2025-04."
)
@click.option("--siren", "sirens", multiple=True, help="Only this SIREN; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Send nothing; show what would go.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the payload to this file, as JSON.",
)
def command(
    period: datetime, sirens: tuple[str, ...], dry_run: bool, output: Path | None
) -> ExitCode:
    r"""Send a month of station energy from the warehouse to CARBURE.

    \b
    Examples:
      python -m sender --period 2025-04 --dry-run
      python -m sender --period 2025-04 --siren 891118473 --output payload.json
    """
    carbure = None if dry_run else Carbure(CarbureSettings.load())
    stations = read_stations(period.date(), WarehouseSettings().tiruert_schema)
    batches = submission.prepare(_narrowed(stations, sirens))
    if output is not None:
        _write_payload(batches, output)
    if carbure is None:
        return _conclude(batches, Outcome.NOT_SENT)
    carbure.authenticate()
    try:
        _send(carbure, batches)
    finally:
        code = _conclude(batches, Outcome.ACCEPTED)
    return code


def _narrowed(stations: Sequence[StationEnergy], sirens: Sequence[str]) -> list[StationEnergy]:
    unknown = set(sirens) - {station.siren for station in stations}
    if unknown:
        raise NoRowsError(f"the mart has no rows for {', '.join(sorted(unknown))} in this period")
    return [station for station in stations if not sirens or station.siren in sirens]


def _write_payload(batches: Sequence[Batch], output: Path) -> None:
    sendable = [
        station for batch in batches if batch.payload is not None for station in batch.stations
    ]
    try:
        output.write_bytes(Payload.of(sendable).as_json() if sendable else b"[]")
    except OSError as error:
        raise SettingsError(f"cannot write {output}: {error.strerror}") from None


def _send(carbure: Carbure, batches: Sequence[Batch]) -> None:
    total = sum(batch.payload is not None for batch in batches)
    for number, batch in enumerate(submission.send(carbure, batches), start=1):
        click.echo(report.progress_line(number, total, batch), err=True)


def _conclude(batches: Sequence[Batch], wanted: Outcome) -> ExitCode:
    """Show the outcome of everything, and sum it up in an exit code."""
    for line in report.failure_lines(batches):
        click.echo(line, err=True)
    for line in report.summary_lines(batches):
        click.echo(line)
    is_complete = all(batch.outcome is wanted for batch in batches)
    return ExitCode.ALL_ACCEPTED if is_complete else ExitCode.NOT_ALL_ACCEPTED


def main() -> None:
    """Run the command, and end with an exit code and, after an error, one line."""
    # A polite kill ends the run as Ctrl-C does, with a word about what was sent.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = command.main(prog_name="python -m sender", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        click.echo("Interrupted: what is shown as uncertain may have been stored.", err=True)
        code = ExitCode.INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
