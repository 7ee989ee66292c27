"""The sender's errors and exit codes."""

from http import HTTPStatus

from common.errors import UserError
from common.exit_codes import ExitCode

EXIT_CODES = {
    ExitCode.SUCCESS: "everything was accepted, or there was nothing to do",
    ExitCode.INCOMPLETE: "something is held back, refused, uncertain, or locked with a difference",
    ExitCode.CHANGES_PENDING: "with --plan: something would be sent",
    ExitCode.USAGE: "an invalid option, or a missing or invalid setting",
    ExitCode.WAREHOUSE: "the warehouse is unavailable or not built, or another sender is running",
    ExitCode.GUARD: "a guard refuses: open period, no balanced books, or too much missing",
    ExitCode.CARBURE: "CARBURE is unreachable, or refuses the credentials",
    ExitCode.INTERRUPTED: "interrupted; what was already sent is shown",
}


class GuardError(UserError):
    """The period must not be sent in its current state."""

    exit_code = ExitCode.GUARD


class CarbureError(UserError):
    """CARBURE is unusable: no request of this run can succeed."""

    exit_code = ExitCode.CARBURE


def raise_if_unusable(status: int | None) -> None:
    """Raise CarbureError for an HTTP status that affects every request, not just one."""
    if status == HTTPStatus.UNAUTHORIZED:
        raise CarbureError(
            "CARBURE refuses the user: check CARBURE_USER_EMAIL and CARBURE_USER_PASSWORD"
        )
    if status == HTTPStatus.FORBIDDEN:
        raise CarbureError("CARBURE refuses the API key: check CARBURE_USER_API_KEY")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise CarbureError("CARBURE keeps rate-limiting us (HTTP 429); try again later")
