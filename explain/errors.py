"""How a run can end: exit codes, those that the sender has too with its numbers."""

from datetime import date

from sender.errors import ExitCode, SenderError

WRITTEN = 0
NOTHING_KNOWN = 1
EXIT_CODES = {
    WRITTEN: "the folder is written",
    NOTHING_KNOWN: "the SIREN has no session, station or sending in that month",
    int(ExitCode.USAGE): "a wrong option or setting, or a folder that cannot be written",
    int(ExitCode.WAREHOUSE): "the warehouse cannot be used, or is not built for that month",
    int(ExitCode.INTERRUPTED): "interrupted; no folder is written",
}


class NothingKnownError(SenderError):
    """There is nothing to explain."""

    exit_code = NOTHING_KNOWN

    def __init__(self, period: date, siren: str) -> None:
        """Say whose month is empty."""
        super().__init__(f"nothing is known of SIREN {siren!r} in {period:%Y-%m}")
