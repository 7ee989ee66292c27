"""Hypothesis strategies for small sources close to the limits of the rules (docs/rules.md).

A case is a `Source` with a few rows per table. `merge` combines thousands of cases into one source,
so that one build covers all of them. In a case, ids are small numbers and texts contain
placeholders such as `{own}`. `merge` replaces both, so that no two cases share a unique value.
"""

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station
from tests.support.reference import FIRST_MONTH, LOOK_BACK, month_limits, next_midnight

# Clocks change on 30 March and 26 October 2025. In Paris, the 7 days before April are therefore an
# hour shorter than 7 * 24 hours, and those before November an hour longer.
PERIODS = (
    date(2025, 3, 1),
    date(2025, 4, 1),
    date(2025, 10, 1),
    date(2025, 11, 1),
    date(2024, 12, 1),
    # Sessions before this month belong to no month, so they hide none of it.
    FIRST_MONTH,
)
TIME_ZONES = ("UTC", "Europe/Paris")

MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CLOCK_CHANGES = (datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 10, 26, 1, tzinfo=UTC))

MAX_SESSIONS = 7
POWERS_KW = (3.7, 7.4, 22.0, 50.0, 150.0, 22.08, 0.0)
INVALID_POWERS_KW = (math.nan, math.inf, -math.inf, 1e308, math.nextafter(10_000.0, math.inf))
ODD_POWERS_KW = (*INVALID_POWERS_KW, -1e308, 5e-324, -5e-324, 10_000.0, -22.0, -0.0)
# Odd powers and times are rare, because most energies cannot be near a limit with them.
CHARGE_POINT_POWERS_KW = (*POWERS_KW * 20, *ODD_POWERS_KW)
# Scales the energies of sessions without a charge point or a valid power.
UNKNOWN_POWER_KW = 22.0

DURATIONS = (
    6 * MINUTE,
    timedelta(minutes=41, seconds=26),
    timedelta(minutes=20, seconds=33, microseconds=123457),
    HOUR,
    100 * MINUTE,
    10 * HOUR,
)
# The 2025 notebook read 25 hours as 1 hour, and -1 hour as 23 hours.
ODD_DURATIONS = (
    timedelta(0),
    MICROSECOND,
    MILLISECOND,
    -MICROSECOND,
    -SECOND,
    -HOUR,
    -23 * HOUR,
    -25 * HOUR,
    -DAY,
    DAY,
    25 * HOUR,
)
LONG_DURATIONS = (
    7 * DAY - MICROSECOND,
    7 * DAY,
    7 * DAY + MICROSECOND,
    8 * DAY,
    40 * DAY,
)
MAX_DURATIONS = tuple(
    sign * (366 * DAY + shift)
    for sign in (1, -1)
    for shift in (-MICROSECOND, timedelta(0), MICROSECOND)
)

FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
# Among them the first and the last instant of PostgreSQL.
ODD_TIMES: tuple[datetime | str, ...] = (
    *("-infinity", "4714-11-24 00:00:00+00 BC", "0044-03-15 12:00:00+00 BC", FIRST_INSTANT),
    *(LAST_INSTANT, "294276-12-31 23:59:59.999999+00", "infinity"),
)
NOW = datetime.now(UTC)
ODD_STARTS = (
    *ODD_TIMES,
    NOW + 2 * DAY,
    *[
        limit + shift
        for time_zone in TIME_ZONES
        for limit in (
            month_limits(FIRST_MONTH, time_zone)[0],
            next_midnight(NOW.astimezone(ZoneInfo(time_zone)).date(), time_zone),
        )
        for shift in (-MICROSECOND, timedelta(0))
    ],
)

# Half a Wh distinguishes rounding half up from rounding half to even.
FIXED_ENERGIES_KWH = (
    *(0.0, -0.0, 0.001, *[0.0005, 0.0025] * 3, 5e-324),
    *(-0.001, -5.0, -5e-324, math.nan, math.inf, -math.inf, 1e308, sys.float_info.max),
)
LIMITS_KWH = (1.0, 50.0, 1000.0)
LIMIT_RATIOS = (1.1, 2.0)
ORDINARY_RATIOS = (0.25, 0.5, 0.9, 1.0)

