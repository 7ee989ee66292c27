"""The command line: python -m explain --period 2025-04 --siren 891118473."""

from datetime import datetime
from pathlib import Path

import click

from explain import folder
from explain.errors import EXIT_CODES, WRITTEN
from explain.marts import opened
from sender.errors import SettingsError, run_to_the_end
from sender.settings import SenderSettings


def _as_text(_: click.Context, __: click.Parameter, siren: str) -> str:
    """Take any text, since a SIREN in the marts may be invalid, but no stray bytes."""
    if siren != siren.encode(errors="ignore").decode():
        raise click.BadParameter("is not text in UTF-8")
    return siren


@click.command(
    epilog="\b\nExit codes:\n"
    + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items())
)
@click.option(
    "--period", type=click.DateTime(["%Y-%m"]), required=True, help="The month, such as 2025-04."
)
@click.option(
    "--siren", required=True, callback=_as_text, help="The operator, as the marts have its SIREN."
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to make the folder; the current folder by default.",
)
def command(period: datetime, siren: str, output: Path) -> int:
    """Write a folder that tells an operator what became of the energy of its month.

    \b
    Examples:
      python -m explain --period 2025-04 --siren 891118473
      python -m explain --period 2025-04 --siren 891118473 --output contested
    """  # noqa: D301
    with opened(SenderSettings.load().schema_, period.date(), siren) as marts:
        try:
            click.echo(folder.write(marts, output))
        except OSError as error:
            raise SettingsError(f"cannot write in {output}: {error.strerror}") from None
    return WRITTEN


def main() -> None:
    """Run the command, and end with an exit code and, after an error, one line."""
    run_to_the_end(command, "python -m explain", "Interrupted; no folder is written.")


if __name__ == "__main__":
    main()
