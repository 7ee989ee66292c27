"""Translate the specification into bodies for Metabase."""

from collections.abc import Iterator
from collections.abc import Mapping as ReadOnlyMapping
from typing import Any
from uuid import UUID, uuid5

from reports.dashboards import specification
from reports.dashboards.metabase.bodies import (
    Card,
    Dashboard,
    Dashcard,
    Mapping,
    Native,
    Parameter,
    Query,
    TemplateTag,
    ValuesSource,
)
from reports.dashboards.metabase.visualization import metabase_display, visualization_settings
from reports.dashboards.specification import Filter, read_filters

# Never change it: the ids of all cards in Metabase derive from it.
NAMESPACE = UUID("6f2a1f0e-7d0c-5a3b-9a57-2b8f3f5c1d64")
# Metabase's own ids are random, of version 4.
DERIVED_VERSION = 5


def derived_id(*names: str) -> str:
    """Return an id that is the same in every run."""
    return str(uuid5(NAMESPACE, "/".join(names)))


def is_derived(text: str) -> bool:
    """Whether `derived_id` made this id, and not Metabase."""
    try:
        return UUID(text).version == DERIVED_VERSION
    except ValueError:
        return False


def identities(dashboard: specification.Dashboard, card: specification.Card) -> set[str]:
    """Return the ids of all parameters that the card could have, by which it is found again."""
    return {derived_id(dashboard.slug, card.slug, each.name) for each in read_filters()}


def card_body(
    dashboard: specification.Dashboard, card: specification.Card, collection: int, database: int
) -> Card:
    """Return the body of a card."""
    tags = {
        each.name: TemplateTag(
            id=derived_id(dashboard.slug, card.slug, each.name),
            name=each.name,
            display_name=each.title,
            type="text",
        )
        for each in card.filters
    }
    return Card(
        name=card.title,
        description=card.description,
        collection_id=collection,
        display=metabase_display(card),
        dataset_query=_query(card.sql, tags, database),
        visualization_settings=visualization_settings(card),
    )


def choices_body(choices: Filter, collection: int, database: int) -> Card:
    """Return the body of the card whose rows are the choices of a filter."""
    return Card(
        name=f"Choix du filtre {choices.title}",
        description=f"Les valeurs que propose le filtre {choices.title} des tableaux de bord.",
        collection_id=collection,
        display="table",
        dataset_query=_query(choices.sql, {}, database),
        visualization_settings={},
    )


def _query(sql: str, tags: dict[str, TemplateTag], database: int) -> Query:
    native = Native(query=sql.strip(), template_tags=tags)
    return Query(database=database, type="native", native=native)


def parameters(
    dashboard: specification.Dashboard,
    choice_cards: ReadOnlyMapping[str, int],
    current: list[Parameter],
) -> list[Parameter]:
    """Return our filters, then those that people added.

    A filter keeps its id: if the id went away, Metabase would archive subscriptions that use it.
    """
    existing = {parameter.slug: parameter for parameter in current}
    ours = [
        _overlay(
            existing.get(each.name),
            Parameter(
                id=derived_id(dashboard.slug, each.name),
                name=each.title,
                slug=each.name,
                type="string/=",
                section_id="string",
                # Several values would be inserted as a list, which `siren = {{siren}}` is not for.
                is_multi_select=False,
                # Without it, the filter of a text parameter is an empty box.
                values_query_type="list",
                values_source_type="card",
                values_source_config=ValuesSource(
                    card_id=choice_cards[each.name],
                    value_field=_text_column("value"),
                    label_field=_text_column("label"),
                ),
            ),
            keep={"id"},
        )
        for each in read_filters()
    ]
    slugs = {parameter.slug for parameter in ours}
    return ours + [parameter for parameter in current if parameter.slug not in slugs]


def _text_column(name: str) -> list[Any]:
    return ["field", name, {"base-type": "type/Text"}]


def dashcards(
    dashboard: specification.Dashboard,
    cards: ReadOnlyMapping[str, int],
    filters: list[Parameter],
    current: Dashboard,
) -> Iterator[Dashcard]:
    """Yield the places of our cards. One that exists keeps its id, its tab and its own settings."""
    existing: dict[int | None, Dashcard] = {}
    for dashcard in sorted(current.dashcards, key=lambda each: each.id):
        existing.setdefault(dashcard.card_id, dashcard)
    first_tab = {"dashboard_tab_id": current.tabs[0].id} if current.tabs else {}
    parameter_ids = {parameter.slug: parameter.id for parameter in filters}
    for position, (card, row, column) in enumerate(dashboard.placed_cards(), start=1):
        number = cards[card.slug]
        old = existing.get(number)
        new = Dashcard(
            id=-position,
            card_id=number,
            row=row,
            col=column,
            size_x=card.width,
            size_y=card.height,
            parameter_mappings=[
                Mapping(
                    parameter_id=parameter_ids[each.name],
                    card_id=number,
                    target=["variable", ["template-tag", each.name]],
                )
                for each in card.filters
            ]
            + _added_mappings(old, filters),
            visualization_settings={},
            **first_tab,
        )
        yield _overlay(old, new, keep={"id", "dashboard_tab_id", "visualization_settings"})


def _added_mappings(old: Dashcard | None, filters: list[Parameter]) -> list[Mapping]:
    """Return the connections to filters that people added."""
    ours = {each.name for each in read_filters()}
    added = {parameter.id for parameter in filters if parameter.slug not in ours}
    mappings = old.parameter_mappings if old else []
    return [mapping for mapping in mappings if mapping.parameter_id in added]


def _overlay(current: Any, wanted: Any, keep: set[str]) -> Any:
    """Return `current` with the keys of `wanted`, except those to keep."""
    if current is None:
        return wanted
    keys = wanted.model_fields_set - keep
    return current.model_copy(update={key: getattr(wanted, key) for key in keys})
