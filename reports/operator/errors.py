"""The report's own errors, and what its exit codes mean."""

from datetime import date

from common.errors import UserError
from common.exit_codes import ExitCode

EXIT_CODES = {
    ExitCode.SUCCESS: "the folder is written",
    ExitCode.INCOMPLETE: "the SIREN has no session, station or request in that month",
    ExitCode.USAGE: "an invalid option or setting, or a folder that cannot be written",
    ExitCode.WAREHOUSE: "the warehouse is unavailable, or not built for that month",
    ExitCode.INTERRUPTED: "interrupted; no folder is written",
}


class NothingKnownError(UserError):
    """There is nothing to report."""

    exit_code = ExitCode.INCOMPLETE

    def __init__(self, period: date, siren: str) -> None:
        """Name the SIREN and the month."""
        super().__init__(f"nothing is known of SIREN {siren!r} in {period:%Y-%m}")
