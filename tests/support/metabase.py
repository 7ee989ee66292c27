"""A small stand-in for Metabase's API: it keeps what it is given, and numbers it.

It knows the calls that metabase-sync and dbt-metabase make, as their sources have them. Whether
Metabase accepts what they send, and shows it, only a Metabase can tell.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Thread
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.serving import make_server

API_KEY = "made-up-api-key"
DATABASE_ID = 1


@dataclass
class Metabase:
    """What it has: collections, cards and dashboards by number, tables with their fields."""

    database: str = "TIRUERT"
    items: dict[str, dict[int, dict[str, Any]]] = field(
        default_factory=lambda: {"collection": {}, "card": {}, "dashboard": {}}
    )
    tables: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def add_table(self, schema: str, name: str, columns: list[str]) -> None:
        """Find a table in the warehouse, as its synchronization does."""
        number = len(self.tables) + 1
        fields = [
            _blank(number * 1000 + place, column) | {"fk_target_field_id": None}
            for place, column in enumerate(columns)
        ]
        self.tables.append(_blank(number, name) | {"schema": schema, "fields": fields})

    def column(self, table: str, name: str) -> dict[str, Any]:
        """Give what it knows of a column."""
        [found] = [found for found in self.tables if found["name"] == table]
        return next(column for column in found["fields"] if column["name"] == name)


def _blank(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "display_name": name,
        "description": None,
        "semantic_type": None,
        "visibility_type": "normal" if number >= 1000 else None,
    }


@contextmanager
def running(metabase: Metabase) -> Iterator[str]:
    """Serve it until the end of the block; yields its URL."""
    server = make_server("127.0.0.1", 0, _application(metabase), threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


def _application(metabase: Metabase) -> Flask:
    app = Flask(__name__)
    numbers = count(1)

    @app.before_request
    def admit() -> None:
        if request.headers.get("X-API-Key") != API_KEY:
            abort(401)
        if request.method != "GET":
            metabase.writes.append(f"{request.method} {request.path}")

    @app.get("/api/<kind>")
    def show_all(kind: str) -> Response:
        """List what there is; a dashboard's cards are only shown with the dashboard itself."""
        if kind == "database":
            database = {"id": DATABASE_ID, "name": metabase.database, "engine": "postgres"}
            return jsonify({"data": [database], "total": 1})
        items = metabase.items.get(kind, {}).values()
        return jsonify([{k: v for k, v in item.items() if k != "dashcards"} for item in items])

    @app.post("/api/<kind>")
    def make(kind: str) -> Response:
        number = next(numbers)
        made = {"id": number, "entity_id": f"made-{kind}-{number}", **request.get_json()}
        return jsonify(metabase.items[kind].setdefault(number, made))

    @app.get("/api/<kind>/<int:number>")
    def show(kind: str, number: int) -> Response:
        return jsonify(metabase.items[kind][number])

    @app.put("/api/<kind>/<int:number>")
    def change(kind: str, number: int) -> Response:
        things = [*metabase.tables, *(one for table in metabase.tables for one in table["fields"])]
        known = metabase.items.get(kind) or {thing["id"]: thing for thing in things}
        known[number].update(request.get_json())
        return jsonify(known[number])

    @app.get("/api/session/properties")
    def properties() -> Response:
        return jsonify({"version": {"tag": "v0.62.2"}})

    @app.post(f"/api/database/{DATABASE_ID}/sync_schema")
    def synchronize() -> Response:
        return jsonify({"status": "ok"})

    @app.get(f"/api/database/{DATABASE_ID}/metadata")
    def metadata() -> Response:
        return jsonify({"engine": "postgres", "tables": metabase.tables})

    return app
