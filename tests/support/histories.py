"""Generated histories of the source and its builds, and a reference for the months after them.

A history is a list of builds, each with the source as it was then. `generate` draws one from a
seed. `Kept` is the reference: it records what each build could see, and predicts every month from
docs/decisions/0042, 0044 and 0045. It was written without looking at the SQL. The rules themselves
are those of `reference`.
"""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple
from unittest import mock
from uuid import UUID

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station
from tests.support import reference
from tests.support.reference import LOOK_BACK, FlaggedSession, Location, month_limits

# January only has the look-back of February.
MONTHS = tuple(date(2025, month, 1) for month in (1, 2, 3, 4))
FIRST_START = datetime(2025, 1, 25, tzinfo=UTC)
LAST_START = datetime(2025, 5, 1, tzinfo=UTC)
BEGINNING = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SIRENS = ("732829320", "552100554", "891118473", "123456782", "356000000", "542051180")
FAULTY_SIRENS = (None, "", "123456789", "000000000", "73282932")
POWERS_KW = (7.4, 22.0, 50.0, 150.0)
FAULTY_POWERS_KW = (math.nan, 20_000.0)

# The constant of the reference that a project variable replaces, and other values for it.
LIMITS: dict[str, tuple[str | None, float, tuple[float, ...]]] = {
    "eneu_energy_kwh": ("MAX_ENERGY_KWH", 1000, (30, 60)),
    "enea_ratio": ("ABNORMAL_RATIO", 1.1, (0.5, 0.9)),
    "odus_energy_kwh": ("ODD_DURATION_ENERGY_KWH", 1, (0.1,)),
    "enex_energy_kwh": ("EXCESSIVE_ENERGY_KWH", 50, (5,)),
    "enex_ratio": ("EXCESSIVE_RATIO", 2, (1.2,)),
    "max_duration_days": ("MAX_DURATION", 366, (1, 3)),
    "reject_hidden_overlaps": (None, False, (True,)),
}
# A limit is a value for each month from which it changes, as in dbt_project.yml.
Limits = dict[str, dict[str, float]]

# Where a build is killed: a table, and the mode of the lock that it waits for.
KILL_POINTS = (
    ("tiruert_intermediate.int_session_flags_2025_03", "access share"),
    ("tiruert_intermediate.int_energy_daily", "exclusive"),
    ("tiruert.station_energy_monthly", "row exclusive"),
)


@dataclass(frozen=True)
class Build:
    """A build, and the source that it reads.

    `complete_since` is the instant from which on retention has dropped nothing. `months` is the
    range to build; a full refresh builds every month. `killed_at` is where a first attempt is
    killed.
    """

    source: Source
    complete_since: datetime
    months: tuple[date, ...]
    limits: Limits
    is_full_refresh: bool
    killed_at: tuple[str, str] | None
    events: tuple[str, ...]


class Figures(NamedTuple):
    """What the marts should have for a month."""

    stations: set[tuple]
    blocked: dict[str, tuple[int, Decimal]]
    balance: tuple[int, Decimal, int, Decimal]
    reasons: dict[str, list[str]]


class StationState(NamedTuple):
    """A station with its owner and unit, as one build recorded them together."""

    station: Station
    amenageur: Amenageur | None
    unit: OperationalUnit | None


# The reference


