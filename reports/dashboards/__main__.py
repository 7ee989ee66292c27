"""The command line of the dashboards: python -m reports.dashboards render|metabase."""

from datetime import date
from pathlib import Path

import click

from common.cli import Month, Siren, run_cli
from common.database import connected, snapshot
from common.errors import SettingsError
from common.exit_codes import ExitCode, help_text
from common.settings import WarehouseSettings
from reports.dashboards.card_query import check_siren, find_month, run_card
from reports.dashboards.metabase.client import MetabaseClient, MetabaseError
from reports.dashboards.metabase.descriptions import send_descriptions
from reports.dashboards.metabase.plan import synchronize
from reports.dashboards.metabase.settings import MetabaseSettings
from reports.dashboards.pages import Scope, write_pages
from reports.dashboards.specification import read_dashboards

EXIT_CODES = {
    ExitCode.SUCCESS: "the pages are written, or Metabase is up to date",
    ExitCode.INCOMPLETE: "render: the SIREN has no data in that month;"
    " metabase: it is unreachable, refuses a request, or drops a part of it",
    ExitCode.CHANGES_PENDING: "metabase without --apply: something would change",
    ExitCode.USAGE: "an invalid option or setting, or a folder that cannot be written",
    ExitCode.WAREHOUSE: "the warehouse is unavailable, or not built for that month",
    ExitCode.INTERRUPTED: "interrupted; run the command again to complete it",
}


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


@command.command("metabase")
@click.option(
    "--apply",
    "is_applied",
    is_flag=True,
    help="Update Metabase. The default is to show the changes.",
)
def synchronize_metabase(is_applied: bool) -> ExitCode:
    """Show how Metabase differs from the dashboards, or update it.

    Reads METABASE_URL and METABASE_API_KEY.

    \b
    Examples:
      python -m reports.dashboards metabase
      python -m reports.dashboards metabase --apply
    """  # noqa: D301
    client = MetabaseClient(MetabaseSettings.load())
    # Also before an update, so that what cannot be compared is found before anything is written.
    plan = synchronize(client, is_applied=False)
    for line in (*plan.changes, *plan.notes, plan.summary()):
        click.echo(line)
    if not plan.changes:
        return ExitCode.SUCCESS
    if not is_applied:
        return ExitCode.CHANGES_PENDING
    synchronize(client, is_applied=True)
    # The newest servers drop what they do not know without an error.
    lost = synchronize(client, is_applied=False).changes
    if lost:
        raise MetabaseError(f"Metabase did not keep what was sent: {'; '.join(map(str, lost))}")
    click.echo("Metabase is up to date.")
    return ExitCode.SUCCESS


@command.command("metabase-descriptions")
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("target/manifest.json"),
    show_default=True,
    help="What dbt parse wrote.",
)
def describe_marts(manifest: Path) -> ExitCode:
    """Send descriptions, types and foreign keys of the marts' columns to Metabase.

    Reads METABASE_URL and METABASE_API_KEY.

    \b
    Example:
      dbt parse && python -m reports.dashboards metabase-descriptions
    """  # noqa: D301
    settings = MetabaseSettings.load()
    send_descriptions(settings, WarehouseSettings.load().schema_, manifest)
    return ExitCode.SUCCESS


if __name__ == "__main__":
    run_cli(command, "python -m reports.dashboards", "Interrupted; run the command again.")
