"""Small cases that lie where the rules of domain.md change their mind, for hypothesis to draw.

A case is a few rows of every table, on charge points and stations of its own. Thousands of them
make one source (`merge`), so that the models are built once for all. Until then a case has small
numbers for ids, and blanks such as `{own}` in its texts, so that no two of its rows get in the way
of another case's.
"""

import math
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import combinations
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station

# Clocks change on 30 March and on 26 October 2025; in local time, the first puts an hour less into
# the 7 days before April, the second an hour more into those before November.
PERIODS = (
    date(2025, 3, 1),
    date(2025, 4, 1),
    date(2025, 10, 1),
    date(2025, 11, 1),
    date(2024, 12, 1),
)
TIME_ZONES = ("UTC", "Europe/Paris")

MICROSECOND = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LOOK_BACK = timedelta(days=7)
CLOCK_CHANGES = (datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 10, 26, 1, tzinfo=UTC))

MAX_SESSIONS = 7
POWERS_KW = (3.7, 7.4, 22.0, 50.0, 150.0, 22.08, 0.0)
# What the energies of sessions without a charge point are measured by.
UNKNOWN_POWER_KW = 22.0

DURATIONS = (
    6 * MINUTE,
    timedelta(minutes=41, seconds=26),
    timedelta(minutes=20, seconds=33, microseconds=123457),
    HOUR,
    100 * MINUTE,
    10 * HOUR,
)
# To the notebook, 25 hours were one, and an hour less than nothing was 23.
ODD_DURATIONS = (
    timedelta(0),
    MICROSECOND,
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

# The half Wh tell rounding half up from half to even.
FIXED_ENERGIES_KWH = (
    *(0.0, -0.0, 0.001, *[0.0005, 0.0025] * 3, 5e-324),
    *(-0.001, -5.0, -5e-324, math.nan, math.inf, -math.inf, sys.float_info.max),
)
LIMITS_KWH = (1.0, 50.0, 1000.0)
LIMIT_RATIOS = (1.1, 2.0)
ORDINARY_RATIOS = (0.25, 0.5, 0.9, 1.0)

# Before or after each other whatever the order of the rows; the first byte is the heaviest.
ID_BYTES = (
    (0x01, 0x20, 0x7F, 0x80, 0x9F, 0xC0, 0xFF),
    (0xFF, 0xC0, 0x9F, 0x80, 0x7F, 0x20, 0x01),
    (0x80, 0x7F, 0x01, 0xFF, 0x20, 0xC0, 0x9F),
)

BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CASES_PER_SHARED_CODE = 4
STATIONS_PER_CASE = 4


class StationForm(NamedTuple):
    """A station's id in two parts; the first is the code that its unit should have."""

    code: str
    rest: str


SOUND_FORMS = (
    StationForm("{own}", "PCOR{serial}"),
    StationForm("{shared}", "PCOR{serial}"),
    # The shortest and the longest that are taken: 7 and 64 characters, of one byte or of two.
    StationForm("{shared}", "P{serial}"),
    StationForm("{own}", "P" + "X" * 57 + "{serial}"),
    StationForm("{own}", "P" + "É" * 57 + "{serial}"),
)
MALFORMED_FORMS = (
    StationForm("{own}", "P"),
    StationForm("{own}", "P" + "X" * 58 + "{serial}"),
    StationForm("{own}", "E{serial}LETTER"),
    StationForm("{own}", "p{serial}letter"),
    StationForm("{own}", "{serial}P"),
    StationForm("{lower}", "P{serial}LOWER"),
    StationForm("{mixed}", "P{serial}MIXED"),
    StationForm("{foreign}", "P{serial}"),
    StationForm("{short}", ""),
)
# The third and fourth are a station's prefix as well, but of the wrong length.
OTHER_CODES = ("{shared}", "{own}", "{own}P", "{four}", "{lower}", "ZZZZZ", "")


def _with_luhn_digit(digits: str) -> str:
    """Append the digit that makes these pass the Luhn check."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        # The digit to come is the last one, so the last one here counts double.
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product // 10 + product % 10
    return digits + str(-total % 10)


VALID_SIRENS = tuple(
    _with_luhn_digit(digits) for digits in ("89111847", "52433526", "00000001", "99999999")
)
MISSING_SIRENS = (None, "", "   ")
INVALID_SIRENS = (
    "000000000",
    # One digit wrong, and two in each other's place.
    VALID_SIRENS[0][:8] + str((int(VALID_SIRENS[0][8]) + 1) % 10),
    "981118473",
    "891118437",
    # These pass the check, and are one digit short or over.
    _with_luhn_digit("8911184"),
    _with_luhn_digit("891118473"),
    "ABCDEFGHI",
    "12345678A",
    "891 118 473",
    f" {VALID_SIRENS[0]}",
    f"{VALID_SIRENS[0]} ",
    f"{VALID_SIRENS[0]}\n",
    "８９１１１８４７３",  # noqa: RUF001 digits to Unicode, but not to a registry
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
# Pairs show which of two comes first. What comes last in the order shows least among them.
FAULT_SETS: tuple[tuple[str, ...], ...] = (
    *[()] * 40,
    *[(fault,) for fault in FAULTS],
    *[(fault,) for fault in FAULTS[-3:]] * 3,
    *[("invalid_station_id",)] * 4,
    *combinations(FAULTS, 2),
)


class Kind(NamedTuple):
    """What sets a place apart from one whose energy can be sent."""

    charge_point: bool = True
    station: bool = True
    amenageur: bool = True
    siren: str | None = VALID_SIRENS[0]
    name: str | None = NAMES[0]
    form: StationForm = SOUND_FORMS[0]
    code: str | None = SOUND_FORMS[0].code


class Month(NamedTuple):
    """The instants of a month at which the rules change their mind."""

    start: datetime
    end: datetime
    starts: tuple[datetime, ...]
    view_starts: tuple[datetime, ...]
    anchors: tuple[datetime, ...]


class Plan(NamedTuple):
    """What sessions of a case have a leaning to: when the first starts, when the next, how long.

    A tied plan often gives a session the end and the time of receipt of the one before it.
    """

    first_starts: Callable[[Month], tuple[datetime, ...]]
    first_durations: tuple[timedelta, ...]
    next_starts: Callable[[Month, Session], tuple[datetime, ...]]
    next_durations: tuple[timedelta, ...]
    is_tied: bool = False


PLANS = (
    # One after the other, most of them clean.
    *[
        Plan(
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
    # The same start again and again, often with the same end.
    *[
        Plan(
            lambda month: (*month.anchors, *month.starts),
            (*DURATIONS, timedelta(0), timedelta(0), -HOUR),
            lambda _, previous: (previous.start, previous.start, previous.start, previous.end),
            DURATIONS,
            is_tied=True,
        )
    ]
    * 2,
    # A long one first, then short ones of which all but the second hide in it.
    *[
        Plan(
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
    # From about 7 days before the month into it, straight or past short ones.
    Plan(
        lambda month: month.view_starts,
        LONG_DURATIONS,
        lambda month, previous: (*month.starts, previous.end),
        (6 * MINUTE, HOUR, *LONG_DURATIONS),
    ),
    Plan(
        lambda month: month.view_starts,
        (8 * DAY, 40 * DAY),
        lambda month, previous: (
            month.start - DAY,
            month.start + HOUR,
            max(previous.start, month.start) + HOUR,
            max(previous.start, month.start) + DAY,
        ),
        (6 * MINUTE, HOUR / 2, HOUR),
    ),
    # Anything.
    Plan(
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
    periods: tuple[date, ...] = PERIODS,
    time_zones: tuple[str, ...] = TIME_ZONES,
) -> Source:
    """Draw one case, about one of the months in one of the time zones; `merge` completes it."""
    month = _month(draw(st.sampled_from(periods)), draw(st.sampled_from(time_zones)))
    case = Source()
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        _draw_charge_point(draw, case, month)
    _draw_sessions(draw, case, month)
    return case


@cache
def _month(period: date, time_zone: str) -> Month:
    zone = ZoneInfo(time_zone)
    next_month = (period + timedelta(days=31)).replace(day=1)
    start = datetime(period.year, period.month, 1, tzinfo=zone).astimezone(UTC)
    end = datetime(next_month.year, next_month.month, 1, tzinfo=zone).astimezone(UTC)
    view_start = start - LOOK_BACK
    midnight = start + 10 * DAY
    starts = (start, start, start + MICROSECOND, start + HOUR)
    # Half an hour off lies between 7 days and a week of local time with a change of clocks.
    view_starts = (
        *(view_start - MICROSECOND, view_start, view_start + MICROSECOND),
        *(view_start - HOUR / 2, view_start + HOUR / 2),
    )
    anchors = (
        *(*starts, start - MICROSECOND, start - HOUR / 2, start - 3 * DAY),
        *(end - MICROSECOND, end, end - HOUR / 2, end - HOUR),
        *view_starts,
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
    return Month(start, end, starts, view_starts, anchors)


def _draw_charge_point(draw: st.DrawFn, case: Source, month: Month) -> None:
    """Add a charge point, on a station that is there or on a new one."""
    stations = [station.id for station in case._station]
    station_id = draw(st.sampled_from([*stations, None]))
    if station_id is None:
        station_id = _draw_station(draw, case, month)
    number = len(case._pointdecharge) + 1
    case._pointdecharge.append(
        ChargePoint(
            id=UUID(int=number),
            id_pdc_itinerance=f"{{own}}E{number}",
            puissance_nominale=draw(st.sampled_from(POWERS_KW)),
            prise_type_combo_ccs=draw(st.booleans()),
            prise_type_chademo=False,
            station_id=station_id,
            deleted_at=_draw_deleted_at(draw, month),
        )
    )


def _draw_station(draw: st.DrawFn, case: Source, month: Month) -> UUID | None:
    """Add a station with some faults, mostly none, and tell its id; there may be none to add."""
    faults = draw(st.sampled_from(FAULT_SETS))
    if "no_station" in faults:
        return None
    number = len(case._station) + 1
    forms = MALFORMED_FORMS if "invalid_station_id" in faults else SOUND_FORMS
    taken = [station.id_station_itinerance for station in case._station]
    texts = {form: _station_text(form, number) for form in forms}
    form = draw(st.sampled_from([form for form, text in texts.items() if text not in taken]))
    case._station.append(
        Station(
            id=UUID(int=number),
            id_station_itinerance=texts[form],
            nom_station=draw(st.sampled_from((None, "Gare"))),
            amenageur_id=_draw_amenageur(draw, case, faults),
            operational_unit_id=_draw_unit(draw, case, faults, form),
            deleted_at=_draw_deleted_at(draw, month),
        )
    )
    return case._station[-1].id


def _station_text(form: StationForm, number: int) -> str:
    """Write the id with the blanks that `merge` fills in."""
    return form.code + form.rest.replace("{serial}", f"{{serials[{number}]}}")


def _draw_deleted_at(draw: st.DrawFn, month: Month) -> datetime | None:
    """Draw when it was closed: mostly never, or before, in or after the month."""
    closings = (month.start - 30 * DAY, month.start + 15 * DAY, month.end + DAY)
    return draw(st.sampled_from((None, None, None, *closings)))


def _draw_amenageur(draw: st.DrawFn, case: Source, faults: tuple[str, ...]) -> UUID | None:
    """Draw an owner, if there is one: the case's first, or one of its own.

    Many cases share a SIREN, under several names.
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
    draw: st.DrawFn, case: Source, faults: tuple[str, ...], form: StationForm
) -> UUID | None:
    """Draw the unit of a station, if it has one."""
    if "no_operational_unit" in faults:
        return None
    if "code_not_station_prefix" in faults:
        return _find_unit(case, draw(st.sampled_from(_other_codes(form))))
    return _find_unit(case, form.code)