@dataclass
class Kept:
    """What the builds have recorded: the sessions of each month, and the states in their order."""

    inputs: dict[date, list[Session]] = field(default_factory=dict)
    point_states: dict[UUID, list[ChargePoint]] = field(default_factory=dict)
    station_states: dict[UUID, list[StationState]] = field(default_factory=dict)

    def record(self, build: Build) -> None:
        """Take over what a build reads."""
        for month in build.months:
            if is_held(month, build.complete_since):
                self.inputs[month] = sessions_in_view(build.source, month)
        for point in build.source._pointdecharge:
            _append_if_new(self.point_states.setdefault(point.id, []), point)
        for state in station_states(build.source):
            _append_if_new(self.station_states.setdefault(state.station.id, []), state)

    def figures(self, month: date, limits: Limits) -> Figures:
        """Predict a month that is judged by these limits."""
        source = self._source_of(month)
        values = {name: value_for(limits, name, month) for name in LIMITS}
        constants = {
            constant: timedelta(days=values[name]) if name == "max_duration_days" else values[name]
            for name, (constant, _, _) in LIMITS.items()
            if constant
        }
        with mock.patch.multiple(reference, **constants):
            flagged = reference.flag_sessions(source, month)
        if values["reject_hidden_overlaps"]:
            flagged = {key: _reject_hidden_overlap(session) for key, session in flagged.items()}
        return _figures(flagged)

    def _source_of(self, month: date) -> Source:
        """Return a source with the kept sessions of a month, and the states that count for it."""
        source = Source(session=self.inputs.get(month, []))
        for states in self.point_states.values():
            source._pointdecharge.append(counting_state(states, is_point_sendable))
        for states in self.station_states.values():
            station, amenageur, unit = counting_state(states, is_station_sendable)
            # States of several builds are together here, so each station has rows of its own.
            if amenageur:
                source.amenageur.append(amenageur._replace(id=station.id))
                station = station._replace(amenageur_id=station.id)
            if unit:
                source.operationalunit.append(unit._replace(id=station.id))
                station = station._replace(operational_unit_id=station.id)
            source._station.append(station)
        return source

    def known_sessions(self) -> dict[UUID, Session]:
        """Return the sessions that the warehouse has, without those of look-backs alone."""
        return {
            session.id: session
            for month, sessions in self.inputs.items()
            for session in sessions
            if session.start >= month_limits(month, "UTC")[0]
        }


def look_back_start(month: date) -> datetime:
    return month_limits(month, "UTC")[0] - LOOK_BACK


def is_held(month: date, complete_since: datetime) -> bool:
    """Return whether the source has all of a month, look-back included."""
    return complete_since <= look_back_start(month)


def sessions_in_view(source: Source, month: date) -> list[Session]:
    """Return the sessions of a month and of its look-back."""
    _, month_end = month_limits(month, "UTC")
    start = look_back_start(month)
    return [session for session in source.session if start <= session.start < month_end]


def station_states(source: Source) -> list[StationState]:
    amenageurs = {amenageur.id: amenageur for amenageur in source.amenageur}
    units = {unit.id: unit for unit in source.operationalunit}
    return [
        StationState(
            station, amenageurs.get(station.amenageur_id), units.get(station.operational_unit_id)
        )
        for station in source._station
    ]


def _append_if_new(states: list, state: Any) -> None:
    # As text, because NaN differs from itself.
    if not states or repr(states[-1]) != repr(state):
        states.append(state)


def counting_state(states: list, is_sendable: Callable[[Any], bool]) -> Any:
    """Return the state that counts for a month before the first build.

    It is the first one or, if that could not be sent, the first that can.
    """
    return next(filter(is_sendable, states), states[0])


def is_point_sendable(point: ChargePoint) -> bool:
    is_invalid = reference.is_invalid_power(point.puissance_nominale)
    return not is_invalid and point.station_id is not None


def is_station_sendable(state: StationState) -> bool:
    # A charge point without faults, so that only those of the station count.
    point = ChargePoint(UUID(int=0), "", 1.0, True, False, state.station.id, None)
    return reference.blocking_reason(Location(point, *state)) is None


def value_for(limits: Limits, name: str, month: date) -> float:
    """Return the value of a limit that is valid for a month."""
    _, default, _ = LIMITS[name]
    values = {"2015-01": default} | limits.get(name, {})
    return values[max(start for start in values if start <= f"{month:%Y-%m}")]


def _reject_hidden_overlap(session: FlaggedSession) -> FlaggedSession:
    if not session.hidden_overlap:
        return session
    reasons = [*session.rejection_reasons, "hidden_overlap"]
    return replace(session, is_rejected=True, rejection_reasons=reasons)


