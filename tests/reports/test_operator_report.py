"""The operator report: its figures match the marts, and its comparisons hold."""

import csv
import html
import re
import subprocess
import tomllib
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
from reports import french
from reports.operator.csv_tables import TABLES
from reports.spreadsheets import format_cell, timestamp_cells
from reports.typography import typeset
from tests.support import spreadsheet
from tests.support.browser import Browser, parse_figure
from tests.support.submission import send, with_carbure
from tests.support.warehouse import PROJECT, Warehouse

CsvRow = dict[str, str]

# An ordinary operator, one with some blocked stations, and one whose energy is all blocked.
SIRENS = ("199900010", "199900069", "199999996")
FILES = {"index.html", *(table.file for table in TABLES)}
BOUNDARY_SIREN = "199900002"
HOSTILE_NAME = "=cmd|'<script>alert(1)</script>'"


def run_report(
    warehouse: Warehouse, output: Path, siren: str, period: str = "2025-04"
) -> subprocess.CompletedProcess[str]:
    return warehouse.run(
        *("python", "-m", "reports.operator", "--period", period, "--siren", siren),
        *("--output", str(output)),
    )


def write_report(warehouse: Warehouse, output: Path, siren: str, period: str = "2025-04") -> Path:
    finished = run_report(warehouse, output, siren, period)
    assert finished.returncode == ExitCode.SUCCESS, finished.stderr
    folder = output / f"explication-{period}-{siren}"
    assert finished.stdout == f"{folder}\n"
    assert {file.name for file in folder.iterdir()} == FILES
    return folder


def csv_rows(folder: Path, name: str) -> list[CsvRow]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def parse_decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") or 0)


def parse_float(text: str) -> float:
    not_finite = {label: value for value, label in french.NOT_FINITE.items()}
    return float(not_finite.get(text, text.replace(",", ".")))


def utc_time(row: CsvRow, column: str) -> datetime:
    return datetime.fromisoformat(row[f"{column} (UTC)"]).replace(tzinfo=UTC)


def total(rows: list[CsvRow], column: str) -> Decimal:
    return sum((parse_decimal(row[column]) for row in rows), Decimal(0))