def _other_codes(form: StationForm) -> list[str]:
    return [code for code in OTHER_CODES if code != form.code]


def _find_unit(case: Source, code: str) -> UUID:
    """Find the unit of a code; add it if there is none."""
    for unit in case.operationalunit:
        if unit.code == code:
            return unit.id
    number = len(case.operationalunit) + 1
    case.operationalunit.append(OperationalUnit(UUID(int=number), code, "Unit", "CHARGING"))
    return case.operationalunit[-1].id


def _draw_sessions(draw: st.DrawFn, case: Source, month: Month) -> None:
    """Add a chain of sessions, each of them drawn in view of the one before."""
    plan = draw(st.sampled_from(PLANS))
    known = case._pointdecharge
    places = draw(st.sampled_from([known] * 14 + [[*known, None], [None]]))
    first_bytes = draw(st.sampled_from(ID_BYTES))
    previous = None
    for number in range(draw(st.integers(0, MAX_SESSIONS))):
        charge_point = draw(st.sampled_from(places))
        start, end = _draw_span(draw, plan, month, previous)
        created_at = _draw_created_at(draw, plan, month, previous)
        power_kw = charge_point.puissance_nominale if charge_point else UNKNOWN_POWER_KW
        previous = Session(
            id=UUID(int=(first_bytes[number] << 120) + number + 1),
            start=start,
            end=end,
            energy=draw(_energies((end - start).total_seconds() / 3600 * power_kw)),
            point_de_charge_id=charge_point.id if charge_point else None,
            created_at=created_at,
            # Whatever it is, it must make no difference.
            updated_at=created_at + draw(st.sampled_from((timedelta(0), HOUR, 10 * DAY))),
        )
        case.session.append(previous)


