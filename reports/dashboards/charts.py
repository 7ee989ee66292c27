"""Charts drawn as SVG, without a script, from what the specification tells Metabase to draw.

Vega-Altair says what is drawn and vl-convert draws it. Each chart is drawn twice, for a screen and
for a phone: one that is only scaled down cannot be read.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import altair
import vl_convert

from reports.dashboards import french
from reports.dashboards.specification import Card

Row = dict[str, Any]

WIDE_PIXELS = 1040
NARROW_PIXELS = 350
CARD_PADDING_PIXELS = 60
COLUMNS = 24
BAR_PIXELS = 17
GAP_PIXELS = 9
# The name of a bar stands beside it, as wide as this at most, or above it in so much height.
NAMES_PIXELS = 220
NAME_ABOVE_PIXELS = 24
# Fonts differ from one machine to the next: a text may be so much wider than it was measured.
WIDEST_FONT = 1.25
DIGIT_PIXELS = 9
MARGIN_PIXELS = 42
PLOT_PIXELS = 260
WIDEST_COLUMN_PIXELS = 90
# As many labels stand beside each other; more are turned.
FEW_LABELS = 6
TOTAL = "Total"
INK = "#222222"
LINES = "#d9d9d9"
CONFIG = {
    # It would have every mark read out in English; the page has the figures in a table.
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


def draw(card: Card, rows: list[Row], *, is_narrow: bool) -> str:
    """Draw the chart of a card that has rows."""
    draw_display = {"row": _row, "waterfall": _waterfall, "bar": _bar, "line": _line}[card.display]
    width = WIDE_PIXELS * card.columns_wide // COLUMNS - CARD_PADDING_PIXELS
    chart = draw_display(card, rows, NARROW_PIXELS if is_narrow else width).properties(
        width=NARROW_PIXELS if is_narrow else width,
        autosize=altair.AutoSizeParams(type="fit-x", contains="padding"),
    )
    return vl_convert.vegalite_to_svg(
        chart.to_dict() | {"config": CONFIG},
        format_locale="fr-FR",
        time_format_locale="fr-FR",
    )


def _row(card: Card, rows: list[Row], width: int) -> altair.LayerChart:
    """Draw bars that lie, for each row as many as there are metrics."""
    bars = [
        _bar_of(card, metric, row[card.dimension], (Decimal(0), row[metric] or Decimal(0)))
        | {"key": f"{place:03}", "colour": card.series(metric)["color"]}
        for place, row in enumerate(rows)
        for metric in card.metrics
    ]
    return _lying_bars(card, bars, width)


def _waterfall(card: Card, rows: list[Row], width: int) -> altair.LayerChart:
    """Draw bars of which each begins where the one above ends, and the total below."""
    bars = list(_steps(card, rows))
    for place, bar in enumerate(bars):
        bar["key"] = f"{place:03}"
    return _lying_bars(card, bars, width)


def _steps(card: Card, rows: list[Row]) -> Iterator[dict[str, Any]]:
    [metric] = card.metrics
    level = Decimal(0)
    for row in rows:
        amount = row[metric] or Decimal(0)
        colour = "waterfall.decrease_color" if amount < 0 else "waterfall.increase_color"
        bar = _bar_of(card, metric, row[card.dimension], (level, level + amount))
        yield bar | {"colour": card.settings[colour]}
        level += amount
    total = _bar_of(card, metric, TOTAL, (Decimal(0), level))
    yield total | {"colour": card.settings["waterfall.total_color"]}


def _bar_of(
    card: Card, metric: str, name: str, ends: tuple[Decimal, Decimal | int]
) -> dict[str, Any]:
    beginning, end = ends
    return {
        "name": name,
        "metric": metric,
        "from": float(beginning),
        "to": float(end),
        "right": float(max(beginning, end, 0)),
        "figure": french.cell(metric, end - beginning, card.column(metric)),
    }


def _lying_bars(card: Card, bars: list[dict[str, Any]], width: int) -> altair.LayerChart:
    """Draw bars with their figures, and their names beside or, on a phone, above them."""
    has_names_above = width <= NARROW_PIXELS
    names_pixels = 0 if has_names_above else NAMES_PIXELS
    between_pixels = NAME_ABOVE_PIXELS if has_names_above else GAP_PIXELS
    group_pixels = BAR_PIXELS * len(card.metrics)
    step_pixels = group_pixels + between_pixels
    place = altair.Y(
        "key:N",
        axis=None if has_names_above else _names_axis(bars),
        scale=altair.Scale(
            paddingInner=between_pixels / step_pixels, paddingOuter=between_pixels / step_pixels
        ),
    )
    offset = altair.YOffset("metric:N", sort=card.metrics)
    extent = altair.Scale(domain=_extent(bars, width - names_pixels), nice=False)
    chart = altair.Chart(altair.Data(values=bars))
    layers = [
        chart.mark_bar().encode(
            x=altair.X("from:Q", scale=extent, axis=_figures_axis(card, width)),
            x2="to:Q",
            y=place,
            yOffset=offset,
            color=altair.Color("colour:N", scale=None),
        ),
        chart.mark_text(align="left", dx=5).encode(
            x=altair.X("right:Q", scale=extent), y=place, yOffset=offset, text="figure:N"
        ),
    ]
    if has_names_above:
        # The bars of a group have one name.
        names = altair.Chart(altair.Data(values=bars[:: len(card.metrics)]))
        above = names.mark_text(
            align="left",
            dy=-(group_pixels + between_pixels) / 2 + 2,
            limit=(width - MARGIN_PIXELS) / WIDEST_FONT,
        )
        layers.append(above.encode(x=altair.value(0), y=place, text="name:N"))
    keys = len({bar["key"] for bar in bars})
    return altair.layer(*layers).properties(height=step_pixels * keys + between_pixels)


def _extent(bars: list[dict[str, Any]], plot_pixels: int) -> list[float]:
    """Leave room for the figures right of the bars, the longest too."""
    figure_pixels = DIGIT_PIXELS * max(len(bar["figure"]) for bar in bars)
    largest = max(bar["right"] for bar in bars) * plot_pixels / (plot_pixels - figure_pixels)
    return [min(min(bar["from"], bar["to"], 0) for bar in bars), largest or 1]


def _names_axis(bars: list[dict[str, Any]]) -> altair.Axis:
    # Two bars may have the same name: they stand by a key.
    names = {bar["key"]: bar["name"] for bar in bars}
    return altair.Axis(
        title=None,
        domain=False,
        ticks=False,
        labelExpr=f"{json.dumps(names)}[datum.value]",
        labelLimit=NAMES_PIXELS,
        labelOverlap=False,
        labelPadding=6,
    )


def _bar(card: Card, rows: list[Row], width: int) -> altair.Chart:
    """Draw bars that stand, one for each month, with the metrics on top of each other."""
    values = [
        {
            "month": french.month(row[card.dimension], "MMM"),
            "metric": metric,
            "place": place,
            "value": float(row[metric]),
        }
        for row in rows
        for place, metric in enumerate(card.metrics)
    ]
    bar_width = min(WIDEST_COLUMN_PIXELS, width // (2 * len(rows)))
    labels = altair.Axis(grid=False, labelAngle=0 if len(rows) <= FEW_LABELS else -60)
    return (
        altair.Chart(altair.Data(values=values))
        .mark_bar(size=bar_width, stroke="white", strokeWidth=0.5)
        .encode(
            x=altair.X(
                "month:N", sort=None, title=card.settings["graph.x_axis.title_text"], axis=labels
            ),
            y=altair.Y("value:Q", axis=_figures_axis(card, width)),
            color=_colours(card),
            order="place:Q",
        )
        .properties(height=PLOT_PIXELS)
    )


def _line(card: Card, rows: list[Row], width: int) -> altair.Chart:
    """Draw a line for each metric over days."""
    values = [
        {"day": row[card.dimension].isoformat(), "metric": metric, "value": float(row[metric])}
        for row in rows
        for metric in card.metrics
    ]
    labels = altair.Axis(grid=False, format="%-d %b", tickCount=width // 100)
    return (
        altair.Chart(altair.Data(values=values))
        .mark_line(point=altair.OverlayMarkDef(size=40), strokeWidth=2)
        .encode(
            x=altair.X(
                "utcyearmonthdate(day):T",
                title=card.settings["graph.x_axis.title_text"],
                axis=labels,
            ),
            y=altair.Y("value:Q", axis=_figures_axis(card, width)),
            color=_colours(card),
        )
        .properties(height=PLOT_PIXELS)
    )


def _colours(card: Card) -> altair.Color:
    """Give each metric its colour; the legend is the page's."""
    colours = [card.series(metric)["color"] for metric in card.metrics]
    scale = altair.Scale(domain=card.metrics, range=colours)
    return altair.Color("metric:N", scale=scale, legend=None)


def _figures_axis(card: Card, width: int) -> altair.Axis:
    is_share = card.column(card.metrics[0]).get("number_style") == "percent"
    return altair.Axis(
        title=card.settings["graph.y_axis.title_text"],
        format="~%" if is_share else ",~f",
        tickCount=max(3, width // 160),
    )
