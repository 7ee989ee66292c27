"""What every command line shares: logging, the month option, and how a command ends."""

import logging
import signal
import sys
from datetime import date, datetime
from typing import Any, NoReturn

import click

from common.exit_codes import ExitCode


class Month(click.ParamType):
    """A month such as 2025-04, converted to its first day."""

    name = "month"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        """Parse a month. Fails with a message that shows the expected form."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m").date()
        except ValueError:
            self.fail(f"{value!r} is not a month such as 2025-04")


def run_cli(command: click.Command, program: str, interrupted_message: str) -> NoReturn:
    """Run a command and exit with its code. Print an expected error as one line.

    SIGTERM ends the command like Ctrl-C, so that it can finish cleanly. With `--debug`, errors are
    logged with their traceback.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # click would use 2, which means CHANGES_PENDING here.
    click.UsageError.exit_code = ExitCode.USAGE
    try:
        code = command.main(prog_name=program, standalone_mode=False)
    except click.ClickException as error:
        logging.getLogger(__name__).debug("traceback of the error below", exc_info=True)
        error.show()
        code = error.exit_code
    except click.Abort:
        click.echo(interrupted_message, err=True)
        code = ExitCode.INTERRUPTED
    sys.exit(code)
