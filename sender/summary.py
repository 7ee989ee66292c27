"""Station counts and energy per SIREN and status."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from sender.plan import Action, PlannedStation

HELD_BACK = "held_back"
# Planned, but the run ended before.
NOT_SENT = "not_sent"
# Sent again, and refused because CARBURE has this energy for good.
CONFIRMED = "confirmed"


NOTHING = 0, Decimal(0)
SENDING_ACTIONS = [action for action in Action if action.sends]


class SummaryRow(NamedTuple):
    """Station count and energy for one SIREN and status."""

    siren: str
    amenageur_name: str
    status: str
    stations: int
    energy_mwh: Decimal


@dataclass
class PlanSummary:
    """The totals of a plan, per SIREN and status. A status is an action or `held_back`."""

    totals: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    # What CARBURE has for each SIREN, and what it would have after the plan, in MWh.
    before_and_after_mwh: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def add(self, station: PlannedStation) -> None:
        """Add a station under its action."""
        self.names.setdefault(station.siren, set()).add(station.amenageur_name)
        self._add(station.siren, station.action, 1, station.energy_mwh)
        is_credited = station.acknowledged_siren == station.siren
        acknowledged_mwh = (station.acknowledged_mwh if is_credited else None) or Decimal(0)
        planned_mwh = acknowledged_mwh if station.action is Action.LOCKED else station.energy_mwh
        before, after = self.before_and_after_mwh.get(station.siren, (Decimal(0), Decimal(0)))
        self.before_and_after_mwh[station.siren] = before + acknowledged_mwh, after + planned_mwh

    def losing_everything(self) -> dict[str, Decimal]:
        """Return the SIRENs whose whole energy the plan corrects to 0, and that energy in MWh."""
        return {
            siren: before
            for siren, (before, after) in self.before_and_after_mwh.items()
            if before > 0 and after == 0 and (siren, HELD_BACK) not in self.totals
        }

    def hold_back(self, siren: str) -> None:
        """Move all that would be sent for a SIREN to `held_back`."""
        for action in SENDING_ACTIONS:
            count, energy_mwh = self.totals.pop((siren, action), NOTHING)
            self._add(siren, HELD_BACK, count, energy_mwh)

    def rows(self) -> Iterator[SummaryRow]:
        """Return the totals, sorted by SIREN and status."""
        for (siren, status), (count, energy_mwh) in sorted(self.totals.items()):
            yield SummaryRow(siren, min(self.names[siren]), status, count, energy_mwh)

    def result(self, outcomes: Sequence[SummaryRow]) -> list[SummaryRow]:
        """Return rows for all planned stations: their outcome, or the status that kept them here.

        `outcomes` are those of the stations that were sent.
        """
        sent = Counter({row.siren: 0 for row in outcomes})
        sent_mwh = dict.fromkeys(sent, Decimal(0))
        for row in outcomes:
            sent[row.siren] += row.stations
            sent_mwh[row.siren] += row.energy_mwh
        rows = list(outcomes)
        for siren, names in self.names.items():
            planned = [self.totals.get((siren, action), NOTHING) for action in SENDING_ACTIONS]
            stations = sum(count for count, _ in planned) - sent[siren]
            energy_mwh = sum(energy for _, energy in planned) - sent_mwh.get(siren, Decimal(0))
            if stations:
                rows.append(SummaryRow(siren, min(names), NOT_SENT, stations, energy_mwh))
        rows += [row for row in self.rows() if row.status not in SENDING_ACTIONS]
        return sorted(rows)

    def count(self, *statuses: str) -> int:
        """Count the stations with one of the statuses."""
        return sum(count for (_, status), (count, _) in self.totals.items() if status in statuses)

    @property
    def stations_to_send(self) -> int:
        """The number of stations that the plan sends."""
        return self.count(*SENDING_ACTIONS)

    def _add(self, siren: str, status: str, count: int, energy_mwh: Decimal) -> None:
        old_count, old_mwh = self.totals.get((siren, status), NOTHING)
        self.totals[siren, status] = old_count + count, old_mwh + energy_mwh
