"""The payload sent to CARBURE, with the checks that CARBURE does not make itself."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    StringConstraints,
    ValidationError,
    model_validator,
)

from sender.plan import PlannedStation


def passes_luhn_check(digits: str) -> bool:
    """Check the last digit of a number with the Luhn algorithm."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _check_siren(value: str) -> str:
    if value == "000000000" or not passes_luhn_check(value):
        raise ValueError("is not a valid SIREN")
    return value


Siren = Annotated[str, StringConstraints(pattern="^[0-9]{9}$"), AfterValidator(_check_siren)]
StationId = Annotated[
    str, StringConstraints(pattern="^FR[A-Z0-9]{3}P", min_length=7, max_length=64)
]
# A float in JSON keeps the six decimals.
EnergyMwh = Annotated[
    Decimal, Field(ge=0, allow_inf_nan=False), PlainSerializer(float, when_used="json")
]


class PayloadStation(BaseModel):
    """A station's energy for the month, in MWh."""

    model_config = ConfigDict(frozen=True)

    id: StationId
    energy: EnergyMwh
    is_controlled: bool


class PayloadUnit(BaseModel):
    """A unit's stations for one calendar month, first and last day included."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    code: Annotated[str, StringConstraints(min_length=5, max_length=5)]
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="to")]
    stations: Annotated[list[PayloadStation], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_month(self) -> Self:
        if self.first_day.day != 1 or self.last_day != last_day_of(self.first_day):
            raise ValueError(f"{self.first_day} to {self.last_day} is not a calendar month")
        return self

    @model_validator(mode="after")
    def _check_station_prefixes(self) -> Self:
        others = [station.id for station in self.stations if station.id[:5] != self.code]
        if others:
            raise ValueError(f"stations do not belong to unit {self.code}: {', '.join(others)}")
        return self


class PayloadEntity(BaseModel):
    """The amenageur that is credited."""

    model_config = ConfigDict(frozen=True)

    entity: Annotated[str, StringConstraints(pattern=r"\S")]
    siren: Siren
    operational_units: Annotated[list[PayloadUnit], Field(min_length=1)]


class Payload(RootModel[Annotated[list[PayloadEntity], Field(min_length=1)]]):
    """The body of a request."""

    @model_validator(mode="after")
    def _check_duplicates(self) -> Self:
        """CARBURE would count a repeated station twice."""
        keys = Counter(
            (station.id, unit.first_day, unit.last_day)
            for entity in self.root
            for unit in entity.operational_units
            for station in unit.stations
        )
        repeated = [station_id for (station_id, *_), count in keys.items() if count > 1]
        if repeated:
            raise ValueError(f"duplicate stations: {', '.join(repeated)}")
        return self

    @classmethod
    def of(cls, period: date, stations: Iterable[PlannedStation]) -> Self:
        """Build the payload for a month's sorted stations. Raises pydantic's ValidationError."""
        return cls.model_validate(_group(period, stations))

    def to_json(self) -> bytes:
        """Return the body as CARBURE expects it."""
        return self.model_dump_json(by_alias=True).encode()


class Problem(NamedTuple):
    """A reason not to send a payload. `station_id` is None if it concerns the whole SIREN."""

    text: str
    station_id: str | None


def last_day_of(period: date) -> date:
    """Return the last day of a month, given by its first day."""
    return period.replace(day=monthrange(period.year, period.month)[1])


def find_problems(period: date, stations: Sequence[PlannedStation]) -> list[Problem]:
    """Validate a month's sorted stations as the payload of a request."""
    try:
        Payload.of(period, stations)
    except ValidationError as error:
        return list(_problems(error, _group(period, stations)))
    return []


def _problems(error: ValidationError, payload: Any) -> Iterator[Problem]:
    for details in error.errors(include_url=False):
        node, station_id = payload, None
        for key in details["loc"]:
            node = node[key]
            station_id = node.get("id") if isinstance(node, dict) else station_id
        name = str(details["loc"][-1]) if details["loc"] else "payload"
        yield Problem(f"{name}: {details['msg'].removeprefix('Value error, ')}", station_id)


def _group(period: date, stations: Iterable[PlannedStation]) -> list[dict[str, Any]]:
    """Nest sorted stations: by (entity, siren), then by unit."""
    last_day = last_day_of(period)
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
