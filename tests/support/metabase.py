"""A stub of Metabase's API, written from descriptions of its source and its published OpenAPI.

It behaves as the newest servers do where that is a trap: it drops undeclared keys silently, makes
its own entity_ids, matches dashcards by id only, deletes tabs that are not sent, takes a collection
out of the trash unless told otherwise, and answers queries in their new form. Only a real Metabase
can show whether it accepts these calls.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Thread
from typing import Any, NoReturn

from flask import Flask, Response, abort, jsonify, make_response, redirect, request
from werkzeug.serving import make_server

API_KEY = "made-up-api-key"
DATABASE_ID = 1
PARAMETER_KEYS = {
    *("id", "name", "slug", "type", "sectionId", "default", "required", "isMultiSelect"),
    *("filteringParameters", "mappings", "target", "temporal_units", "values_query_type"),
    *("values_source_type", "values_source_config"),
}
DASHCARD_KEYS = {
    *("id", "card_id", "action_id", "dashboard_tab_id", "row", "col", "size_x", "size_y"),
    *("series", "parameter_mappings", "inline_parameters", "visualization_settings"),
}
DASHCARD_DEFAULTS: dict[str, Any] = {
    "parameter_mappings": [],
    "series": [],
    "visualization_settings": {},
}
# Keys that a body declares, by operation.
KEYS = {
    "post-api-collection": {"name", "description", "parent_id", "namespace"},
    "put-api-collection-id": {"name", "description", "parent_id", "archived"},
    "post-api-card": {
        *("name", "description", "display", "dataset_query", "visualization_settings", "type"),
        *("collection_id", "collection_position", "dashboard_id", "parameters", "entity_id"),
    },
    "put-api-card-id": {
        *("name", "description", "display", "dataset_query", "visualization_settings", "type"),
        *("collection_id", "collection_position", "dashboard_id", "parameters", "archived"),
    },
    "post-api-dashboard": {
        *("name", "description", "parameters", "collection_id", "collection_position"),
    },
    "put-api-dashboard-id": {
        *("name", "description", "parameters", "collection_id", "collection_position"),
        *("dashcards", "tabs", "width", "archived", "auto_apply_filters"),
    },
}
REQUIRED = {
    "post-api-collection": {"name"},
    "post-api-card": {"name", "dataset_query", "display", "visualization_settings"},
    "post-api-dashboard": {"name"},
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "collection": {"description": None, "parent_id": None, "archived": False},
    "card": {
        "description": None,
        "collection_id": None,
        "collection_position": None,
        "archived": False,
    },
    "dashboard": {
        "description": None,
        "collection_id": None,
        "collection_position": None,
        "archived": False,
        "parameters": [],
        "dashcards": [],
        "tabs": [],
    },
}
# Where the parent is, by kind.
PARENT = {"collection": "parent_id", "card": "collection_id", "dashboard": "collection_id"}
# A null sets these keys; other keys ignore it.
NULLABLE = {"description", "collection_id", "collection_position", "cache_ttl", "width"}
Item = dict[str, Any]


@dataclass
class Subscription:
    """An e-mail of a dashboard, with attached cards (by dashcard) and values of filters (by id)."""

    dashboard: int
    dashcards: set[int]
    parameters: set[str]
    archived: bool = False


@dataclass
class MetabaseStub:
    """The contents: collections, cards and dashboards by id, and tables with their fields."""

    database: str = "TIRUERT"
    answers_new_form: bool = True
    # Keys that this version does not declare.
    undeclared: set[str] = field(default_factory=set)
    items: dict[str, dict[int, Item]] = field(
        default_factory=lambda: {"collection": {}, "card": {}, "dashboard": {}}
    )
    subscriptions: list[Subscription] = field(default_factory=list)
    tables: list[Item] = field(default_factory=list)
    # Every body received, with its operation, and statuses to answer instead of doing anything.
    bodies: list[tuple[str, Item]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    moved_to: str | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add_table(self, schema: str, name: str, columns: list[str]) -> None:
        """Add a table, as Metabase does when it scans the warehouse."""
        number = len(self.tables) + 1
        fields = [
            _metadata(number * 1000 + position, column) | {"fk_target_field_id": None}
            for position, column in enumerate(columns)
        ]
        self.tables.append(_metadata(number, name) | {"schema": schema, "fields": fields})

    def column(self, table: str, name: str) -> Item:
        """Return the metadata of a column."""
        [found] = [found for found in self.tables if found["name"] == table]
        return next(column for column in found["fields"] if column["name"] == name)

    def find(self, kind: str, name: str, parent: int | None = None) -> Item:
        """Return the only object with a name, in a collection if one is given."""
        [found] = [
            item
            for item in self.items[kind].values()
            if item["name"] == name and parent in (None, item[PARENT[kind]])
        ]
        return found

    def create(self, kind: str, body: Item) -> Item:
        """Add an object, with an entity_id that the client cannot choose."""
        number = next(self.numbers)
        entity_id = f"{kind}{number}".ljust(21, "_")
        item = DEFAULTS[kind] | body | {"id": number, "entity_id": entity_id}
        if kind == "card":
            item["dataset_query"] = _new_form(item["dataset_query"])
        position = item.pop("collection_position", None)
        self.items[kind][number] = item
        if kind != "collection":
            item["collection_position"] = None
            self._move(item, position)
        return item

    def update(self, kind: str, item: Item, body: Item) -> None:
        """Change the keys of an object that a body has."""
        body = {key: value for key, value in body.items() if value is not None or key in NULLABLE}
        if kind == "collection":
            body.setdefault("archived", False)
        if "dataset_query" in body:
            body["dataset_query"] = _new_form(body["dataset_query"])
        if "collection_position" in body:
            self._move(item, body.pop("collection_position"))
        if kind == "dashboard":
            self._update_dashboard(item, body)
        item.update(body)

    def connected_tags(self, dashboard: Item, dashcard: Item) -> set[str]:
        """Return the tags that filters set. A mapping with another card's id is skipped."""
        card = self.items["card"][dashcard["card_id"]]
        tags = card["dataset_query"]["stages"][0].get("template-tags", {})
        parameters = {parameter["id"] for parameter in dashboard["parameters"]}
        mapped = {
            mapping["target"][1][1]
            for mapping in dashcard["parameter_mappings"]
            if mapping["card_id"] == dashcard["card_id"] and mapping["parameter_id"] in parameters
        }
        return mapped & tags.keys()

    def _update_dashboard(self, dashboard: Item, body: Item) -> None:
        if "parameters" in body:
            ids = {parameter["id"] for parameter in body["parameters"]}
            for subscription in self.subscriptions:
                if subscription.dashboard == dashboard["id"] and subscription.parameters - ids:
                    subscription.archived = True
        if "dashcards" not in body:
            return
        tabs = [
            tab | {"id": tab["id"] if tab["id"] > 0 else next(self.numbers)}
            for tab in body.get("tabs", [])
        ]
        old = {dashcard["id"]: dashcard for dashcard in dashboard["dashcards"]}
        new = []
        for sent in body["dashcards"]:
            number = sent["id"] if sent["id"] in old else next(self.numbers)
            tab = sent.get("dashboard_tab_id") if tabs else None
            row = old.get(number, DASHCARD_DEFAULTS) | sent
            new.append(row | {"id": number, "dashboard_tab_id": tab})
        kept = {dashcard["id"] for dashcard in new}
        for subscription in self.subscriptions:
            subscription.dashcards -= old.keys() - kept
        # GET returns them by time of creation, in no order within one request.
        body["dashcards"] = sorted(new, key=lambda each: (each["id"] not in old, -each["id"]))
        body["tabs"] = tabs

    def _move(self, item: Item, position: int | None) -> None:
        """Pin an object. Others make room, and close the gap that it leaves."""
        others = [
            other
            for kind in ("card", "dashboard")
            for other in self.items[kind].values()
            if other is not item and other["collection_id"] == item["collection_id"]
        ]
        for other in others:
            if (
                item["collection_position"]
                and (other["collection_position"] or 0) > (item["collection_position"])
            ):
                other["collection_position"] -= 1
        for other in others:
            if position and (other["collection_position"] or 0) >= position:
                other["collection_position"] += 1
        item["collection_position"] = position