@pytest.fixture(scope="module")
def sent(
    made: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> tuple[Warehouse, CarbureStub]:
    """A warehouse with April sent, one SIREN twice with a locked station, and the stub."""
    warehouse = make_warehouse(like=made)
    stub = CarbureStub(user_calls_per_second=10_000)
    with running(stub) as root_url:
        configured = with_carbure(warehouse, stub, root_url)
        finished = send(configured)
        assert finished.returncode == ExitCode.SUCCESS, finished.stderr
        stub.lock(*next(row.key for row in stub.rows if row.siren == SIRENS[0]))
        send(configured, "--force", "--siren", SIRENS[0])
    return warehouse, stub


@pytest.fixture(scope="module")
def folders(
    sent: tuple[Warehouse, CarbureStub], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    output = tmp_path_factory.mktemp("reports")
    return {siren: write_report(sent[0], output, siren) for siren in SIRENS}


def check_sessions(warehouse: Warehouse, folder: Path, siren: str, period: str) -> None:
    """Check that the session files add up to the marts, in total and by rule."""
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
    rejected_rows = csv_rows(folder, "sessions-rejetees.csv")
    blocked_rows = csv_rows(folder, "sessions-bloquees.csv")
    rejected_kwh = total(rejected_rows, "énergie comptée (kWh)")
    blocked_kwh = total(blocked_rows, "énergie comptée (kWh)")
    assert received == len(rejected_rows) + len(blocked_rows) + sendable
    # The marts round to the Wh once per station. Here every session has whole Wh.
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
    """Check the stations against the marts. Clean energy must be either blocked or to be sent."""
    rows = csv_rows(folder, "stations.csv")
    changes = warehouse.query(
        "select id_station_itinerance, computed_mwh, acknowledged_mwh, difference_mwh"
        " from tiruert.station_energy_changes where period = %s and siren = %s",
        *(f"{period}-01", siren),
    )
    submittable = [row for row in rows if row["état"] not in ("bloquée", "rien à envoyer")]
    assert sorted((station, *map(format_cell, figures)) for station, *figures in changes) == sorted(
        (
            row["station"],
            row["énergie à envoyer (MWh)"],
            row["énergie acquittée (MWh)"],
            row["différence (MWh)"],
        )
        for row in submittable
    )
    for row in rows:
        clean_kwh = parse_decimal(row["énergie retenue (kWh)"])
        to_send_kwh = parse_decimal(row["énergie à envoyer (MWh)"]) * 1000
        assert clean_kwh == parse_decimal(row["dont énergie bloquée (kWh)"]) + to_send_kwh
        assert (
            parse_decimal(row["énergie reçue (kWh)"])
            == parse_decimal(row["énergie rejetée (kWh)"]) + clean_kwh
        )
    rejected_rows = csv_rows(folder, "sessions-rejetees.csv")
    assert total(rows, "sessions rejetées") == len(rejected_rows)
    assert total(rows, "énergie rejetée (kWh)") == total(rejected_rows, "énergie comptée (kWh)")


def check_comparisons(rows: list[CsvRow]) -> set[str]:
    """Check that each comparison holds for the figures in the file. Return the rules checked."""
    rules = set()
    for row in rows:
        energy_kwh = parse_float(row["énergie reçue (kWh)"])
        duration = utc_time(row, "fin") - utc_time(row, "début")
        if "invalid_time" in row["règles"]:
            assert abs(duration) > timedelta(days=366)
            assert row["durée (h)"] == row["énergie possible (kWh)"] == ""
            rules.add("invalid_time")
            continue
        duration_hours = parse_float(row["durée (h)"])
        # Timestamps have whole seconds; the duration is exact.
        assert abs(duration_hours * 3600 - duration.total_seconds()) < 1.001
        max_energy_kwh = parse_float(row["énergie possible (kWh)"])
        power_kw = parse_float(row["puissance nominale (kW)"])
        assert max_energy_kwh == pytest.approx(duration_hours * power_kw, rel=1e-11)
        holds: dict[str, Callable[[], bool]] = {
            "negs": lambda duration_hours=duration_hours: duration_hours < 0,
            "eneu": lambda energy_kwh=energy_kwh: energy_kwh > 1000,
            "enea": lambda energy_kwh=energy_kwh, max_energy_kwh=max_energy_kwh: (
                energy_kwh > max_energy_kwh * 1.1
            ),
            "odus": lambda energy_kwh=energy_kwh, duration_hours=duration_hours: (
                duration_hours < 0 and energy_kwh > 1
            ),
            "enex": lambda energy_kwh=energy_kwh, max_energy_kwh=max_energy_kwh: (
                energy_kwh > 50 and energy_kwh > max_energy_kwh * 2
            ),
            "duplicate": lambda row=row: (
                row["début (UTC)"] == row["début de la précédente (UTC)"]
                and row["fin (UTC)"] == row["fin de la précédente (UTC)"]
            ),
            "overlap": lambda row=row: (
                utc_time(row, "début") <= utc_time(row, "fin de la précédente")
            ),
            "invalid_energy": lambda energy_kwh=energy_kwh: not 0 <= energy_kwh < float("inf"),
            "hidden_overlap": lambda row=row: (
                utc_time(row, "début") <= utc_time(row, "fin de l'antérieure")
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


def check_previous_sessions(warehouse: Warehouse, rows: list[CsvRow]) -> None:
    """Check that the previous session is on the same charge point, with no other in between."""
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
            date_trunc('second', prior.started_at),
            date_trunc('second', prior.ended_at),
            date_trunc('second', prior.received_at)
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
            utc_time(row, "début de la précédente"),
            utc_time(row, "fin de la précédente"),
            utc_time(row, "précédente reçue le"),
        )
        for row in named
    )


@pytest.mark.parametrize("siren", SIRENS)
def test_figures_match_the_marts(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path], siren: str
) -> None:
    check_sessions(sent[0], folders[siren], siren, "2025-04")
    check_stations(sent[0], folders[siren], siren, "2025-04")


def test_comparisons_hold_for_the_figures_shown(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    rules = set()
    for folder in folders.values():
        rows = csv_rows(folder, "sessions-rejetees.csv")
        rules |= check_comparisons(rows)
        check_previous_sessions(sent[0], rows)
    assert len(rules) == 9


def seconds_since_1970(cell: str) -> str:
    return f'IF({cell}="";"";ROUND(({cell}-DATE(1970;1;1))*86400;3))'


def timestamp_headers(file: str) -> list[str]:
    [table] = [table for table in TABLES if table.file == file]
    return [name for column in table.columns if column.is_timestamp for name in column.headers]


@pytest.mark.parametrize("file", ["sessions-rejetees.csv", "sessions-bloquees.csv"])
def test_spreadsheet_reads_the_times_of_sessions(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path], tmp_path: Path, file: str
) -> None:
    folder = folders["199900069"]
    headers = timestamp_headers(file)
    computed = spreadsheet.compute(folder / file, seconds_since_1970, headers, tmp_path)
    sessions = [row["session"] for row in csv_rows(folder, file)]
    expected = sent[0].query(
        """
        select
            cast(session_id as text),
            trunc(extract(epoch from started_at)),
            trunc(extract(epoch from started_at at time zone 'Europe/Paris')),
            trunc(extract(epoch from ended_at)),
            trunc(extract(epoch from ended_at at time zone 'Europe/Paris')),
            trunc(extract(epoch from received_at)),
            trunc(extract(epoch from received_at at time zone 'Europe/Paris'))
        from tiruert.sessions_flagged where session_id = any(cast(%s as uuid[]))
        """,
        sessions,
    )
    assert len(sessions) > 50
    assert sorted(expected) == sorted(
        (session, *(Decimal(row[header]) for header in headers[:6]))
        for session, row in zip(sessions, computed, strict=True)
    )


@pytest.mark.parametrize("file", ["envois.csv", "sessions-bloquees.csv", "sessions-rejetees.csv"])
def test_spreadsheet_reads_every_timestamp_as_a_date(
    folders: dict[str, Path], tmp_path: Path, file: str
) -> None:
    folder = folders["199900069"]
    headers = timestamp_headers(file)
    computed = spreadsheet.compute(folder / file, seconds_since_1970, headers, tmp_path)
    assert computed
    for row, texts in zip(computed, csv_rows(folder, file), strict=True):
        for utc, paris in zip(headers[::2], headers[1::2], strict=True):
            assert bool(row[utc]) == bool(row[paris]) == bool(texts[utc])
            # Winter and summer time.
            assert not row[utc] or Decimal(row[paris]) - Decimal(row[utc]) in {3600, 7200}


def test_spreadsheet_adds_up_the_energy(folders: dict[str, Path], tmp_path: Path) -> None:
    headers = ["énergie reçue (kWh)", "énergie retenue (kWh)", "énergie à envoyer (MWh)"]
    folder = folders["199900010"]
    computed = spreadsheet.compute(
        folder / "stations.csv", lambda cell: f"N({cell})", headers, tmp_path
    )
    for header in headers:
        added = sum(Decimal(row[header]) for row in computed)
        assert added == total(csv_rows(folder, "stations.csv"), header) != 0


@pytest.mark.parametrize(
    ("timestamp", "cells"),
    [
        # The clocks change at 01:00 UTC on 30 March and 26 October 2025.
        ("2025-03-30T00:59:59.999999+00:00", ("2025-03-30 00:59:59", "2025-03-30 01:59:59")),
        ("2025-03-30T01:00:00+00:00", ("2025-03-30 01:00:00", "2025-03-30 03:00:00")),
        ("2025-10-26T00:30:00+00:00", ("2025-10-26 00:30:00", "2025-10-26 02:30:00")),
        ("2025-10-26T01:30:00+00:00", ("2025-10-26 01:30:00", "2025-10-26 02:30:00")),
        (None, ("", "")),
        ("infinity", ("infinie",) * 2),
        ("-infinity", ("moins l'infini",) * 2),
        ("0001-01-01T00:00:00+00:00", ("0001-01-01 00:00:00 UTC",) * 2),
        ("9999-12-31T23:59:59+00:00", ("9999-12-31 23:59:59 UTC",) * 2),
        ("0044-03-15T12:00:00+00:00 BC", ("0044-03-15T12:00:00+00:00 BC",) * 2),
        ("294276-12-31T00:00:00+00:00", ("294276-12-31T00:00:00+00:00",) * 2),
    ],
)
def test_timestamp_is_a_date_or_readable_text(
    timestamp: str | None, cells: tuple[str, str]
) -> None:
    assert timestamp_cells(timestamp) == cells


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (22.000000000000004, "22"),
        (0.1 + 0.2, "0,3"),
        (0.3333333333333333, "0,333333333333"),
        (1e15, "1000000000000000"),
        (-2.5, "-2,5"),
        (Decimal("12.345678901234567"), "12,345678901234567"),
        (Decimal("1.500000"), "1,500000"),
        (float("nan"), "pas un nombre"),
        (float("-inf"), "moins l'infini"),
    ],
)
def test_number_has_no_floating_point_noise(value: float | Decimal, cell: str) -> None:
    assert format_cell(value) == cell


