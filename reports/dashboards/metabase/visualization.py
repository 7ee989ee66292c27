"""Our charts in Metabase's terms: `display` and `visualization_settings`.

Metabase validates neither: it ignores what it does not know.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from reports.dashboards.specification import Card, Column, read_colors, read_columns

# A French number has these separators. Metabase writes an ordinary space.
NUMBER_SEPARATORS = ", "
# One of the six that Metabase knows: 5/3/2025.
DATE_STYLE = "D/M/YYYY"
DISPLAYS = {
    "scalar": "scalar",
    # Metabase has no card for a text that a query returns.
    "text": "table",
    "table": "table",
    "row": "row",
    "bar": "bar",
    "line": "line",
    "waterfall": "waterfall",
}


def metabase_display(card: Card) -> str:
    """Return Metabase's name for how the card is shown."""
    try:
        return DISPLAYS[card.display]
    except KeyError:
        raise NotImplementedError(
            f"{card.slug}: no way to show {card.display} in Metabase"
        ) from None


def visualization_settings(card: Card) -> dict[str, Any]:
    """Return the settings of the card's columns and chart."""
    columns = {
        # Metabase writes the key of a column as JSON in JSON.
        json.dumps(["name", name], separators=(",", ":")): _column_settings(card, column)
        for name, column in _named_columns(card)
    }
    return {"column_settings": columns} | (_chart_settings(card) if card.y else {})


def _named_columns(card: Card) -> Iterator[tuple[str, Column]]:
    """Yield every column that the SQL names. Metabase ignores those that it does not return."""
    words = set(re.findall(r"\w+", card.sql))
    for name, column in read_columns().items():
        if name in words:
            yield name, column


def _column_settings(card: Card, column: Column) -> dict[str, Any]:
    title = {"column_title": column.heading if card.display == "table" else column.title}
    if card.display == "text":
        return title | {"text_wrapping": True}
    if column.format is None:
        return title | {"date_style": DATE_STYLE}
    number = {
        "number_style": "percent" if column.format.is_percent else "decimal",
        "number_separators": NUMBER_SEPARATORS,
        "decimals": column.format.decimals,
    }
    if card.display == "scalar" and column.format.unit:
        number["suffix"] = f"\N{NO-BREAK SPACE}{column.format.unit}"
    return title | number


def _chart_settings(card: Card) -> dict[str, Any]:
    """Return the settings of a chart. Rows of one label are added up, so labels must be unique."""
    columns = read_columns()
    has_bar_values = card.display in {"row", "waterfall"}
    settings = {
        "graph.dimensions": [card.x],
        "graph.metrics": list(card.y),
        "graph.show_values": has_bar_values,
        # Otherwise Metabase may shorten 1 234,5 to 1,2k.
        "graph.label_value_formatting": "full",
        # For a row chart too, x are the labels and y the values.
        "graph.x_axis.title_text": columns[card.x].title,
        "graph.x_axis.labels_enabled": not has_bar_values,
        "graph.y_axis.title_text": columns[card.y[0]].format.axis,
        # Columns of SQL have no unit, so months would be drawn as days of a time axis.
        "graph.x_axis.scale": "timeseries" if card.display == "line" else "ordinal",
    }
    if card.display == "waterfall":
        # The total is the sum of all rows. Metabase names it, in the reader's language. All
        # losses have one color, so it is none of theirs.
        return settings | {
            "waterfall.increase_color": read_colors()["received"],
            "waterfall.decrease_color": read_colors()["loss"],
            "waterfall.total_color": read_colors()["acknowledged"],
            "waterfall.show_total": True,
        }
    if card.display == "bar":
        settings["stackable.stack_type"] = "stacked"
    settings["series_settings"] = {name: _series_settings(columns[name]) for name in card.y}
    return settings


def _series_settings(column: Column) -> dict[str, str]:
    color = {"color": column.color} if column.color else {}
    return {"title": column.title} | color