# First byte of each session id, so that id order differs from row order.
ID_BYTES = (
    (0x01, 0x20, 0x7F, 0x80, 0x9F, 0xC0, 0xFF),
    (0xFF, 0xC0, 0x9F, 0x80, 0x7F, 0x20, 0x01),
    (0x80, 0x7F, 0x01, 0xFF, 0x20, 0xC0, 0x9F),
)

BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CASES_PER_SHARED_CODE = 4
STATIONS_PER_CASE = 4


class IdTemplate(NamedTuple):
    """Template of a station id: the code that its unit should have, and the rest."""

    code: str
    rest: str


VALID_ID_TEMPLATES = (
    IdTemplate("{own}", "PCOR{serial}"),
    IdTemplate("{shared}", "PCOR{serial}"),
    # The shortest and longest valid ids: 7 and 64 characters, of one or two bytes each.
    IdTemplate("{shared}", "P{serial}"),
    IdTemplate("{own}", "P" + "X" * 57 + "{serial}"),
    IdTemplate("{own}", "P" + "É" * 57 + "{serial}"),
)
INVALID_ID_TEMPLATES = (
    IdTemplate("{own}", "P"),
    IdTemplate("{own}", "P" + "X" * 58 + "{serial}"),
    IdTemplate("{own}", "E{serial}LETTER"),
    IdTemplate("{own}", "p{serial}letter"),
    IdTemplate("{own}", "{serial}P"),
    IdTemplate("{lower}", "P{serial}LOWER"),
    IdTemplate("{mixed}", "P{serial}MIXED"),
    IdTemplate("{foreign}", "P{serial}"),
    IdTemplate("{short}", ""),
)
# "{own}P" and "{four}" are also prefixes of a station id, but of the wrong length.
MISMATCHED_CODES = ("{shared}", "{own}", "{own}P", "{four}", "{lower}", "ZZZZZ", "")


