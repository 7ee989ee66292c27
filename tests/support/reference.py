"""Reference implementation of the rules and blocking reasons in docs/rules.md.

Slow, simple, and written without looking at the SQL. The tests compare the models with it session
by session. The two share only the text of the specification, so a misreading goes unnoticed only
if both make it.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station

FLAGS = ("negs", "eneu", "enea", "odus", "enex", "duplicate", "overlap")
REASONS = (*FLAGS, "invalid_energy", "invalid_time")

FIRST_MONTH = date(2015, 1, 1)
LOOK_BACK = timedelta(days=7)
MAX_DURATION = timedelta(days=366)
MAX_POWER_KW = 10_000
# The product of a power closer to zero and a duration is not exact: it counts as 0.
MIN_POWER_KW = 1e-300
# Below this, a product with a duration could exceed the range of a double.
LOWEST_POWER_KW = -1e304
MAX_ENERGY_KWH = 1000
ABNORMAL_RATIO = 1.1
ODD_DURATION_ENERGY_KWH = 1
EXCESSIVE_ENERGY_KWH = 50
EXCESSIVE_RATIO = 2.0

UNIT_CODE_CHARACTERS = 5
MIN_STATION_ID_CHARACTERS = 7
MAX_STATION_ID_CHARACTERS = 64

# Wide enough for any sum of doubles, from 1.8e308 down to 5e-324. A sum that does not fit raises
# instead of being rounded.
EXACT = Context(prec=1000, traps=[Inexact])
ROUNDING = Context(prec=1000)
KWH_PER_MWH = 1000
ONE_WH_IN_MWH = Decimal("0.000001")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# The Gregorian calendar repeats after 400 years.
CYCLE_YEARS = 400
CYCLE = timedelta(days=146_097)
# Microseconds since 1970, or infinity. Exact for every time of PostgreSQL.
Instant = int | float


@dataclass(frozen=True)
class FlaggedSession:
    """One session of the period and the result of every rule."""

    session_id: UUID
    period: date
    flags: dict[str, bool]
    invalid_energy: bool
    invalid_time: bool
    hidden_overlap: bool
    is_rejected: bool
    rejection_reasons: list[str]
    blocking_reason: str | None
    duration_hours: float | None
    max_energy_kwh: float | None
    max_power_kw: float | None
    id_pdc_itinerance: str | None
    id_station_itinerance: str | None
    operational_unit_code: str | None
    siren: str | None
    amenageur_name: str | None
    booked_energy_kwh: Decimal


class Volume(NamedTuple):
    """Session count and energy in MWh, rounded once."""

    sessions: int
    energy_mwh: Decimal


class Entry(NamedTuple):
    """Session count and exact energy in kWh for one line of the balance."""

    sessions: int
    energy_kwh: Decimal


class BlockedKey(NamedTuple):
    """Grouping key of blocked energy. Equal to a plain tuple of the same values."""

    blocking_reason: str
    amenageur_name: str | None
    siren: str | None
    operational_unit_code: str | None
    id_station_itinerance: str | None


class Location(NamedTuple):
    """Charge point of a session, with its station, owner and unit where known."""

    charge_point: ChargePoint | None = None
    station: Station | None = None
    amenageur: Amenageur | None = None
    unit: OperationalUnit | None = None


class TimedSession(NamedTuple):
    """A session with times that can be compared and subtracted, whatever they are."""

    id: UUID
    start: Instant
    end: Instant
    energy: float
    point_de_charge_id: UUID | None
    created_at: Instant


def flag_sessions(
    source: Source, period: date, time_zone: str = "UTC", today: date | None = None
) -> dict[UUID, FlaggedSession]:
    """Apply the rules to every session that starts in a month.

    `period` is the first day of the month and `today` the day of the run, both in `time_zone`.
    """
    month_start, month_end = map(instant, month_limits(period, time_zone))
    look_back_start = month_start - LOOK_BACK // MICROSECOND
    first_start, last_start = _plausible_limits(time_zone, today)
    locations = _locations(source)
    # The rules only read sessions that start no later, so nothing after the month's end matters.
    in_view = [
        session
        for session in map(_timed, source.session)
        if max(look_back_start, first_start) <= session.start < min(month_end, last_start)
    ]
    flagged: dict[UUID, FlaggedSession] = {}
    for session, earlier in _with_earlier(in_view):
        if session.start < month_start:
            continue
        if session.id in flagged:
            raise ValueError(f"session {session.id} occurs twice in {period:%Y-%m}")
        location = locations[session.point_de_charge_id]
        flagged[session.id] = _flag(session, earlier, location, period)
    return flagged


def month_limits(period: date, time_zone: str) -> tuple[datetime, datetime]:
    """Return the start of the month and of the next month, in UTC."""
    if period.day != 1:
        raise ValueError(f"period must be the first day of a month, not {period}")
    zone = ZoneInfo(time_zone)
    next_month = (period + timedelta(days=31)).replace(day=1)
    return (
        datetime(period.year, period.month, 1, tzinfo=zone).astimezone(UTC),
        datetime(next_month.year, next_month.month, 1, tzinfo=zone).astimezone(UTC),
    )


def sessions_outside_months(
    source: Source, time_zone: str = "UTC", today: date | None = None
) -> set[UUID]:
    """Return the sessions that start before the first month or after the day of the run."""
    first_start, last_start = _plausible_limits(time_zone, today)
    return {
        session.id
        for session in source.session
        if not first_start <= instant(session.start) < last_start
    }


def next_midnight(day: date, time_zone: str) -> datetime:
    """Return the end of a day."""
    tomorrow = day + timedelta(days=1)
    zone = ZoneInfo(time_zone)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)


def _plausible_limits(time_zone: str, today: date | None) -> tuple[Instant, Instant]:
    """Return the start of the first month and the end of the day of the run."""
    day = today or datetime.now(ZoneInfo(time_zone)).date()
    first_start, _ = month_limits(FIRST_MONTH, time_zone)
    return instant(first_start), instant(next_midnight(day, time_zone))


def instant(time: datetime | str) -> Instant:
    """Convert a time, or PostgreSQL's text for one, to microseconds since 1970 or infinity."""
    if isinstance(time, datetime):
        return (time - EPOCH) // MICROSECOND
    if time in ("infinity", "-infinity"):
        return float(time)
    year, rest = time.removesuffix(" BC").split("-", maxsplit=1)
    # The year before 1 AD is 1 BC.
    cycles, year_in_cycle = divmod(
        1 - int(year) if time.endswith(" BC") else int(year), CYCLE_YEARS
    )
    first_cycle = 5
    in_reach = datetime.fromisoformat(f"{first_cycle * CYCLE_YEARS + year_in_cycle}-{rest}")
    return instant(in_reach) + (cycles - first_cycle) * (CYCLE // MICROSECOND)


def _timed(session: Session) -> TimedSession:
    return TimedSession(
        session.id,
        instant(session.start),
        instant(session.end),
        session.energy,
        session.point_de_charge_id,
        instant(session.created_at),
    )


def _with_earlier(
    sessions: Iterable[TimedSession],
) -> Iterable[tuple[TimedSession, list[TimedSession]]]:
    """Yield each session with the earlier sessions of its charge point, the previous one last.

    A session without a charge point or a valid time neither has nor is an earlier session.
    """
    by_charge_point: dict[UUID | None, list[TimedSession]] = defaultdict(list)
    for session in sessions:
        if is_invalid_time(session):
            yield session, []
        else:
            by_charge_point[session.point_de_charge_id].append(session)
    for charge_point_id, queue in by_charge_point.items():
        queue.sort(key=lambda session: (session.start, session.end, session.created_at, session.id))
        for rank, session in enumerate(queue):
            yield session, [] if charge_point_id is None else queue[:rank]


def _flag(
    session: TimedSession, earlier: list[TimedSession], location: Location, period: date
) -> FlaggedSession:
    """Apply every rule to one session."""
    hours = duration_hours(session)
    max_kwh = max_energy_kwh(hours, location.charge_point)
    invalid_time = is_invalid_time(session)
    invalid_energy = is_invalid_energy(session.energy)
    flags = {
        **_duration_flags(hours),
        **_energy_flags(session.energy, hours, max_kwh),
        **_neighbour_flags(session, earlier),
    }
    reasons = [reason for reason in FLAGS if flags[reason]]
    if invalid_energy:
        reasons.append("invalid_energy")
    if invalid_time:
        reasons.append("invalid_time")
    charge_point, station, amenageur, unit = location
    return FlaggedSession(
        session_id=session.id,
        period=period,
        flags=flags,
        invalid_energy=invalid_energy,
        invalid_time=invalid_time,
        hidden_overlap=is_hidden_overlap(session, earlier),
        is_rejected=bool(reasons),
        rejection_reasons=reasons,
        blocking_reason=blocking_reason(location),
        duration_hours=hours,
        max_energy_kwh=max_kwh,
        max_power_kw=charge_point.puissance_nominale if charge_point else None,
        id_pdc_itinerance=charge_point.id_pdc_itinerance if charge_point else None,
        id_station_itinerance=station.id_station_itinerance if station else None,
        operational_unit_code=unit.code if unit else None,
        siren=amenageur.siren_amenageur if amenageur else None,
        amenageur_name=amenageur.nom_amenageur if amenageur else None,
        booked_energy_kwh=booked_energy_kwh(session.energy),
    )


def is_invalid_time(session: TimedSession) -> bool:
    """Return whether the end is infinite or too far from the start, in either direction."""
    return abs(session.end - session.start) > MAX_DURATION // MICROSECOND


def duration_hours(session: TimedSession) -> float | None:
    """Return the hours from start to end, negative if it ends first, or None if invalid."""
    if is_invalid_time(session):
        return None
    return (session.end - session.start) / 10**6 / 3600


def is_invalid_power(power_kw: float) -> bool:
    """Return whether the power is NaN, infinite or more than any charge point has."""
    return not math.isfinite(power_kw) or power_kw > MAX_POWER_KW


def max_energy_kwh(hours: float | None, charge_point: ChargePoint | None) -> float | None:
    """Return the most that the charge point can deliver in this time, or None if unknown."""
    if hours is None or charge_point is None:
        return None
    power_kw = charge_point.puissance_nominale
    if is_invalid_power(power_kw):
        return None
    if abs(power_kw) < MIN_POWER_KW:
        return hours * 0.0
    return hours * max(power_kw, LOWEST_POWER_KW)


def is_invalid_energy(energy_kwh: float) -> bool:
    """Return whether the energy is NaN, infinite or negative."""
    return math.isnan(energy_kwh) or math.isinf(energy_kwh) or energy_kwh < 0


def booked_energy_kwh(energy_kwh: float) -> Decimal:
    """Return the shortest decimal that reads back as this double; 0 for NaN and infinity."""
    if math.isnan(energy_kwh) or math.isinf(energy_kwh):
        return Decimal(0)
    return Decimal(repr(energy_kwh))


def _duration_flags(hours: float | None) -> dict[str, bool]:
    return {"negs": hours is not None and hours < 0}


def _energy_flags(energy_kwh: float, hours: float | None, max_kwh: float | None) -> dict[str, bool]:
    """Apply the rules that read the energy; all are false if it is invalid."""
    if is_invalid_energy(energy_kwh):
        return {"eneu": False, "enea": False, "odus": False, "enex": False}
    is_negative_duration = hours is not None and hours < 0
    knows_maximum = max_kwh is not None
    return {
        "eneu": energy_kwh > MAX_ENERGY_KWH,
        "enea": knows_maximum and energy_kwh > max_kwh * ABNORMAL_RATIO,
        "odus": is_negative_duration and energy_kwh > ODD_DURATION_ENERGY_KWH,
        "enex": knows_maximum
        and energy_kwh > EXCESSIVE_ENERGY_KWH
        and energy_kwh > max_kwh * EXCESSIVE_RATIO,
    }


def _neighbour_flags(session: TimedSession, earlier: list[TimedSession]) -> dict[str, bool]:
    """Compare the session with the previous one, regardless of their other flags."""
    if not earlier:
        return {"duplicate": False, "overlap": False}
    previous = earlier[-1]
    return {
        "duplicate": session.start == previous.start and session.end == previous.end,
        "overlap": session.start < previous.end,
    }


def is_hidden_overlap(session: TimedSession, earlier: list[TimedSession]) -> bool:
    """Return whether the session overlaps an earlier session but not the previous one."""
    if not earlier:
        return False
    *before_previous, previous = earlier
    return session.start >= previous.end and any(
        session.start < other.end for other in before_previous
    )


def _locations(source: Source) -> dict[UUID | None, Location]:
    """Map charge point ids to locations, including closed charge points and stations."""
    amenageurs = {amenageur.id: amenageur for amenageur in source.amenageur}
    units = {unit.id: unit for unit in source.operationalunit}
    stations = {station.id: station for station in source._station}
    locations: dict[UUID | None, Location] = {None: Location()}
    for charge_point in source._pointdecharge:
        if charge_point.station_id is None:
            locations[charge_point.id] = Location(charge_point)
            continue
        station = stations[charge_point.station_id]
        owner, unit = station.amenageur_id, station.operational_unit_id
        locations[charge_point.id] = Location(
            charge_point,
            station,
            None if owner is None else amenageurs[owner],
            None if unit is None else units[unit],
        )
    return locations


def blocking_reason(location: Location) -> str | None:
    """Return the first reason, in the catalogue's order, why energy from here cannot be sent."""
    charge_point, station, amenageur, unit = location
    if charge_point is None:
        return "no_charge_point"
    if is_invalid_power(charge_point.puissance_nominale):
        return "invalid_power"
    if station is None:
        return "no_station"
    if amenageur is None:
        return "no_amenageur"
    return _owner_fault(amenageur) or _station_fault(station, unit)


def _owner_fault(amenageur: Amenageur) -> str | None:
    if is_missing(amenageur.siren_amenageur):
        return "no_siren"
    if not is_valid_siren(amenageur.siren_amenageur):
        return "invalid_siren"
    if is_missing(amenageur.nom_amenageur):
        return "no_name"
    return None


def _station_fault(station: Station, unit: OperationalUnit | None) -> str | None:
    if unit is None:
        return "no_operational_unit"
    if unit.code != station.id_station_itinerance[:UNIT_CODE_CHARACTERS]:
        return "code_not_station_prefix"
    if not is_valid_station_id(station.id_station_itinerance):
        return "invalid_station_id"
    return None


def is_missing(text: str | None) -> bool:
    """Return whether a text is null, empty or only spaces."""
    return text is None or text.strip(" ") == ""


def is_valid_siren(siren: str) -> bool:
    """Return whether this is nine digits, not all zero, that pass the Luhn check."""
    # [0-9] because \d also matches the digits of other scripts.
    if not re.fullmatch("[0-9]{9}", siren) or siren == "000000000":
        return False
    # Luhn: from the right, double every second digit and add the digits of each result.
    doubled = [int(digit) * 2 for digit in siren[-2::-2]]
    single = [int(digit) for digit in siren[-1::-2]]
    total = sum(single) + sum(double // 10 + double % 10 for double in doubled)
    return total % 10 == 0


def is_valid_station_id(station_id: str) -> bool:
    """Return whether CARBURE accepts this station id."""
    has_length = MIN_STATION_ID_CHARACTERS <= len(station_id) <= MAX_STATION_ID_CHARACTERS
    return has_length and re.match("FR[A-Z0-9]{3}P", station_id) is not None


def station_volumes(flagged: dict[UUID, FlaggedSession]) -> dict[str, Volume]:
    """Sum the sendable sessions of each station, including stations whose sum is 0."""
    by_station: dict[str, list[FlaggedSession]] = defaultdict(list)
    for session in flagged.values():
        if not session.is_rejected and session.blocking_reason is None:
            by_station[session.id_station_itinerance].append(session)
    return {station_id: _volume(sessions) for station_id, sessions in by_station.items()}


def station_energy_mwh(flagged: dict[UUID, FlaggedSession]) -> dict[str, Decimal]:
    """Return the sendable MWh of each station."""
    return {
        station_id: volume.energy_mwh for station_id, volume in station_volumes(flagged).items()
    }


def blocked_volumes(flagged: dict[UUID, FlaggedSession]) -> dict[BlockedKey, Volume]:
    """Sum the clean sessions that cannot be sent, by reason and location."""
    by_key: dict[BlockedKey, list[FlaggedSession]] = defaultdict(list)
    for session in flagged.values():
        if not session.is_rejected and session.blocking_reason is not None:
            key = BlockedKey(
                session.blocking_reason,
                session.amenageur_name,
                session.siren,
                session.operational_unit_code,
                session.id_station_itinerance,
            )
            by_key[key].append(session)
    return {key: _volume(sessions) for key, sessions in by_key.items()}


def outcomes(flagged: dict[UUID, FlaggedSession]) -> dict[str, Entry]:
    """Return the energy balance: received = rejected + blocked + sendable, to the Wh."""
    sessions = list(flagged.values())
    clean = [session for session in sessions if not session.is_rejected]
    return {
        "received": _entry(sessions),
        "rejected": _entry(session for session in sessions if session.is_rejected),
        "blocked": _entry(session for session in clean if session.blocking_reason is not None),
        "sendable": _entry(session for session in clean if session.blocking_reason is None),
    }


def broken_rules(flagged: dict[UUID, FlaggedSession]) -> dict[str, tuple[Entry, Entry]]:
    """Return for each rule the sessions that break it, and those that it is the first to reject."""
    sessions = list(flagged.values())
    rejected = {
        reason: (
            _entry(session for session in sessions if reason in session.rejection_reasons),
            _entry(session for session in sessions if session.rejection_reasons[:1] == [reason]),
        )
        for reason in REASONS
    }
    hidden = _entry(session for session in sessions if session.hidden_overlap)
    return {**rejected, "hidden_overlap": (hidden, _entry([]))}


def _entry(sessions: Iterable[FlaggedSession]) -> Entry:
    sessions = list(sessions)
    return Entry(len(sessions), exact_sum_kwh(sessions))


def exact_sum_kwh(sessions: Iterable[FlaggedSession]) -> Decimal:
    """Add exact decimals, so that row order does not affect the sum."""
    total_kwh = Decimal(0)
    for session in sessions:
        total_kwh = EXACT.add(total_kwh, session.booked_energy_kwh)
    return total_kwh


def _volume(sessions: list[FlaggedSession]) -> Volume:
    energy_mwh = EXACT.divide(exact_sum_kwh(sessions), Decimal(KWH_PER_MWH))
    rounded = energy_mwh.quantize(ONE_WH_IN_MWH, rounding=ROUND_HALF_UP, context=ROUNDING)
    return Volume(len(sessions), rounded)
