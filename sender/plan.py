"""The plan: compares the mart with the ledger, station by station."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from common.database import Connection, Cursor

PLAN_SQL = Path(__file__).with_name("plan.sql")
ROWS_PER_FETCH = 2000


class Action(StrEnum):
    """What the plan does with a station."""

    NEW = "new"
    CHANGED = "changed"
    CORRECTED = "corrected"
    REPEATED = "repeated"
    # 0 MWh that was never sent: CARBURE needs no row.
    NO_ENERGY = "no_energy"
    UNCHANGED = "unchanged"
    LOCKED = "locked"

    @property
    def sends(self) -> bool:
        """Whether the station is sent to CARBURE."""
        return self not in (Action.NO_ENERGY, Action.UNCHANGED, Action.LOCKED)


class PlannedStation(NamedTuple):
    """A station's computed and acknowledged energy for the period, and what to do with it.

    `energy_mwh` is 0 if the station is no longer in the mart. `uncertain_since` is set if its last
    request has an unknown outcome: the latest time at which CARBURE could have received it.
    `possible_mwh` is what CARBURE may have instead, if it can no longer be changed.
    `has_other_entity` if CARBURE credits another entity now, or the ledger does not know which it
    credited. `would_detach` if CARBURE no longer credits the SIREN, so that sending the station
    again would take it away from its entity.
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
    possible_mwh: Decimal | None
    has_other_entity: bool
    would_detach: bool
    action: Action


def read_plan(
    connection: Connection,
    period: date,
    entity_ids: Mapping[str, int] | None,
    *,
    force: bool = False,
) -> Iterator[PlannedStation]:
    """Compare a month's mart with the ledger. Yields stations in the order in which to send them.

    `entity_ids` are the entities that CARBURE credits, by SIREN; None if CARBURE was not asked.
    The query runs at once; its rows stay on the server and are fetched in parts.
    """
    cursor = connection.cursor(f"plan_{uuid4().hex}", withhold=True)
    cursor.itersize = ROWS_PER_FETCH
    cursor.execute(PLAN_SQL.read_text(), plan_parameters(period, entity_ids, force=force))
    return _stations(cursor)


def plan_parameters(
    period: date, entity_ids: Mapping[str, int] | None, *, force: bool = False
) -> dict[str, object]:
    """Return the parameters of plan.sql."""
    return {
        "period": period,
        "are_entities_known": entity_ids is not None,
        "sirens": list(entity_ids or ()),
        "entity_ids": list((entity_ids or {}).values()),
        "force": force,
    }


def _stations(cursor: Cursor) -> Iterator[PlannedStation]:
    with cursor:
        for row in cursor:
            yield PlannedStation(*row)._replace(action=Action(row[-1]))
