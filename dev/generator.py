"""Made charging sessions for two months, in which every anomaly is planted in known numbers.

1. `_network` makes operators, stations and charge points. Some groups of stations are special:
   something blocks their sessions, or a story such as Wh sent as kWh is told of them.
2. `_charges` walks each charge point forward in time, from one ordinary charge to the next, so that
   no two of them meet.
3. `_plant` turns some of these drafts into anomalies, each within the time of the draft that it
   replaces, so that it touches no other, and marks them with what the rules should find.
4. `_count` adds up the marks. No rule is computed here: that is why the numbers can be compared
   with those of code that does compute them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import inf, nan
from random import Random
from typing import NamedTuple
from uuid import UUID

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station

BEGINNING = datetime(2025, 4, 1, tzinfo=UTC)
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

# Every kind in every place makes an operator.
OPERATOR_KINDS = ("Bornes", "Recharge", "Parkings", "Syndicat d'énergie", "Supermarchés")
PLACES = ("de Castelvieux", "du Ponant", "d'Orsanne", "de Lorgue", "de Rivemont", "d'Ambrelle")
STATION_KINDS = ("Gare", "Mairie", "Stade", "Médiathèque", "Port", "Centre commercial")
OPERATORS_IN_TWO_SPELLINGS = 3
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

# The nominal power of a station's charge points, and how many stations have it.
POWERS_KW = {7.4: 150, 11.0: 60, 22.0: 210, 50.0: 60, 100.0: 50, 150.0: 40, 300.0: 30}
FAST_KW = 50.0

# French summer time, by which people live, holds all through both months.
LOCAL_TIME_OFFSET = timedelta(hours=2)


class Rhythm(NamedTuple):
    """How often people charge, and how long.

    Cars come as often as said in the busiest hour of the busiest day; how often in another, by
    local hours from midnight and by weekdays from Monday, is in tenths of that.
    """

    hours_between_cars: float
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    # The shortest, the longest and the most usual charge.
    duration_minutes: tuple[int, int, int]


SLOW = Rhythm(
    hours_between_cars=16.0,
    hours=(1, 1, 1, 1, 1, 1, 2, 4, 6, 5, 4, 4, 4, 4, 4, 4, 5, 7, 9, 10, 8, 6, 4, 2),
    weekdays=(9, 9, 9, 9, 10, 8, 7),
    duration_minutes=(45, 660, 150),
)
FAST = Rhythm(
    hours_between_cars=10.0,
    hours=(1, 1, 1, 1, 1, 1, 2, 3, 5, 6, 8, 9, 10, 9, 8, 7, 8, 8, 7, 5, 4, 3, 2, 1),
    weekdays=(6, 6, 6, 7, 9, 8, 10),
    duration_minutes=(10, 55, 25),
)


class Planted(NamedTuple):
    """How many sessions of a month are what; a session counts under each of its flags."""

    received: int
    rejected: int
    sendable: int
    flags: dict[str, int]
    invalid_energy: int
    hidden_overlap: int
    blocked: dict[str, int]


class Made(NamedTuple):
    """The rows, and the numbers planted in them by month."""

    source: Source
    planted: dict[date, Planted]


class Draft(NamedTuple):
    """A session before it gets an id, with what the rules should find: its marks."""

    plug: ChargePoint | None
    start: datetime
    end: datetime
    energy_kwh: float
    # From its end until the API receives it.
    delay: timedelta
    marks: tuple[str, ...] = ()

    @property
    def possible_kwh(self) -> float:
        """What the plug can deliver in that time."""
        return self.plug.puissance_nominale * ((self.end - self.start) / timedelta(hours=1))

    def with_energy(self, energy_kwh: float, *marks: str) -> "Draft":
        """Give it another energy, to the Wh, and the marks that come with it."""
        return self._replace(energy_kwh=round(energy_kwh, 3), marks=marks)


# What turns an ordinary draft into the sessions to insert in its place.
Turn = Callable[[Random, Draft], list[Draft]]


class Story(NamedTuple):
    """What turns all the drafts of a station from one day to another."""

    first_day: date
    last_day: date
    turn: Turn


class Group(NamedTuple):
    """What some stations of an operator have in common."""

    owner_ids: list[UUID | None]
    unit_id: UUID | None
    code: str
    id_separator: str = "P"
    closed_at: datetime | None = None
    blocking_reason: str | None = None
    story: Story | None = None


# By the station's id; under None is the group of the charge points without a station.
Groups = dict[UUID | None, Group]


def generate(seed: int = 2025) -> Made:
    """Make the rows of April and May 2025; the same seed gives the same rows."""
    rng = Random(seed)  # noqa: S311 - made rows are no secret
    source, groups = _network(rng)
    charges = [draft for plug in source._pointdecharge for draft in _charges(rng, plug)]
    drafts = _plant(rng, charges, groups)
    source.session = [_session(rng, draft) for draft in drafts]
    source.session.sort(key=lambda session: session.created_at)
    return Made(source, _count(drafts, groups))


def _network(rng: Random) -> tuple[Source, Groups]:
    """Make every row that sessions need, and say in which group each station is."""
    source = Source()
    operators = _operators(rng, source)
    operators[4] = operators[4]._replace(story=EVERYTHING_TWICE)
    operators[12] = operators[12]._replace(story=NOTHING_SENT)
    members = [*operators, operators[3]._replace(story=WATT_HOURS_AS_KWH)]
    members += STATIONS_PER_SPECIAL_GROUP * _special_groups(rng, source, operators)
    # The first operators have most stations.
    weights = [1 / (rank + 4) for rank in range(len(operators))]
    members += rng.choices(operators, weights, k=STATION_COUNT - len(members))

    source._station = [
        Station(
            id=_uuid(rng),
            id_station_itinerance=f"{group.code}{group.id_separator}{number:04d}",
            nom_station=f"{rng.choice(STATION_KINDS)} {rng.choice(PLACES)}",
            amenageur_id=rng.choice(group.owner_ids),
            operational_unit_id=group.unit_id,
            deleted_at=group.closed_at,
        )
        for number, group in enumerate(members)
    ]
    groups = {station.id: group for station, group in zip(source._station, members, strict=True)}
    groups[None] = Group([], None, "FRX00", blocking_reason="no_station")
    source._pointdecharge = _charge_points(rng, groups)
    return source, groups


def _operators(rng: Random, source: Source) -> list[Group]:
    operators = []
    for rank, (place, kind) in enumerate(product(PLACES, OPERATOR_KINDS)):
        name = f"{kind} {place}"
        spellings = [name, name.upper()] if rank < OPERATORS_IN_TWO_SPELLINGS else [name]
        operators.append(_operator(rng, source, spellings, valid_siren(rank)))
    return operators


def _special_groups(rng: Random, source: Source, operators: list[Group]) -> list[Group]:
    """Make operators that cannot be credited, and change something for stations of others."""
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
        operators[10]._replace(story=NOTHING_DELIVERED),
        operators[11]._replace(story=END_BEFORE_START),
        operators[13]._replace(story=POWER_TOO_LOW),
    ]


def _operator(rng: Random, source: Source, spellings: list[str | None], siren: str | None) -> Group:
    """Add an operator's rows, one for each spelling of its name, and its unit."""
    rows = [Amenageur(_uuid(rng), name, siren, "contact@exemple.invalid") for name in spellings]
    code = f"FRX{len(source.operationalunit):02d}"
    unit = OperationalUnit(_uuid(rng), code, f"Réseau {code}", "CHARGING")
    source.amenageur += rows
    source.operationalunit.append(unit)
    return Group([row.id for row in rows], unit.id, code)


