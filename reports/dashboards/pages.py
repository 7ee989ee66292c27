"""Write the dashboards as static pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reports.dashboards.card_result import CardResult
from reports.dashboards.specification import Dashboard
from reports.rendering import write_page

INDEX = "index"


@dataclass(frozen=True)
class Scope:
    """The French texts for the month, the SIREN, and the time of computation."""

    month: str
    siren: str
    computed_at: str


def write_pages(
    folder: Path, scope: Scope, results: list[tuple[Dashboard, list[CardResult]]]
) -> Iterator[Path]:
    """Write an index and one page per dashboard. Yield the path of each."""
    folder.mkdir(parents=True, exist_ok=True)
    shared = {"scope": scope, "dashboards": [dashboard for dashboard, _ in results]}
    index = folder / f"{INDEX}.html"
    write_page(index, "dashboards_index.html", slug=INDEX, **shared)
    yield index
    for dashboard, card_results in results:
        file = folder / f"{dashboard.slug}.html"
        write_page(
            file,
            "dashboard.html",
            slug=dashboard.slug,
            dashboard=dashboard,
            results=card_results,
            **shared,
        )
        yield file