def _metadata(number: int, name: str) -> Item:
    return {
        "id": number,
        "name": name,
        "display_name": name,
        "description": None,
        "semantic_type": None,
        "visibility_type": "normal" if number >= 1000 else None,
    }


def _new_form(query: Item) -> Item:
    """Convert a native query to the form in which the stub keeps it. An invalid one is refused."""
    if query.get("type") == "native":
        stage = {"native": query["native"]["query"]}
        if query["native"].get("template-tags"):
            stage["template-tags"] = query["native"]["template-tags"]
        query = {"database": query["database"], "stages": [stage]}
    [stage] = query["stages"]
    tags = stage.get("template-tags", {})
    if query["database"] != DATABASE_ID or tags.keys() != set(
        re.findall(r"\{\{(\w+)\}\}", stage["native"])
    ):
        _refuse("dataset_query", "Invalid query")
    stage = stage | {"lib/type": "mbql.stage/native"}
    return {"lib/type": "mbql/query", "database": query["database"], "stages": [stage]}


def _old_form(query: Item) -> Item:
    [stage] = query["stages"]
    native = {"query": stage["native"], "template-tags": stage.get("template-tags", {})}
    return {"database": query["database"], "type": "native", "native": native}


def _refuse(key: str, problem: str) -> NoReturn:
    errors = {"errors": {key: problem}, "specific-errors": {key: [problem]}}
    abort(make_response(jsonify(errors), 400))


