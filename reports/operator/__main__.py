"""The command line of the operator report: python -m reports.operator."""

from datetime import date
from pathlib import Path

import click

from common.cli import Month, Siren, run_cli
from common.errors import SettingsError
from common.exit_codes import ExitCode, help_text
from reports.operator.folder import write_folder
from reports.operator.marts import open_marts
from reports.operator.settings import ReportSettings

EXIT_CODES = {
    ExitCode.SUCCESS: "the folder is written",
    ExitCode.INCOMPLETE: "the SIREN has no session, station or request in that month",
    ExitCode.USAGE: "an invalid option or setting, or a folder that cannot be written",
    ExitCode.WAREHOUSE: "the warehouse is unavailable, or not built for that month",
    ExitCode.INTERRUPTED: "interrupted; no folder is written",
}


@click.command(epilog=help_text(EXIT_CODES))
@click.option("--period", type=Month(), required=True, help="The month, such as 2025-04.")
@click.option("--siren", type=Siren(), required=True, help="The operator's SIREN in the marts.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Create the folder here. The default is the current folder.",
)
def command(period: date, siren: str, output: Path) -> ExitCode:
    """Write a folder that explains what became of an operator's energy in one month.

    \b
    Examples:
      python -m reports.operator --period 2025-04 --siren 891118473
      python -m reports.operator --period 2025-04 --siren 891118473 --output contested
    """  # noqa: D301
    settings = ReportSettings.load()
    with open_marts(settings.schema_, period, siren) as marts:
        try:
            click.echo(write_folder(marts, output, settings.contact))
        except OSError as error:
            raise SettingsError(f"cannot write in {output}: {error.strerror}") from None
    return ExitCode.SUCCESS


if __name__ == "__main__":
    run_cli(command, "python -m reports.operator", "Interrupted; no folder is written.")
