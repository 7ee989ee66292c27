"""What a month needs: the mart compared with the ledger, station by station."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

PLAN_SQL = Path(__file__).with_name("plan.sql")
ROWS_PER_FETCH = 2000


class Action(StrEnum):
    """What has to be done with a station."""

    NEW = "new"
    CHANGED = "changed"
    CORRECTED = "corrected"
    REPEATED = "repeated"
    UNCHANGED = "unchanged"
    LOCKED = "locked"

    @property
    def sends(self) -> bool:
        """Whether the station goes to CARBURE."""
        return self not in (Action.UNCHANGED, Action.LOCKED)


class PlannedStation(NamedTuple):
    """A station of a month: what CARBURE is to have of it, what it acknowledged, what to do.

    `energy_mwh` is 0 where the mart no longer has the station. `uncertain_since` is the last
    moment at which CARBURE could have received a request with it of which the outcome is unknown.
    """

    amenageur_name: str
    siren: str
    operational_unit_code: str
    id_station_itinerance: str
    energy_mwh: Decimal
    is_controlled: bool
    acknowledged_siren: str | None
    acknowledged_mwh: Decimal | None
    uncertain_since: datetime | None
    action: Action


class SummaryRow(NamedTuple):
    """So many stations of a SIREN, with so much energy, are to be treated or ended so."""

    siren: str
    amenageur_name: str
    status: str
    stations: int
    energy_mwh: Decimal


def open_plan(
    connection: Any, period: date, known_sirens: Collection[str], *, force: bool = False
) -> Iterator[PlannedStation]:
    """Compare a month's mart with the ledger as they are now, in the order in which to send.

    `known_sirens` are the SIRENs that CARBURE knows: what was sent before it knew one goes again.
    The rows are kept by the server and come a few at a time, so that memory does not grow.
    """
    cursor = connection.cursor(f"plan_{uuid4().hex}", withhold=True)
    cursor.itersize = ROWS_PER_FETCH
    cursor.execute(
        PLAN_SQL.read_text(),
        {"period": period, "known_sirens": sorted(known_sirens), "force": force},
    )
    return _rows(cursor)


def _rows(cursor: Any) -> Iterator[PlannedStation]:
    with cursor:
        for row in cursor:
            yield PlannedStation(*row[:-1], action=Action(row[-1]))
