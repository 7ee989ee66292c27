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
        return bool(self.card.y and not self.is_empty)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show: no row, or no figure other than zero and null."""
        if self.card.display in {"text", "table"}:
            return not self.rows
        names = self.card.y or self.columns
        figures = [row[name] for row in self.rows for name in names]
        if self.card.has_real_zero:
            return all(figure is None for figure in figures)
        return not any(figures)

    @property
    def has_table(self) -> bool:
        """Whether the page shows a table."""
        return self.card.display not in {"text", "scalar"} and not self.is_empty

    @property
    def shown_columns(self) -> dict[str, Column]:
        """How each column of the table is shown, by name, in the order of the query."""
        columns = {name: read_columns()[name] for name in self.columns}
        return {name: column for name, column in columns.items() if not column.is_hidden}

    @property
    def shown_values(self) -> list[list[Any]]:
        """Values of the table."""
        return [[row[name] for name in self.shown_columns] for row in self.rows]

    @property
    def formatted_rows(self) -> list[list[str]]:
        """Cells of the table."""
        return [list(map(format_value, self.shown_columns, row)) for row in self.shown_values]

    @property
    def scalar(self) -> str:
        """The value of a card that shows only one, with its unit."""
        [[name, value]] = self.rows[0].items()
        column, text = read_columns()[name], format_value(name, value)
        has_unit = column.format and column.format.unit
        return f"{text}\N{NO-BREAK SPACE}{column.format.unit}" if has_unit else text

    @property
    def legend(self) -> list[Column]:
        """The series, if there are several."""
        return [read_columns()[name] for name in self.card.y] if len(self.card.y) > 1 else []

    def draw(self, *, is_narrow: bool) -> Markup:
        """Draw the chart as SVG. vl-convert escapes every text in it."""
        return Markup(charts.draw(self.card, self.rows, is_narrow=is_narrow))  # noqa: S704
