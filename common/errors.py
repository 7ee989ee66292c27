"""Errors a user can fix. Each ends the program with one line and an exit code."""

import click

from common.exit_codes import ExitCode


class UserError(click.ClickException):
    """An error a user can fix. The message says what is wrong, then what to do."""

    def __init__(self, message: str) -> None:
        """Fold the message into one line."""
        super().__init__(" ".join(message.split()))


class SettingsError(UserError):
    """A setting or an option is missing or invalid."""

    exit_code = ExitCode.USAGE


class WarehouseError(UserError):
    """The warehouse cannot be used, or not by this run."""

    exit_code = ExitCode.WAREHOUSE