@contextmanager
def run_stub(stub: MetabaseStub) -> Iterator[str]:
    """Serve the stub until the end of the block. Yields its URL."""
    server = make_server("127.0.0.1", 0, _application(stub), threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


def _application(stub: MetabaseStub) -> Flask:
    app = Flask(__name__)
    _add_dashboard_calls(app, stub)
    _add_metadata_calls(app, stub)

    @app.before_request
    def check_key() -> Response | None:
        if request.headers.get("X-API-Key") != API_KEY:
            abort(401)
        if stub.moved_to:
            return redirect(stub.moved_to)
        if stub.failures:
            abort(stub.failures.pop(0))
        return None

    return app


def _add_dashboard_calls(app: Flask, stub: MetabaseStub) -> None:
    """Add the calls on collections, cards and dashboards."""

    def accept(operation: str) -> Item:
        """Record a body, check it, and drop what is not declared."""
        body = request.get_json()
        stub.bodies.append((operation, body))
        for key in REQUIRED.get(operation, set()):
            if not body.get(key) and body.get(key) != {}:
                _refuse(key, "missing required key")
        for key in ("name", "description"):
            if body.get(key) == "":
                _refuse(key, "nullable value must be a non-blank string.")
        body = keep(body, KEYS[operation])
        if body.get("parameters") is not None:
            body["parameters"] = [keep(each, PARAMETER_KEYS) for each in body["parameters"]]
        if body.get("dashcards") is not None:
            body["dashcards"] = [keep(each, DASHCARD_KEYS) for each in body["dashcards"]]
            if len({each["id"] for each in body["dashcards"]}) < len(body["dashcards"]):
                _refuse("dashcards", "value must be seq of maps in which ids are unique")
        return body

    def keep(body: Item, keys: set[str]) -> Item:
        return {key: value for key, value in body.items() if key in keys - stub.undeclared}

    def answer(kind: str, item: Item) -> Response:
        item = dict(item)
        if kind == "card" and not stub.answers_new_form:
            item["dataset_query"] = _old_form(item["dataset_query"])
        if kind == "dashboard":
            item["dashcards"] = [
                dashcard
                | {"dashboard_id": item["id"], "entity_id": "made-up"}
                | {"card": stub.items["card"].get(dashcard["card_id"])}
                | {"series": [stub.items["card"][each["id"]] for each in dashcard["series"]]}
                for dashcard in item["dashcards"]
            ]
        return jsonify(item)

    @app.post("/api/<any(collection, card, dashboard):kind>")
    def create(kind: str) -> Response:
        return answer(kind, stub.create(kind, accept(f"post-api-{kind}")))

    @app.get("/api/<any(collection, card, dashboard):kind>/<int:number>")
    def read(kind: str, number: int) -> Response:
        return answer(kind, stub.items[kind][number])

    @app.put("/api/<any(collection, card, dashboard):kind>/<int:number>")
    def update(kind: str, number: int) -> Response:
        stub.update(kind, stub.items[kind][number], accept(f"put-api-{kind}-id"))
        return answer(kind, stub.items[kind][number])

    @app.get("/api/collection/<collection>/items")
    def list_items(collection: str) -> Response:
        """List what is not archived. A row has only some of an object's keys."""
        parent = None if collection == "root" else int(collection)
        rows = [
            {key: item.get(key) for key in ("id", "name", "entity_id", "collection_position")}
            | {"description": item["description"], "model": kind}
            for kind in request.args.getlist("models")
            for item in stub.items[kind].values()
            if item[PARENT[kind]] == parent and not item["archived"]
        ]
        limit, offset = (request.args.get(key, type=int) for key in ("limit", "offset"))
        data = rows[offset : offset + limit]
        return jsonify({"data": data, "total": len(rows), "limit": limit, "offset": offset})


def _add_metadata_calls(app: Flask, stub: MetabaseStub) -> None:
    """Add the calls on databases and tables, most of which only dbt-metabase makes."""

    @app.get("/api/database")
    def list_databases() -> Response:
        database = {"id": DATABASE_ID, "name": stub.database, "engine": "postgres"}
        return jsonify({"data": [database], "total": 1})

    @app.put("/api/<any(table, field):kind>/<int:number>")
    def describe(kind: str, number: int) -> Response:
        columns = [column for table in stub.tables for column in table["fields"]]
        [found] = [
            each for each in (stub.tables if kind == "table" else columns) if each["id"] == number
        ]
        found.update(request.get_json())
        return jsonify(found)

    @app.get("/api/session/properties")
    def properties() -> Response:
        return jsonify({"version": {"tag": "v0.62.2"}})

    @app.post(f"/api/database/{DATABASE_ID}/sync_schema")
    def synchronize() -> Response:
        return jsonify({"status": "ok"})

    @app.get(f"/api/database/{DATABASE_ID}/metadata")
    def metadata() -> Response:
        return jsonify({"engine": "postgres", "tables": stub.tables})
