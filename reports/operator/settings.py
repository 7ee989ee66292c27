"""The settings of the operator report."""

from pydantic import Field

from common.settings import WarehouseSettings


class ReportSettings(WarehouseSettings):
    """Where the marts are, and whom the operator may contact."""

    contact: str = Field(
        default="",
        description="Whom an operator may contact, e.g. a name and an email address. The operator"
        " report shows the text as it is.",
    )
