"""Compare Metabase with the specification, and update it.

Nothing in the repository says which object of Metabase is which. Collections and dashboards are
found by name in their collection. Cards are found by the ids of their parameters, which we choose,
or by name if they have none. What is in the trash is not found, and not revived: a plan shows that
it would be created again, and who put it there can restore it first.
"""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, NamedTuple, TypeVar

from reports.dashboards import specification
from reports.dashboards.metabase import translation
from reports.dashboards.metabase.bodies import (
    Body,
    Card,
    Collection,
    Dashboard,
    Dashcard,
    Parameter,
    different_keys,
)
from reports.dashboards.metabase.client import MetabaseClient, MetabaseError
from reports.dashboards.specification import read_dashboards, read_filters

# The name of the database in Metabase, and of the collection.
DATABASE = "TIRUERT"
COLLECTION = Collection(
    name="TIRUERT",
    description="L'électricité des bornes de recharge et sa valorisation dans CARBURE.",
    parent_id=None,
)
# Both have an id, and are matched by it.
AnyPart = TypeVar("AnyPart", Parameter, Dashcard)
# How Metabase's API calls the collection that holds all others.
ROOT = "root"


class Change(NamedTuple):
    """A difference between Metabase and the specification."""

    action: str
    thing: str
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.action} {self.thing}" + (f": {', '.join(self.keys)}" if self.keys else "")


class Folder(NamedTuple):
    """A collection. `number` is negative if it does not exist yet."""

    number: int
    path: str


class Found(NamedTuple):
    """A card that exists."""

    number: int
    card: Card


def synchronize(client: MetabaseClient, *, is_applied: bool) -> "Synchronization":
    """Return the differences. If `is_applied`, also remove them."""
    synchronization = Synchronization(client, is_applied=is_applied)
    synchronization.run()
    return synchronization


