"""A stub of Metabase's API, which stores everything it receives under an id.

It implements the calls that metabase-sync and dbt-metabase make, as read from their sources. Only a
real Metabase can show whether it accepts these calls.
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
class MetabaseStub:
    """The contents: collections, cards and dashboards by id, and tables with their fields."""

    database: str = "TIRUERT"
    items: dict[str, dict[int, dict[str, Any]]] = field(
        default_factory=lambda: {"collection": {}, "card": {}, "dashboard": {}}
    )
    tables: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def add_table(self, schema: str, name: str, columns: list[str]) -> None:
        """Add a table, as Metabase does when it scans the warehouse."""
        number = len(self.tables) + 1
        fields = [
            _metadata(number * 1000 + position, column) | {"fk_target_field_id": None}
            for position, column in enumerate(columns)
        ]
        self.tables.append(_metadata(number, name) | {"schema": schema, "fields": fields})

    def column(self, table: str, name: str) -> dict[str, Any]:
        """Return the metadata of a column."""
        [found] = [found for found in self.tables if found["name"] == table]
        return next(column for column in found["fields"] if column["name"] == name)


def _metadata(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "display_name": name,
        "description": None,
        "semantic_type": None,
        "visibility_type": "normal" if number >= 1000 else None,
    }


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
    numbers = count(1)

    @app.before_request
    def check_key() -> None:
        if request.headers.get("X-API-Key") != API_KEY:
            abort(401)
        if request.method != "GET":
            stub.writes.append(f"{request.method} {request.path}")

    @app.get("/api/<kind>")
    def list_items(kind: str) -> Response:
        """List all items. Only a single dashboard has its cards."""
        if kind == "database":
            database = {"id": DATABASE_ID, "name": stub.database, "engine": "postgres"}
            return jsonify({"data": [database], "total": 1})
        items = stub.items.get(kind, {}).values()
        return jsonify([{k: v for k, v in item.items() if k != "dashcards"} for item in items])

    @app.post("/api/<kind>")
    def create(kind: str) -> Response:
        number = next(numbers)
        created = {"id": number, "entity_id": f"made-{kind}-{number}", **request.get_json()}
        return jsonify(stub.items[kind].setdefault(number, created))

    @app.get("/api/<kind>/<int:number>")
    def read(kind: str, number: int) -> Response:
        return jsonify(stub.items[kind][number])

    @app.put("/api/<kind>/<int:number>")
    def update(kind: str, number: int) -> Response:
        fields = [field for table in stub.tables for field in table["fields"]]
        items = stub.items.get(kind) or {item["id"]: item for item in (*stub.tables, *fields)}
        items[number].update(request.get_json())
        return jsonify(items[number])

    @app.get("/api/session/properties")
    def properties() -> Response:
        return jsonify({"version": {"tag": "v0.62.2"}})

    @app.post(f"/api/database/{DATABASE_ID}/sync_schema")
    def synchronize() -> Response:
        return jsonify({"status": "ok"})

    @app.get(f"/api/database/{DATABASE_ID}/metadata")
    def metadata() -> Response:
        return jsonify({"engine": "postgres", "tables": stub.tables})

    return app