def valid_siren(rank: int) -> str:
    """Make a valid SIREN, far from those that companies get; its last digit is Luhn's."""
    first_digits = f"19990{rank:03d}"
    doubled = [str(int(digit) * (1 + place % 2)) for place, digit in enumerate(first_digits)]
    return first_digits + str(-sum(map(int, "".join(doubled))) % 10)


def _charge_points(rng: Random, groups: Groups) -> list[ChargePoint]:
    """Make two charge points for each station, some without one, and the others at random."""
    *stations, no_station = groups
    homes = 2 * stations + CHARGE_POINTS_WITHOUT_STATION * [no_station]
    homes += rng.choices(stations, k=CHARGE_POINT_COUNT - len(homes))
    # All the charge points of a station are alike.
    powers_kw = rng.sample(list(POWERS_KW), counts=POWERS_KW.values(), k=STATION_COUNT)
    power_kw = {no_station: 22.0} | dict(zip(stations, powers_kw, strict=True))
    return [
        ChargePoint(
            id=_uuid(rng),
            id_pdc_itinerance=f"{groups[home].code}E{number:04d}",
            puissance_nominale=power_kw[home],
            prise_type_combo_ccs=power_kw[home] >= FAST_KW,
            prise_type_chademo=power_kw[home] == FAST_KW,
            station_id=home,
            deleted_at=groups[home].closed_at,
        )
        for number, home in enumerate(homes)
    ]


