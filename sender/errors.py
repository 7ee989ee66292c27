"""The sender's own errors, and what its exit codes mean."""

from common.errors import UserError
from common.exit_codes import ExitCode

EXIT_CODES = {
    ExitCode.SUCCESS: "everything was accepted, or there was nothing to do",
    ExitCode.INCOMPLETE: "something is held back, refused, uncertain, or locked with a difference",
    ExitCode.CHANGES_PENDING: "with --plan: something would be sent",
    ExitCode.USAGE: "an invalid option, or a missing or invalid setting",
    ExitCode.WAREHOUSE: "the warehouse is unavailable or not built, or another sender is running",
    ExitCode.GUARD: "a guard refused: open period, unbalanced books, or too few stations",
    ExitCode.CARBURE: "CARBURE is unreachable, or refuses the credentials",
    ExitCode.INTERRUPTED: "interrupted; what was already sent is shown",
}


class GuardError(UserError):
    """The period must not be sent in its current state."""

    exit_code = ExitCode.GUARD


class CarbureError(UserError):
    """CARBURE cannot be used: no request of this run can succeed."""

    exit_code = ExitCode.CARBURE
