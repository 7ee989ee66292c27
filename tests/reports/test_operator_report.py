"""The folder for an operator who contests: its figures are the marts', and its comparisons true."""

import csv
import html
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from common.exit_codes import ExitCode
from dev import sample
from dev.carbure_stub import CarbureStub, running
from dev.qualicharge import Amenageur, ChargePoint, OperationalUnit, Session, Source, Station
from reports.operator import french
from reports.operator.errors import EXIT_CODES, NOTHING_KNOWN, WRITTEN
from reports.operator.spreadsheet import cell
from reports.operator.tables import TABLES
from tests.support.submission import send, settings_of
from tests.support.warehouse import PROJECT, Warehouse

Row = dict[str, str]

# An ordinary operator, one with blocked stations besides, and one of whom everything is blocked.
SIRENS = ("199900010", "199900069", "199999996")
FILES = {"index.html", *(table.file for table in TABLES)}
CONTESTED = "199900002"
NAME = "=cmd|'<script>alert(1)</script>'"


def explain(
    warehouse: Warehouse, output: Path, siren: str, period: str = "2025-04"
) -> subprocess.CompletedProcess[str]:
    return warehouse.run(
        *("python", "-m", "reports.operator", "--period", period, "--siren", siren),
        *("--output", str(output)),
    )


def folder_of(warehouse: Warehouse, output: Path, siren: str, period: str = "2025-04") -> Path:
    finished = explain(warehouse, output, siren, period)
    assert finished.returncode == WRITTEN, finished.stderr
    folder = output / f"explication-{period}-{siren}"
    assert finished.stdout == f"{folder}\n"
    assert {file.name for file in folder.iterdir()} == FILES
    return folder


