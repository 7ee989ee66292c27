"""Shared by every command line: the month option, logging, and how a command ends."""

import json
import logging
import os
import signal
import sys
import time
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

import click

from common.exit_codes import ExitCode

# Sessions and certificates of other years are typos.
FIRST_YEAR, LAST_YEAR = 2015, 2199
UTC_TIME = "%Y-%m-%dT%H:%M:%S+00:00"
# Attributes of every log record. The others were passed as `extra`.
STANDARD_ATTRIBUTES = {*vars(logging.makeLogRecord({})), "message", "asctime"}

logger = logging.getLogger(__name__)


class Month(click.ParamType[date]):
    """A month such as 2025-04, converted to its first day."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse a month. Fails with a message that shows the expected form."""
        if isinstance(value, date):
            return value
        try:
            month = datetime.strptime(value, "%Y-%m").date()
        except ValueError:
            self.fail(f"{value!r} is not a month such as 2025-04", param, ctx)
        if not FIRST_YEAR <= month.year <= LAST_YEAR:
            self.fail(f"{value!r} is not a plausible month", param, ctx)
        return month


class Months(click.ParamType[list[date]]):
    """A month such as 2025-04, or a range such as 2025-01..2025-04, as a list of first days."""

    name = "month"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[date]:
        """Parse a month or a range. Fails with a message that shows the expected form."""
        if isinstance(value, list):
            return value
        first, separator, last = value.partition("..")
        months = [Month().convert(first, param, ctx)]
        end = Month().convert(last if separator else first, param, ctx)
        while months[-1] < end:
            months.append((months[-1] + timedelta(days=31)).replace(day=1))
        if months[-1] > end:
            self.fail(f"{value!r}: the first month is after the last", param, ctx)
        return months


class Siren(click.ParamType[str]):
    """Any text, because a SIREN in the marts may be invalid. Bytes that are not UTF-8 fail."""

    name = "siren"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that the value can be sent to PostgreSQL."""
        text = str(value)
        if text != text.encode(errors="ignore").decode():
            self.fail("is not text in UTF-8", param, ctx)
        return text


def printable(text: str) -> str:
    """Escape control characters, which could forge lines or reach the terminal."""
    return "".join(
        char if char.isprintable() or char == " " else ascii(char)[1:-1] for char in text
    )


class TextFormatter(logging.Formatter):
    """One line per record, and its traceback if there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as in logging
        """Format a record without its traceback."""
        return printable(super().formatMessage(record))


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, event, and the fields passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        event = {
            "time": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "event": record.getMessage(),
        }
        event |= {
            name: value for name, value in vars(record).items() if name not in STANDARD_ATTRIBUTES
        }
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        return json.dumps(event, default=str, ensure_ascii=False)


def configure_logging(log_format: str = "text", *, debug: bool = False) -> None:
    """Log to standard error, as text or JSON. On a terminal, text has neither time nor level."""
    formatter: logging.Formatter
    if log_format == "json":
        formatter = JsonFormatter(datefmt=UTC_TIME)
    elif sys.stderr.isatty():
        formatter = TextFormatter("%(message)s")
    else:
        formatter = TextFormatter("%(asctime)s %(levelname)s %(message)s", UTC_TIME)
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.DEBUG if debug else logging.INFO, handlers=[handler])


def run_cli(command: click.Command, program: str, interrupted_message: str) -> NoReturn:
    """Run a command and exit with its code. Print an expected error as one line.

    SIGTERM ends the command like Ctrl-C, so that it can finish cleanly. If the command has the
    options `--log-format` and `--debug`, they apply to everything that it prints. With `--debug`,
    expected errors are also logged with their traceback.
    """
    log_format = _configure_as_requested(command, program)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # click would use 2, which means CHANGES_PENDING here.
    click.UsageError.exit_code = ExitCode.USAGE
    try:
        code = command.main(prog_name=program, standalone_mode=False)
    except click.ClickException as error:
        logger.debug("traceback of the error below", exc_info=True)
        code = error.exit_code
        if log_format == "json":
            logger.error(error.format_message())
        else:
            error.show()
    except click.Abort:
        code = ExitCode.INTERRUPTED
        if log_format == "json":
            logger.error(interrupted_message)
        else:
            click.echo(interrupted_message, err=True)
    sys.exit(code)


def log_in_signal_handler(message: str) -> None:
    """Log a message in the current format. Unlike logging, os.write is safe in a signal handler."""
    [handler] = logging.getLogger().handlers
    record = logger.makeRecord(logger.name, logging.WARNING, "", 0, message, (), None)
    os.write(sys.stderr.fileno(), f"{handler.format(record)}\n".encode())


def _configure_as_requested(command: click.Command, program: str) -> str:
    """Configure logging before other options are checked, because a check may fail.

    Returns the format: "text" if the command has no such option.
    """
    context = command.make_context(
        program,
        sys.argv[1:],
        resilient_parsing=True,
        ignore_unknown_options=True,
        allow_extra_args=True,
    )
    if "log_format" not in context.params:
        return "text"
    log_format = context.params["log_format"] or "text"
    configure_logging(log_format, debug=bool(context.params["debug"]))
    return log_format
