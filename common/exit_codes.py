"""Exit codes, shared by all programs so that one number means one thing."""

from collections.abc import Mapping
from enum import IntEnum


class ExitCode(IntEnum):
    """How a program ended. Each program documents the codes it uses in its own words."""

    SUCCESS = 0
    INCOMPLETE = 1
    CHANGES_PENDING = 2
    USAGE = 3
    WAREHOUSE = 4
    GUARD = 5
    CARBURE = 6
    INTERRUPTED = 130


def help_text(descriptions: Mapping[ExitCode, str]) -> str:
    """Format the exit codes of a program for the end of its `--help`."""
    rows = (f"  {code.value:>3}  {description}" for code, description in descriptions.items())
    return "\n".join(("\b", "Exit codes:", *rows))
