"""What ends a run: exit codes, and the errors that a user can cause, each with one of them."""

import signal
import sys
from enum import IntEnum
from typing import NoReturn

import click


class ExitCode(IntEnum):
    """How a run ended, for whoever started it."""

    description: str

    def __new__(cls, value: int, description: str) -> "ExitCode":
        """Give each code its meaning, in words that the help and the README share."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    ALL_ACCEPTED = 0, "everything was accepted, or there was nothing to do"
    NOT_ALL_ACCEPTED = 1, "something is held back, refused, uncertain, or locked with a difference"
    WOULD_SEND = 2, "with --plan: something would be sent"
    USAGE = 3, "a wrong option, or a missing or wrong setting"
    WAREHOUSE = 4, "the warehouse cannot be used, is not built, or another sender is at work"
    GUARD = 5, "refused by a guard: an open period, books that do not balance, too few stations"
    CARBURE = 6, "CARBURE cannot be reached, or refuses the credentials"
    INTERRUPTED = 130, "interrupted; what had been sent is shown"


class SenderError(click.ClickException):
    """An error that a user can mend; its message is one line that says how."""

    def __init__(self, message: str) -> None:
        """Take a message of any form and keep it in one line."""
        super().__init__(" ".join(message.split()))


class SettingsError(SenderError):
    """A setting is missing or wrong."""

    exit_code = ExitCode.USAGE


class WarehouseError(SenderError):
    """The warehouse cannot be used, or not by this run."""

    exit_code = ExitCode.WAREHOUSE


class GuardError(SenderError):
    """The period is not in a state to be sent."""

    exit_code = ExitCode.GUARD


class CarbureError(SenderError):
    """CARBURE cannot be worked with: no request of this run can succeed."""

    exit_code = ExitCode.CARBURE


def run_to_the_end(command: click.Command, program: str, when_interrupted: str) -> NoReturn:
    """Run a command, and end with its exit code and, after an error, one line.

    A polite kill ends it as Ctrl-C does, and nothing is left unfinished without a word.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # click's own 2 would be taken for an outcome of the plan.
    click.UsageError.exit_code = ExitCode.USAGE
    try:
        code = command.main(prog_name=program, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        click.echo(when_interrupted, err=True)
        code = ExitCode.INTERRUPTED
    sys.exit(code)
