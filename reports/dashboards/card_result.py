"""A card with the rows that its SQL returned, formatted for a page."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reports import french
from reports.dashboards import charts
from reports.dashboards.specification import Card


@dataclass(frozen=True)
class CardResult:
    """A card and its rows, as dictionaries by column name."""

    card: Card
    columns: list[str]
    rows: list[dict[str, Any]]

    @property
    def is_chart(self) -> bool:
        """Whether the page shows a chart in addition to the table."""
        return self.card.display not in {"scalar", "table"} and bool(self.rows)

    @property
    def headings(self) -> list[str]:
        """Titles of the table's columns."""
        return [self.card.title_of(column) for column in self.columns]

    @property
    def numeric_columns(self) -> set[int]:
        """Positions of the columns to align right."""
        return {
            position
            for position, column in enumerate(self.columns)
            if "decimals" in self.card.column_settings(column)
        }

    @property
    def formatted_rows(self) -> list[list[str]]:
        """Cells of the table."""
        return [
            [self.card.format_value(column, value) for column, value in row.items()]
            for row in self.rows
        ]

    @property
    def scalar(self) -> str:
        """The value of a card that shows only one."""
        return self.formatted_rows[0][0] if self.rows else french.NO_VALUE

    @property
    def legend(self) -> list[dict[str, str]]:
        """Titles and colors of the series, if there are several."""
        metrics = self.card.metrics
        return [self.card.series(metric) for metric in metrics] if len(metrics) > 1 else []

    def draw(self, *, is_narrow: bool) -> Markup:
        """Draw the chart as SVG. vl-convert escapes every text in it."""
        return Markup(charts.draw(self.card, self.rows, is_narrow=is_narrow))  # noqa: S704