def _with_luhn_digit(digits: str) -> str:
    """Append a Luhn check digit."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        # The check digit goes last, so the last digit here is the first one to be doubled.
        product = int(digit) * (2 if position % 2 == 0 else 1)
        total += product // 10 + product % 10
    return digits + str(-total % 10)


VALID_SIRENS = tuple(
    _with_luhn_digit(digits) for digits in ("89111847", "52433526", "00000001", "99999999")
)
MISSING_SIRENS = (None, "", "   ")
INVALID_SIRENS = (
    "000000000",
    # One wrong digit, and two pairs of swapped digits.
    VALID_SIRENS[0][:8] + str((int(VALID_SIRENS[0][8]) + 1) % 10),
    "981118473",
    "891118437",
    # One digit short and one digit over, both with a correct check digit.
    _with_luhn_digit("8911184"),
    _with_luhn_digit("891118473"),
    "ABCDEFGHI",
    "12345678A",
    "891 118 473",
    f" {VALID_SIRENS[0]}",
    f"{VALID_SIRENS[0]} ",
    f"{VALID_SIRENS[0]}\n",
    "８９１１１８４７３",  # noqa: RUF001 fullwidth digits
)
NAMES = ("Électrique de France", "ELECTRIQUE DE FRANCE", "electrique de france ", "L'Été, SAS")
MISSING_NAMES = (None, "", "   ")

FAULTS = (
    "no_station",
    "no_amenageur",
    "no_siren",
    "invalid_siren",
    "no_name",
    "no_operational_unit",
    "code_not_station_prefix",
    "invalid_station_id",
)
# Pairs test the order of blocking reasons. The last reasons are repeated because others hide them.
FAULT_SETS: tuple[tuple[str, ...], ...] = (
    *[()] * 40,
    *[(fault,) for fault in FAULTS],
    *[(fault,) for fault in FAULTS[-3:]] * 3,
    *[("invalid_station_id",)] * 4,
    *combinations(FAULTS, 2),
)


class LocationVariant(NamedTuple):
    """Properties of a location; the defaults describe one whose energy can be sent."""

    charge_point: bool = True
    station: bool = True
    amenageur: bool = True
    siren: str | None = VALID_SIRENS[0]
    name: str | None = NAMES[0]
    template: IdTemplate = VALID_ID_TEMPLATES[0]
    code: str | None = VALID_ID_TEMPLATES[0].code
    power_kw: float = POWERS_KW[0]


class Visit(NamedTuple):
    """Times of a session before any is made odd."""

    start: datetime
    end: datetime
    created_at: datetime


class CalendarMonth(NamedTuple):
    """Limits of a month, and instants at or near which sessions start."""

    start: datetime
    end: datetime
    starts: tuple[datetime, ...]
    look_back_starts: tuple[datetime, ...]
    anchors: tuple[datetime, ...]


class SessionPattern(NamedTuple):
    """Candidate start times and durations for the sessions of a case.

    With `repeats_previous`, a session often ends and is received at the same time as the one
    before.
    """

    first_starts: Callable[[CalendarMonth], tuple[datetime, ...]]
    first_durations: tuple[timedelta, ...]
    next_starts: Callable[[CalendarMonth, Visit], tuple[datetime, ...]]
    next_durations: tuple[timedelta, ...]
    repeats_previous: bool = False


SESSION_PATTERNS = (
    # Consecutive sessions, most of them clean.
    *[
        SessionPattern(
            lambda month: month.anchors,
            DURATIONS,
            lambda _, previous: (
                previous.end,
                previous.end + MICROSECOND,
                previous.end + HOUR,
                max(previous.start, previous.end) + DAY,
            ),
            DURATIONS,
        )
    ]
    * 2,
    # Repeated starts, often with the same end.
    *[
        SessionPattern(
            lambda month: (*month.anchors, *month.starts),
            (*DURATIONS, timedelta(0), timedelta(0), -HOUR),
            lambda _, previous: (previous.start, previous.start, previous.start, previous.end),
            DURATIONS,
            repeats_previous=True,
        )
    ]
    * 2,
    # A long session, then short ones inside it: all but the first of them are hidden overlaps.
    *[
        SessionPattern(
            lambda month: month.anchors,
            (10 * HOUR, 2 * DAY, 8 * DAY),
            lambda _, previous: (
                previous.start + MINUTE,
                previous.end - MICROSECOND,
                previous.end,
                previous.end + MICROSECOND,
                previous.end + HOUR,
                previous.end + HOUR,
            ),
            (6 * MINUTE, 30 * MINUTE, HOUR),
        )
    ]
    * 2,
    # Sessions that reach into the month from about 7 days before it, directly or past short ones.
    SessionPattern(
        lambda month: month.look_back_starts,
        LONG_DURATIONS,
        lambda month, previous: (*month.starts, previous.end),
        (6 * MINUTE, HOUR, *LONG_DURATIONS),
    ),
    SessionPattern(
        lambda month: month.look_back_starts,
        (8 * DAY, 40 * DAY),
        lambda month, previous: (
            month.start - DAY,
            month.start + HOUR,
            max(previous.start, month.start) + HOUR,
            max(previous.start, month.start) + DAY,
        ),
        (6 * MINUTE, HOUR / 2, HOUR),
    ),
    # Any combination.
    SessionPattern(
        lambda month: month.anchors,
        (*DURATIONS, *ODD_DURATIONS, *LONG_DURATIONS),
        lambda month, previous: (
            *month.anchors,
            *[previous.end - MICROSECOND, previous.end, previous.start] * 6,
            previous.start + (previous.end - previous.start) // 2,
        ),
        (*DURATIONS, *ODD_DURATIONS, *ODD_DURATIONS, *LONG_DURATIONS),
    ),
)


@st.composite
def cases(
    draw: st.DrawFn,
) -> Source:
    """Draw one case around a month; `merge` fills in its placeholders."""
    month = _month(draw(st.sampled_from(PERIODS)), draw(st.sampled_from(TIME_ZONES)))
    case = Source()
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        _draw_charge_point(draw, case, month)
    _draw_sessions(draw, case, month)
    return case


@cache
def _month(period: date, time_zone: str) -> CalendarMonth:
    start, end = month_limits(period, time_zone)
    look_back_start = start - LOOK_BACK
    midnight = start + 10 * DAY
    starts = (start, start, start + MICROSECOND, start + HOUR)
    # Half an hour off is between 7 * 24 hours and a local week in which the clocks change.
    look_back_starts = (
        *(look_back_start - MICROSECOND, look_back_start, look_back_start + MICROSECOND),
        *(look_back_start - HOUR / 2, look_back_start + HOUR / 2),
    )
    anchors = (
        *(*starts, start - MICROSECOND, start - HOUR / 2, start - 3 * DAY),
        *(end - MICROSECOND, end, end - HOUR / 2, end - HOUR),
        *look_back_starts,
        *(midnight, midnight - MICROSECOND, midnight - HOUR / 2),
        *(midnight + timedelta(hours=9, microseconds=1), midnight + 10 * HOUR),
        *(midnight + timedelta(days=1, hours=17, minutes=3, milliseconds=250),),
        *[
            change + shift
            for change in CLOCK_CHANGES
            if start <= change < end
            for shift in (-HOUR / 2, timedelta(0), HOUR / 2)
        ],
    )
    return CalendarMonth(start, end, starts, look_back_starts, anchors)


def _draw_charge_point(draw: st.DrawFn, case: Source, month: CalendarMonth) -> None:
    """Add a charge point to an existing or a new station."""
    stations = [station.id for station in case._station]
    station_id = draw(st.sampled_from([*stations, None]))
    if station_id is None:
        station_id = _draw_station(draw, case, month)
    number = len(case._pointdecharge) + 1
    case._pointdecharge.append(
        ChargePoint(
            id=UUID(int=number),
            id_pdc_itinerance=f"{{own}}E{number}",
            puissance_nominale=draw(st.sampled_from(CHARGE_POINT_POWERS_KW)),
            prise_type_combo_ccs=draw(st.booleans()),
            prise_type_chademo=False,
            station_id=station_id,
            deleted_at=_draw_deleted_at(draw, month),
        )
    )


def _draw_station(draw: st.DrawFn, case: Source, month: CalendarMonth) -> UUID | None:
    """Add a station, usually without faults, and return its id; None for the fault `no_station`."""
    faults = draw(st.sampled_from(FAULT_SETS))
    if "no_station" in faults:
        return None
    number = len(case._station) + 1
    templates = INVALID_ID_TEMPLATES if "invalid_station_id" in faults else VALID_ID_TEMPLATES
    taken = [station.id_station_itinerance for station in case._station]
    station_ids = {template: _station_id(template, number) for template in templates}
    free = [template for template, station_id in station_ids.items() if station_id not in taken]
    template = draw(st.sampled_from(free))
    case._station.append(
        Station(
            id=UUID(int=number),
            id_station_itinerance=station_ids[template],
            nom_station=draw(st.sampled_from((None, "Gare"))),
            amenageur_id=_draw_amenageur(draw, case, faults),
            operational_unit_id=_draw_unit(draw, case, faults, template),
            deleted_at=_draw_deleted_at(draw, month),
        )
    )
    return case._station[-1].id


def _station_id(template: IdTemplate, number: int) -> str:
    """Return a station id with placeholders for `merge`."""
    return template.code + template.rest.replace("{serial}", f"{{serials[{number}]}}")


def _draw_deleted_at(draw: st.DrawFn, month: CalendarMonth) -> datetime | None:
    """Draw a closing time before, in or after the month, or None (never closed)."""
    closings = (month.start - 30 * DAY, month.start + 15 * DAY, month.end + DAY)
    return draw(st.sampled_from((None, None, None, *closings)))


def _draw_amenageur(draw: st.DrawFn, case: Source, faults: tuple[str, ...]) -> UUID | None:
    """Draw a new or an existing owner; None for the fault `no_amenageur`.

    Cases share few SIRENs, so one SIREN occurs with several names.
    """
    if "no_amenageur" in faults:
        return None
    sirens: tuple[str | None, ...] = VALID_SIRENS
    if "no_siren" in faults:
        sirens = MISSING_SIRENS
    elif "invalid_siren" in faults:
        sirens = INVALID_SIRENS
    owners = [owner.id for owner in case.amenageur]
    if owners and not faults and draw(st.booleans()):
        return draw(st.sampled_from(owners))
    names = MISSING_NAMES if "no_name" in faults else NAMES
    return _add_amenageur(case, draw(st.sampled_from(names)), draw(st.sampled_from(sirens)))


def _add_amenageur(case: Source, name: str | None, siren: str | None) -> UUID:
    number = len(case.amenageur) + 1
    contact = f"{number}@{{case}}.example.org"
    case.amenageur.append(Amenageur(UUID(int=number), name, siren, contact))
    return case.amenageur[-1].id


def _draw_unit(
    draw: st.DrawFn, case: Source, faults: tuple[str, ...], template: IdTemplate
) -> UUID | None:
    """Draw the unit of a station; None for the fault `no_operational_unit`."""
    if "no_operational_unit" in faults:
        return None
    if "code_not_station_prefix" in faults:
        return _find_or_add_unit(case, draw(st.sampled_from(_mismatched_codes(template))))
    return _find_or_add_unit(case, template.code)


def _mismatched_codes(template: IdTemplate) -> list[str]:
    return [code for code in MISMATCHED_CODES if code != template.code]


def _find_or_add_unit(case: Source, code: str) -> UUID:
    """Return the id of the unit with this code; add the unit if it is missing."""
    for unit in case.operationalunit:
        if unit.code == code:
            return unit.id
    number = len(case.operationalunit) + 1
    case.operationalunit.append(OperationalUnit(UUID(int=number), code, "Unit", "CHARGING"))
    return case.operationalunit[-1].id


def _draw_sessions(draw: st.DrawFn, case: Source, month: CalendarMonth) -> None:
    """Add sessions, each drawn relative to the one before, and in some cases odd times."""
    pattern = draw(st.sampled_from(SESSION_PATTERNS))
    known = case._pointdecharge
    charge_points = draw(st.sampled_from([known] * 14 + [[*known, None], [None]]))
    first_bytes = draw(st.sampled_from(ID_BYTES))
    # Put the odd times in the same few cases, so that such sessions are adjacent.
    has_odd_times = draw(st.sampled_from((True, *[False] * 7)))
    previous = None
    for number in range(draw(st.integers(0, MAX_SESSIONS))):
        charge_point = draw(st.sampled_from(charge_points))
        start, end = _draw_span(draw, pattern, month, previous)
        created_at = _draw_created_at(draw, pattern, month, previous)
        previous = Visit(start, end, created_at)
        power_kw = charge_point.puissance_nominale if charge_point else UNKNOWN_POWER_KW
        if power_kw in INVALID_POWERS_KW:
            power_kw = UNKNOWN_POWER_KW
        session = Session(
            id=UUID(int=(first_bytes[number] << 120) + number + 1),
            start=start,
            end=end,
            energy=draw(_energies((end - start).total_seconds() / 3600 * power_kw)),
            point_de_charge_id=charge_point.id if charge_point else None,
            created_at=created_at,
            # No rule reads updated_at.
            updated_at=created_at + draw(st.sampled_from((timedelta(0), HOUR, 10 * DAY))),
        )
        if has_odd_times:
            session = draw(st.sampled_from(_with_odd_times(session)))
        case.session.append(session)


def _with_odd_times(session: Session) -> list[Session]:
    """Return the session as it is, with odd ends and with odd starts."""
    max_durations = [session._replace(end=session.start + duration) for duration in MAX_DURATIONS]
    return [
        *[session] * 20,
        *max_durations * 2,
        *[session._replace(end=time) for time in ODD_TIMES],
        *[session._replace(start=time) for time in ODD_STARTS],
        *[session._replace(start=time, end=time) for time in ODD_STARTS],
    ]


def _draw_span(
    draw: st.DrawFn, pattern: SessionPattern, month: CalendarMonth, previous: Visit | None
) -> tuple[datetime, datetime]:
    """Draw the start and end of a session."""
    if previous is None:
        start = draw(st.sampled_from(pattern.first_starts(month)))
        return start, start + draw(st.sampled_from(pattern.first_durations))
    start = draw(st.sampled_from(pattern.next_starts(month, previous)))
    ends = [start + duration for duration in pattern.next_durations]
    if pattern.repeats_previous:
        ends += [previous.end] * 2 * len(ends)
        ends += [previous.end - MICROSECOND, previous.end + MICROSECOND]
    return start, draw(st.sampled_from(ends))


def _draw_created_at(
    draw: st.DrawFn, pattern: SessionPattern, month: CalendarMonth, previous: Visit | None
) -> datetime:
    """Draw a time of receipt within 15 days of the month's end, or close to the previous one."""
    instants = [month.end + DAY, month.end + DAY + MICROSECOND, month.end + 14 * DAY]
    if pattern.repeats_previous and previous is not None:
        instants = [
            *[previous.created_at] * 3,
            previous.created_at - MICROSECOND,
            previous.created_at + MICROSECOND,
        ]
    return draw(st.sampled_from(instants))