def _figures(flagged: dict[UUID, FlaggedSession]) -> Figures:
    clean = [session for session in flagged.values() if not session.is_rejected]
    energy_mwh = reference.station_energy_mwh(flagged)
    stations = {
        (
            session.id_station_itinerance,
            session.siren,
            session.amenageur_name,
            session.operational_unit_code,
            energy_mwh[session.id_station_itinerance],
        )
        for session in clean
        if session.blocking_reason is None
    }
    blocked: dict[str, tuple[int, Decimal]] = {}
    for key, volume in reference.blocked_volumes(flagged).items():
        sessions, blocked_mwh = blocked.get(key.blocking_reason, (0, Decimal(0)))
        blocked[key.blocking_reason] = (
            sessions + volume.sessions,
            blocked_mwh + volume.energy_mwh,
        )
    outcomes = reference.outcomes(flagged)
    return Figures(
        stations,
        blocked,
        (*outcomes["received"], *outcomes["rejected"]),
        {
            str(session.session_id): sorted(session.rejection_reasons)
            for session in flagged.values()
        },
    )


# The generator


@dataclass
class World:
    """The source while events change it, and what the builds so far have recorded."""

    random: Random
    # Whether late sessions also start before the instant from which on the source is complete.
    can_arrive_before_drop: bool
    source: Source = field(default_factory=Source)
    complete_since: datetime = BEGINNING
    limits: Limits = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    events: list[str] = field(default_factory=list)

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))

    def log(self, event: str) -> None:
        self.events.append(event)


def generate(seed: int, can_arrive_before_drop: bool) -> list[Build]:
    """Draw a history: a network with sessions, then builds with events before each."""
    world = World(Random(seed), can_arrive_before_drop)  # noqa: S311 - not used for security
    add_network(world)
    for _ in range(world.random.randint(180, 330)):
        add_session(world, world.random.choice(world.source._pointdecharge))
    builds = [take_build(world, is_first=True)]
    for is_last in (*[False] * world.random.randint(2, 4), True):
        for _ in range(world.random.randint(1, 4)):
            world.random.choice(EVENTS)(world)
        builds.append(take_build(world, is_last=is_last))
    return builds


def take_build(world: World, is_first: bool = False, is_last: bool = False) -> Build:
    """Build every month, or at times only some, and record what the build sees."""
    random = world.random
    is_full_refresh = not is_first and random.random() < 0.25
    months = MONTHS
    if not (is_first or is_last or is_full_refresh) and random.random() < 0.5:
        first = random.randrange(len(MONTHS))
        months = MONTHS[first : random.randint(first + 1, len(MONTHS))]
    can_be_killed = not is_first and months == MONTHS and not is_full_refresh
    killed_at = random.choice(KILL_POINTS) if can_be_killed and random.random() < 0.4 else None
    build = Build(
        deepcopy(world.source),
        world.complete_since,
        months,
        deepcopy(world.limits),
        is_full_refresh,
        killed_at,
        tuple(world.events),
    )
    world.events.clear()
    world.kept.record(build)
    return build


def add_network(world: World) -> None:
    """Two to four units with three to six stations. One in three has a fault."""
    random, source = world.random, world.source
    for number in range(random.randint(2, 4)):
        siren = SIRENS[number] if random.random() < 0.65 else random.choice(FAULTY_SIRENS)
        name = None if random.random() < 0.1 else f"Opérateur {number}"
        source.amenageur.append(Amenageur(world.id(), name, siren, None))
        source.operationalunit.append(
            OperationalUnit(world.id(), f"FRA0{number}", "Réseau", "CHARGING")
        )
    units = len(source.operationalunit)
    for number in range(random.randint(max(3, units), 6)):
        owner, unit = source.amenageur[number % units], source.operationalunit[number % units]
        add_station(world, unit, owner)
    break_something(world)


def add_station(world: World, unit: OperationalUnit, owner: Amenageur) -> Station:
    """Add a station with one or two charge points."""
    random, source = world.random, world.source
    station_id = f"{unit.code}P{len(source._station) + 1}"
    station = Station(world.id(), station_id, None, owner.id, unit.id, None)
    source._station.append(station)
    for suffix in "AB"[: random.randint(1, 2)]:
        power_kw = random.choice(POWERS_KW)
        point_id = f"{unit.code}E{len(source._station)}{suffix}"
        source._pointdecharge.append(
            ChargePoint(world.id(), point_id, power_kw, True, False, station.id, None)
        )
    return station