def _draw_span(
    draw: st.DrawFn, plan: Plan, month: Month, previous: Session | None
) -> tuple[datetime, datetime]:
    """Draw when a session starts and ends."""
    if previous is None:
        start = draw(st.sampled_from(plan.first_starts(month)))
        return start, start + draw(st.sampled_from(plan.first_durations))
    start = draw(st.sampled_from(plan.next_starts(month, previous)))
    ends = [start + duration for duration in plan.next_durations]
    if plan.is_tied:
        ends += [previous.end] * 2 * len(ends)
        ends += [previous.end - MICROSECOND, previous.end + MICROSECOND]
    return start, draw(st.sampled_from(ends))


def _draw_created_at(
    draw: st.DrawFn, plan: Plan, month: Month, previous: Session | None
) -> datetime:
    """Draw when a session was received: within 15 days of the month's end, or with the last."""
    instants = [month.end + DAY, month.end + DAY + MICROSECOND, month.end + 14 * DAY]
    if plan.is_tied and previous is not None:
        instants = [
            *[previous.created_at] * 3,
            previous.created_at - MICROSECOND,
            previous.created_at + MICROSECOND,
        ]
    return draw(st.sampled_from(instants))


def _energies(possible_kwh: float) -> st.SearchStrategy[float]:
    """Choose among energies that are ordinary, at a limit or beside it, and none at all."""
    ordinary = [round(abs(possible_kwh) * ratio, 3) for ratio in ORDINARY_RATIOS]
    limits = [possible_kwh * ratio for ratio in LIMIT_RATIOS]
    # Only sessions that end before they start are judged by the limit of 1 kWh.
    fixed_limits = FIXED_LIMITS_KWH + (_around(1.0) * 8 if possible_kwh <= 0 else [])
    return st.sampled_from(
        ordinary * 10
        + [energy for limit in limits for energy in _around(limit)] * 2
        + fixed_limits
        + list(FIXED_ENERGIES_KWH)
    )