def _energies(max_kwh: float) -> st.SearchStrategy[float]:
    """Choose a typical, boundary, near-boundary or invalid energy."""
    ordinary = [round(abs(max_kwh) * ratio, 3) for ratio in ORDINARY_RATIOS]
    limits = [max_kwh * ratio for ratio in LIMIT_RATIOS]
    # The 1 kWh limit only applies to sessions that end before they start.
    fixed_limits = FIXED_LIMITS_KWH + (_around(1.0) * 8 if max_kwh <= 0 else [])
    return st.sampled_from(
        ordinary * 10
        + [energy for limit in limits for energy in _around(limit)] * 2
        + fixed_limits
        + list(FIXED_ENERGIES_KWH)
    )


def _around(limit_kwh: float) -> list[float]:
    """Return the limit, the adjacent doubles, and the values 1 Wh below and above."""
    return [
        limit_kwh,
        math.nextafter(limit_kwh, math.inf),
        math.nextafter(limit_kwh, -math.inf),
        round(limit_kwh + 0.001, 3),
        round(limit_kwh - 0.001, 3),
    ]


FIXED_LIMITS_KWH = [energy for limit in LIMITS_KWH for energy in _around(limit)]


def every_location() -> list[Source]:
    """Return a case with one clean session per SIREN, name, station id and code above.

    Drawn cases may leave out some of these values, so merge this case with them.
    """
    default = LocationVariant()
    variants = [
        LocationVariant(charge_point=False),
        LocationVariant(station=False),
        LocationVariant(amenageur=False),
        *[
            default._replace(siren=siren)
            for siren in VALID_SIRENS + MISSING_SIRENS + INVALID_SIRENS
        ],
        *[default._replace(name=name) for name in NAMES + MISSING_NAMES],
        *[
            LocationVariant(template=template, code=template.code)
            for template in VALID_ID_TEMPLATES + INVALID_ID_TEMPLATES
        ],
        *[
            LocationVariant(template=template, code=code)
            for template in VALID_ID_TEMPLATES
            for code in _mismatched_codes(template)
        ],
        default._replace(code=None),
        *[default._replace(power_kw=power_kw) for power_kw in ODD_POWERS_KW],
        LocationVariant(power_kw=math.nan, charge_point=False),
        LocationVariant(power_kw=math.nan, station=False),
        LocationVariant(power_kw=math.inf, amenageur=False),
        LocationVariant(power_kw=1e308, siren=INVALID_SIRENS[0]),
    ]
    noon = datetime(2025, 3, 15, 12, tzinfo=UTC)
    return [_case_of_variant(variant, noon) for variant in variants]


