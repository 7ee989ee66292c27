"""The client ends every exchange, whatever CARBURE or a proxy in front of it sends."""

import gzip
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from common.exit_codes import ExitCode
from sender import client, clock, exchange
from sender.client import CarbureClient
from sender.response import Outcome, Response
from sender.settings import CarbureSettings
from tests.support.receiver import FakeClock, Scene, mart_of

LIMIT_BYTES = 1000
Send = Callable[[bytes], None]


@contextmanager
def serving(respond: Callable[[Send, Event], None]) -> Iterator[CarbureClient]:
    """Accept one connection and let `respond` write to it until the event is set."""
    is_over = Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            with suppress(OSError):  # The client has closed the connection.
                respond(connection.sendall, is_over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=[listener], daemon=True)
        thread.start()
        settings = CarbureSettings(
            root_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            user_api_key="key",
            user_email="email",
            user_password="password",  # noqa: S106
        )
        try:
            yield CarbureClient(settings, FakeClock())
        finally:
            is_over.set()
            thread.join()


def drip(beginning: bytes) -> Callable[[Send, Event], None]:
    """Send `beginning`, then one byte at a time, without end."""

    def respond(send: Send, is_over: Event) -> None:
        send(beginning)
        while not is_over.wait(0.02):
            send(b"x")

    return respond


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 201 Created\r\nX-Slow: ", b"HTTP/1.1 500 Error\r\nContent-Length: 999999\r\n\r\n"],
    ids=["headers", "body"],
)
def test_response_that_drips_ends_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    """Each byte arrives long before the timeout of a read."""
    monkeypatch.setattr(client, "MAX_REQUEST_SECONDS", 0.3)
    with serving(drip(beginning)) as carbure:
        response = carbure.send(b"[]")
    assert (response.outcome, response.status) == (Outcome.UNCERTAIN, None)


def response_with(monkeypatch: pytest.MonkeyPatch, headers: str, body: bytes) -> Response:
    monkeypatch.setattr(exchange, "MAX_BODY_BYTES", LIMIT_BYTES)

    def respond(send: Send, _: Event) -> None:
        send(f"HTTP/1.1 400 Bad Request\r\n{headers}\r\n\r\n".encode())
        send(body)

    with serving(respond) as carbure:
        return carbure.send(b"[]")


def test_large_body_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    response = response_with(monkeypatch, "Content-Length: 50000000", b"x" * 50_000_000)
    assert response.outcome is Outcome.REFUSED
    assert len(response.body) == LIMIT_BYTES


def test_compressed_body_is_not_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b"x" * 500_000)
    headers = f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}"
    response = response_with(monkeypatch, headers, bomb)
    assert response.outcome is Outcome.REFUSED
    assert 0 < len(response.body) <= LIMIT_BYTES
    assert "xxx" not in response.body


def test_login_is_repeated_for_a_minute_while_carbure_restarts(scene: Scene, root_url: str) -> None:
    scene.set_mart(mart_of("1", "2"))
    scene.stub.available_at = scene.clock.timestamp() + 50
    assert scene.run(root_url) == ExitCode.SUCCESS


def test_carbure_that_stays_down_is_reported_with_what_to_do(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.set_mart(mart_of("1", "2"))
    scene.stub.available_at = scene.clock.timestamp() + 1000
    assert scene.run(root_url) == ExitCode.CARBURE
    error = capsys.readouterr().err
    assert "has been unavailable for a minute (HTTP 503): try again later" in error
    assert error.count("\n") == 1


def test_url_where_nothing_listens_is_reported_with_what_to_do(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.set_mart(mart_of("1", "2"))
    assert scene.run("http://127.0.0.1:9") == ExitCode.CARBURE
    assert "(ConnectionError): try again later; if it has never worked" in capsys.readouterr().err


def test_waits_ignore_changes_of_the_system_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    class ChangedTime(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2000, 1, 1, tzinfo=UTC)

    steady = clock.Clock()
    before = steady.now()
    monkeypatch.setattr(clock, "datetime", ChangedTime)
    assert steady.now() >= before
