"""The command line: python -m reports.operator --period 2025-04 --siren 891118473."""

from datetime import date
from pathlib import Path

import click

from common.cli import Month, run_cli
from common.errors import SettingsError
from common.exit_codes import ExitCode, help_text
from common.settings import WarehouseSettings
from reports.operator import folder
from reports.operator.errors import EXIT_CODES
from reports.operator.marts import opened


def _as_text(_: click.Context, __: click.Parameter, siren: str) -> str:
    """Take any text, since a SIREN in the marts may be invalid, but no stray bytes."""
    if siren != siren.encode(errors="ignore").decode():
        raise click.BadParameter("is not text in UTF-8")
    return siren


@click.command(epilog=help_text(EXIT_CODES))
@click.option("--period", type=Month(), required=True, help="The month, such as 2025-04.")
@click.option(
    "--siren", required=True, callback=_as_text, help="The operator, as the marts have its SIREN."
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to make the folder; the current folder by default.",
)
def command(period: date, siren: str, output: Path) -> ExitCode:
    """Write a folder that tells an operator what became of the energy of its month.

    \b
    Examples:
      python -m reports.operator --period 2025-04 --siren 891118473
      python -m reports.operator --period 2025-04 --siren 891118473 --output contested
    """  # noqa: D301
    with opened(WarehouseSettings.load().schema_, period, siren) as marts:
        try:
            click.echo(folder.write(marts, output))
        except OSError as error:
            raise SettingsError(f"cannot write in {output}: {error.strerror}") from None
    return ExitCode.SUCCESS


def main() -> None:
    """Run the command, and end with an exit code and, after an error, one line."""
    run_cli(command, "python -m reports.operator", "Interrupted; no folder is written.")


if __name__ == "__main__":
    main()
