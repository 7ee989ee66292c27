"""Draw the charts of the cards as SVG, without JavaScript.

Vega-Altair describes a chart and vl-convert draws it. Each chart is drawn twice, once for a wide
screen and once for a phone, because a chart that is only scaled down is unreadable.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import altair
import vl_convert

from reports import french
from reports.dashboards.card_values import format_value
from reports.dashboards.specification import GRID_COLUMNS, Card, read_colors, read_columns

PAGE_PIXELS = 1040
PHONE_PIXELS = 350
CARD_PADDING_PIXELS = 60
BAR_PIXELS = 17
GAP_PIXELS = 9
# The name of a horizontal bar is left of it on a wide screen, and above it on a phone.
NAME_WIDTH_PIXELS = 220
NAME_HEIGHT_PIXELS = 24
# Fonts differ between machines: text may be wider than measured by this factor.
FONT_TOLERANCE = 1.25
DIGIT_PIXELS = 9
MARGIN_PIXELS = 42
PLOT_PIXELS = 260
MAX_COLUMN_PIXELS = 90
# With more months than this, their labels are rotated.
MAX_HORIZONTAL_LABELS = 6
INK = "#222222"
LINES = "#d9d9d9"
# As in the texts.
NUMBERS = {
    "decimal": ",",
    "thousands": "\N{NARROW NO-BREAK SPACE}",
    "grouping": [3],
    "currency": ["", ""],
    "minus": "\N{MINUS SIGN}",
    "percent": "\N{NARROW NO-BREAK SPACE}%",
}
CONFIG = {
    # Screen readers would read every mark in English. The page has the figures in a table.
    "aria": False,
    "background": "white",
    "padding": {"left": 30, "right": MARGIN_PIXELS - 30, "top": 6, "bottom": 6},
    "view": {"stroke": None},
    "text": {"color": INK, "fontSize": 13},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "gridColor": LINES,
        "domainColor": LINES,
        "tickColor": LINES,
        "labelOverlap": "parity",
        "labelSeparation": 10,
    },
}


def draw(card: Card, rows: list[dict[str, Any]], *, is_narrow: bool) -> str:
    """Draw the chart of a card that has rows."""
    draw_chart = {
        "row": _row_chart,
        "waterfall": _waterfall_chart,
        "bar": _bar_chart,
        "line": _line_chart,
    }[card.display]
    card_pixels = PAGE_PIXELS * card.width // GRID_COLUMNS - CARD_PADDING_PIXELS
    width = PHONE_PIXELS if is_narrow else card_pixels
    chart = draw_chart(card, rows, width).properties(
        width=width,
        autosize=altair.AutoSizeParams(type="fit-x", contains="padding"),
    )
    return vl_convert.vegalite_to_svg(
        chart.to_dict() | {"config": CONFIG},
        format_locale=NUMBERS,
        time_format_locale="fr-FR",
    )


def _row_chart(card: Card, rows: list[dict[str, Any]], width: int) -> altair.LayerChart:
    """Draw one group of horizontal bars per row, with one bar per metric."""
    bars = [
        _horizontal_bar(metric, row[card.x], (Decimal(0), row[metric] or Decimal(0)))
        | {"key": f"{position:03}", "color": read_columns()[metric].color}
        for position, row in enumerate(rows)
        for metric in card.y
    ]
    return _horizontal_bars(card, bars, width)


def _waterfall_chart(card: Card, rows: list[dict[str, Any]], width: int) -> altair.LayerChart:
    """Draw horizontal bars that each start where the previous one ends, and the levels."""
    bars = list(_waterfall_bars(card, rows))
    for position, bar in enumerate(bars):
        bar["key"] = f"{position:03}"
    return _horizontal_bars(card, bars, width)


def _waterfall_bars(card: Card, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    [metric] = card.y
    height = Decimal(0)
    for position, row in enumerate(rows, start=1):
        amount = row[metric] or Decimal(0)
        bar = _horizontal_bar(metric, row[card.x], (height, height + amount))
        yield bar | {"color": read_colors()[row["outcome"]]}
        height += amount
        levels = [row["subtotal"], row["total"] if position == len(rows) else None]
        for level in (card.levels[name] for name in levels if name):
            bar = _horizontal_bar(metric, level.title, (Decimal(0), height))
            yield bar | {"color": read_colors()[level.color]}


def _horizontal_bar(metric: str, name: str, ends: tuple[Decimal, Decimal | int]) -> dict[str, Any]:
    start, end = ends
    return {
        "name": name,
        "metric": metric,
        "from": float(start),
        "to": float(end),
        "right": float(max(start, end, 0)),
        "figure": format_value(metric, end - start),
    }


def _horizontal_bars(card: Card, bars: list[dict[str, Any]], width: int) -> altair.LayerChart:
    """Draw bars with their figures, and their names to the left or, on a phone, above."""
    has_names_above = width <= PHONE_PIXELS
    names_pixels = 0 if has_names_above else NAME_WIDTH_PIXELS
    gap_pixels = NAME_HEIGHT_PIXELS if has_names_above else GAP_PIXELS
    group_pixels = BAR_PIXELS * len(card.y)
    step_pixels = group_pixels + gap_pixels
    y = altair.Y(
        "key:N",
        axis=None if has_names_above else _names_axis(bars),
        scale=altair.Scale(
            paddingInner=gap_pixels / step_pixels, paddingOuter=gap_pixels / step_pixels
        ),
    )
    offset = altair.YOffset("metric:N", sort=list(card.y))
    extent = altair.Scale(domain=_extent(bars, width - names_pixels), nice=False)
    chart = altair.Chart(altair.Data(values=bars))
    layers = [
        chart.mark_bar().encode(
            x=altair.X("from:Q", scale=extent, axis=_value_axis(card, width)),
            x2="to:Q",
            y=y,
            yOffset=offset,
            color=altair.Color("color:N", scale=None),
        ),
        chart.mark_text(align="left", dx=5).encode(
            x=altair.X("right:Q", scale=extent), y=y, yOffset=offset, text="figure:N"
        ),
    ]
    if has_names_above:
        # One name per group: take the first bar of each.
        names = altair.Chart(altair.Data(values=bars[:: len(card.y)]))
        text = names.mark_text(
            align="left",
            dy=-(group_pixels + gap_pixels) / 2 + 2,
            limit=(width - MARGIN_PIXELS) / FONT_TOLERANCE,
        )
        layers.append(text.encode(x=altair.value(0), y=y, text="name:N"))
    groups = len({bar["key"] for bar in bars})
    return altair.layer(*layers).properties(height=step_pixels * groups + gap_pixels)


def _extent(bars: list[dict[str, Any]], plot_pixels: int) -> list[float]:
    """Return the range of the value axis, with room for the value after the longest bar."""
    figure_pixels = DIGIT_PIXELS * max(len(bar["figure"]) for bar in bars)
    largest = max(bar["right"] for bar in bars) * plot_pixels / (plot_pixels - figure_pixels)
    return [min(min(bar["from"], bar["to"], 0) for bar in bars), largest or 1]


def _names_axis(bars: list[dict[str, Any]]) -> altair.Axis:
    # Bars are placed by a key, because two may have the same name.
    names = {bar["key"]: bar["name"] for bar in bars}
    return altair.Axis(
        title=None,
        domain=False,
        ticks=False,
        labelExpr=f"{json.dumps(names)}[datum.value]",
        labelLimit=NAME_WIDTH_PIXELS,
        labelOverlap=False,
        labelPadding=6,
    )


def _bar_chart(card: Card, rows: list[dict[str, Any]], width: int) -> altair.Chart:
    """Draw one column per month, with the metrics stacked."""
    values = [
        {
            "month": french.month(row[card.x], "MMM"),
            "metric": metric,
            "position": position,
            "value": float(row[metric]),
        }
        for row in rows
        for position, metric in enumerate(card.y)
    ]
    column_pixels = min(MAX_COLUMN_PIXELS, width // (2 * len(rows)))
    labels = altair.Axis(grid=False, labelAngle=0 if len(rows) <= MAX_HORIZONTAL_LABELS else -60)
    return (
        altair.Chart(altair.Data(values=values))
        .mark_bar(size=column_pixels, stroke="white", strokeWidth=0.5)
        .encode(
            x=altair.X("month:N", sort=None, title=read_columns()[card.x].title, axis=labels),
            y=altair.Y("value:Q", axis=_value_axis(card, width)),
            color=_series_colors(card),
            order="position:Q",
        )
        .properties(height=PLOT_PIXELS)
    )


def _line_chart(card: Card, rows: list[dict[str, Any]], width: int) -> altair.Chart:
    """Draw one line per metric over days."""
    values = [
        {"day": row[card.x].isoformat(), "metric": metric, "value": float(row[metric])}
        for row in rows
        for metric in card.y
    ]
    labels = altair.Axis(grid=False, format="%-d %b", tickCount=width // 100)
    return (
        altair.Chart(altair.Data(values=values))
        .mark_line(point=altair.OverlayMarkDef(size=40), strokeWidth=2)
        .encode(
            x=altair.X(
                "utcyearmonthdate(day):T",
                title=read_columns()[card.x].title,
                axis=labels,
            ),
            y=altair.Y("value:Q", axis=_value_axis(card, width)),
            color=_series_colors(card),
        )
        .properties(height=PLOT_PIXELS)
    )


def _series_colors(card: Card) -> altair.Color:
    """Map each metric to its color. The legend is part of the page, not of the chart."""
    colors = [read_columns()[metric].color for metric in card.y]
    scale = altair.Scale(domain=list(card.y), range=colors)
    return altair.Color("metric:N", scale=scale, legend=None)


def _value_axis(card: Card, width: int) -> altair.Axis:
    number_format = read_columns()[card.y[0]].format
    return altair.Axis(
        title=number_format.axis,
        format="~%" if number_format.is_percent else ",~f",
        tickCount=max(3, width // 160),
    )
