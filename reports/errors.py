"""Errors of the reports."""

from datetime import date

from common.errors import UserError
from common.exit_codes import ExitCode


class NoDataError(UserError):
    """The marts have nothing on a SIREN in a month."""

    exit_code = ExitCode.INCOMPLETE

    def __init__(self, siren: str, period: date) -> None:
        """Describe which SIREN and month were requested."""
        super().__init__(
            f"no data on SIREN {siren!r} in {period:%Y-%m}: check the SIREN and the month"
        )
