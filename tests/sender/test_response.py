"""Responses that strangers could send never stop the sender."""

import logging

import pytest

from common.cli import TextFormatter, printable
from sender.exchange import Reply
from sender.response import parse_retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("", 1), ("soon", 1), ("9" * 5000, 1), ("٣", 1), ("-5", 1), ("1.5", 1)],
)
def test_any_retry_after_header_gives_a_pause(header: str, seconds: float) -> None:
    assert parse_retry_after(Reply(429, "", {"Retry-After": header}, b"")) == seconds


def test_control_characters_of_names_forge_no_log_line() -> None:
    name = "Bornes\n2025-01-01 INFO accepted\x1b[2J\u202e"
    record = logging.LogRecord("sender", logging.INFO, "", 1, "%s: refused", (name,), None)
    text = TextFormatter("%(levelname)s %(message)s").format(record)
    assert text == "INFO Bornes\\n2025-01-01 INFO accepted\\x1b[2J\\u202e: refused"
    assert printable("Réseau d'été 50 €") == "Réseau d'été 50 €"