def _charges(rng: Random, plug: ChargePoint) -> Iterator[Draft]:
    """Walk a charge point forward in time until its end, from one charge to the next."""
    rhythm = FAST if plug.puissance_nominale >= FAST_KW else SLOW
    now = BEGINNING
    while True:
        # Cars come as often as in the busiest hour; in the others, some of them drive on.
        now += timedelta(minutes=2, hours=rng.expovariate(1 / rhythm.hours_between_cars))
        if now >= (plug.deleted_at or END):
            return
        local = now + LOCAL_TIME_OFFSET
        if rng.random() * 100 > rhythm.hours[local.hour] * rhythm.weekdays[local.weekday()]:
            continue
        start = now.replace(microsecond=0)
        now = start + timedelta(minutes=round(rng.triangular(*rhythm.duration_minutes)))
        # Minutes mostly, days at worst.
        longest_delay_minutes = rng.choices((40, 24 * 60, 12 * 24 * 60), (80, 15, 5))[0]
        delay = timedelta(minutes=rng.randrange(3, longest_delay_minutes))
        draft = Draft(plug, start, now, 0.0, delay)
        # What the car needs, if the plug can deliver that.
        needed_kwh = rng.triangular(4, 75, 18)
        yield draft.with_energy(min(needed_kwh, rng.uniform(0.2, 0.9) * draft.possible_kwh))


# What drafts can be turned into.


def _negs(rng: Random, draft: Draft) -> list[Draft]:
    """Exchange start and end; less than 0 kWh is possible then, so any energy is abnormal too."""
    exchanged = draft._replace(start=draft.end, end=draft.start)
    return [exchanged.with_energy(rng.uniform(0, 1), "negs", "enea")]


def _odus(rng: Random, draft: Draft) -> list[Draft]:
    (exchanged,) = _negs(rng, draft)
    return [exchanged.with_energy(rng.uniform(1.001, 50), "negs", "enea", "odus")]


def _eneu(rng: Random, draft: Draft) -> list[Draft]:
    """Draw an energy that is more than twice what any plug delivers in any draft's time."""
    return [draft.with_energy(rng.uniform(1_001, 9_000), "eneu", "enea", "enex")]


def _enea(rng: Random, draft: Draft) -> list[Draft]:
    return [draft.with_energy(rng.uniform(1.15, 1.9) * draft.possible_kwh, "enea")]


def _enex(rng: Random, draft: Draft) -> list[Draft]:
    energy_kwh = max(rng.uniform(51, 90), rng.uniform(2.1, 3) * draft.possible_kwh)
    return [draft.with_energy(energy_kwh, "enea", "enex")]


def _invalid_energy(rng: Random, draft: Draft) -> list[Draft]:
    energy_kwh = rng.choice((nan, inf, -inf, -draft.energy_kwh))
    return [draft._replace(energy_kwh=energy_kwh, marks=("invalid_energy",))]


def _sent_twice(rng: Random, draft: Draft) -> list[Draft]:
    """Repeat a session a day later; it overlaps itself, too."""
    delay = draft.delay + timedelta(days=1)
    return [draft, draft._replace(delay=delay, marks=("duplicate", "overlap"))]


def _overlap(rng: Random, draft: Draft) -> list[Draft]:
    return [_part(draft, 0, 0.6), _part(draft, 0.4, 1, "overlap")]


def _hidden_overlap(rng: Random, draft: Draft) -> list[Draft]:
    """Put two short sessions into a long one, which is not the previous one of the second."""
    return [draft, _part(draft, 0.1, 0.3, "overlap"), _part(draft, 0.5, 0.7, "hidden_overlap")]


