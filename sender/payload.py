"""What CARBURE is sent: its shape, and the checks that CARBURE itself does not make."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    StringConstraints,
    model_validator,
)

from sender.plan import PlannedStation


def is_luhn(digits: str) -> bool:
    """Check the last of a number's digits: every second one, from the right, counts double."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _siren(value: str) -> str:
    if value == "000000000" or not is_luhn(value):
        raise ValueError("is not a valid SIREN")
    return value


Siren = Annotated[str, StringConstraints(pattern="^[0-9]{9}$"), AfterValidator(_siren)]
StationId = Annotated[
    str, StringConstraints(pattern="^FR[A-Z0-9]{3}P", min_length=7, max_length=64)
]
# Exact here, a JSON number on the way: six decimals survive it.
EnergyMwh = Annotated[
    Decimal, Field(ge=0, allow_inf_nan=False), PlainSerializer(float, when_used="json")
]


class Station(BaseModel):
    """One station's energy of the month, in MWh."""

    model_config = ConfigDict(frozen=True)

    id: StationId
    energy: EnergyMwh
    is_controlled: bool


class OperationalUnit(BaseModel):
    """A unit's stations over one calendar month, its first and last day included."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    code: Annotated[str, StringConstraints(min_length=5, max_length=5)]
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="to")]
    stations: Annotated[list[Station], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_one_whole_month(self) -> Self:
        last = monthrange(self.first_day.year, self.first_day.month)[1]
        if self.first_day.day != 1 or self.last_day != self.first_day.replace(day=last):
            raise ValueError(f"{self.first_day} to {self.last_day} is not a calendar month")
        return self

    @model_validator(mode="after")
    def _stations_are_of_the_unit(self) -> Self:
        strangers = [station.id for station in self.stations if station.id[:5] != self.code]
        if strangers:
            raise ValueError(f"not of the unit {self.code}: {', '.join(strangers)}")
        return self


class Entity(BaseModel):
    """Whom the energy is credited to."""

    model_config = ConfigDict(frozen=True)

    entity: Annotated[str, StringConstraints(pattern=r"\S")]
    siren: Siren
    operational_units: Annotated[list[OperationalUnit], Field(min_length=1)]


class Payload(RootModel[Annotated[list[Entity], Field(min_length=1)]]):
    """The body of a request. A key that stands in it twice would be counted twice."""

    @model_validator(mode="after")
    def _has_no_key_twice(self) -> Self:
        keys = Counter(
            (station.id, unit.first_day, unit.last_day)
            for entity in self.root
            for unit in entity.operational_units
            for station in unit.stations
        )
        repeated = [station_id for (station_id, *_), times in keys.items() if times > 1]
        if repeated:
            raise ValueError(f"there more than once: {', '.join(repeated)}")
        return self

    @classmethod
    def of(cls, period: date, stations: Iterable[PlannedStation]) -> Self:
        """Group a month's sorted stations. Raises pydantic's ValidationError."""
        return cls.model_validate(grouped(period, stations))

    def as_json(self) -> bytes:
        """Write it as CARBURE reads it."""
        return self.model_dump_json(by_alias=True).encode()


def grouped(period: date, stations: Iterable[PlannedStation]) -> list[dict[str, Any]]:
    """Nest a month's sorted stations: (entity, siren), (code, from, to), then stations."""
    last_day = period.replace(day=monthrange(period.year, period.month)[1])
    return [
        {
            "entity": entity,
            "siren": siren,
            "operational_units": [
                {
                    "code": code,
                    "from": period,
                    "to": last_day,
                    "stations": [
                        {
                            "id": station.id_station_itinerance,
                            "energy": station.energy_mwh,
                            "is_controlled": station.is_controlled,
                        }
                        for station in of_unit
                    ],
                }
                for code, of_unit in groupby(of_entity, key=attrgetter("operational_unit_code"))
            ],
        }
        for (entity, siren), of_entity in groupby(
            stations, key=attrgetter("amenageur_name", "siren")
        )
    ]