class Synchronization:
    """One pass over all objects. Plan and update are the same code, with and without writing."""

    def __init__(self, client: MetabaseClient, *, is_applied: bool) -> None:
        """Prepare a pass. Nothing is sent yet."""
        self.changes: list[Change] = []
        self.notes: list[str] = []
        self._client = client
        self._is_applied = is_applied
        self._invented_ids = count(-1, -1)

    def run(self) -> None:
        """Compare every object. Raises MetabaseError."""
        database = self._client.find_database(DATABASE)
        folder = self._collection(ROOT, COLLECTION)
        choice_cards = self._choice_cards(folder, database)
        rows = self._rows(folder, "dashboard")
        numbers = []
        for dashboard in read_dashboards():
            row = _find_by_name(rows, dashboard.title, f"dashboards in {folder.path}")
            cards, left_over = self._cards(folder, dashboard, database)
            numbers.append(self._dashboard(folder, dashboard, row, choice_cards, cards, left_over))
        self._note_others(folder, rows)
        self._pin(numbers, rows)

    def summary(self) -> str:
        """Return the number of changes of each kind."""
        actions = [change.action for change in self.changes]
        return ", ".join(
            f"{actions.count(each)} to {each}" for each in ("create", "update", "remove")
        )

    def _collection(self, parent: int | str, wanted: Collection, path: str | None = None) -> Folder:
        path = path or wanted.name
        is_new = isinstance(parent, int) and parent < 0
        rows = [] if is_new else self._client.items(parent, "collection")
        row = _find_by_name(rows, wanted.name, f"collections for {path}")
        thing = f"collection {path}"
        if row is None:
            return Folder(self._create("collection", wanted, thing), path)
        current = self._client.read("collection", row["id"], Collection)
        # Metabase takes a body without `archived` for one that is not archived, so say it.
        body = Collection(description=wanted.description, archived=False)
        if current.description != wanted.description:
            self._update("collection", row["id"], body, thing, ("description",))
        return Folder(row["id"], path)

    def _choice_cards(self, folder: Folder, database: int) -> dict[str, int]:
        """Update the cards whose rows are the choices of the filters. Return their ids."""
        found = self._existing_cards(folder)
        numbers = {}
        for each in read_filters():
            body = translation.choices_body(each, folder.number, database)
            current = _find_card(found, set(), body.name, folder)
            numbers[each.name] = self._card(current, body, folder)
        self._note_cards([each for each in found if each.number not in numbers.values()], folder)
        return numbers

    def _cards(
        self, parent: Folder, dashboard: specification.Dashboard, database: int
    ) -> tuple[dict[str, int], dict[int, str]]:
        """Update the cards of a dashboard. Return their ids, and the names of ours left over.

        A card whose parameters have our ids is ours. A card without parameters that left the
        specification looks like one that people made, so it is kept.
        """
        collection = Collection(
            name=dashboard.title,
            description=f"Les cartes du tableau de bord {dashboard.title}.",
            parent_id=parent.number,
        )
        path = f"{parent.path} / {dashboard.title}"
        folder = self._collection(parent.number, collection, path)
        found = self._existing_cards(folder)
        numbers = {}
        for card in dashboard.cards:
            body = translation.card_body(dashboard, card, folder.number, database)
            identities = translation.identities(dashboard, card)
            current = _find_card(found, identities, body.name, folder)
            numbers[card.slug] = self._card(current, body, folder)
        others = [each for each in found if each.number not in numbers.values()]
        self._note_cards(others, folder)
        return numbers, {each.number: each.card.name for each in others if _is_ours(each.card)}

    def _card(self, current: Found | None, wanted: Card, folder: Folder) -> int:
        thing = f"card {folder.path} / {wanted.name}"
        if current is None:
            return self._create("card", wanted, thing)
        keys = tuple(different_keys(wanted.dump(), current.card.dump()))
        if keys:
            # Only what changed, because a new query or display may end alerts.
            changed = {key.partition(".")[0] for key in keys}
            body = Card.model_construct(**{key: getattr(wanted, key) for key in changed})
            self._update("card", current.number, body, thing, keys)
        return current.number

    def _dashboard(
        self,
        parent: Folder,
        dashboard: specification.Dashboard,
        row: dict[str, Any] | None,
        choice_cards: dict[str, int],
        cards: dict[str, int],
        left_over: dict[int, str],
    ) -> int:
        """Update a dashboard with its filters and the places of its cards. Return its id."""
        thing = f"dashboard {parent.path} / {dashboard.title}"
        if row is None:
            new = Dashboard(
                name=dashboard.title,
                description=dashboard.description,
                collection_id=parent.number,
            )
            number = self._create("dashboard", new, thing)
            current = new
        else:
            number = row["id"]
            current = self._client.read("dashboard", number, Dashboard)
        filters = translation.parameters(dashboard, choice_cards, current.parameters)
        ours = list(translation.dashcards(dashboard, cards, filters, current))
        kept_ids = {each.id for each in ours}
        added = [each for each in current.dashcards if each.id not in kept_ids]
        kept = [each for each in added if each.card_id not in left_over]
        wanted = Dashboard(
            description=dashboard.description,
            parameters=filters,
            dashcards=ours + kept,
            tabs=current.tabs,
        )
        titles = {cards[card.slug]: card.title for card in dashboard.cards} | left_over
        is_changed = self._compare_dashboards(wanted, current, titles, thing)
        if is_changed and self._is_applied:
            self._client.update("dashboard", number, wanted)
        for each in kept:
            self.notes.append(f"kept: dashboard card {each.id} of {thing}, which is not ours")
        for each in filters[len(read_filters()) :]:
            self.notes.append(f"kept: filter {each.name} of {thing}, which is not ours")
        return number

    def _compare_dashboards(
        self, wanted: Dashboard, current: Dashboard, titles: dict[int, str], thing: str
    ) -> bool:
        """Record the differences, part by part. Return whether there are any."""
        before = len(self.changes)
        if wanted.description != current.description:
            self.changes.append(Change("update", thing, ("description",)))
        self._compare_parts(
            wanted.parameters, current.parameters, lambda each: f"filter {each.name} of {thing}"
        )
        if [each.id for each in wanted.parameters] != [each.id for each in current.parameters] and (
            len(self.changes) == before
        ):
            self.changes.append(Change("update", thing, ("order of filters",)))
        self._compare_parts(
            wanted.dashcards,
            current.dashcards,
            lambda each: f"dashboard card {titles.get(each.card_id, each.id)} of {thing}",
        )
        return len(self.changes) > before

    def _compare_parts(
        self,
        wanted: list[AnyPart],
        current: list[AnyPart],
        name: Callable[[AnyPart], str],
    ) -> None:
        """Record the differences between filters, or between dashboard cards."""
        old = {each.id: each for each in current}
        for each in wanted:
            if each.id not in old:
                self.changes.append(Change("create", name(each)))
            elif keys := tuple(different_keys(each.dump(), old[each.id].dump())):
                self.changes.append(Change("update", name(each), keys))
        for number in old.keys() - {each.id for each in wanted}:
            self.changes.append(Change("remove", name(old[number])))

    def _pin(self, numbers: list[int], rows: list[dict[str, Any]]) -> None:
        """Pin the dashboards in order."""
        positions = {row["id"]: row.get("collection_position") for row in rows}
        wanted = {number: position for position, number in enumerate(numbers, start=1)}
        if all(positions.get(number) == position for number, position in wanted.items()):
            return
        self.changes.append(Change("update", "order of pinned dashboards"))
        if self._is_applied:
            # A position shifts what is there and after it, so set all, in rising order.
            for number, position in wanted.items():
                self._client.update("dashboard", number, Dashboard(collection_position=position))

    def _existing_cards(self, folder: Folder) -> list[Found]:
        return [
            Found(row["id"], self._client.read("card", row["id"], Card))
            for row in self._rows(folder, "card")
        ]

    def _rows(self, folder: Folder, kind: str) -> list[dict[str, Any]]:
        return [] if folder.number < 0 else list(self._client.items(folder.number, kind))

    def _note_cards(self, others: list[Found], folder: Folder) -> None:
        for number, card in others:
            state = "left over" if _is_ours(card) else "kept"
            self.notes.append(f"{state}: card {folder.path} / {card.name} (id {number})")

    def _note_others(self, folder: Folder, rows: list[dict[str, Any]]) -> None:
        titles = {dashboard.title for dashboard in read_dashboards()}
        for kind, others in (("dashboard", rows), ("collection", self._rows(folder, "collection"))):
            for row in others:
                if row["name"] not in titles:
                    self.notes.append(f"kept: {kind} {folder.path} / {row['name']}")

    def _create(self, kind: str, body: Body, thing: str) -> int:
        """Return the id of the new object, or an invented one."""
        self.changes.append(Change("create", thing))
        return self._client.create(kind, body) if self._is_applied else next(self._invented_ids)

    def _update(
        self, kind: str, number: int, body: Body, thing: str, keys: tuple[str, ...]
    ) -> None:
        self.changes.append(Change("update", thing, keys))
        if self._is_applied:
            self._client.update(kind, number, body)


def _find_by_name(rows: Iterable[dict[str, Any]], name: str, what: str) -> dict[str, Any] | None:
    named = [row for row in rows if row["name"] == name]
    if len(named) > 1:
        raise _ambiguous(f"{what} named {name}", [row["id"] for row in named])
    return named[0] if named else None


def _find_card(found: list[Found], identities: set[str], name: str, folder: Folder) -> Found | None:
    """Return the card that has one of the ids or, if none has, that has the name and no ids."""
    same = [each for each in found if each.card.tag_ids & identities]
    same = same or [each for each in found if each.card.name == name and not each.card.tag_ids]
    if len(same) > 1:
        names = " and ".join(sorted({each.card.name for each in same}))
        raise _ambiguous(f"cards in {folder.path} are {names}", [each.number for each in same])
    return same[0] if same else None


def _ambiguous(what: str, numbers: list[int]) -> MetabaseError:
    ids = ", ".join(map(str, numbers))
    return MetabaseError(f"{len(numbers)} {what} (ids {ids}): move or delete all but one")


def _is_ours(card: Card) -> bool:
    return any(translation.is_derived(each) for each in card.tag_ids)
