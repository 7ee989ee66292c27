"""Two operators with a session each in some months, and what the marts hold of them."""

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
NOW = datetime.now(UTC)


def noon(month: int, day: int) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def network() -> tuple[Source, ChargePoint, ChargePoint]:
    """Two operators with a charge point each: Alpha's can be sent, Beta's is blocked."""
    source = Source()
    for number, siren in enumerate(("732829320", None)):
        code = f"FRA0{number}"
        source.amenageur.append(Amenageur(uuid4(), f"Opérateur {number}", siren, None))
        source.operationalunit.append(OperationalUnit(uuid4(), code, "Réseau", "CHARGING"))
        source._station.append(
            Station(
                uuid4(),
                f"{code}P1",
                None,
                source.amenageur[-1].id,
                source.operationalunit[-1].id,
                None,
            )
        )
        source._pointdecharge.append(
            ChargePoint(uuid4(), f"{code}E1", 50.0, True, False, source._station[-1].id, None)
        )
    return source, *source._pointdecharge


def charge(point: ChargePoint, start: datetime, energy_kwh: float = 10.0) -> Session:
    end = start + timedelta(hours=1)
    return Session(uuid4(), start, end, energy_kwh, point.id, end, end)


def months(warehouse: Warehouse, mart: str) -> dict[str, int]:
    return dict(
        warehouse.query(f"select cast(period as text), count(*) from tiruert.{mart} group by 1")
    )


def contents(warehouse: Warehouse) -> dict[str, list[tuple]]:
    """Every row of every mart but for when it was computed."""
    return {
        mart: sorted(
            warehouse.query(
                f"select cast(to_jsonb(m) - 'computed_at' as text) from tiruert.{mart} m"
            )
        )
        for mart in MARTS
    }


def delete(warehouse: Warehouse, session: Session) -> None:
    warehouse.query("delete from qualicharge.session where id = %s", str(session.id))


def move(warehouse: Warehouse, session: Session, to: datetime) -> None:
    warehouse.query(
        'update qualicharge.session set start = %s, "end" = %s where id = %s',
        to,
        to + timedelta(hours=1),
        str(session.id),
    )


def this_month() -> str:
    return (NOW - timedelta(hours=2)).strftime("%Y-%m-01")