def _case_of_variant(variant: LocationVariant, start: datetime) -> Source:
    """Return a case with one session at a location of this variant."""
    case = Source()
    first = UUID(int=1)
    if variant.station:
        owner = _add_amenageur(case, variant.name, variant.siren) if variant.amenageur else None
        unit = None if variant.code is None else _find_or_add_unit(case, variant.code)
        case._station.append(
            Station(first, _station_id(variant.template, 1), None, owner, unit, None)
        )
    station_id = first if variant.station else None
    case._pointdecharge.append(
        ChargePoint(first, "{own}E1", variant.power_kw, False, False, station_id, None)
    )
    charge_point_id = first if variant.charge_point else None
    received_at = start + DAY
    case.session.append(
        Session(first, start, start + HOUR, 1.234, charge_point_id, received_at, received_at)
    )
    return case


def hostile_source(count: int) -> Source:
    """Return one source of `count` cases, always the same, and every kind of location."""
    all_cases = every_location()

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def collect(case: Source) -> None:
        all_cases.append(case)

    collect()
    return merge(all_cases)


def merge(all_cases: Iterable[Source]) -> Source:
    """Combine cases into one source, with unique ids and texts for each case.

    Only units are shared: those with the same code become one unit.
    """
    merged = Source()
    units: dict[str, OperationalUnit] = {}
    for index, case in enumerate(all_cases):
        completed = _complete(case, index)
        unit_ids: dict[UUID | None, UUID | None] = {None: None}
        for unit in completed.operationalunit:
            unit_ids[unit.id] = units.setdefault(unit.code, unit).id
        merged.amenageur += completed.amenageur
        merged._station += [
            station._replace(operational_unit_id=unit_ids[station.operational_unit_id])
            for station in completed._station
        ]
        merged._pointdecharge += completed._pointdecharge
        merged.session += completed.session
    merged.operationalunit = list(units.values())
    return merged


