"""From the energy that can be sent to the energy that CARBURE has acknowledged."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reports.operator.marts import QueryRow

# Why CARBURE has another energy than the computed one, by the status of the station.
DIFFERENCES = {
    "not_sent": "Pas encore envoyées à CARBURE",
    "refused": "Refusées par CARBURE",
    "uncertain": "Envoyées, sans réponse claire de CARBURE",
    "locked": "Verrouillées : le certificat ne change plus",
    "acknowledged": "Recalculées depuis l'acquittement",
}


@dataclass
class Difference:
    """Stations for which CARBURE has more or less energy than computed, for one reason."""

    label: str
    stations: int = 0
    energy_kwh: Decimal = Decimal(0)


@dataclass(frozen=True)
class Acknowledgement:
    """What CARBURE has acknowledged of the SIREN's stations, and why it is not what is computed."""

    differences: list[Difference]
    # Sums are rounded to the Wh once per station.
    rounding_kwh: Decimal
    acknowledged_kwh: Decimal
    moved_kwh: Decimal


def sum_up(stations: Iterable[QueryRow], sendable_kwh: Decimal) -> Acknowledgement:
    """Sum up the stations. Sendable energy, rounding and differences add up to acknowledged."""
    differences = {status: Difference(label) for status, label in DIFFERENCES.items()}
    computed = acknowledged = moved = Decimal(0)
    for station in stations:
        computed += station.computed_mwh or 0
        acknowledged += station.acknowledged_mwh or 0
        if station.is_moved:
            moved += station.acknowledged_mwh
        if station.difference_mwh:
            difference = differences[station.status]
            difference.stations += 1
            difference.energy_kwh -= station.difference_mwh * 1000
    return Acknowledgement(
        [difference for difference in differences.values() if difference.stations],
        rounding_kwh=computed * 1000 - sendable_kwh,
        acknowledged_kwh=acknowledged * 1000,
        moved_kwh=moved * 1000,
    )
