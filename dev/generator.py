"""Synthetic charging sessions for two months, with known numbers of anomalies.

1. `_network` creates operators, stations and charge points. Some groups of stations are special:
   their sessions are blocked, or they follow a scenario, such as energy sent in Wh as if in kWh.
2. `_ordinary_charges` generates the charges of one charge point in time order. They never overlap.
3. `_plant` turns some of these drafts into anomalies. An anomaly stays within the time of the draft
   that it replaces, so it affects no other draft. It carries the flags that the rules should find.
4. `_count` adds up the expected flags. No rule is computed here, so the counts can be used to check
   code that computes the rules.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import inf, nan
from random import Random
from typing import NamedTuple
from uuid import UUID

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station

START = datetime(2025, 4, 1, tzinfo=UTC)
END = datetime(2025, 6, 1, tzinfo=UTC)
PERIODS = (date(2025, 4, 1), date(2025, 5, 1))

STATION_COUNT = 600
STATIONS_PER_SPECIAL_GROUP = 3
CHARGE_POINT_COUNT = 3_000
CHARGE_POINTS_WITHOUT_STATION = 12
SESSION_COUNT = 100_000

FLAGS = ("negs", "eneu", "enea", "odus", "enex", "duplicate", "overlap")
BLOCKING_REASONS = (
    "no_charge_point",
    "no_station",
    "no_amenageur",
    "no_siren",
    "invalid_siren",
    "no_name",
    "no_operational_unit",
    "code_not_station_prefix",
    "invalid_station_id",
)

# Each combination of a kind and a town is one operator.
OPERATOR_KINDS = ("Bornes", "Recharge", "Parkings", "Syndicat d'énergie", "Supermarchés")
TOWNS = ("de Castelvieux", "du Ponant", "d'Orsanne", "de Lorgue", "de Rivemont", "d'Ambrelle")
STATION_KINDS = ("Gare", "Mairie", "Stade", "Médiathèque", "Port", "Centre commercial")
OPERATORS_WITH_TWO_SPELLINGS = 3
UNSENDABLE_OWNERS = (
    # Reason, name, SIREN
    ("no_siren", "Bornes de Tréverin", None),
    ("no_siren", None, None),
    ("invalid_siren", "Recharge Morlanne", "000000000"),
    ("invalid_siren", "Recharge Morlanne", "199900001"),
    ("invalid_siren", "Recharge Morlanne", "19990000900012"),
    ("no_name", None, "199999996"),
    ("no_name", "   ", "199999996"),
)

# Number of stations by the nominal power of their charge points.
STATIONS_BY_POWER_KW = {
    7.4: 150,
    11.0: 60,
    22.0: 210,
    50.0: 60,
    100.0: 50,
    150.0: 40,
    300.0: 30,
}
FAST_KW = 50.0

# French summer time applies throughout both months.
LOCAL_TIME_OFFSET = timedelta(hours=2)


class ChargingPattern(NamedTuple):
    """How often cars charge, and for how long.

    `hours_between_cars` applies to the busiest hour of the busiest day. The weights scale it down
    for other times, in tenths: by local hour from midnight, and by weekday from Monday.
    """

    hours_between_cars: float
    hour_weights: tuple[int, ...]
    weekday_weights: tuple[int, ...]
    # Minimum, maximum and mode.
    duration_minutes: tuple[int, int, int]


SLOW = ChargingPattern(
    hours_between_cars=16.0,
    hour_weights=(1, 1, 1, 1, 1, 1, 2, 4, 6, 5, 4, 4, 4, 4, 4, 4, 5, 7, 9, 10, 8, 6, 4, 2),
    weekday_weights=(9, 9, 9, 9, 10, 8, 7),
    duration_minutes=(45, 660, 150),
)
FAST = ChargingPattern(
    hours_between_cars=10.0,
    hour_weights=(1, 1, 1, 1, 1, 1, 2, 3, 5, 6, 8, 9, 10, 9, 8, 7, 8, 8, 7, 5, 4, 3, 2, 1),
    weekday_weights=(6, 6, 6, 7, 9, 8, 10),
    duration_minutes=(10, 55, 25),
)


class PlantedCounts(NamedTuple):
    """Expected session counts for one month. A session counts under each of its flags."""

    received: int
    rejected: int
    sendable: int
    flags: dict[str, int]
    invalid_energy: int
    invalid_time: int
    hidden_overlap: int
    blocked: dict[str, int]


class GeneratedSource(NamedTuple):
    """The generated rows, and the counts planted in them by month."""

    source: Source
    planted: dict[date, PlantedCounts]


class Draft(NamedTuple):
    """A session without an id yet, with the flags that the rules should set."""

    charge_point: ChargePoint
    start: datetime
    end: datetime
    energy_kwh: float
    # Time between the end of the session and its arrival at the API.
    delay: timedelta
    expected_flags: tuple[str, ...] = ()
    # The session is then stored without its charge point.
    is_orphan: bool = False

    @property
    def max_energy_kwh(self) -> float:
        """The energy that the charge point can deliver in that time."""
        hours = (self.end - self.start) / timedelta(hours=1)
        return self.charge_point.puissance_nominale * hours

    def with_energy(self, energy_kwh: float, *expected_flags: str) -> "Draft":
        """Return a copy with this energy, rounded to the Wh, and these expected flags."""
        return self._replace(energy_kwh=round(energy_kwh, 3), expected_flags=expected_flags)


# Turns an ordinary draft into the sessions that replace it.
Mutation = Callable[[Random, Draft], list[Draft]]


class Scenario(NamedTuple):
    """A mutation applied to all drafts of a station between two days, both included."""

    first_day: date
    last_day: date
    mutate: Mutation


class StationGroup(NamedTuple):
    """The properties shared by some stations of an operator."""

    owner_ids: list[UUID | None]
    unit_id: UUID | None
    code: str
    id_separator: str = "P"
    closed_at: datetime | None = None
    blocking_reason: str | None = None
    scenario: Scenario | None = None


# Keyed by station id. The key None is the group of charge points without a station.
Groups = dict[UUID | None, StationGroup]


def generate(seed: int = 2025) -> GeneratedSource:
    """Generate the rows of April and May 2025. The same seed gives the same rows."""
    rng = Random(seed)  # noqa: S311 - not used for security
    source, groups = _network(rng)
    charges = [
        draft
        for charge_point in source._pointdecharge
        for draft in _ordinary_charges(rng, charge_point)
    ]
    drafts = _plant(rng, charges, groups)
    source.session = [_session(rng, draft) for draft in drafts]
    source.session.sort(key=lambda session: session.created_at)
    return GeneratedSource(source, _count(drafts, groups))


def _network(rng: Random) -> tuple[Source, Groups]:
    """Create all rows except sessions, and map each station to its group."""
    source = Source()
    operators = _operators(rng, source)
    operators[4] = operators[4]._replace(scenario=EVERYTHING_TWICE)
    operators[12] = operators[12]._replace(scenario=NOTHING_SENT)
    operators[14] = operators[14]._replace(scenario=SENT_TOO_LATE)
    station_groups = [*operators, operators[3]._replace(scenario=WATT_HOURS_AS_KWH)]
    station_groups += STATIONS_PER_SPECIAL_GROUP * _special_groups(rng, source, operators)
    # The first operators have the most stations.
    weights = [1 / (rank + 4) for rank in range(len(operators))]
    station_groups += rng.choices(operators, weights, k=STATION_COUNT - len(station_groups))

    source._station = [
        Station(
            id=_uuid(rng),
            id_station_itinerance=f"{group.code}{group.id_separator}{number:04d}",
            nom_station=f"{rng.choice(STATION_KINDS)} {rng.choice(TOWNS)}",
            amenageur_id=rng.choice(group.owner_ids),
            operational_unit_id=group.unit_id,
            deleted_at=group.closed_at,
        )
        for number, group in enumerate(station_groups)
    ]
    groups: Groups = {
        station.id: group for station, group in zip(source._station, station_groups, strict=True)
    }
    groups[None] = StationGroup([], None, "FRX00", blocking_reason="no_station")
    source._pointdecharge = _charge_points(rng, groups)
    return source, groups


def _operators(rng: Random, source: Source) -> list[StationGroup]:
    operators = []
    for rank, (town, kind) in enumerate(product(TOWNS, OPERATOR_KINDS)):
        name = f"{kind} {town}"
        has_two_spellings = rank < OPERATORS_WITH_TWO_SPELLINGS
        spellings = [name, name.upper()] if has_two_spellings else [name]
        operators.append(_operator(rng, source, spellings, valid_siren(rank)))
    return operators


def _special_groups(
    rng: Random, source: Source, operators: list[StationGroup]
) -> list[StationGroup]:
    """Create operators that cannot be credited, and special stations of other operators."""
    return [
        *(
            _operator(rng, source, [name], siren)._replace(blocking_reason=reason)
            for reason, name, siren in UNSENDABLE_OWNERS
        ),
        operators[5]._replace(owner_ids=[None], blocking_reason="no_amenageur"),
        operators[6]._replace(unit_id=None, blocking_reason="no_operational_unit"),
        operators[7]._replace(code="FRX99", blocking_reason="code_not_station_prefix"),
        operators[8]._replace(id_separator="p", blocking_reason="invalid_station_id"),
        operators[9]._replace(closed_at=datetime(2025, 5, 20, 9, tzinfo=UTC)),
        operators[10]._replace(scenario=NOTHING_DELIVERED),
        operators[11]._replace(scenario=END_BEFORE_START),
        operators[13]._replace(scenario=POWER_TOO_LOW),
    ]


def _operator(
    rng: Random, source: Source, spellings: Sequence[str | None], siren: str | None
) -> StationGroup:
    """Add an operator: its operational unit, and one owner row for each spelling of its name."""
    rows = [Amenageur(_uuid(rng), name, siren, "contact@exemple.invalid") for name in spellings]
    code = f"FRX{len(source.operationalunit):02d}"
    unit = OperationalUnit(_uuid(rng), code, f"Réseau {code}", "CHARGING")
    source.amenageur += rows
    source.operationalunit.append(unit)
    return StationGroup([row.id for row in rows], unit.id, code)


def valid_siren(rank: int) -> str:
    """Return a SIREN with a valid Luhn digit, outside the ranges assigned to companies."""
    first_digits = f"19990{rank:03d}"
    doubled = [str(int(digit) * (1 + index % 2)) for index, digit in enumerate(first_digits)]
    return first_digits + str(-sum(map(int, "".join(doubled))) % 10)


def _charge_points(rng: Random, groups: Groups) -> list[ChargePoint]:
    """Create two charge points per station, a few without a station, and the rest at random."""
    *stations, no_station = groups
    station_ids = 2 * stations + CHARGE_POINTS_WITHOUT_STATION * [no_station]
    station_ids += rng.choices(stations, k=CHARGE_POINT_COUNT - len(station_ids))
    # All charge points of a station have the same power.
    powers_kw = rng.sample(
        list(STATIONS_BY_POWER_KW), counts=STATIONS_BY_POWER_KW.values(), k=STATION_COUNT
    )
    power_kw = {no_station: 22.0} | dict(zip(stations, powers_kw, strict=True))
    return [
        ChargePoint(
            id=_uuid(rng),
            id_pdc_itinerance=f"{groups[station_id].code}E{number:04d}",
            puissance_nominale=power_kw[station_id],
            prise_type_combo_ccs=power_kw[station_id] >= FAST_KW,
            prise_type_chademo=power_kw[station_id] == FAST_KW,
            station_id=station_id,
            deleted_at=groups[station_id].closed_at,
        )
        for number, station_id in enumerate(station_ids)
    ]


def _ordinary_charges(rng: Random, charge_point: ChargePoint) -> Iterator[Draft]:
    """Yield the charges of a charge point in time order, until it closes or the period ends."""
    pattern = FAST if charge_point.puissance_nominale >= FAST_KW else SLOW
    now = START
    while True:
        # Cars arrive at the rate of the busiest hour. In other hours, some of them do not charge.
        now += timedelta(minutes=2, hours=rng.expovariate(1 / pattern.hours_between_cars))
        if now >= (charge_point.deleted_at or END):
            return
        local = now + LOCAL_TIME_OFFSET
        percent = pattern.hour_weights[local.hour] * pattern.weekday_weights[local.weekday()]
        if rng.random() * 100 > percent:
            continue
        start = now.replace(microsecond=0)
        now = start + timedelta(minutes=round(rng.triangular(*pattern.duration_minutes)))
        # Usually minutes, at most 12 days.
        max_delay_minutes = rng.choices((40, 24 * 60, 12 * 24 * 60), (80, 15, 5))[0]
        delay = timedelta(minutes=rng.randrange(3, max_delay_minutes))
        draft = Draft(charge_point, start, now, 0.0, delay)
        needed_kwh = rng.triangular(4, 75, 18)
        yield draft.with_energy(min(needed_kwh, rng.uniform(0.2, 0.9) * draft.max_energy_kwh))


# Mutations


def _negs(rng: Random, draft: Draft) -> list[Draft]:
    """Swap start and end. The maximum energy is then negative, so any energy is abnormal too."""
    swapped = draft._replace(start=draft.end, end=draft.start)
    return [swapped.with_energy(rng.uniform(0, 1), "negs", "enea")]


def _odus(rng: Random, draft: Draft) -> list[Draft]:
    (swapped,) = _negs(rng, draft)
    return [swapped.with_energy(rng.uniform(1.001, 50), "negs", "enea", "odus")]


def _eneu(rng: Random, draft: Draft) -> list[Draft]:
    """Draw an energy above 1,000 kWh, which is over twice the maximum of any draft."""
    return [draft.with_energy(rng.uniform(1_001, 9_000), "eneu", "enea", "enex")]


def _enea(rng: Random, draft: Draft) -> list[Draft]:
    return [draft.with_energy(rng.uniform(1.15, 1.9) * draft.max_energy_kwh, "enea")]


def _enex(rng: Random, draft: Draft) -> list[Draft]:
    energy_kwh = max(rng.uniform(51, 90), rng.uniform(2.1, 3) * draft.max_energy_kwh)
    return [draft.with_energy(energy_kwh, "enea", "enex")]


def _invalid_energy(rng: Random, draft: Draft) -> list[Draft]:
    energy_kwh = rng.choice((nan, inf, -inf, -draft.energy_kwh))
    return [draft._replace(energy_kwh=energy_kwh, expected_flags=("invalid_energy",))]


def _invalid_time(rng: Random, draft: Draft) -> list[Draft]:
    """End more than a year before the start, as after a reset of the charge point's clock."""
    return [draft._replace(end=draft.end - timedelta(days=400), expected_flags=("invalid_time",))]