def _around(limit_kwh: float) -> list[float]:
    """Give the limit, its neighbours among the doubles, and what is a Wh to either side."""
    return [
        limit_kwh,
        math.nextafter(limit_kwh, math.inf),
        math.nextafter(limit_kwh, -math.inf),
        round(limit_kwh + 0.001, 3),
        round(limit_kwh - 0.001, 3),
    ]


FIXED_LIMITS_KWH = [energy for limit in LIMITS_KWH for energy in _around(limit)]


def every_place(period: date = PERIODS[0]) -> list[Source]:
    """Give a case of one clean session for every SIREN, name, station id and code there is here.

    Chance may leave one out of those that are drawn; merge these with them.
    """
    sound = Kind()
    kinds = [
        Kind(charge_point=False),
        Kind(station=False),
        Kind(amenageur=False),
        *[sound._replace(siren=siren) for siren in VALID_SIRENS + MISSING_SIRENS + INVALID_SIRENS],
        *[sound._replace(name=name) for name in NAMES + MISSING_NAMES],
        *[Kind(form=form, code=form.code) for form in SOUND_FORMS + MALFORMED_FORMS],
        *[Kind(form=form, code=code) for form in SOUND_FORMS for code in _other_codes(form)],
        sound._replace(code=None),
    ]
    noon = datetime(period.year, period.month, 15, 12, tzinfo=UTC)
    return [_case_of_kind(kind, noon) for kind in kinds]


