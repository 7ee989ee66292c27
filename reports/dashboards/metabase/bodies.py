"""The objects of Metabase's API, limited to the keys that it declares and that we use.

Answers are read into the same models, so that the current state is compared with what we would
send, and so that nothing else is ever sent: the newest servers drop undeclared keys silently.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Body(BaseModel):
    """A body, or the part of an answer that a body could have."""

    model_config = ConfigDict(extra="ignore", frozen=True, validate_by_name=True)

    def dump(self) -> dict[str, Any]:
        """Return the body as JSON. Keys that were neither set nor read are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class Collection(Body):
    """A collection."""

    name: str = ""
    description: str | None = None
    parent_id: int | None = None
    archived: bool = False


class TemplateTag(Body):
    """A parameter `{{name}}` of a query. Our choice of `id` is how we find a card again."""

    id: str = ""
    name: str
    display_name: str = Field(alias="display-name")
    type: str


class Native(Body):
    """SQL and its parameters."""

    query: str
    template_tags: dict[str, TemplateTag] = Field(alias="template-tags")


class Query(Body):
    """A native query, in the old form.

    Metabase took only this form up to v56. Since v57 it answers the new form, and still converts
    the old one, so the old one suits every version.
    """

    database: int
    type: str
    native: Native


class Card(Body):
    """A saved question. `dataset_query` is None if it is not a native query."""

    name: str
    description: str | None
    collection_id: int | None
    display: str
    dataset_query: Query | None
    visualization_settings: dict[str, Any]

    @field_validator("dataset_query", mode="before")
    @classmethod
    def _read_any_form(cls, query: Any) -> Any:
        """Convert the new form to the old. Ours always has tags; an answer may omit empty ones."""
        if not isinstance(query, dict):
            return query
        if query.get("lib/type") == "mbql/query":
            [*_, stage] = query["stages"]
            if len(query["stages"]) > 1 or stage.get("lib/type") != "mbql.stage/native":
                return None
            native = {"query": stage["native"], "template-tags": stage.get("template-tags")}
        elif query.get("type") == "native":
            native = query["native"]
        else:
            return None
        native = native | {"template-tags": native.get("template-tags") or {}}
        return {"database": query["database"], "type": "native", "native": native}

    @property
    def tag_ids(self) -> set[str]:
        """The ids of the parameters of the query."""
        if self.dataset_query is None:
            return set()
        return {tag.id for tag in self.dataset_query.native.template_tags.values()}


class ValuesSource(Body):
    """The card and its columns that fill a drop-down."""

    card_id: int | None = None
    value_field: Any = None
    label_field: Any = None
    values: list[Any] = []


class Parameter(Body):
    """A filter of a dashboard. Keys below the empty line are only kept, if people set them."""

    id: str
    name: str | None = None
    slug: str | None = None
    type: str
    section_id: str | None = Field(default=None, alias="sectionId")
    is_multi_select: bool | None = Field(default=None, alias="isMultiSelect")
    values_query_type: str | None = None
    values_source_type: str | None = None
    values_source_config: ValuesSource | None = None

    default: Any = None
    required: bool | None = None
    target: Any = None
    temporal_units: list[str] | None = None
    filtering_parameters: list[str] | None = Field(default=None, alias="filteringParameters")


class Mapping(Body):
    """The connection of a filter to a parameter of a card.

    Metabase silently ignores it if `card_id` is not that of the dashcard.
    """

    parameter_id: str
    card_id: int | None = None
    target: Any


class Series(Body):
    """A card that is drawn into the chart of another."""

    id: int


class Dashcard(Body):
    """A place on a dashboard: a card, or a text without a card. New ones have negative ids."""

    id: int
    card_id: int | None = None
    dashboard_tab_id: int | None = None
    row: int
    col: int
    size_x: int
    size_y: int
    parameter_mappings: list[Mapping] = []

    # Kept as people set them.
    action_id: int | None = None
    inline_parameters: list[str] | None = None
    series: list[Series] | None = None
    visualization_settings: dict[str, Any] | None = None

    @field_validator("parameter_mappings", mode="before")
    @classmethod
    def _read_null(cls, mappings: Any) -> Any:
        return mappings or []


class Tab(Body):
    """A tab of a dashboard."""

    id: int
    name: str


class Dashboard(Body):
    """A dashboard. If `dashcards` is sent without `tabs`, Metabase deletes all tabs."""

    name: str = ""
    description: str | None = None
    collection_id: int | None = None
    collection_position: int | None = None
    parameters: list[Parameter] = []
    dashcards: list[Dashcard] = []
    tabs: list[Tab] = []


def different_keys(wanted: Any, current: Any, prefix: str = "") -> Iterator[str]:
    """Yield the paths of the keys that differ."""
    if isinstance(wanted, dict) and isinstance(current, dict):
        for key in [*wanted, *(current.keys() - wanted.keys())]:
            yield from different_keys(wanted.get(key), current.get(key), f"{prefix}.{key}")
    elif wanted != current:
        yield prefix.removeprefix(".")
