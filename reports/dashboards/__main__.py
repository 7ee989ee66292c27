"""The command line of the dashboards: python -m reports.dashboards render|metabase."""

from datetime import date
from pathlib import Path

import click

from common.cli import Month, Siren, run_cli
from common.database import connected, snapshot
from common.errors import SettingsError, UserError
from common.exit_codes import ExitCode, help_text
from common.settings import WarehouseSettings
from reports.dashboards.card_query import check_siren, find_month, run_card
from reports.dashboards.pages import Scope, write_pages
from reports.dashboards.specification import read_dashboards

EXIT_CODES = {
    ExitCode.SUCCESS: "the pages are written, or Metabase is up to date",
    ExitCode.INCOMPLETE: "render: the SIREN has no data in that month;"
    " metabase: it is unreachable, or refuses a request",
    ExitCode.CHANGES_PENDING: "metabase without --apply: something would change",
    ExitCode.USAGE: "an invalid option or setting, or a folder that cannot be written",
    ExitCode.WAREHOUSE: "the warehouse is unavailable, or not built for that month",
    ExitCode.INTERRUPTED: "interrupted; run the command again to complete it",
}


class MetabaseError(UserError):
    """Metabase cannot be used, or does not accept the dashboards."""

    exit_code = ExitCode.INCOMPLETE


@click.group(epilog=help_text(EXIT_CODES))
def command() -> None:
    """Render the dashboards as static pages, or update them in Metabase."""


@command.command()
@click.option("--period", type=Month(), help="The month. The default is the latest complete one.")
@click.option(
    "--siren", type=Siren(), help="Write pages of this SIREN only, in a folder below --output."
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("target/dashboards"),
    show_default=True,
    help="Write the pages here.",
)
def render(period: date | None, siren: str | None, output: Path) -> ExitCode:
    """Write a folder with the pages of a month, and an index of the months.

    The pages of one SIREN have a folder of their own, and show nothing about others.

    \b
    Example:
      python -m reports.dashboards render --period 2025-04 --siren 199900002
    """  # noqa: D301
    schema = WarehouseSettings.load().schema_
    # In a snapshot, so that the figures of all cards agree.
    with connected(schema, program="dashboards") as connection, snapshot(connection):
        month, computed_at = find_month(connection, period and f"{period:%Y-%m}")
        values = {"month": f"{month:%Y-%m}"}
        if siren is not None:
            check_siren(connection, month, siren)
            values["siren"] = siren
        results = [
            (dashboard, [run_card(connection, card, values) for card in dashboard.cards_for(siren)])
            for dashboard in read_dashboards()
        ]
    try:
        for path in write_pages(output, Scope(month, siren, computed_at), results):
            click.echo(path)
    except OSError as error:
        raise SettingsError(f"cannot write in {output}: {error.strerror}") from None
    return ExitCode.SUCCESS


if __name__ == "__main__":
    run_cli(command, "python -m reports.dashboards", "Interrupted; run the command again.")