def _sent_twice(rng: Random, draft: Draft) -> list[Draft]:
    """Send the same session again a day later. The copy also overlaps the original."""
    delay = draft.delay + timedelta(days=1)
    return [draft, draft._replace(delay=delay, expected_flags=("duplicate", "overlap"))]


def _overlap(rng: Random, draft: Draft) -> list[Draft]:
    return [_part(draft, 0, 0.6), _part(draft, 0.4, 1, "overlap")]


def _hidden_overlap(rng: Random, draft: Draft) -> list[Draft]:
    """Place two short sessions inside a long one. The second overlaps only the long one."""
    return [draft, _part(draft, 0.1, 0.3, "overlap"), _part(draft, 0.5, 0.7, "hidden_overlap")]


def _part(draft: Draft, first: float, last: float, *expected_flags: str) -> Draft:
    """Return the part of a draft between two fractions of its time.

    Drafts last whole minutes, so with tenths the part starts and ends on a whole second.
    """
    duration = draft.end - draft.start
    part = draft._replace(start=draft.start + first * duration, end=draft.start + last * duration)
    return part.with_energy((last - first) * draft.energy_kwh, *expected_flags)


def _no_charge_point(rng: Random, draft: Draft) -> list[Draft]:
    return [draft._replace(is_orphan=True)]


