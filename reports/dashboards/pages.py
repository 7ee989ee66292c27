"""Static pages: what each card's SQL gave, as figures, charts and tables in HTML."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.dashboards import charts, french
from reports.dashboards.query import Result
from reports.dashboards.specification import Card, Dashboard

TEMPLATES = Path(__file__).with_name("templates")
INDEX = "index"


@dataclass(frozen=True)
class Scope:
    """What the pages are about, and when it was computed, in the words of their readers."""

    month: str
    siren: str
    computed_at: str


class Answer:
    """A card with the rows that its SQL gave, as the template shows it."""

    def __init__(self, card: Card, result: Result) -> None:
        """Pair them."""
        self.card = card
        self.result = result

    @property
    def is_chart(self) -> bool:
        """Whether there is something to draw, beside the table of the same figures."""
        return self.card.display not in {"scalar", "table"} and bool(self.result.rows)

    @property
    def headings(self) -> list[str]:
        """Titles of the table's columns."""
        return [self.card.title_of(column) for column in self.result.columns]

    @property
    def numeric_columns(self) -> set[int]:
        """Places of the columns whose figures stand below each other."""
        return {
            place
            for place, column in enumerate(self.result.columns)
            if "decimals" in self.card.column(column)
        }

    @property
    def lines(self) -> list[list[str]]:
        """The table's cells."""
        return [
            [french.cell(name, value, self.card.column(name)) for name, value in row.items()]
            for row in self.result.rows
        ]

    @property
    def figure(self) -> str:
        """What a card of one number says."""
        return self.lines[0][0] if self.lines else french.NOTHING

    @property
    def legend(self) -> list[dict[str, str]]:
        """Titles and colours, where there are several."""
        metrics = self.card.metrics
        return [self.card.series(metric) for metric in metrics] if len(metrics) > 1 else []

    def drawn(self, *, is_narrow: bool) -> Markup:
        """Give the chart; vl-convert has escaped every text in it."""
        return Markup(charts.draw(self.card, self.result.rows, is_narrow=is_narrow))  # noqa: S704


def write(
    folder: Path, scope: Scope, answered: list[tuple[Dashboard, list[Answer]]]
) -> Iterator[Path]:
    """Write one page for each dashboard, and one that leads to them; give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    common = {"scope": scope, "dashboards": [dashboard for dashboard, _ in answered]}
    index = environment.get_template("index.html").render(common, slug=INDEX)
    yield _written(folder, INDEX, index)
    for dashboard, answers in answered:
        page = environment.get_template("dashboard.html").render(
            common, slug=dashboard.slug, dashboard=dashboard, answers=answers
        )
        yield _written(folder, dashboard.slug, page)


def _written(folder: Path, slug: str, text: str) -> Path:
    path = folder / f"{slug}.html"
    path.write_text(text, encoding="utf-8")
    return path