def break_something(world: World) -> None:
    """Give one station or charge point a fault, or none."""
    random, source = world.random, world.source
    station = random.choice(source._station)
    point = random.choice(source._pointdecharge)
    fault = random.randrange(6)
    if fault == 0:
        change(source._station, station, amenageur_id=None)
    if fault == 1:
        change(source._station, station, operational_unit_id=None)
    if fault == 2:
        other_unit = random.choice(source.operationalunit)
        change(source._station, station, operational_unit_id=other_unit.id)
    if fault == 3:
        change(source._pointdecharge, point, puissance_nominale=random.choice(FAULTY_POWERS_KW))
    if fault == 4:
        change(source._pointdecharge, point, station_id=None)


def change(rows: list, row: Any, **values: Any) -> None:
    """Replace a row by one with other values."""
    rows[next(index for index, other in enumerate(rows) if other.id == row.id)] = row._replace(
        **values
    )


def add_session(world: World, point: ChargePoint) -> Session:
    """Add a session: mostly clean, at times odd, often near a month's limit or another session."""
    random = world.random
    start = random_start(world)
    duration = random.choice((600, 3600, 3 * 3600, 9 * 3600)) * random.uniform(0.5, 1) * SECOND
    if random.random() < 0.05:
        duration = random.uniform(1, 6) * DAY
    end = start + timedelta(seconds=round(duration.total_seconds()))
    on_same_point = [
        session for session in world.source.session if session.point_de_charge_id == point.id
    ]
    if on_same_point and random.random() < 0.2:
        other = random.choice(on_same_point)
        start = other.start
        end = other.end if random.random() < 0.5 else end
        if isinstance(other.end, datetime) and random.random() < 0.5:
            start += (other.end - other.start) * random.choice((0.25, 0.5, 1))
            start = min(max(start, earliest_start(world)), LAST_START - SECOND)
            end = start + HOUR
    if random.random() < 0.04:
        end = random.choice((start - HOUR, start, start + 400 * DAY, "infinity"))
    created_at = start + random.randint(1, 3) * DAY
    session = Session(
        world.id(),
        start,
        end,
        random_energy_kwh(random, point, start, end),
        None if random.random() < 0.02 else point.id,
        created_at,
        created_at,
    )
    world.source.session.append(session)
    return session


def random_start(world: World) -> datetime:
    """Return a whole second, in one of five cases within hours of a month's limit."""
    random = world.random
    limit, _ = month_limits(random.choice(MONTHS[1:]), "UTC")
    near_limit = limit + random.randint(-5 * 3600, 3 * 3600) * SECOND
    earliest = earliest_start(world)
    if near_limit >= earliest and random.random() < 0.2:
        return near_limit
    return earliest + random.randrange(int((LAST_START - earliest).total_seconds())) * SECOND


def earliest_start(world: World) -> datetime:
    """Return from when on sessions can arrive."""
    return FIRST_START if world.can_arrive_before_drop else max(FIRST_START, world.complete_since)


def random_energy_kwh(
    random: Random, point: ChargePoint, start: datetime, end: datetime | str
) -> float:
    if random.random() < 0.05:
        return random.choice((math.nan, math.inf, -1.0, 0.0, 1500.0, 700.0))
    power_kw = point.puissance_nominale if point.puissance_nominale < 1000 else 50.0
    hours = (end - start) / HOUR if isinstance(end, datetime) else 1
    return round(abs(power_kw * min(hours, 12)) * random.uniform(0, 1.15), 3)


# Events


def sessions_arrive(world: World) -> None:
    """Late sessions of any month."""
    if earliest_start(world) >= LAST_START:
        return
    points = world.source._pointdecharge
    added = [
        add_session(world, world.random.choice(points)) for _ in range(world.random.randint(1, 6))
    ]
    world.log(f"arrive: {times(added)}")


