"""Errors that a user can fix. Each ends the program with one line and an exit code."""

from typing import ClassVar

import click

from common.exit_codes import ExitCode


class UserError(click.ClickException):
    """An error that a user can fix. The message says what is wrong, then what to do."""

    exit_code: ClassVar[ExitCode]

    def __init__(self, message: str) -> None:
        """Fold the message into one line."""
        super().__init__(" ".join(message.split()))


class SettingsError(UserError):
    """A setting or an option is missing or invalid."""

    exit_code = ExitCode.USAGE


class WarehouseError(UserError):
    """The warehouse is unavailable, or another process is using it."""

    exit_code = ExitCode.WAREHOUSE