def _no_energy(rng: Random, draft: Draft) -> list[Draft]:
    return [draft.with_energy(0.0)]


def _watt_hours_as_kwh(rng: Random, draft: Draft) -> list[Draft]:
    """Multiply the energy by 1,000. The result is above every limit, even for a small draft."""
    return [draft.with_energy(draft.energy_kwh * 1_000, "eneu", "enea", "enex")]


def _nothing_sent(rng: Random, draft: Draft) -> list[Draft]:
    return []


def _sent_too_late(rng: Random, draft: Draft) -> list[Draft]:
    """Send the session after the 15 days that the law allows. No rule rejects it."""
    return [draft._replace(delay=draft.delay + timedelta(days=15))]


ANOMALIES_PER_MONTH: dict[Mutation, int] = {
    _negs: 120,
    _odus: 100,
    _eneu: 90,
    _enea: 500,
    _enex: 210,
    _invalid_energy: 140,
    _invalid_time: 40,
    _sent_twice: 250,
    _overlap: 340,
    _hidden_overlap: 50,
    _no_charge_point: 70,
}
# The dashboards should make these easy to find.
NOTHING_DELIVERED = Scenario(date(2025, 4, 1), date(2025, 5, 31), _no_energy)
WATT_HOURS_AS_KWH = Scenario(date(2025, 4, 15), date(2025, 5, 20), _watt_hours_as_kwh)
END_BEFORE_START = Scenario(date(2025, 4, 1), date(2025, 5, 31), _odus)
POWER_TOO_LOW = Scenario(date(2025, 4, 1), date(2025, 5, 31), _enea)
NOTHING_SENT = Scenario(date(2025, 5, 19), date(2025, 5, 26), _nothing_sent)
SENT_TOO_LATE = Scenario(date(2025, 5, 5), date(2025, 5, 11), _sent_too_late)
EVERYTHING_TWICE = Scenario(date(2025, 5, 13), date(2025, 5, 13), _sent_twice)


