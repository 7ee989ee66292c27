"""The dashboards as they are written down, in the form that metabase-sync keeps and sends."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metabase_sync.serialize.cards import read_card_file
from metabase_sync.serialize.dashboards import read_dashboard_files

FOLDER = Path(__file__).with_name("metabase")


@dataclass(frozen=True)
class Card:
    """A question to the warehouse and how its answer is shown; `columns_wide` of 24."""

    slug: str
    name: str
    description: str
    display: str
    settings: dict[str, Any]
    sql: str
    columns_wide: int

    @property
    def metrics(self) -> list[str]:
        """The columns that a chart draws."""
        return self.settings["graph.metrics"]

    @property
    def dimension(self) -> str:
        """The column that a chart draws them by."""
        return self.settings["graph.dimensions"][0]

    def column(self, name: str) -> dict[str, Any]:
        """How a column is named and formatted."""
        return self.settings.get("column_settings", {}).get(f'["name","{name}"]', {})

    def title_of(self, name: str) -> str:
        """Give what readers call a column."""
        return self.column(name).get("column_title", name)

    def series(self, metric: str) -> dict[str, str]:
        """Give the title and colour of what a chart draws."""
        return self.settings["series_settings"][metric]


@dataclass(frozen=True)
class Dashboard:
    """Cards that are read together, from left to right and from top to bottom."""

    slug: str
    name: str
    description: str
    cards: list[Card]


def read(folder: Path = FOLDER) -> list[Dashboard]:
    """Read every dashboard, in the order in which they are to be read."""
    found = sorted(read_dashboard_files(folder), key=lambda found: found[1]["position"])
    return [_dashboard(directory, document) for directory, document in found]


def _dashboard(directory: Path, document: dict[str, Any]) -> Dashboard:
    places = sorted(document["dashcards"], key=lambda place: (place["row"], place["col"]))
    cards = [_card(directory / place["card_path"], place["size_x"]) for place in places]
    return Dashboard(directory.name, document["name"], document["description"], cards)


def _card(path: Path, columns_wide: int) -> Card:
    front, sql, _ = read_card_file(path)
    return Card(
        slug=path.stem,
        name=front["name"],
        description=front["description"],
        display=front["display"],
        settings=front["visualization_settings"],
        sql=sql,
        columns_wide=columns_wide,
    )