def _case_of_kind(kind: Kind, start: datetime) -> Source:
    """Make a case of one station, one charge point and one session, but for what is missing."""
    case = Source()
    first = UUID(int=1)
    if kind.station:
        owner = _add_amenageur(case, kind.name, kind.siren) if kind.amenageur else None
        unit = None if kind.code is None else _find_unit(case, kind.code)
        case._station.append(Station(first, _station_text(kind.form, 1), None, owner, unit, None))
    station_id = first if kind.station else None
    case._pointdecharge.append(
        ChargePoint(first, "{own}E1", POWERS_KW[0], False, False, station_id, None)
    )
    charge_point_id = first if kind.charge_point else None
    received_at = start + DAY
    case.session.append(
        Session(first, start, start + HOUR, 1.234, charge_point_id, received_at, received_at)
    )
    return case


def merge(all_cases: Iterable[Source]) -> Source:
    """Make one source of many cases, in which no two rows have a unique column in common.

    Units are the exception: cases share some, and those of one code become one.
    """
    merged = Source()
    units: dict[str, OperationalUnit] = {}
    for index, case in enumerate(all_cases):
        blanks = _blanks(index)
        unit_ids: dict[UUID | None, UUID | None] = {None: None}
        for unit in case.operationalunit:
            code = unit.code.format_map(blanks)
            shared = units.setdefault(code, unit._replace(id=_renumber(unit.id, index), code=code))
            unit_ids[unit.id] = shared.id
        _append(merged, case, index, blanks, unit_ids)
    merged.operationalunit = list(units.values())
    return merged


def _append(
    merged: Source,
    case: Source,
    index: int,
    blanks: dict[str, str | list[str]],
    unit_ids: dict[UUID | None, UUID | None],
) -> None:
    """Append a case's rows but for its units, with ids and texts that are its own."""
    merged.amenageur += [
        row._replace(
            id=_renumber(row.id, index), contact_amenageur=row.contact_amenageur.format_map(blanks)
        )
        for row in case.amenageur
    ]
    merged._station += [
        row._replace(
            id=_renumber(row.id, index),
            id_station_itinerance=row.id_station_itinerance.format_map(blanks),
            amenageur_id=_renumber(row.amenageur_id, index),
            operational_unit_id=unit_ids[row.operational_unit_id],
        )
        for row in case._station
    ]
    merged._pointdecharge += [
        row._replace(
            id=_renumber(row.id, index),
            id_pdc_itinerance=row.id_pdc_itinerance.format_map(blanks),
            station_id=_renumber(row.station_id, index),
        )
        for row in case._pointdecharge
    ]
    merged.session += [
        row._replace(
            id=_renumber(row.id, index),
            point_de_charge_id=_renumber(row.point_de_charge_id, index),
        )
        for row in case.session
    ]


def _renumber(row_id: UUID | None, index: int) -> UUID | None:
    """Put the case's number between the first byte and the last ones, which keeps the order."""
    return None if row_id is None else UUID(int=row_id.int + ((index + 1) << 32))


def _blanks(index: int) -> dict[str, str | list[str]]:
    """Say what stands in the blanks of a case's texts; odd codes are its own, even ones shared."""
    group, place = divmod(index, CASES_PER_SHARED_CODE)
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
        "serials": [BASE_36[place * STATIONS_PER_CASE + number] for number in range(4)],
    }


def _code(number: int) -> str:
    """Write a number as a unit's code: FR and three digits to the base 36."""
    tens, ones = divmod(number, 36)
    hundreds, tens = divmod(tens, 36)
    return "FR" + BASE_36[hundreds] + BASE_36[tens] + BASE_36[ones]
