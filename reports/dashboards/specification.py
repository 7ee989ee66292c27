"""Read the dashboards, which are stored in the format of metabase-sync."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metabase_sync.serialize.cards import read_card_file
from metabase_sync.serialize.dashboards import read_dashboard_files

from reports import french

FOLDER = Path(__file__).with_name("metabase")


@dataclass(frozen=True)
class Card:
    """A query and how to show its result. `width` is in columns of the 24-column grid."""

    slug: str
    name: str
    description: str
    display: str
    settings: dict[str, Any]
    sql: str
    width: int

    @property
    def metrics(self) -> list[str]:
        """The columns that a chart draws."""
        return self.settings["graph.metrics"]

    @property
    def dimension(self) -> str:
        """The column on the other axis of a chart."""
        return self.settings["graph.dimensions"][0]

    def column_settings(self, column: str) -> dict[str, Any]:
        """Return the title and number format of a column."""
        return self.settings.get("column_settings", {}).get(f'["name","{column}"]', {})

    def title_of(self, column: str) -> str:
        """Return the French title of a column."""
        return self.column_settings(column).get("column_title", column)

    def format_value(self, column: str, value: Any) -> str:
        """Format a value of a column in French."""
        return french.card_value(column, value, self.column_settings(column))

    def series(self, metric: str) -> dict[str, str]:
        """Return the title and color of a series in a chart."""
        return self.settings["series_settings"][metric]


@dataclass(frozen=True)
class Dashboard:
    """Cards in reading order: from left to right, then from top to bottom."""

    slug: str
    name: str
    description: str
    cards: list[Card]


def read_dashboards(folder: Path = FOLDER) -> list[Dashboard]:
    """Read every dashboard, in the order of their positions."""
    found = sorted(read_dashboard_files(folder), key=lambda found: found[1]["position"])
    return [_dashboard(directory, document) for directory, document in found]


def _dashboard(directory: Path, document: dict[str, Any]) -> Dashboard:
    dashcards = sorted(
        document["dashcards"], key=lambda dashcard: (dashcard["row"], dashcard["col"])
    )
    cards = [_card(directory / dashcard["card_path"], dashcard["size_x"]) for dashcard in dashcards]
    return Dashboard(directory.name, document["name"], document["description"], cards)


def _card(path: Path, width: int) -> Card:
    front_matter, sql, _ = read_card_file(path)
    return Card(
        slug=path.stem,
        name=front_matter["name"],
        description=front_matter["description"],
        display=front_matter["display"],
        settings=front_matter["visualization_settings"],
        sql=sql,
        width=width,
    )
