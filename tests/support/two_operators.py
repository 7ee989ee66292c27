"""Two operators with one session per month, and helpers to change sessions and read marts."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station
from tests.support.warehouse import Warehouse

MARTS = (
    "sessions_flagged",
    "station_energy_monthly",
    "blocked_energy_monthly",
    "energy_balance_monthly",
)
TIMES_OF_BUILDS = "array['computed_at', 'sessions_read_at']"
# Two hours ago, so that a session of one hour has ended.
RECENT_START = datetime.now(UTC) - timedelta(hours=2)
CURRENT_MONTH = f"{RECENT_START:%Y-%m-01}"


def noon(month: int, day: int) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def network() -> tuple[Source, ChargePoint, ChargePoint]:
    """Return a source without sessions, and the charge points of its operators Alpha and Beta.

    Alpha's energy can be sent. Beta's is blocked because it has no SIREN.
    """
    source = Source()
    for number, siren in enumerate(("732829320", None)):
        code = f"FRA0{number}"
        owner = Amenageur(uuid4(), f"Opérateur {number}", siren, None)
        unit = OperationalUnit(uuid4(), code, "Réseau", "CHARGING")
        station = Station(uuid4(), f"{code}P1", None, owner.id, unit.id, None)
        source.amenageur.append(owner)
        source.operationalunit.append(unit)
        source._station.append(station)
        source._pointdecharge.append(
            ChargePoint(uuid4(), f"{code}E1", 50.0, True, False, station.id, None)
        )
    alpha, beta = source._pointdecharge
    return source, alpha, beta


def charge(point: ChargePoint, start: datetime, energy_kwh: float = 10.0) -> Session:
    """Return a session of one hour."""
    end = start + timedelta(hours=1)
    return Session(uuid4(), start, end, energy_kwh, point.id, end, end)


def row_counts(warehouse: Warehouse, mart: str) -> dict[str, int]:
    """Return the number of rows of each month."""
    return dict(
        warehouse.query(f"select cast(period as text), count(*) from tiruert.{mart} group by 1")
    )


def contents(warehouse: Warehouse) -> dict[str, list[tuple]]:
    """Return every row of every mart, without the times of builds."""
    return {
        mart: sorted(
            warehouse.query(
                f"select cast(to_jsonb(m) - {TIMES_OF_BUILDS} as text) from tiruert.{mart} m"
            )
        )
        for mart in MARTS
    }


def session_at(sessions: list[Session], start: datetime) -> Session:
    """Return the session of Alpha that starts then."""
    return next(session for session in sessions if session.start == start)


def delete(warehouse: Warehouse, session: Session) -> None:
    warehouse.query("delete from qualicharge.session where id = %s", str(session.id))


def move(warehouse: Warehouse, session: Session, to: datetime) -> None:
    warehouse.query(
        'update qualicharge.session set start = %s, "end" = %s where id = %s',
        to,
        to + timedelta(hours=1),
        str(session.id),
    )


def set_energy(warehouse: Warehouse, session: Session, energy_kwh: float) -> None:
    warehouse.query(
        "update qualicharge.session set energy = %s where id = %s", energy_kwh, str(session.id)
    )