def _part(draft: Draft, first: float, last: float, *marks: str) -> Draft:
    """Cut out what lies between two shares of the time: tenths, for whole seconds."""
    duration = draft.end - draft.start
    part = draft._replace(start=draft.start + first * duration, end=draft.start + last * duration)
    return part.with_energy((last - first) * draft.energy_kwh, *marks)


def _no_charge_point(rng: Random, draft: Draft) -> list[Draft]:
    return [draft._replace(plug=None)]


def _no_energy(rng: Random, draft: Draft) -> list[Draft]:
    return [draft.with_energy(0.0)]


def _watt_hours_as_kwh(rng: Random, draft: Draft) -> list[Draft]:
    """Send Wh as kWh; no draft is so small that a thousand times its energy would pass."""
    return [draft.with_energy(draft.energy_kwh * 1_000, "eneu", "enea", "enex")]


def _nothing_sent(rng: Random, draft: Draft) -> list[Draft]:
    return []


ANOMALIES_PER_MONTH: dict[Turn, int] = {
    _negs: 120,
    _odus: 100,
    _eneu: 90,
    _enea: 500,
    _enex: 210,
    _invalid_energy: 140,
    _sent_twice: 250,
    _overlap: 340,
    _hidden_overlap: 50,
    _no_charge_point: 70,
}
# What a reader of the dashboards should find.
NOTHING_DELIVERED = Story(date(2025, 4, 1), date(2025, 5, 31), _no_energy)
WATT_HOURS_AS_KWH = Story(date(2025, 4, 15), date(2025, 5, 20), _watt_hours_as_kwh)
END_BEFORE_START = Story(date(2025, 4, 1), date(2025, 5, 31), _odus)
POWER_TOO_LOW = Story(date(2025, 4, 1), date(2025, 5, 31), _enea)
NOTHING_SENT = Story(date(2025, 5, 19), date(2025, 5, 26), _nothing_sent)
EVERYTHING_TWICE = Story(date(2025, 5, 13), date(2025, 5, 13), _sent_twice)


def _plant(rng: Random, drafts: list[Draft], groups: Groups) -> list[Draft]:
    """Tell the stories, plant the anomalies, and keep as many other drafts as there is room for."""
    anomalies = [turn for turn, count in ANOMALIES_PER_MONTH.items() for _ in range(count)]
    waiting = {period.month: anomalies.copy() for period in PERIODS}
    planted, ordinary = [], []
    for draft in rng.sample(drafts, k=len(drafts)):
        story = groups[draft.plug.station_id].story
        if story and story.first_day <= draft.start.date() <= story.last_day:
            planted += story.turn(rng, draft)
        # So that all the sessions of an anomaly start in one month.
        elif waiting[draft.start.month] and draft.start.month == draft.end.month:
            planted += waiting[draft.start.month].pop()(rng, draft)
        else:
            ordinary.append(draft)
    return planted + rng.sample(ordinary, k=SESSION_COUNT - len(planted))


def _session(rng: Random, draft: Draft) -> Session:
    plug, start, end, energy_kwh, delay, _ = draft
    received_at = max(start, end) + delay
    plug_id = plug.id if plug else None
    return Session(_uuid(rng), start, end, energy_kwh, plug_id, received_at, received_at)


def _count(drafts: list[Draft], groups: Groups) -> dict[date, Planted]:
    """Add up the marks by month."""
    counts: dict[date, Counter[str]] = {period: Counter() for period in PERIODS}
    for draft in drafts:
        count = counts[draft.start.date().replace(day=1)]
        count.update(("received", *draft.marks))
        if set(draft.marks) - {"hidden_overlap"}:
            count["rejected"] += 1
        elif draft.plug is None:
            count["no_charge_point"] += 1
        else:
            count[groups[draft.plug.station_id].blocking_reason or "sendable"] += 1
    return {
        period: Planted(
            received=count["received"],
            rejected=count["rejected"],
            sendable=count["sendable"],
            flags={flag: count[flag] for flag in FLAGS},
            invalid_energy=count["invalid_energy"],
            hidden_overlap=count["hidden_overlap"],
            blocked={reason: count[reason] for reason in BLOCKING_REASONS},
        )
        for period, count in counts.items()
    }


def _uuid(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)