def _complete(case: Source, index: int) -> Source:
    """Renumber the ids of a case and fill in its placeholders."""
    placeholders = _placeholders(index)

    def complete(value: Any) -> Any:
        if isinstance(value, UUID):
            # Between the first byte and the last ones, which keeps the order of the ids.
            return UUID(int=value.int + ((index + 1) << 32))
        return value.format_map(placeholders) if isinstance(value, str) else value

    tables = {table.name: getattr(case, table.name) for table in fields(case)}
    return Source(
        **{name: [type(row)(*map(complete, row)) for row in rows] for name, rows in tables.items()}
    )


def _placeholders(index: int) -> dict[str, str | list[str]]:
    """Return the values of a case's placeholders. Odd codes are its own, even codes are shared."""
    group, position = divmod(index, CASES_PER_SHARED_CODE)
    own = _code(2 * index + 1)
    return {
        "case": str(index),
        "own": own,
        "shared": _code(2 * group),
        "lower": own.lower(),
        "mixed": own[:2] + own[2:].lower(),
        "foreign": "DE" + own[2:],
        "short": own[1:],
        "four": own[:4],
        "serials": [BASE_36[position * STATIONS_PER_CASE + number] for number in range(4)],
    }


def _code(number: int) -> str:
    """Return a unit code: FR and the number as three base-36 digits."""
    tens, ones = divmod(number, 36)
    hundreds, tens = divmod(tens, 36)
    return "FR" + BASE_36[hundreds] + BASE_36[tens] + BASE_36[ones]
