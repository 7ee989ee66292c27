"""What the operator can correct, and how much energy it would release."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from reports.operator.marts import QueryRow

MAX_NAMED_STATIONS = 5


@dataclass
class Correction:
    """Sessions that need the same corrections. Their energy counts once all of these are made."""

    texts: list[str]
    # Else the energy is the most that can be released, because a correction may change it.
    is_energy_exact: bool
    changeable_until: date | None
    titles: dict[str, None] = field(default_factory=dict)
    sessions: int = 0
    energy_kwh: Decimal = Decimal(0)
    station_kwh: Counter[str] = field(default_factory=Counter)
    units: set[str] = field(default_factory=set)

    @property
    def energy_mwh(self) -> Decimal:
        """The energy that would be released, in MWh."""
        return self.energy_kwh / 1000

    @property
    def named_stations(self) -> list[str]:
        """The stations with the most energy."""
        return [station for station, _ in self.station_kwh.most_common(MAX_NAMED_STATIONS)]

    def add(self, row: QueryRow, reasons: list[QueryRow]) -> None:
        """Add the sessions of a station."""
        self.titles |= dict.fromkeys(reason.title for reason in reasons)
        self.sessions += row.sessions
        self.energy_kwh += row.energy_kwh
        self.station_kwh[row.id_station_itinerance] += row.energy_kwh
        self.units |= {row.operational_unit_code} - {None}


@dataclass
class Corrections:
    """What can be corrected, by energy, and the sessions that no correction releases."""

    possible: list[Correction]
    uncorrectable_sessions: int = 0
    locked_sessions: int = 0


def collect_corrections(rows: Iterable[QueryRow], reasons: list[QueryRow]) -> Corrections:
    """Group sessions that are not sent by what their operator has to correct."""
    groups: dict[tuple[str, ...], Correction] = {}
    result = Corrections([])
    for row in rows:
        applying = [reason for reason in reasons if reason.reason in row.reasons]
        if not all(reason.correction for reason in applying):
            result.uncorrectable_sessions += row.sessions
        elif row.is_locked:
            result.locked_sessions += row.sessions
        else:
            texts = list(dict.fromkeys(reason.correction for reason in applying))
            if tuple(texts) not in groups:
                groups[tuple(texts)] = Correction(
                    texts,
                    is_energy_exact=all(reason.kind == "blocking" for reason in applying),
                    changeable_until=next(
                        (reason.changeable_until for reason in applying if reason.changeable_until),
                        None,
                    ),
                )
            groups[tuple(texts)].add(row, applying)
    result.possible = sorted(groups.values(), key=lambda group: -group.energy_kwh)
    return result
