"""The command line: pages of the dashboards, and what Metabase has of them."""

import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import httpx
from metabase_sync.errors import MetabaseSyncError
from metabase_sync.plan import render_report
from metabase_sync.settings import Settings, load_settings
from pydantic import ValidationError

from common.database import connected, snapshot
from common.errors import WarehouseError
from common.settings import WarehouseSettings
from reports.dashboards import french, pages, query, specification, sync
from reports.dashboards.pages import Answer, Scope

PLAN_HAS_CHANGES = 2


@click.group()
def cli() -> None:
    """Show the dashboards without Metabase, or bring them into it."""


@cli.command()
@click.option(
    "--period", type=click.DateTime(["%Y-%m"]), help="The month; by default the last that is over."
)
@click.option("--siren", help="Only this SIREN.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("target/dashboards"),
    show_default=True,
)
def render(period: datetime | None, siren: str | None, output: Path) -> None:
    """Write each dashboard as a page that a browser opens without a server.

    Example: python -m reports.dashboards render --period 2025-04 --siren 199900002
    """
    try:
        schema = WarehouseSettings.load().schema_
        # Every card of every page sees the same moment.
        with connected(schema, program="dashboards") as connection, snapshot(connection):
            written = list(_pages(connection, period.date() if period else None, siren, output))
    except WarehouseError as error:
        raise click.ClickException(str(error)) from None
    for path in written:
        click.echo(path)


@cli.command("metabase")
@click.option("--apply", "is_applied", is_flag=True, help="Do it; else it is only shown.")
def bring_into_metabase(is_applied: bool) -> None:
    """Show what Metabase lacks of the dashboards, and with --apply bring it there.

    Reads METABASE_URL and METABASE_API_KEY. Ends with 2 where something is shown and not done.

    Example: python -m reports.dashboards metabase
    """
    try:
        settings = _metabase_settings()
        planned = sync.plan(settings)
        click.echo(render_report(planned, specification.FOLDER))
        if is_applied:
            sync.apply(settings, planned)
    except (MetabaseSyncError, httpx.HTTPError) as error:
        raise click.ClickException(str(error)) from None
    if planned.total_writes() and not is_applied:
        sys.exit(PLAN_HAS_CHANGES)


def _metabase_settings() -> Settings:
    try:
        return load_settings()
    except ValidationError as error:
        names = ", ".join(str(problem["loc"][0]).upper() for problem in error.errors())
        raise click.ClickException(f"missing or wrong settings: {names}") from None


def _pages(connection: Any, period: date | None, siren: str | None, output: Path) -> Iterator[Path]:
    month, computed_at = query.find_month(connection, period)
    if month is None:
        raise click.ClickException("the warehouse has no such month: run dbt build")
    values = {"period": f"{month:%Y-%m}"} | ({"siren": siren} if siren else {})
    scope = Scope(french.month(month), siren or "tous", french.moment(computed_at))
    answered = [
        (
            dashboard,
            [Answer(card, query.run(connection, card.sql, values)) for card in dashboard.cards],
        )
        for dashboard in specification.read()
    ]
    return pages.write(output, scope, answered)


if __name__ == "__main__":
    cli(prog_name="python -m reports.dashboards")
