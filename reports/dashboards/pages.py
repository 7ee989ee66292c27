"""Write the dashboards as static pages: a folder per month, and an index of months."""

import os
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reports.dashboards.card_result import CardResult
from reports.dashboards.specification import Dashboard
from reports.rendering import write_page
from reports.spreadsheets import write_csv

INDEX = "index"
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Scope:
    """The month of the pages, its SIREN or None for all, and when it was computed."""

    month: date
    siren: str | None
    computed_at: datetime


def write_pages(
    output: Path, scope: Scope, results: list[tuple[Dashboard, list[CardResult]]]
) -> list[Path]:
    """Write the folder of a month, and the index of all months. Return the pages.

    The folder replaces one of an earlier run, and appears only once it is complete.
    """
    root = output if scope.siren is None else output / siren_folder(scope.siren)
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{scope.month:%Y-%m}"
    with TemporaryDirectory(prefix=".unfinished-", dir=root) as unfinished:
        new, index = Path(unfinished, "new"), Path(unfinished, "index.html")
        new.mkdir()
        names = _write_month(new, root, scope, results)
        if folder.exists():
            os.replace(folder, Path(unfinished, "previous"))
        os.replace(new, folder)
        months = sorted(_months_with(root, INDEX), reverse=True)
        write_page(index, "dashboards_months.html", scope=scope, months=months)
        os.replace(index, root / index.name)
    return [root / index.name, *(folder / name for name in names)]


def siren_folder(siren: str) -> str:
    """Name the folder of a SIREN. An invalid SIREN may contain characters unsafe in a path.

    No two SIRENs share a folder.
    """
    return re.sub("[^0-9A-Za-z]", lambda match: f"_{ord(match[0]):x}_", siren) or "_"


def page_name(slug: str, month: date) -> str:
    """Name the file of a page."""
    return f"{INDEX}.html" if slug == INDEX else f"{slug}-{month:%Y-%m}.html"


def _write_month(
    folder: Path, root: Path, scope: Scope, results: list[tuple[Dashboard, list[CardResult]]]
) -> list[str]:
    """Write the index of the month, its dashboards and their CSV files."""
    dashboards = [dashboard for dashboard, _ in results]

    def write(slug: str, template: str, **context: Any) -> str:
        name = page_name(slug, scope.month)
        write_page(
            folder / name,
            template,
            slug=slug,
            scope=scope,
            dashboards=dashboards,
            page_name=page_name,
            neighbors=_neighbors(_months_with(root, slug), scope.month),
            **context,
        )
        return name

    names = [write(INDEX, "dashboards_index.html")]
    for dashboard, card_results in results:
        prefix = f"{dashboard.slug}-{scope.month:%Y-%m}"
        tables = {f"{prefix}-{each.card.slug}.csv": each for each in card_results if each.has_table}
        for name, result in tables.items():
            header = [column.heading for column in result.shown_columns.values()]
            write_csv(folder / name, header, result.shown_values)
        context = {"dashboard": dashboard, "results": card_results, "prefix": prefix}
        names.append(write(dashboard.slug, "dashboard.html", **context))
    return names


def _months_with(root: Path, slug: str) -> list[date]:
    """Return the months that have a page."""
    months = [
        date.fromisoformat(f"{folder.name}-01")
        for folder in root.iterdir()
        if MONTH.fullmatch(folder.name)
    ]
    return [
        month for month in months if (root / f"{month:%Y-%m}" / page_name(slug, month)).exists()
    ]


def _neighbors(months: list[date], month: date) -> tuple[date | None, date | None]:
    """Return the last month before and the first month after a month."""
    return (
        max((other for other in months if other < month), default=None),
        min((other for other in months if other > month), default=None),
    )
