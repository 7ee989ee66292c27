"""Marts for readers: small sources whose expected figures are known."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from dev import generator
from dev.generator import valid_siren
from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station
from tests.support.warehouse import Warehouse

HOUR = timedelta(hours=1)
APRIL = date(2025, 4, 1)
POWER_KW = 20.0
MAX_KWH_PER_HOUR = POWER_KW


def april(day: int, hour: int = 10) -> datetime:
    return datetime(2025, 4, day, hour, tzinfo=UTC)


class Network:
    """Builder of a source: operators with one unit each, and stations with one charge point."""

    def __init__(self) -> None:
        self.source = Source()

    def add_operator(self, number: int) -> str:
        """Add an operator and return its SIREN."""
        siren = valid_siren(number)
        self.source.amenageur.append(Amenageur(uuid4(), f"Opérateur {number}", siren, None))
        self.source.operationalunit.append(
            OperationalUnit(uuid4(), f"FRB{number:02}", "Réseau", "CHARGING")
        )
        return siren

    def charge_point(self, name: str) -> ChargePoint:
        """Return the charge point with this name; add it to the last operator if it is new."""
        points = {point.id_pdc_itinerance[6:]: point for point in self.source._pointdecharge}
        if name in points:
            return points[name]
        owner, unit = self.source.amenageur[-1], self.source.operationalunit[-1]
        station = Station(uuid4(), f"{unit.code}P{name}", None, owner.id, unit.id, None)
        pdc_id = f"{unit.code}E{name}"
        point = ChargePoint(uuid4(), pdc_id, POWER_KW, True, False, station.id, None)
        self.source._station.append(station)
        self.source._pointdecharge.append(point)
        return point

    def charge(
        self,
        name: str,
        start: datetime,
        energy_kwh: float = 10.0,
        duration: timedelta = HOUR,
        delay: timedelta = HOUR,
    ) -> None:
        """Add a session on the charge point with this name."""
        end = start + duration
        point = self.charge_point(name)
        self.source.session.append(
            Session(uuid4(), start, end, energy_kwh, point.id, end + delay, end + delay)
        )


def add_anomalies(network: Network) -> str:
    """Add one charge point per likely cause, one without anomalies and one with few sessions."""
    siren = network.add_operator(1)
    for day in range(1, 11):
        network.charge("TWICE", april(day))
        network.charge("TWICE", april(day), delay=2 * HOUR)
        network.charge("CLOCK", april(day), duration=-HOUR if day <= 6 else HOUR)
        network.charge("WH", april(day), MAX_KWH_PER_HOUR * 0.1 * 1000)
        network.charge("POWER", april(day), MAX_KWH_PER_HOUR * 3)
        network.charge("FINE", april(day))
        if day < 10:
            network.charge("FEW", april(day), MAX_KWH_PER_HOUR * 3)
    return siren


@pytest.fixture(scope="module")
def sirens() -> dict[str, str]:
    """SIREN of each operator of `april_built`, filled in by that fixture."""
    return {}


@pytest.fixture(scope="module")
def april_built(warehouse: Warehouse, sirens: dict[str, str]) -> Warehouse:
    network = Network()
    sirens["anomalous"] = add_anomalies(network)

    sirens["pausing"] = network.add_operator(2)
    for day in (*range(1, 11), *range(20, 31)):
        delay = timedelta(days=15, minutes=1) if day == 30 else HOUR * day
        network.charge("PAUSE", april(day), delay=delay)

    sirens["gone"] = network.add_operator(3)
    network.charge("GONE", datetime(2025, 3, 30, 10, tzinfo=UTC))

    sirens["hiding"] = network.add_operator(4)
    network.charge("HIDE", april(5, 8), 1.0, duration=10 * HOUR)
    network.charge("HIDE", april(5, 9), 2.0)
    network.charge("HIDE", april(5, 11), 4.0)
    # A hidden overlap that is also rejected by its energy.
    network.charge("HIDE", april(5, 13), 100.0)

    sirens["rejected"] = network.add_operator(5)
    network.charge("OVER", april(7), MAX_KWH_PER_HOUR * 3)

    warehouse.load(network.source)
    warehouse.build(period="2025-03..2025-04")
    return warehouse


def test_anomalous_charge_points_have_their_likely_cause(april_built: Warehouse) -> None:
    rows = april_built.query(
        "select substr(id_pdc_itinerance, 7), sessions, rejected_sessions, rejected_share,"
        " median_excess, likely_cause from tiruert.anomalous_charge_points"
        " where period = %s order by rank",
        APRIL,
    )
    assert rows == [
        ("POWER", 10, 10, Decimal("1.0000"), Decimal("3.00"), "power_too_low"),
        ("WH", 10, 10, Decimal("1.0000"), Decimal("100.00"), "energy_in_wh"),
        ("CLOCK", 10, 6, Decimal("0.6000"), None, "clock_offset"),
        ("TWICE", 20, 10, Decimal("0.5000"), None, "sent_twice"),
    ]


def test_freshness_has_delays_and_silent_days(
    april_built: Warehouse, sirens: dict[str, str]
) -> None:
    rows = april_built.query(
        "select siren, sessions, last_started_on, median_delay_hours, percentile_95_delay_hours,"
        " late_share, silent_on from tiruert.data_freshness where period = %s",
        APRIL,
    )
    freshness = {row[0]: row[1:] for row in rows}
    # Delays of 1 to 10 hours, of 20 to 29 hours, and one of 15 days and 1 minute.
    assert freshness[sirens["pausing"]] == (
        *(21, date(2025, 4, 30), 20, 29, Decimal("0.0476")),
        [date(2025, 4, day) for day in range(11, 20)],
    )
    # On 28 April, the session of 30 March is more than four weeks old.
    assert freshness[sirens["gone"]] == (
        *(0, date(2025, 3, 30), None, None, None),
        [date(2025, 4, day) for day in range(1, 28)],
    )


def test_decisive_hidden_overlaps_exclude_sessions_rejected_anyway(
    april_built: Warehouse, sirens: dict[str, str]
) -> None:
    rows = april_built.query(
        "select siren, hidden_overlap_sessions, decisive_sessions, decisive_mwh * 1000,"
        " decisive_stations from tiruert.hidden_overlaps_monthly"
    )
    assert rows == [(sirens["hiding"], 2, 1, 4, 1)]


def test_daily_indicator_has_the_energy_of_the_operator(
    april_built: Warehouse, sirens: dict[str, str]
) -> None:
    query = (
        "select id, category, code, level, value, extras, timestamp"
        " from tiruert.indicators_tiruert where target = %s and period = 'd'"
    )
    [row] = april_built.query(query, sirens["hiding"])
    station = {
        "entity": "Opérateur 4",
        "siren": sirens["hiding"],
        "code": "FRB04",
        "id_station_itinerance": "FRB04PHIDE",
        "energy": 0.005,
    }
    assert row[1:] == (None, "tirue", 6, Decimal("0.005"), [station], april(5, 0))
    april_built.build(period="2025-04")
    assert april_built.query(query, sirens["hiding"]) == [row]
    [(rows, ids)] = april_built.query(
        "select count(*), count(distinct id) from tiruert.indicators_tiruert"
    )
    assert rows == ids


def test_day_whose_sessions_are_all_rejected_has_no_energy(
    april_built: Warehouse, sirens: dict[str, str]
) -> None:
    rows = april_built.query(
        "select value, extras, timestamp from tiruert.indicators_tiruert where target = %s",
        sirens["rejected"],
    )
    assert rows == [(0, [], april(7, 0))]


def test_daily_indicators_add_up_to_the_sendable_energy(made: Warehouse) -> None:
    days = made.query(
        "select date_trunc('month', timestamp at time zone 'UTC')::date, sum(value),"
        " sum((select sum((item ->> 'energy')::dec) from jsonb_array_elements(extras) as item))"
        " from tiruert.indicators_tiruert where period = 'd' group by 1"
    )
    sendable = made.query(
        "select period, sum(energy_mwh) from tiruert.station_energy_monthly group by period"
    )
    assert sorted(days) == sorted((period, mwh, mwh) for period, mwh in sendable)


def test_station_outcomes_are_those_of_the_sessions(made: Warehouse) -> None:
    rows = made.query(
        "select period, id_station_itinerance, siren, amenageur_name, operational_unit_code,"
        " is_rejected, rejection_reasons, blocking_reason, sessions, energy_kwh"
        " from tiruert.station_outcomes_monthly"
    )
    expected = made.query(
        "select period, id_station_itinerance, siren, amenageur_name, operational_unit_code,"
        " is_rejected, rejection_reasons, blocking_reason, count(*), sum(booked_energy_kwh)"
        " from tiruert.sessions_flagged group by 1, 2, 3, 4, 5, 6, 7, 8"
    )
    assert sorted(rows, key=str) == sorted(expected, key=str)


def test_days_add_up_to_the_planted_anomalies(made: Warehouse) -> None:
    planted = generator.generate().planted
    for period, month in planted.items():
        rules = made.query(
            "select rule, sum(sessions) from tiruert.anomalies_daily where period = %s group by 1",
            period,
        )
        assert dict(rules) == {
            **month.flags,
            "invalid_energy": month.invalid_energy,
            "invalid_time": month.invalid_time,
            "hidden_overlap": month.hidden_overlap,
        }
        days = made.query(
            "select sum(received_sessions), sum(rejected_sessions), sum(blocked_sessions)"
            " from tiruert.energy_balance_daily where period = %s",
            period,
        )
        assert days == [(month.received, month.rejected, sum(month.blocked.values()))]


@pytest.fixture
def sent(april_built: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """A copy of `april_built` whose ledger each test fills."""
    return make_warehouse(like=april_built)


def add_to_ledger(
    warehouse: Warehouse,
    siren: str,
    station: str,
    energy_mwh: str,
    outcome: str | None,
    locked: bool = False,
) -> None:
    """Record a request for one station as the sender does; `outcome` None means no response."""
    [(request_id,)] = warehouse.query(
        "insert into tiruert_ledger.request (run_id, period, siren, is_known_entity,"
        " batch_size, body_sha256, sent_at)"
        " values (gen_random_uuid(), %s, %s, true, 200, '', now()) returning request_id",
        APRIL,
        siren,
    )
    warehouse.query(
        "insert into tiruert_ledger.request_station values (%s, %s, 'Nom', %s, %s, false)",
        request_id,
        station,
        station[:5],
        energy_mwh,
    )
    if outcome:
        warehouse.query(
            "insert into tiruert_ledger.response values (%s, now(), %s, 201, '', 1)",
            request_id,
            outcome,
        )
    if locked:
        warehouse.query(
            "insert into tiruert_ledger.refusal values (%s, %s, true, 'validated')",
            request_id,
            station,
        )


CHANGES = (
    "select computed_mwh, acknowledged_mwh, difference_mwh, status, is_moved, can_be_sent"
    " from tiruert.station_energy_changes where period = '2025-04-01'"
    " and id_station_itinerance = %s"
)
COMPUTED = Decimal("0.005")


def test_difference_can_be_sent_until_the_station_is_locked(
    sent: Warehouse, sirens: dict[str, str]
) -> None:
    siren, station = sirens["hiding"], "FRB04PHIDE"
    zero = Decimal(0)
    assert sent.query(CHANGES, station) == [(COMPUTED, None, COMPUTED, "not_sent", False, True)]
    add_to_ledger(sent, siren, station, "0.005", None)
    assert sent.query(CHANGES, station) == [(COMPUTED, None, COMPUTED, "uncertain", False, True)]
    add_to_ledger(sent, siren, station, "0.005", "accepted")
    assert sent.query(CHANGES, station) == [
        (COMPUTED, COMPUTED, zero, "acknowledged", False, False)
    ]
    add_to_ledger(sent, sirens["pausing"], station, "0.005", "accepted")
    assert sent.query(CHANGES, station) == [(COMPUTED, COMPUTED, zero, "acknowledged", True, True)]
    add_to_ledger(sent, siren, station, "0.007", "accepted")
    difference = COMPUTED - Decimal("0.007")
    assert sent.query(CHANGES, station) == [
        (COMPUTED, Decimal("0.007"), difference, "acknowledged", False, True)
    ]
    add_to_ledger(sent, siren, station, "0.005", "refused", locked=True)
    assert sent.query(CHANGES, station) == [
        (COMPUTED, Decimal("0.007"), difference, "locked", False, False)
    ]


def test_acknowledged_station_missing_from_the_mart_can_be_withdrawn(
    sent: Warehouse, sirens: dict[str, str]
) -> None:
    add_to_ledger(sent, sirens["hiding"], "FRB04PGONE", "0.003", "accepted")
    gone = Decimal("0.003")
    assert sent.query(CHANGES, "FRB04PGONE") == [(None, gone, -gone, "acknowledged", False, True)]
    [status] = sent.query(
        "select computed_stations, not_sent_stations, different_stations, carbure_mwh"
        " from tiruert.submission_status_monthly where period = %s and siren = %s",
        APRIL,
        sirens["hiding"],
    )
    assert status == (1, 1, 1, gone)


def test_statuses_partition_the_computed_energy(sent: Warehouse, sirens: dict[str, str]) -> None:
    for station, outcome in (
        ("FRB01PTWICE", "accepted"),
        ("FRB01PCLOCK", "refused"),
        ("FRB01PFINE", None),
    ):
        add_to_ledger(sent, sirens["anomalous"], station, "0.1", outcome)
    [status] = sent.query(
        "select computed_mwh, sent_stations, sent_mwh, acknowledged_mwh, refused_mwh,"
        " uncertain_mwh, locked_mwh, not_sent_mwh, carbure_mwh, blocked_mwh"
        " from tiruert.submission_status_monthly where period = %s and siren = %s",
        APRIL,
        sirens["anomalous"],
    )
    # 10, 4 and 10 clean sessions of 10 kWh. The other stations have no clean sessions.
    assert status == tuple(map(Decimal, ("0.24", 3, "0.24", "0.1", "0.04", "0.1", 0, 0, "0.1", 0)))
    sent.dbt("test", "--select", "submission_adds_up")


def test_station_sent_again_without_a_response_keeps_what_carbure_has(
    sent: Warehouse, sirens: dict[str, str]
) -> None:
    siren = sirens["hiding"]
    add_to_ledger(sent, siren, "FRB04PHIDE", "0.003", "accepted")
    add_to_ledger(sent, siren, "FRB04PHIDE", "0.005", None)
    [status] = sent.query(
        "select uncertain_mwh, uncertain_carbure_mwh, carbure_mwh"
        " from tiruert.submission_status_monthly where period = %s and siren = %s",
        APRIL,
        siren,
    )
    assert status == (COMPUTED, Decimal("0.003"), Decimal("0.003"))
    steps = sent.query(
        "select reason, energy_mwh from tiruert.energy_steps_monthly"
        " where period = %s and siren = %s and outcome = 'submitted' and energy_mwh <> 0",
        APRIL,
        siren,
    )
    assert steps == [("uncertain", Decimal("0.003") - COMPUTED)]


def test_monthly_indicator_appears_once_the_month_is_acknowledged(
    sent: Warehouse, sirens: dict[str, str]
) -> None:
    months = (
        "select value, extras, timestamp from tiruert.indicators_tiruert"
        " where period = 'm' and target = %s"
    )
    siren = sirens["hiding"]
    add_to_ledger(sent, siren, "FRB04PHIDE", "0.005", None)
    assert sent.query(months, siren) == []
    add_to_ledger(sent, siren, "FRB04PHIDE", "0.005", "accepted")
    unit = {"code": "FRB04", "from": "2025-04-01", "to": "2025-04-30"}
    unit["stations"] = [{"id": "FRB04PHIDE", "energy": 0.005, "is_controlled": False}]
    item = {"entity": "Nom", "siren": siren, "operational_units": [unit]}
    assert sent.query(months, siren) == [(COMPUTED, [item], april(1, 0))]
