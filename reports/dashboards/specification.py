"""Read the dashboards: one YAML file per dashboard, one SQL file per card, in `content`.

The static pages and Metabase show the same files.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

NOTHING_TO_REPORT = "Rien à signaler."
CONTENT = Path(__file__).with_name("content")
GRID_COLUMNS = 24
PARAMETER = re.compile(r"\{\{(\w+)\}\}")
# In the order of the navigation.
DASHBOARDS = ("bilan-energetique", "anomalies", "soumission-carbure", "fraicheur")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Format(_Model):
    """How numbers of a kind are shown. `axis` is the title of an axis with them."""

    decimals: int
    axis: str
    unit: str | None = None
    is_percent: bool = False


class Column(_Model):
    """A column of the cards' results: its French title, and format and color if it has them."""

    title: str
    format: Format | None = None
    color: str | None = None
    is_hidden: bool = False

    @property
    def heading(self) -> str:
        """The title with the unit, for tables."""
        has_unit = self.format and self.format.unit
        return f"{self.title} ({self.format.unit})" if has_unit else self.title


class Level(_Model):
    """A bar of a waterfall that starts at zero: a subtotal or the total."""

    title: str
    color: str


class Filter(_Model):
    """A filter of every dashboard. Its values are the rows of a query."""

    name: str
    title: str
    sql: str


class Card(_Model):
    """A query and how to show its result.

    `width` and `height` are in cells of Metabase's grid, which has 24 columns. `x` and `y` are the
    columns that a chart draws.

    The rows of a waterfall also have `outcome`, the color of the bar, `subtotal`, the level to draw
    after it or null, and `total`, the last level.

    A page shows `empty` instead of a card without rows or whose figures are all zero. With
    `has_real_zero`, zero is shown.
    """

    slug: str
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    display: Literal["text", "scalar", "table", "row", "bar", "line", "waterfall"]
    sql: str
    width: int = Field(ge=1, le=GRID_COLUMNS)
    height: int = Field(ge=1)
    x: str | None = None
    y: tuple[str, ...] = ()
    levels: dict[str, Level] = {}
    is_folded: bool = False
    empty: str = NOTHING_TO_REPORT
    has_real_zero: bool = False

    @model_validator(mode="after")
    def _check_axes(self) -> "Card":
        is_chart = self.display not in {"text", "scalar", "table"}
        if is_chart != bool(self.x and self.y):
            raise ValueError(f"{self.slug}: charts have x and y, other cards have neither")
        return self

    @property
    def filters(self) -> list[Filter]:
        """The filters that the SQL uses."""
        used = set(PARAMETER.findall(self.sql))
        return [each for each in read_filters() if each.name in used]


class Dashboard(_Model):
    """Cards in reading order: from left to right, then from top to bottom."""

    slug: str
    title: str
    description: str
    cards: tuple[Card, ...]

    @model_validator(mode="after")
    def _check_titles(self) -> "Dashboard":
        # In Metabase, a card without filters is found by its title, among those of its dashboard.
        if len({card.title for card in self.cards}) < len(self.cards):
            raise ValueError(f"{self.slug}: two cards have the same title")
        return self

    def cards_for(self, siren: str | None) -> tuple[Card, ...]:
        """Return the cards of a page: for one SIREN, only those that the SIREN filters."""
        if siren is None:
            return self.cards
        return tuple(card for card in self.cards if "siren" in PARAMETER.findall(card.sql))

    def placed_cards(self) -> Iterator[tuple[Card, int, int]]:
        """Yield each card with its row and column in the grid."""
        row, column, row_height = 0, 0, 0
        for card in self.cards:
            if column + card.width > GRID_COLUMNS:
                row, column, row_height = row + row_height, 0, 0
            yield card, row, column
            column += card.width
            row_height = max(row_height, card.height)


@cache
def read_dashboards() -> tuple[Dashboard, ...]:
    """Read every dashboard."""
    return tuple(_read_dashboard(slug) for slug in DASHBOARDS)


@cache
def read_columns() -> dict[str, Column]:
    """Read how columns are shown, by name."""
    document = _read_yaml("columns.yaml")
    formats, colors = document["formats"], read_colors()
    return {
        name: Column(
            title=column["title"],
            format=formats[column["format"]] if "format" in column else None,
            color=colors[column["color"]] if "color" in column else None,
            is_hidden=column.get("is_hidden", False),
        )
        for name, column in document["columns"].items()
    }


@cache
def read_colors() -> dict[str, str]:
    """Read the colors by meaning."""
    colors: dict[str, str] = _read_yaml("columns.yaml")["colors"]
    return colors


@cache
def read_filters() -> tuple[Filter, ...]:
    """Read the filters, in the order of their widgets."""
    return tuple(
        Filter(name=name, title=each["title"], sql=_read_text(each["values"]))
        for name, each in _read_yaml("filters.yaml").items()
    )


def _read_dashboard(slug: str) -> Dashboard:
    document = _read_yaml(f"{slug}.yaml")
    cards = [
        Card(slug=name, sql=_read_text(f"{slug}/{name}.sql"), **card)
        for name, card in document.pop("cards").items()
    ]
    return Dashboard(slug=slug, cards=cards, **document)


def _read_yaml(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(_read_text(name))
    return document


def _read_text(name: str) -> str:
    return (CONTENT / name).read_text(encoding="utf-8")
