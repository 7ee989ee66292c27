"""CARBURE's routes, and a server for them on a loopback port."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Thread
from typing import Any, NoReturn

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.serving import WSGIRequestHandler, make_server

from dev.carbure_stub.access import Throttle, TokenKind, check_token, issue_token
from dev.carbure_stub.refusal import RefusedError
from dev.carbure_stub.stub import CarbureStub, Fault, ReceivedRequest
from dev.carbure_stub.validation import count_stations, refuse_other_years, rows_of, validate

ENTITY_FIELDS = ("id", "name", "entity_type", "registration_id")


@contextmanager
def running(stub: CarbureStub, port: int = 0) -> Iterator[str]:
    """Serve the stub and yield its root URL. With port 0, use any free port."""
    server = make_server(
        "127.0.0.1",
        port,
        create_app(stub),
        threaded=True,
        request_handler=_SilentRequestHandler,
    )
    # With the default interval, each shutdown would take half a second.
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


def create_app(stub: CarbureStub) -> Flask:
    """Create the Flask application of a stub."""
    routes = _Routes(stub)
    app = Flask("carbure")
    app.post("/api/token/")(routes.obtain_tokens)
    app.post("/api/token/refresh/")(routes.refresh_access)
    app.get("/api/resources/entities")(routes.list_entities)
    app.post("/api/elec/provision-certificates-qualicharge/bulk-create/")(routes.bulk_create)
    app.post("/api/elec/provision-certificates/bulk-create/")(routes.refuse_gone_route)
    app.get("/api/elec/provision-certificates/", endpoint="read")(routes.refuse_gone_route)
    app.register_error_handler(RefusedError, _error_response)
    app.register_error_handler(NotFound, _wrong_path_response)
    app.register_error_handler(MethodNotAllowed, _wrong_method_response)
    app.before_request(routes.refuse_while_unavailable)
    app.after_request(routes.record)
    return app


class _SilentRequestHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - as in werkzeug
        pass


class _Routes:
    def __init__(self, stub: CarbureStub) -> None:
        self.stub = stub
        self.key_throttle = Throttle()
        self.user_throttle = Throttle()

    def refuse_while_unavailable(self) -> None:
        if self.stub.now() < self.stub.available_at:
            raise RefusedError(503, "<h1>Service Unavailable</h1>")

    def obtain_tokens(self) -> Response:
        self._admit_key()
        credentials = _json_object()
        expected = (self.stub.email, self.stub.password)
        if (credentials.get("email"), credentials.get("password")) != expected:
            raise RefusedError(401, {"detail": "Aucun compte actif avec ces identifiants"})
        return jsonify(refresh=self._new_token("refresh"), access=self._new_token("access"))

    def refresh_access(self) -> Response:
        self._admit_key()
        token = _json_object().get("refresh")
        check_token(self.stub.signing_secret, "refresh", token)
        return jsonify(access=self._new_token("access"))

    def list_entities(self) -> Response:
        self._admit_key()
        entities = self.stub.entities
        if request.args.get("is_enabled") == "true":
            entities = [entity for entity in entities if entity.get("is_enabled", True)]
        if entity_type := request.args.get("entity_type"):
            entities = [entity for entity in entities if entity["entity_type"] == entity_type]
        return jsonify([{name: entity[name] for name in ENTITY_FIELDS} for entity in entities])

    def bulk_create(self) -> Response:
        self._check_user()
        self._check_key()
        self.user_throttle.admit(self.stub.user_calls_per_second)
        payload = self._payload()
        g.station_count = count_stations(payload)
        fault = self.stub.next_fault(g.station_count)
        if self._is_abandoned_in_queue(payload, fault):
            return _fault_response(Fault(drops_connection=True))
        if fault.replaces_response and not fault.after_storing:
            self.stub.sleep(fault.delay_seconds)
            return _fault_response(fault)
        self._store(payload, fault)
        # A dropped connection does not wait for the transaction to end.
        if not fault.drops_connection:
            self.stub.sleep(fault.delay_seconds)
        if fault.replaces_response:
            return _fault_response(fault)
        return _empty(201)

    def _is_abandoned_in_queue(self, payload: Any, fault: Fault) -> bool:
        """Wait for a worker. If the client gives up first, store the payload all the same."""
        stub = self.stub
        if fault.queued_seconds:
            stub.busy_until = stub.now() + fault.queued_seconds
        waiting_seconds = stub.busy_until - stub.now()
        if waiting_seconds <= stub.client_timeout_seconds:
            stub.sleep(max(waiting_seconds, 0))
            return False
        rows = rows_of(payload, stub.entity_ids)
        stub.table.upsert_later(rows, stub.busy_until, fault.delay_seconds)
        stub.sleep(stub.client_timeout_seconds)
        return True

    def refuse_gone_route(self) -> NoReturn:
        raise RefusedError(
            403, {"detail": "Vous n'avez pas la permission d'effectuer cette action."}
        )

    def record(self, response: Response) -> Response:
        # Flask redirects with 308. CARBURE uses 301, with which clients change POST to GET.
        if response.status_code == HTTPStatus.PERMANENT_REDIRECT:
            response.status_code = HTTPStatus.MOVED_PERMANENTLY
        drops_connection = g.get("drops_connection", False)
        status = None if drops_connection else response.status_code
        received = ReceivedRequest(request.method, request.path, status, g.get("station_count", 0))
        self.stub.requests_received.append(received)
        if drops_connection:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return response

    def _admit_key(self) -> None:
        self._check_key()
        self.key_throttle.admit(self.stub.key_calls_per_second)

    def _check_key(self) -> None:
        if request.headers.get("X-API-KEY") != self.stub.api_key:
            raise RefusedError(403, {"detail": "Authentication credentials were not provided."})

    def _check_user(self) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise RefusedError(401, {"detail": "Informations d'authentification non fournies."})
        check_token(self.stub.signing_secret, "access", token)

    def _new_token(self, kind: TokenKind) -> str:
        lifetime_seconds = {
            "access": self.stub.access_token_seconds,
            "refresh": self.stub.refresh_token_seconds,
        }[kind]
        return issue_token(self.stub.signing_secret, kind, lifetime_seconds)

    def _payload(self) -> Any:
        if len(_body()) > self.stub.body_limit_bytes:
            raise RefusedError(400, "<h1>Bad Request (400)</h1>")
        if request.mimetype == "application/x-www-form-urlencoded":
            return []
        return _json_body()

    def _store(self, payload: Any, fault: Fault) -> None:
        validate(payload)
        refuse_other_years(payload, self.stub.configured_years)
        rows = rows_of(payload, self.stub.entity_ids)
        self.stub.table.upsert(rows, fault.delay_seconds)
        if fault.is_validated:
            for row in rows:
                self.stub.lock(*row.key)


def _body() -> bytes:
    # CARBURE reads Content-Length bytes, so it reads a chunked body as empty.
    return b"" if request.content_length is None else request.get_data()


def _json_body() -> Any:
    body = _body()
    if not body:
        return {}
    if request.mimetype != "application/json":
        raise RefusedError(415, {"detail": f"Type de média « {request.mimetype} » non supporté."})
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except ValueError as error:
        raise RefusedError(400, {"detail": f"JSON parse error - {error}"}) from error


def _json_object() -> dict[str, Any]:
    value = _json_body()
    if not isinstance(value, dict):
        raise RefusedError(400, {"detail": "Données non valides."})
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")


def _empty(status: int) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def _error_response(refused: RefusedError) -> Response:
    is_html = isinstance(refused.body, str)
    response = Response(refused.body) if is_html else jsonify(refused.body)
    response.status_code = refused.status
    if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = "1"
    return response


def _fault_response(fault: Fault) -> Response:
    if fault.drops_connection or fault.status is None:
        g.drops_connection = True
        return _empty(500)
    return _error_response(RefusedError(fault.status, fault.body))


def _wrong_path_response(_: NotFound) -> Response:
    if request.method == "GET":
        return Response("<!doctype html><title>CARBURE</title>")
    return _empty(405)


def _wrong_method_response(_: MethodNotAllowed) -> Response:
    return _error_response(
        RefusedError(405, {"detail": f"Méthode « {request.method} » non autorisée."})
    )