def sessions_are_corrected(world: World) -> None:
    """Other energies and ends."""
    random, sessions = world.random, world.source.session
    corrected = random.sample(sessions, min(len(sessions), random.randint(1, 4)))
    points = {point.id: point for point in world.source._pointdecharge}
    for session in corrected:
        end = session.end
        if random.random() < 0.5:
            end = session.start + random.randint(-600, 9 * 3600) * SECOND
        point = points.get(session.point_de_charge_id, world.source._pointdecharge[0])
        energy_kwh = random_energy_kwh(random, point, session.start, end)
        change(sessions, session, end=end, energy=energy_kwh)
    world.log(f"corrected: {times(corrected)}")


def sessions_are_deleted(world: World) -> None:
    """One operator deletes a few, at times the first ones. Skipped if it looks like retention."""
    random, source = world.random, world.source
    code = random.choice(source.operationalunit).code
    own = [session for session in source.session if unit_code(source, session) == code]
    own.sort(key=lambda session: session.start)
    if not own:
        return
    count = min(len(own), random.randint(1, 5))
    deleted = own[:count] if random.random() < 0.3 else random.sample(own, count)
    before = apparently_complete_since(world)
    kept = [session for session in source.session if session not in deleted]
    if have_same_months(before, apparently_complete_since(world, kept)):
        source.session = kept
        world.log(f"deleted by {code}: {times(deleted)}")


def sessions_are_dropped(world: World) -> None:
    """Retention drops what started before a day, often one in the look-back of a month."""
    random = world.random
    day = FIRST_START + random.randrange(2, 90) * DAY
    if random.random() < 0.6:
        limit, _ = month_limits(random.choice(MONTHS[1:]), "UTC")
        day = limit - random.randrange(7) * DAY
    drop_before(world, max(day, world.complete_since))


def everything_is_dropped(world: World) -> None:
    if world.random.random() < 0.3:
        drop_before(world, NEVER)


def drop_before(world: World, complete_since: datetime) -> None:
    """Drop sessions, unless decision 45 would conclude something else from what is left."""
    kept = [session for session in world.source.session if session.start >= complete_since]
    if len(kept) == len(world.source.session):
        return
    if have_same_months(complete_since, apparently_complete_since(world, kept)):
        world.source.session = kept
        world.complete_since = complete_since
        world.log(f"dropped: before {complete_since:%m-%d}")


def apparently_complete_since(world: World, sessions: list[Session] | None = None) -> datetime:
    """Return what decision 45 concludes from the sessions that are missing at the head."""
    there = world.source.session if sessions is None else sessions
    if not there:
        return NEVER
    head = min(session.start for session in there)
    ids = {session.id for session in there}
    codes = {
        unit_code(world.source, session)
        for session in world.kept.known_sessions().values()
        if session.start < head and session.id not in ids
    }
    return head if len(codes - {None}) > 1 else BEGINNING


def have_same_months(one: datetime, other: datetime) -> bool:
    return all(is_held(month, one) == is_held(month, other) for month in MONTHS)


def unit_code(source: Source, session: Session) -> str | None:
    """Return the unit of a session, if its charge point, station and unit are known."""
    points = {point.id: point for point in source._pointdecharge}
    point = points.get(session.point_de_charge_id)
    states = {state.station.id: state for state in station_states(source)}
    state = states.get(point.station_id) if point else None
    return state.unit.code if state and state.unit else None


def station_is_sold(world: World) -> None:
    """The platform deletes an aménageur without stations."""
    random, source = world.random, world.source
    station = random.choice(source._station)
    siren = random.choice((*SIRENS, *FAULTY_SIRENS[:2]))
    buyer = Amenageur(world.id(), f"Acheteur {random.randrange(10**6)}", siren, None)
    source.amenageur.append(buyer)
    change(source._station, station, amenageur_id=buyer.id)
    owners = {other.amenageur_id for other in source._station}
    source.amenageur = [row for row in source.amenageur if row.id in owners]
    world.log(f"sold: {station.id_station_itinerance} to {siren}")