def rows_of(folder: Path, name: str) -> list[Row]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def exact(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") or 0)


def number(text: str) -> float:
    figures = {words: figure for figure, words in french.NOT_FINITE.items()}
    return float(figures.get(text, text.replace(",", ".")))


def total(rows: list[Row], column: str) -> Decimal:
    return sum((exact(row[column]) for row in rows), Decimal(0))


@pytest.fixture(scope="module")
def sent(
    made: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> tuple[Warehouse, CarbureStub]:
    """A copy of the made warehouse with April sent, for one SIREN again; and what CARBURE has."""
    warehouse = make_warehouse(like=made)
    stub = CarbureStub(user_calls_per_second=10_000)
    with running(stub) as root_url:
        connected = settings_of(warehouse, stub, root_url)
        finished = send(connected)
        assert finished.returncode == ExitCode.SUCCESS, finished.stderr
        stub.lock(*next(row.key for row in stub.rows if row.siren == SIRENS[0]))
        send(connected, "--force", "--siren", SIRENS[0])
    return warehouse, stub


@pytest.fixture(scope="module")
def folders(
    sent: tuple[Warehouse, CarbureStub], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    output = tmp_path_factory.mktemp("explain")
    return {siren: folder_of(sent[0], output, siren) for siren in SIRENS}


def check_sessions(warehouse: Warehouse, folder: Path, siren: str, period: str) -> None:
    """What the CSVs of sessions add up to is what the marts say, by rule and by reason."""
    [(received, received_kwh)] = warehouse.query(
        "select count(*), coalesce(sum(booked_energy_kwh), 0) from tiruert.sessions_flagged"
        " where period = %s and siren = %s",
        *(f"{period}-01", siren),
    )
    [(sendable, sendable_mwh)] = warehouse.query(
        "select coalesce(sum(sessions), 0), coalesce(sum(energy_mwh), 0)"
        " from tiruert.station_energy_monthly where period = %s and siren = %s",
        *(f"{period}-01", siren),
    )
    [(blocked, blocked_mwh)] = warehouse.query(
        "select coalesce(sum(sessions), 0), coalesce(sum(energy_mwh), 0)"
        " from tiruert.blocked_energy_monthly where period = %s and siren = %s",
        *(f"{period}-01", siren),
    )
    flags = warehouse.query(
        "select reason, count(*), sum(booked_energy_kwh) from tiruert.sessions_flagged,"
        " unnest(rejection_reasons) as reason where period = %s and siren = %s group by reason",
        *(f"{period}-01", siren),
    )
    rejected_rows = rows_of(folder, "sessions-rejetees.csv")
    blocked_rows = rows_of(folder, "sessions-bloquees.csv")
    rejected_kwh = total(rejected_rows, "énergie comptée (kWh)")
    blocked_kwh = total(blocked_rows, "énergie comptée (kWh)")
    assert received == len(rejected_rows) + len(blocked_rows) + sendable
    # The marts round to the Wh once per station: here every session is of whole Wh.
    assert received_kwh == rejected_kwh + blocked_kwh + sendable_mwh * 1000
    assert (len(blocked_rows), blocked_kwh) == (blocked, blocked_mwh * 1000)
    by_rule = {
        rule: [row for row in rejected_rows if rule in row["règles"].split(", ")]
        for rule, *_ in flags
    }
    assert sorted(flags) == sorted(
        (rule, len(rows), total(rows, "énergie comptée (kWh)")) for rule, rows in by_rule.items()
    )
    page = (folder / "index.html").read_text(encoding="utf-8")
    for energy_kwh in (received_kwh, rejected_kwh, blocked_kwh, sendable_mwh * 1000):
        assert french.kwh(energy_kwh) in page


def check_stations(warehouse: Warehouse, folder: Path, siren: str, period: str) -> None:
    """Every station has the marts' figures, and its clean energy is blocked or to be sent."""
    rows = rows_of(folder, "stations.csv")
    changes = warehouse.query(
        "select id_station_itinerance, computed_mwh, acknowledged_mwh, difference_mwh"
        " from tiruert.station_energy_changes where period = %s and siren = %s",
        *(f"{period}-01", siren),
    )
    with_state = [row for row in rows if row["état"] not in ("bloquée", "rien à envoyer")]
    assert sorted((station, *map(cell, figures)) for station, *figures in changes) == sorted(
        (
            row["station"],
            row["énergie à envoyer (MWh)"],
            row["énergie acquittée (MWh)"],
            row["différence (MWh)"],
        )
        for row in with_state
    )
    for row in rows:
        clean_kwh = exact(row["énergie retenue (kWh)"])
        to_send_kwh = exact(row["énergie à envoyer (MWh)"]) * 1000
        assert clean_kwh == exact(row["dont énergie bloquée (kWh)"]) + to_send_kwh
        assert exact(row["énergie reçue (kWh)"]) == exact(row["énergie rejetée (kWh)"]) + clean_kwh
    rejected_rows = rows_of(folder, "sessions-rejetees.csv")
    assert total(rows, "sessions rejetées") == len(rejected_rows)
    assert total(rows, "énergie rejetée (kWh)") == total(rejected_rows, "énergie comptée (kWh)")


def check_comparisons(rows: list[Row]) -> set[str]:
    """Of every rejected session, each rule's comparison is true of the figures printed."""
    rules = set()
    for row in rows:
        energy, hours = number(row["énergie reçue (kWh)"]), number(row["durée (h)"])
        duration = instant(row["fin"]) - instant(row["début"])
        assert hours == duration.total_seconds() / 3600
        possible = number(row["énergie possible (kWh)"])
        assert possible == hours * number(row["puissance nominale (kW)"])
        holds: dict[str, Callable[[], bool]] = {
            "negs": lambda hours=hours: hours < 0,
            "eneu": lambda row=row, energy=energy: energy > number(row["limite eneu (kWh)"]),
            "enea": lambda row=row, energy=energy, possible=possible: (
                energy > number(row["limite enea (kWh)"]) == possible * 1.1
            ),
            "odus": lambda row=row, energy=energy, hours=hours: (
                hours < 0 and energy > number(row["limite odus (kWh)"])
            ),
            "enex": lambda row=row, energy=energy, possible=possible: (
                energy > number(row["limite enex (kWh)"])
                and energy > number(row["limite enex par la puissance (kWh)"]) == possible * 2
            ),
            "duplicate": lambda row=row: (
                row["début"] == row["début de la précédente"]
                and row["fin"] == row["fin de la précédente"]
            ),
            "overlap": lambda row=row: instant(row["début"]) < instant(row["fin de la précédente"]),
            "invalid_energy": lambda energy=energy: not 0 <= energy < float("inf"),
            "hidden_overlap": lambda row=row: (
                instant(row["début"]) < instant(row["fin de l'antérieure"])
            ),
        }
        flagged = row["règles"].split(", ")
        assert flagged[0], row
        for rule in flagged:
            assert holds[rule](), (rule, row)
        compares_previous = not {"duplicate", "overlap"}.isdisjoint(flagged)
        assert bool(row["session précédente"]) == compares_previous
        assert bool(row["session antérieure"]) == ("hidden_overlap" in flagged)
        rules |= set(flagged)
    return rules


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def check_neighbours(warehouse: Warehouse, rows: list[Row]) -> None:
    """The session that is named is on the same charge point, as said, and no other is between."""
    named = [row for row in rows if row["session précédente"]]
    found = warehouse.query(
        """
        select
            cast(later.session_id as text),
            later.id_pdc_itinerance = prior.id_pdc_itinerance
            and (prior.started_at, prior.ended_at, prior.received_at, prior.session_id)
            < (later.started_at, later.ended_at, later.received_at, later.session_id),
            exists (
                select from tiruert.sessions_flagged as other
                where other.id_pdc_itinerance = later.id_pdc_itinerance
                    and (other.started_at, other.ended_at, other.received_at, other.session_id)
                    > (prior.started_at, prior.ended_at, prior.received_at, prior.session_id)
                    and (other.started_at, other.ended_at, other.received_at, other.session_id)
                    < (later.started_at, later.ended_at, later.received_at, later.session_id)
            ),
            prior.started_at, prior.ended_at, prior.received_at
        from unnest(%s::uuid[], %s::uuid[]) as pair (later_id, earlier_id)
        inner join tiruert.sessions_flagged as later on later.session_id = pair.later_id
        inner join tiruert.sessions_flagged as prior on prior.session_id = pair.earlier_id
        """,
        [row["session"] for row in named],
        [row["session précédente"] for row in named],
    )
    assert sorted(found) == sorted(
        (
            row["session"],
            True,
            False,
            instant(row["début de la précédente"]),
            instant(row["fin de la précédente"]),
            instant(row["précédente reçue le"]),
        )
        for row in named
    )


@pytest.mark.parametrize("siren", SIRENS)
def test_the_figures_are_the_marts(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path], siren: str
) -> None:
    check_sessions(sent[0], folders[siren], siren, "2025-04")
    check_stations(sent[0], folders[siren], siren, "2025-04")


def test_every_comparison_is_true_of_the_figures_printed(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    rules = set()
    for folder in folders.values():
        rows = rows_of(folder, "sessions-rejetees.csv")
        rules |= check_comparisons(rows)
        check_neighbours(sent[0], rows)
    assert len(rules) == 8


def test_every_sending_is_there(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    warehouse, stub = sent
    for siren, folder in folders.items():
        rows = rows_of(folder, "envois.csv")
        stored = {
            (row.station_id, Decimal(str(row.energy_mwh)))
            for row in stub.rows
            if row.siren == siren
        }
        accepted = [row for row in rows if row["résultat"] == "acceptée"]
        assert {(row["station"], exact(row["énergie envoyée (MWh)"])) for row in accepted} == stored
        for row in rows:
            assert row["SIREN crédité"] == siren
            assert instant(row["envoyée le"]) <= instant(row["réponse le"])
        [(sendings,)] = warehouse.query(
            "select count(*) from tiruert.station_submissions where period = %s and siren = %s",
            *("2025-04-01", siren),
        )
        assert len(rows) == sendings


def test_a_locked_station_has_the_reason_that_carbure_gave(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    folder = folders["199900010"]
    [locked] = [row.station_id for row in sent[1].rows if row.is_locked]
    [refused] = [row for row in rows_of(folder, "envois.csv") if row["verrouillée"] == "oui"]
    assert (refused["station"], refused["résultat"]) == (locked, "refusée")
    assert refused["motif de CARBURE"]
    page = html.unescape((folder / "index.html").read_text(encoding="utf-8"))
    assert refused["motif de CARBURE"] in page
    states = {row["station"]: row["état"] for row in rows_of(folder, "stations.csv")}
    assert states[locked] == "verrouillée"


def test_the_page_has_each_rule_in_the_words_of_the_mart(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    folder = folders["199900069"]
    page = html.unescape((folder / "index.html").read_text(encoding="utf-8"))
    rules = {
        rule
        for row in rows_of(folder, "sessions-rejetees.csv")
        for rule in row["règles"].split(", ")
    }
    causes = {row["cause"] for row in rows_of(folder, "sessions-bloquees.csv")}
    for title, explanation in sent[0].query(
        "select title, explanation from tiruert.reason_labels where reason = any(%s)",
        list(rules | causes),
    ):
        assert title in page
        assert explanation in page


def test_a_second_run_writes_the_same_folder_again(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    folder = folders["199900010"]
    before = (folder / "sessions-rejetees.csv").read_bytes()
    (folder / "sessions-rejetees.csv").write_text("changed")
    folder_of(sent[0], folder.parent, "199900010")
    assert (folder / "sessions-rejetees.csv").read_bytes() == before
    assert {path.name for path in folder.parent.iterdir()} == {f.name for f in folders.values()}


def at(month: int, day: int, hour: int) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=UTC)


def contested_source() -> Source:
    """Two charge points whose sessions run into those of the month before."""
    source = Source(
        amenageur=[Amenageur(UUID(int=1), NAME, CONTESTED, None)],
        operationalunit=[OperationalUnit(UUID(int=2), "FRX00", "Unit", "charging")],
        _station=[Station(UUID(int=3), "FRX00P1", "Station", UUID(int=1), UUID(int=2), None)],
        _pointdecharge=[
            ChargePoint(UUID(int=n), f"FRX00E{n}", 22.0, True, False, UUID(int=3), None)
            for n in (4, 5)
        ],
    )
    for number_, (charge_point, start, end) in enumerate(
        (
            (4, at(3, 31, 22), at(4, 1, 2)),
            (4, at(4, 1, 1), at(4, 1, 3)),
            # The look-back does not reach the first of these.
            (5, at(3, 10, 0), at(4, 20, 0)),
            (5, at(3, 31, 0), at(4, 5, 0)),
            (5, at(4, 1, 10), at(4, 1, 11)),
            (5, at(4, 1, 12), at(4, 1, 13)),
        ),
        start=101,
    ):
        received_at = end + timedelta(days=1)
        source.session.append(
            Session(
                *(UUID(int=number_), start, end, 5.0, UUID(int=charge_point)),
                *(received_at, received_at),
            )
        )
    return source


@pytest.fixture(scope="module")
def contested(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = make_warehouse()
    warehouse.load(contested_source())
    warehouse.build(reject_hidden_overlaps=True)
    return warehouse


def neighbours(folder: Path) -> dict[int, tuple[str, str]]:
    return {
        UUID(row["session"]).int: (row["session précédente"], row["session antérieure"])
        for row in rows_of(folder, "sessions-rejetees.csv")
    }


def test_the_session_compared_is_one_that_the_rule_saw(
    contested: Warehouse, tmp_path: Path
) -> None:
    folder = folder_of(contested, tmp_path, CONTESTED)
    assert check_comparisons(rows_of(folder, "sessions-rejetees.csv")) == {
        "overlap",
        "hidden_overlap",
    }
    assert neighbours(folder) == {
        102: (str(UUID(int=101)), ""),
        105: (str(UUID(int=104)), ""),
        106: ("", str(UUID(int=104))),
    }


def test_a_session_that_the_marts_no_longer_have_is_not_guessed(
    contested: Warehouse, make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    without_march = make_warehouse(like=contested)
    without_march.query("drop table tiruert_intermediate.int_session_flags_2025_03")
    folder = folder_of(without_march, tmp_path, CONTESTED)
    assert set(neighbours(folder).values()) == {("", "")}
    assert "n'est plus dans les données" in html.unescape((folder / "index.html").read_text())


def test_what_comes_from_outside_is_neither_a_formula_nor_a_script(
    contested: Warehouse, tmp_path: Path
) -> None:
    folder = folder_of(contested, tmp_path, CONTESTED)
    assert {row["aménageur"] for row in rows_of(folder, "stations.csv")} == {f"'{NAME}"}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert NAME in html.unescape(page)


@pytest.mark.parametrize(
    ("siren", "period", "code", "words"),
    [
        ("111111118", "2025-04", NOTHING_KNOWN, "nothing is known of SIREN '111111118' in 2025-04"),
        ("../../tmp", "2025-04", NOTHING_KNOWN, "nothing is known of SIREN '../../tmp'"),
        (b"\xff".decode(errors="surrogateescape"), "2025-04", ExitCode.USAGE, "is not text"),
        (CONTESTED, "2025-13", ExitCode.USAGE, "'2025-13' does not match the format"),
        (CONTESTED, "2031-01", ExitCode.WAREHOUSE, "2031-01 has not been built"),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_line(
    contested: Warehouse, tmp_path: Path, siren: str, period: str, code: int, words: str
) -> None:
    finished = explain(contested, tmp_path / "new", siren, period)
    assert finished.returncode == code
    assert words in finished.stderr.splitlines()[-1]
    assert "Traceback" not in finished.stderr
    assert not list(tmp_path.rglob("*.*"))


def test_a_warehouse_that_is_not_built_is_said_in_a_line(
    make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    finished = explain(make_warehouse(), tmp_path, CONTESTED)
    assert finished.returncode == ExitCode.WAREHOUSE
    assert finished.stderr == "Error: the marts in tiruert have not been built: run dbt build\n"


def test_a_folder_that_cannot_be_written_is_said_in_a_line(
    contested: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / f"explication-2025-04-{CONTESTED}").write_text("in the way")
    finished = explain(contested, tmp_path, CONTESTED)
    assert finished.returncode == ExitCode.USAGE
    assert finished.stderr == f"Error: cannot write in {tmp_path}: File exists\n"


def test_the_readme_says_what_the_exit_codes_mean() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in readme


def test_the_public_sample(
    make_warehouse: Callable[..., Warehouse], sample_folder: Path, tmp_path: Path
) -> None:
    warehouse = make_warehouse()
    warehouse.load(sample.read(sample_folder))
    warehouse.build()
    folder = folder_of(warehouse, tmp_path, "891118473", "2024-12")
    check_sessions(warehouse, folder, "891118473", "2024-12")
    check_stations(warehouse, folder, "891118473", "2024-12")
    rows = rows_of(folder, "sessions-rejetees.csv")
    check_comparisons(rows)
    check_neighbours(warehouse, [row for row in rows if row["début"].startswith("2024-12-27")])
    assert sum(row["début"].startswith("2024-12-27") for row in rows) == 351
