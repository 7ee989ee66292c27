"""A month's submission: what is sent in which request, and the sending of it, one at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from pydantic import ValidationError

from sender.carbure import Carbure, Outcome, Reason
from sender.errors import CarbureError
from sender.mart import StationEnergy
from sender.payload import Payload, grouped

STATIONS_PER_REQUEST = 200


@dataclass
class Batch:
    """Stations of one SIREN that go in one request, and what became of them."""

    stations: Sequence[StationEnergy]
    payload: Payload | None
    outcome: Outcome = Outcome.NOT_SENT
    reasons: list[Reason] = field(default_factory=list)

    @property
    def siren(self) -> str:
        """Whose stations they are."""
        return self.stations[0].siren

    @property
    def entity(self) -> str:
        """The name of that SIREN, the first where it has several spellings."""
        return self.stations[0].entity

    @property
    def energy_mwh(self) -> Decimal:
        """Their energy in all."""
        return sum((station.energy_mwh for station in self.stations), Decimal(0))


def prepare(stations: Sequence[StationEnergy]) -> list[Batch]:
    """Cut sorted rows of the mart into requests; a SIREN that is not valid is held back whole."""
    repeated = _repeated(stations)
    return [
        batch
        for _, of_siren in groupby(stations, key=attrgetter("siren"))
        for batch in _batches(list(of_siren), repeated)
    ]


def _batches(stations: list[StationEnergy], repeated: set[str]) -> Iterator[Batch]:
    reasons = [
        Reason("stands in the mart more than once", station.id_station_itinerance)
        for station in stations
        if station.id_station_itinerance in repeated
    ]
    try:
        Payload.of(stations)
    except ValidationError as error:
        reasons += _reasons(error, grouped(stations))
    if reasons:
        yield Batch(stations, None, Outcome.HELD, reasons)
        return
    for start in range(0, len(stations), STATIONS_PER_REQUEST):
        part = stations[start : start + STATIONS_PER_REQUEST]
        yield Batch(part, Payload.of(part))


def _repeated(stations: Iterable[StationEnergy]) -> set[str]:
    """Find stations that two SIRENs would both be credited for."""
    times = Counter(station.id_station_itinerance for station in stations)
    return {station_id for station_id, count in times.items() if count > 1}


def _reasons(error: ValidationError, payload: list[dict]) -> Iterator[Reason]:
    """Say of each fault which station it is at, as far as it is at one."""
    for fault in error.errors(include_url=False):
        place, station_id = payload, None
        for step in fault["loc"]:
            place = place[step]
            station_id = place.get("id") if isinstance(place, dict) else station_id
        field_name = str(fault["loc"][-1]) if fault["loc"] else "payload"
        yield Reason(f"{field_name}: {fault['msg']}", station_id)


def send(carbure: Carbure, batches: Iterable[Batch]) -> Iterator[Batch]:
    """Send what is not held back, in order, and yield each batch once its outcome is known.

    Until then a batch under way counts as uncertain: whatever interrupts this, the batches tell
    the truth. Raises CarbureError where no further batch can succeed.
    """
    for batch in batches:
        if batch.payload is None:
            continue
        batch.outcome = Outcome.UNCERTAIN
        try:
            batch.outcome, batch.reasons = carbure.send(batch.payload)
        except CarbureError:
            batch.outcome = Outcome.REFUSED
            raise
        yield batch
