"""A card with the rows that its SQL returned, formatted in French."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reports.dashboards import charts
from reports.dashboards.card_values import format_value
from reports.dashboards.specification import Card, Column, read_columns


@dataclass(frozen=True)
class CardResult:
    """A card and its rows, as dictionaries by column name."""

    card: Card
    columns: list[str]
    rows: list[dict[str, Any]]

    @property
    def is_chart(self) -> bool:
        """Whether the page shows a chart in addition to the table."""
        return bool(self.card.y and self.rows)

    @property
    def shown_columns(self) -> dict[str, Column]:
        """How each column of the table is shown, by name, in the order of the query."""
        columns = {name: read_columns()[name] for name in self.columns}
        return {name: column for name, column in columns.items() if not column.is_hidden}

    @property
    def formatted_rows(self) -> list[list[str]]:
        """Cells of the table."""
        return [[format_value(name, row[name]) for name in self.shown_columns] for row in self.rows]

    @property
    def scalar(self) -> str:
        """The value of a card that shows only one, with its unit."""
        [[name, value]] = self.rows[0].items() if self.rows else [[self.columns[0], None]]
        column, text = read_columns()[name], format_value(name, value)
        has_unit = column.format and column.format.unit and value is not None
        return f"{text}\N{NO-BREAK SPACE}{column.format.unit}" if has_unit else text

    @property
    def legend(self) -> list[Column]:
        """The series, if there are several."""
        return [read_columns()[name] for name in self.card.y] if len(self.card.y) > 1 else []

    def draw(self, *, is_narrow: bool) -> Markup:
        """Draw the chart as SVG. vl-convert escapes every text in it."""
        return Markup(charts.draw(self.card, self.rows, is_narrow=is_narrow))  # noqa: S704