def _plant(rng: Random, drafts: list[Draft], groups: Groups) -> list[Draft]:
    """Apply the scenarios, plant the anomalies, and fill up with ordinary drafts."""
    anomalies = [mutate for mutate, count in ANOMALIES_PER_MONTH.items() for _ in range(count)]
    pending = {period.month: anomalies.copy() for period in PERIODS}
    planted: list[Draft] = []
    ordinary: list[Draft] = []
    for draft in rng.sample(drafts, k=len(drafts)):
        scenario = groups[draft.charge_point.station_id].scenario
        if scenario and scenario.first_day <= draft.start.date() <= scenario.last_day:
            planted += scenario.mutate(rng, draft)
        # All sessions of an anomaly must start in the same month.
        elif pending[draft.start.month] and draft.start.month == draft.end.month:
            planted += pending[draft.start.month].pop()(rng, draft)
        else:
            ordinary.append(draft)
    return planted + rng.sample(ordinary, k=SESSION_COUNT - len(planted))


def _session(rng: Random, draft: Draft) -> Session:
    received_at = max(draft.start, draft.end) + draft.delay
    return Session(
        id=_uuid(rng),
        start=draft.start,
        end=draft.end,
        energy=draft.energy_kwh,
        point_de_charge_id=None if draft.is_orphan else draft.charge_point.id,
        created_at=received_at,
        updated_at=received_at,
    )


def _count(drafts: list[Draft], groups: Groups) -> dict[date, PlantedCounts]:
    """Add up the expected flags by month."""
    counts: dict[date, Counter[str]] = {period: Counter() for period in PERIODS}
    for draft in drafts:
        count = counts[draft.start.date().replace(day=1)]
        count.update(("received", *draft.expected_flags))
        if set(draft.expected_flags) - {"hidden_overlap"}:
            count["rejected"] += 1
        elif draft.is_orphan:
            count["no_charge_point"] += 1
        else:
            count[groups[draft.charge_point.station_id].blocking_reason or "sendable"] += 1
    return {
        period: PlantedCounts(
            received=count["received"],
            rejected=count["rejected"],
            sendable=count["sendable"],
            flags={flag: count[flag] for flag in FLAGS},
            invalid_energy=count["invalid_energy"],
            invalid_time=count["invalid_time"],
            hidden_overlap=count["hidden_overlap"],
            blocked={reason: count[reason] for reason in BLOCKING_REASONS},
        )
        for period, count in counts.items()
    }


def _uuid(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)
