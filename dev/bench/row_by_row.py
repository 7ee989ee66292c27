"""The way of the flow before this one: pandas, by operator and day, with a function for each row.

It reads, flags and adds up as that flow does, and stores nothing. Like it, it sees no session of
another day, so what it rejects is not quite what the models reject.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pandas as pd
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from dev.bench.measure import seconds_of
from dev.bench.source import MONTH, SIRENS
from dev.bench.warehouse import Warehouse

COLUMNS = ["start", "end", "energy_kwh", "id_pdc_itinerance", "max_power_kw", "station"]
SESSIONS = """
    select
        session.start, session."end", session.energy, _pointdecharge.id_pdc_itinerance,
        _pointdecharge.puissance_nominale, _station.id_station_itinerance
    from qualicharge.session
    inner join qualicharge._pointdecharge on session.point_de_charge_id = _pointdecharge.id
    inner join qualicharge._station on _pointdecharge.station_id = _station.id
    inner join qualicharge.amenageur on _station.amenageur_id = amenageur.id
    where
        amenageur.siren_amenageur = %(siren)s
        and session.start >= %(day)s
        and session.start < %(next_day)s
    order by _pointdecharge.id_pdc_itinerance, session.start
"""


class Result(NamedTuple):
    """What was done, and in which time."""

    sessions: int
    seconds: float


def run(warehouse: Warehouse, days: int) -> Result:
    """Work off the first days of the month, operator by operator."""
    counts: list[int] = []
    with warehouse.connection() as connection, connection.cursor() as cursor:
        seconds = seconds_of(lambda: counts.extend(_work(cursor, days)))
    return Result(sum(counts), seconds)


def _work(cursor: Cursor, days: int) -> Iterator[int]:
    for siren in SIRENS:
        for number in range(days):
            sessions = _read(cursor, siren, MONTH + timedelta(days=number))
            if not sessions.empty:
                energy_by_station_mwh(sessions)
            yield len(sessions)


def _read(cursor: Cursor, siren: str, day: datetime) -> pd.DataFrame:
    limits = {"siren": siren, "day": day, "next_day": day + timedelta(days=1)}
    cursor.execute(SESSIONS, limits)
    return pd.DataFrame(cursor.fetchall(), columns=COLUMNS)


def energy_by_station_mwh(sessions: pd.DataFrame) -> pd.Series:
    """Flag the sessions of an operator's day, and add up those without a flag."""
    previous = sessions.groupby("id_pdc_itinerance")[["start", "end"]].shift(1)
    sessions["previous_start"] = previous["start"]
    sessions["previous_end"] = previous["end"]
    flags = pd.DataFrame({rule.__name__: sessions.apply(rule, axis=1) for rule in RULES})
    clean = sessions[~flags.any(axis=1)]
    return clean.groupby("station")["energy_kwh"].sum() / 1000


def hours(session: pd.Series) -> float:
    """Tell how long a session lasts."""
    return (session["end"] - session["start"]).total_seconds() / 3600


def possible_kwh(session: pd.Series) -> float:
    """Tell what the plug can deliver in that time."""
    return hours(session) * session["max_power_kw"]


def negs(session: pd.Series) -> bool:
    """Find what ends before it starts."""
    return hours(session) < 0


def eneu(session: pd.Series) -> bool:
    """Find unacceptable energy."""
    return session["energy_kwh"] > 1000  # noqa: PLR2004


def enea(session: pd.Series) -> bool:
    """Find abnormal energy for that plug."""
    return session["energy_kwh"] > possible_kwh(session) * 1.1


def odus(session: pd.Series) -> bool:
    """Find energy of what ends before it starts."""
    return negs(session) and session["energy_kwh"] > 1


def enex(session: pd.Series) -> bool:
    """Find much more energy than that plug can deliver; 1,000 is the slip of that flow for 50."""
    return session["energy_kwh"] > 1000 and session["energy_kwh"] > possible_kwh(session) * 2  # noqa: PLR2004


def duplicate(session: pd.Series) -> bool:
    """Find the same start and end as the previous one."""
    same_start = session["start"] == session["previous_start"]
    return same_start and session["end"] == session["previous_end"]


def overlap(session: pd.Series) -> bool:
    """Find what starts before the previous one's end."""
    return session["start"] < session["previous_end"]


RULES = (negs, eneu, enea, odus, enex, duplicate, overlap)