@pytest.mark.parametrize("width", [390, 1280])
def test_page_is_not_clipped_and_is_typeset(
    browser: Browser, folders: dict[str, Path], width: int
) -> None:
    browser.open(folders["199900069"] / "index.html", width)
    assert browser.clipped_texts() == []
    assert browser.wrongly_typeset_texts() == []
    assert browser.loaded_urls() == []


def test_every_request_is_listed(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    warehouse, stub = sent
    for siren, folder in folders.items():
        rows = csv_rows(folder, "envois.csv")
        stored = {
            (row.station_id, Decimal(str(row.energy_mwh)))
            for row in stub.rows
            if row.siren == siren
        }
        accepted = [row for row in rows if row["résultat"] == "acceptée"]
        assert {
            (row["station"], parse_decimal(row["énergie envoyée (MWh)"])) for row in accepted
        } == stored
        for row in rows:
            assert row["SIREN crédité"] == siren
            assert utc_time(row, "envoyée le") <= utc_time(row, "réponse le")
        [(request_stations,)] = warehouse.query(
            "select count(*) from tiruert.station_submissions where period = %s and siren = %s",
            *("2025-04-01", siren),
        )
        assert len(rows) == request_stations


def test_locked_station_shows_carbures_reason(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    folder = folders["199900010"]
    [locked] = [row.station_id for row in sent[1].rows if row.is_locked]
    [refused] = [row for row in csv_rows(folder, "envois.csv") if row["verrouillée"] == "oui"]
    assert (refused["station"], refused["résultat"]) == (locked, "refusée")
    assert refused["motif de CARBURE"]
    page = html.unescape((folder / "index.html").read_text(encoding="utf-8"))
    assert refused["motif de CARBURE"] in page
    statuses = {row["station"]: row["état"] for row in csv_rows(folder, "stations.csv")}
    assert statuses[locked] == "verrouillée"


def test_page_shows_labels_from_reason_labels(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    folder = folders["199900069"]
    page = html.unescape((folder / "index.html").read_text(encoding="utf-8"))
    rules = {
        rule
        for row in csv_rows(folder, "sessions-rejetees.csv")
        for rule in row["règles"].split(", ")
    }
    blocking_reasons = {row["cause"] for row in csv_rows(folder, "sessions-bloquees.csv")}
    for title, explanation in sent[0].query(
        "select title, explanation from tiruert.reason_labels"
        " where period = '2025-04-01' and reason = any(%s)",
        list(rules | blocking_reasons),
    ):
        assert typeset(title) in page
        assert typeset(explanation) in page


def unsent_sessions(warehouse: Warehouse, siren: str, condition: str = "true") -> int:
    """Count the sessions that are rejected or blocked."""
    [(sessions,)] = warehouse.query(
        "select count(*) from tiruert.sessions_flagged where period = '2025-04-01' and siren = %s"
        f" and (is_rejected or blocking_reason is not null) and {condition}",
        siren,
    )
    return sessions


@pytest.mark.parametrize("siren", SIRENS)
def test_every_unsent_session_is_to_be_corrected_or_explained(
    sent: tuple[Warehouse, CarbureStub],
    folders: dict[str, Path],
    browser: Browser,
    siren: str,
) -> None:
    browser.open(folders[siren] / "index.html", 1280)
    to_correct = sum(map(parse_figure, browser.texts("table.corrections td:nth-child(5)")))
    [locked] = [row.station_id for row in sent[1].rows if row.is_locked]
    # A duplicate needs no correction, and a locked station cannot change.
    explained = unsent_sessions(
        sent[0], siren, f"(duplicate or id_station_itinerance = '{locked}')"
    )
    assert to_correct == unsent_sessions(sent[0], siren) - explained != 0
    [section] = browser.texts("section[aria-labelledby=next]")
    counts = [int(count) for count in re.findall(r"(\d+) sessions?\s(?:de stations|:)", section)]
    assert sum(counts) == explained


def test_blocked_energy_is_what_a_correction_releases(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path], browser: Browser
) -> None:
    browser.open(folders["199900069"] / "index.html", 1280)
    rows = [
        browser.texts(f"table.corrections tbody tr:nth-child({number}) td")
        for number in range(1, 1 + len(browser.texts("table.corrections tbody tr")))
    ]
    [blocked] = [row for row in rows if row[3] == "sans délai"]
    [(energy_mwh, sessions, stations)] = sent[0].query(
        "select sum(energy_mwh), sum(sessions), count(*) from tiruert.blocked_energy_monthly"
        " where period = '2025-04-01' and siren = '199900069'"
    )
    assert blocked[0] == "Rattacher les stations à leur unité d’exploitation."
    assert blocked[1] == "Sans unité d’exploitation"
    assert blocked[2].startswith(f"{stations} stations")
    assert (parse_figure(blocked[4]), parse_figure(blocked[5])) == (sessions, energy_mwh)
    # 45 days after 30 April 2025.
    assert {row[3] for row in rows if row != blocked} == {"14/06/2025 (passé)"}
    # The three sessions that exceed 1,000 kWh count with that at most.
    [unacceptable] = [row for row in rows if "Énergie > 1\u202f000" in row[1]]
    assert unacceptable[5] == "au plus 3,000000"


def test_deadline_that_has_not_passed(
    boundary_warehouse: Warehouse, make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    changed = make_warehouse(like=boundary_warehouse)
    changed.dbt("run", "--select", "reason_labels", "--vars", "changeable_days: 3000")
    page = (write_report(changed, tmp_path, BOUNDARY_SIREN) / "index.html").read_text()
    # 3,000 days after 30 April 2025.
    assert "Le dernier calcul de ce mois aura lieu le 17/07/2033" in page
    assert "passé" not in page


@pytest.mark.parametrize("contact", ["Équipe <TIRUERT>, contact@tiruert.example", ""])
def test_page_shows_the_contact_if_there_is_one(
    boundary_warehouse: Warehouse, tmp_path: Path, contact: str
) -> None:
    warehouse = boundary_warehouse.with_variables(TIRUERT_CONTACT=contact)
    page = (write_report(warehouse, tmp_path, BOUNDARY_SIREN) / "index.html").read_text()
    assert ("Contact" in page) == bool(contact)
    assert html.escape(contact) in page


def balance_rows(browser: Browser) -> dict[str, Decimal]:
    """Return the energies of the balance by label. Check that its steps add up."""
    labels = browser.texts("table.balance tbody th")
    energies = map(parse_figure, browser.texts("table.balance td:last-child"))
    rows = dict(zip(labels, energies, strict=True))
    received, rejected, blocked, sendable, *differences, acknowledged = rows.values()
    assert received == rejected + blocked + sendable
    assert acknowledged == sendable + sum(differences)
    return rows


def acknowledged_kwh(warehouse: Warehouse, siren: str) -> Decimal:
    [(energy_mwh,)] = warehouse.query(
        "select coalesce(sum(energy_mwh), 0) from tiruert_ledger.station_status"
        " where period = '2025-04-01' and siren = %s",
        siren,
    )
    return energy_mwh * 1000


@pytest.mark.parametrize("siren", SIRENS)
def test_balance_ends_with_what_carbure_has(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path], browser: Browser, siren: str
) -> None:
    browser.open(folders[siren] / "index.html", 1280)
    rows = balance_rows(browser)
    assert rows["= Acquittées par CARBURE"] == acknowledged_kwh(sent[0], siren)
    stored = sum(Decimal(str(row.energy_mwh)) for row in sent[1].rows if row.siren == siren)
    assert rows["= Acquittées par CARBURE"] == stored * 1000


def test_balance_explains_what_carbure_does_not_have(
    sent: tuple[Warehouse, CarbureStub],
    make_warehouse: Callable[..., Warehouse],
    browser: Browser,
    tmp_path: Path,
) -> None:
    siren = SIRENS[0]
    changed = make_warehouse(like=sent[0])
    [locked] = [row.station_id for row in sent[1].rows if row.is_locked]
    stations = [
        station
        for (station,) in changed.query(
            "select id_station_itinerance from tiruert_ledger.station_status"
            " where period = '2025-04-01' and siren = %s and id_station_itinerance <> %s"
            " order by id_station_itinerance limit 3",
            *(siren, locked),
        )
    ]
    # Sent to CARBURE: 1 MWh less than computed now, 2 MWh more, and 4 MWh less.
    for station, change_mwh in ((locked, -1), (stations[0], 2), (stations[1], -4)):
        changed.query(
            "update tiruert_ledger.request_station set energy_mwh = energy_mwh + %s"
            " where id_station_itinerance = %s",
            *(change_mwh, station),
        )
    changed.query(
        "delete from tiruert_ledger.request_station where id_station_itinerance = %s", stations[2]
    )
    [(never_sent_kwh,)] = changed.query(
        "select energy_mwh * 1000 from tiruert.station_energy_monthly"
        " where period = '2025-04-01' and id_station_itinerance = %s",
        stations[2],
    )
    browser.open(write_report(changed, tmp_path, siren) / "index.html", 1280)
    rows = balance_rows(browser)
    assert rows["Pas encore envoyées à CARBURE (1 station)"] == -never_sent_kwh
    assert rows["Verrouillées\u00a0: le certificat ne change plus (1 station)"] == -1000
    assert rows["Recalculées depuis l’acquittement (2 stations)"] == -2000
    assert rows["= Acquittées par CARBURE"] == acknowledged_kwh(changed, siren)


def test_station_sold_since_is_shown_to_both_owners(
    sent: tuple[Warehouse, CarbureStub], make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    seller, buyer = SIRENS[:2]
    sold = make_warehouse(like=sent[0])
    [(station, energy_mwh)] = sold.query(
        "select id_station_itinerance, energy_mwh from tiruert.station_energy_monthly"
        " where period = '2025-04-01' and siren = %s order by 1 desc limit 1",
        seller,
    )
    sold.query(
        "update tiruert.station_energy_monthly set siren = %s where id_station_itinerance = %s",
        *(buyer, station),
    )
    pages = {
        siren: (write_report(sold, tmp_path, siren) / "index.html").read_text()
        for siren in (seller, buyer)
    }
    assert typeset(f"aussi acquitté pour ce SIREN {french.mwh(energy_mwh)} MWh") in pages[seller]
    assert (
        typeset(f"{french.kwh(energy_mwh * 1000)} kWh le sont sous un autre SIREN") in pages[buyer]
    )


def test_page_states_version_limits_and_build(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    page = html.unescape((folders[SIRENS[0]] / "index.html").read_text())
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert f"version {project['version']}." in page
    [(limits, computed_at)] = sent[0].query(
        "select limits, computed_at from tiruert.reason_labels"
        " inner join tiruert.energy_balance_monthly using (period)"
        " where period = '2025-04-01' and reason = 'negs'"
    )
    assert len(limits) == 8
    for name, value in limits.items():
        shown = "non" if value is False else french.number(value)
        assert f"<code>{name}</code></dt><dd>{shown}</dd>" in page
    assert f"calculé le {computed_at:%d/%m/%Y %H:%M:%S} UTC" in page


def test_second_run_replaces_the_folder(
    sent: tuple[Warehouse, CarbureStub], folders: dict[str, Path]
) -> None:
    folder = folders["199900010"]
    before = (folder / "sessions-rejetees.csv").read_bytes()
    (folder / "sessions-rejetees.csv").write_text("changed")
    write_report(sent[0], folder.parent, "199900010")
    assert (folder / "sessions-rejetees.csv").read_bytes() == before
    assert {path.name for path in folder.parent.iterdir()} == {f.name for f in folders.values()}


def at(month: int, day: int, hour: int) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=UTC)


def boundary_source() -> Source:
    """Two charge points with sessions that overlap sessions of the previous month."""
    source = Source(
        amenageur=[Amenageur(UUID(int=1), HOSTILE_NAME, BOUNDARY_SIREN, None)],
        operationalunit=[OperationalUnit(UUID(int=2), "FRX00", "Unit", "charging")],
        _station=[Station(UUID(int=3), "FRX00P1", "Station", UUID(int=1), UUID(int=2), None)],
        _pointdecharge=[
            ChargePoint(UUID(int=n), f"FRX00E{n}", 22.0, True, False, UUID(int=3), None)
            for n in (4, 5)
        ],
    )
    for number, (charge_point, start, end) in enumerate(
        (
            (4, at(3, 31, 22), at(4, 1, 2)),
            (4, at(4, 1, 1), at(4, 1, 3)),
            # The first of these starts before the look-back.
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
                *(UUID(int=number), start, end, 5.0, UUID(int=charge_point)),
                *(received_at, received_at),
            )
        )
    return source


@pytest.fixture(scope="module")
def boundary_warehouse(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = make_warehouse()
    warehouse.load(boundary_source())
    warehouse.build(reject_hidden_overlaps=True)
    return warehouse


def compared_sessions(folder: Path) -> dict[int, tuple[str, str]]:
    return {
        UUID(row["session"]).int: (row["session précédente"], row["session antérieure"])
        for row in csv_rows(folder, "sessions-rejetees.csv")
    }


def test_compared_session_is_one_that_the_rule_saw(
    boundary_warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = write_report(boundary_warehouse, tmp_path, BOUNDARY_SIREN)
    assert check_comparisons(csv_rows(folder, "sessions-rejetees.csv")) == {
        "overlap",
        "hidden_overlap",
    }
    assert compared_sessions(folder) == {
        102: (str(UUID(int=101)), ""),
        105: (str(UUID(int=104)), ""),
        106: ("", str(UUID(int=104))),
    }


def test_compared_session_is_empty_if_no_longer_in_the_marts(
    boundary_warehouse: Warehouse, make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    without_march = make_warehouse(like=boundary_warehouse)
    without_march.query("drop table tiruert_intermediate.int_session_flags_2025_03")
    folder = write_report(without_march, tmp_path, BOUNDARY_SIREN)
    assert set(compared_sessions(folder).values()) == {("", "")}
    assert "n’est plus dans les données" in html.unescape((folder / "index.html").read_text())


def test_names_cannot_inject_formulas_or_scripts(
    boundary_warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = write_report(boundary_warehouse, tmp_path, BOUNDARY_SIREN)
    assert {row["aménageur"] for row in csv_rows(folder, "stations.csv")} == {f"'{HOSTILE_NAME}"}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert HOSTILE_NAME in html.unescape(page)


def idle_source() -> Source:
    """Five stations of one SIREN, of which the last one alone has energy that can be sent."""
    source = Source(
        amenageur=[Amenageur(UUID(int=1), "Recharge", BOUNDARY_SIREN, None)],
        operationalunit=[OperationalUnit(UUID(int=2), "FRX00", "Unit", "charging")],
    )
    # Energies of the station's sessions. The second station has no unit.
    sessions = {1: [], 2: [5.0], 3: [-5.0], 4: [0.0], 5: [5.0]}
    for number, energies in sessions.items():
        station, charge_point = UUID(int=10 + number), UUID(int=20 + number)
        unit = None if number == 2 else UUID(int=2)
        source._station.append(
            Station(station, f"FRX00P{number}", "Station", UUID(int=1), unit, None)
        )
        source._pointdecharge.append(
            ChargePoint(charge_point, f"FRX00E{number}", 22.0, True, False, station, None)
        )
        source.session.extend(
            Session(
                *(UUID(int=30 + number), at(4, 2, 10), at(4, 2, 11), energy_kwh, charge_point),
                *(at(4, 3, 0), at(4, 3, 0)),
            )
            for energy_kwh in energies
        )
    return source


def test_station_without_energy_is_explained(
    make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    warehouse = make_warehouse()
    warehouse.load(idle_source())
    warehouse.build()
    folder = write_report(warehouse, tmp_path, BOUNDARY_SIREN)
    assert [
        (row["station"], row["pourquoi sans énergie"], row["motifs"])
        for row in csv_rows(folder, "stations.csv")
    ] == [
        ("FRX00P1", "aucune session reçue dans le mois", ""),
        ("FRX00P2", "toutes les sessions sont bloquées", "Sans unité d'exploitation"),
        ("FRX00P3", "toutes les sessions sont rejetées", "Énergie invalide"),
        ("FRX00P4", "les sessions retenues ont 0 kWh", ""),
        ("FRX00P5", "", ""),
    ]
    page = html.unescape((folder / "index.html").read_text())
    assert "4 stations sur" in page
    assert typeset("<li>1 : aucune session reçue dans le mois.</li>") in page
    assert typeset("<td>toutes les sessions sont rejetées : Énergie invalide</td>") in page


@pytest.mark.parametrize(
    ("siren", "period", "code", "message"),
    [
        (
            "111111118",
            "2025-04",
            ExitCode.INCOMPLETE,
            "no data on SIREN '111111118' in 2025-04: check",
        ),
        ("../../tmp", "2025-04", ExitCode.INCOMPLETE, "no data on SIREN '../../tmp'"),
        (b"\xff".decode(errors="surrogateescape"), "2025-04", ExitCode.USAGE, "is not text"),
        (BOUNDARY_SIREN, "2025-13", ExitCode.USAGE, "'2025-13' is not a month such as 2025-04"),
        (BOUNDARY_SIREN, "2031-01", ExitCode.WAREHOUSE, "2031-01 has not been built"),
    ],
)
def test_error_is_one_line(
    boundary_warehouse: Warehouse,
    tmp_path: Path,
    siren: str,
    period: str,
    code: ExitCode,
    message: str,
) -> None:
    finished = run_report(boundary_warehouse, tmp_path / "new", siren, period)
    assert finished.returncode == code
    assert message in finished.stderr.splitlines()[-1]
    assert "Traceback" not in finished.stderr
    assert not list(tmp_path.rglob("*.*"))


def test_unbuilt_warehouse_is_an_error(
    make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    finished = run_report(make_warehouse(), tmp_path, BOUNDARY_SIREN)
    assert finished.returncode == ExitCode.WAREHOUSE
    assert finished.stderr == "Error: the marts in tiruert have not been built: run dbt build\n"


def test_unwritable_folder_is_an_error(boundary_warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / f"explication-2025-04-{BOUNDARY_SIREN}").write_text("in the way")
    finished = run_report(boundary_warehouse, tmp_path, BOUNDARY_SIREN)
    assert finished.returncode == ExitCode.USAGE
    assert finished.stderr == f"Error: cannot write in {tmp_path}: File exists\n"


def test_public_sample(
    make_warehouse: Callable[..., Warehouse], sample_folder: Path, tmp_path: Path
) -> None:
    warehouse = make_warehouse()
    warehouse.load(sample.read(sample_folder))
    warehouse.build()
    folder = write_report(warehouse, tmp_path, "891118473", "2024-12")
    check_sessions(warehouse, folder, "891118473", "2024-12")
    check_stations(warehouse, folder, "891118473", "2024-12")
    rows = csv_rows(folder, "sessions-rejetees.csv")
    check_comparisons(rows)
    check_previous_sessions(
        warehouse, [row for row in rows if row["début (UTC)"].startswith("2024-12-27")]
    )
    assert sum(row["début (UTC)"].startswith("2024-12-27") for row in rows) == 351