def power_changes(world: World) -> None:
    random, points = world.random, world.source._pointdecharge
    point = random.choice(points)
    power_kw = random.choice((1.0, *POWERS_KW, *FAULTY_POWERS_KW))
    change(points, point, puissance_nominale=power_kw)
    world.log(f"power: {point.id_pdc_itinerance} {power_kw}")


def charge_point_is_moved(world: World) -> None:
    random, source = world.random, world.source
    point, station = random.choice(source._pointdecharge), random.choice(source._station)
    change(source._pointdecharge, point, station_id=station.id)
    world.log(f"moved: {point.id_pdc_itinerance} to {station.id_station_itinerance}")


def station_is_closed(world: World) -> None:
    """A station that is closed now did charge then."""
    station = world.random.choice(world.source._station)
    change(world.source._station, station, deleted_at=datetime(2025, 6, 1, tzinfo=UTC))
    world.log(f"closed: {station.id_station_itinerance}")


def station_opens(world: World) -> None:
    """A station that no build has seen yet, with late sessions."""
    random, source = world.random, world.source
    unit, owner = random.choice(source.operationalunit), random.choice(source.amenageur)
    station = add_station(world, unit, owner)
    for point in list(source._pointdecharge):
        if point.station_id == station.id:
            for _ in range(4 if earliest_start(world) < LAST_START else 0):
                add_session(world, point)
    world.log(f"opened: {station.id_station_itinerance}")


def fault_is_corrected(world: World) -> None:
    """A fault is removed, or replaced by another one, of everything that has one."""
    random, source = world.random, world.source
    units = {unit.code: unit for unit in source.operationalunit}
    for amenageur in list(source.amenageur):
        siren = amenageur.siren_amenageur
        if reference._owner_fault(amenageur) and random.random() < 0.7:
            siren = random.choice((*SIRENS, "123456789"))
            name = amenageur.nom_amenageur or f"Corrigé {random.randrange(10**6)}"
            change(source.amenageur, amenageur, siren_amenageur=siren, nom_amenageur=name)
    for station in list(source._station):
        unit = units[station.id_station_itinerance[:5]]
        owner = station.amenageur_id or random.choice(source.amenageur).id
        change(source._station, station, operational_unit_id=unit.id, amenageur_id=owner)
    for point in list(source._pointdecharge):
        if not is_point_sendable(point):
            station = point.station_id or random.choice(source._station).id
            change(
                source._pointdecharge,
                point,
                station_id=station,
                puissance_nominale=random.choice(POWERS_KW),
            )
    world.log("corrected faults")


def fault_appears(world: World) -> None:
    """What was recorded without the fault keeps its months."""
    random, source = world.random, world.source
    amenageur = random.choice(source.amenageur)
    change(source.amenageur, amenageur, siren_amenageur=random.choice(FAULTY_SIRENS))
    break_something(world)
    world.log(f"faulty: {amenageur.nom_amenageur}")


def limit_changes(world: World) -> None:
    """Another value from a month on, or the default again."""
    random = world.random
    name = random.choice(list(LIMITS))
    _, _, values = LIMITS[name]
    if world.limits.pop(name, None) is None:
        start = random.choice(("2015-01", "2025-02", "2025-03", "2025-04"))
        _, default, _ = LIMITS[name]
        world.limits[name] = {"2015-01": default} | {start: random.choice(values)}
    world.log(f"limit: {name} {world.limits.get(name)}")


EVENTS: tuple[Callable[[World], None], ...] = (
    *[sessions_arrive] * 3,
    *[sessions_are_corrected] * 2,
    *[sessions_are_deleted] * 2,
    *[sessions_are_dropped] * 2,
    everything_is_dropped,
    station_is_sold,
    power_changes,
    charge_point_is_moved,
    station_is_closed,
    station_opens,
    fault_is_corrected,
    fault_appears,
    *[limit_changes] * 2,
)


def times(sessions: Iterable[Session]) -> str:
    return ", ".join(sorted(f"{session.start:%m-%d %H:%M}" for session in sessions))
