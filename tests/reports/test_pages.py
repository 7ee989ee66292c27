"""The pages of the dashboards, in a browser."""

import csv
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from pypdf import PageObject, PdfReader

from common.exit_codes import ExitCode
from dev import screenshots
from reports import french
from reports.dashboards import pages as pages_module
from reports.dashboards.card_result import CardResult
from reports.dashboards.pages import Scope, siren_folder, write_pages
from reports.dashboards.specification import Card, Dashboard, read_dashboards
from reports.typography import typeset
from tests.support.browser import Browser, parse_figure
from tests.support.submission import Incidents
from tests.support.warehouse import Warehouse

DASHBOARDS = read_dashboards()
SLUGS = [dashboard.slug for dashboard in DASHBOARDS]
PAGES = ["index", "2025-05/index", *(f"2025-05/{slug}-2025-05" for slug in SLUGS)]
MAY = date(2025, 5, 1)
PHONE, SCREEN, PAPER = 390, 1280, 703
LONG_NAME = "<script>alert('Énergie & Recharge')</script> du Syndicat de la longue vallée du Ponant"

# Printed pages other than the last have text in this share of their height at least.
MIN_USED_SHARE = 0.4
# 12 mm and 16 mm, in points.
TOP_MARGIN, BOTTOM_MARGIN = 34, 45


@pytest.fixture(scope="module")
def output(incidents: Incidents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of two months."""
    output = tmp_path_factory.mktemp("output")
    for month in ("2025-04", "2025-05"):
        render(incidents.warehouse, "--period", month, "--output", str(output))
    return output


@pytest.fixture(scope="module")
def pages(output: Path) -> Path:
    """The pages of the month that was sent with incidents."""
    return output / "2025-05"


def run_render(warehouse: Warehouse, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warehouse.run("python", "-m", "reports.dashboards", "render", *arguments)


def render(warehouse: Warehouse, *arguments: str) -> None:
    finished = run_render(warehouse, *arguments)
    assert finished.returncode == ExitCode.SUCCESS, finished.stderr


@pytest.mark.parametrize("width", [PHONE, SCREEN])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_not_clipped_and_loads_nothing(
    browser: Browser, output: Path, name: str, width: int
) -> None:
    browser.open(output / f"{name}.html", width)
    assert browser.clipped_texts() == []
    assert browser.overlapping_texts() == []
    assert browser.console_messages() == []
    assert browser.loaded_urls() == []


@pytest.mark.parametrize("name", PAGES)
def test_printed_page_is_not_clipped(browser: Browser, output: Path, name: str) -> None:
    browser.open(output / f"{name}.html", PAPER)
    browser.emulate_print(True)
    try:
        assert browser.clipped_texts(include_scrollable=True) == []
        assert browser.texts(".card")
    finally:
        browser.emulate_print(False)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=SLUGS)
def test_every_card_shows_data(browser: Browser, pages: Path, dashboard: Dashboard) -> None:
    browser.open(pages / f"{dashboard.slug}-2025-05.html", SCREEN)
    for card in dashboard.cards:
        selector = f"#{card.slug}"
        if card.display == "text":
            assert re.search(r"\d", browser.texts(f"{selector} .sentence")[0]), card.slug
            continue
        if card.display == "scalar":
            assert re.search(r"\d", browser.texts(f"{selector} .figure")[0]), card.slug
            continue
        assert browser.texts(f"{selector} tbody tr"), card.slug
        if card.display != "table":
            for variant in ("wide", "narrow"):
                marks = browser.texts(f"{selector} .{variant} svg .role-mark path")
                assert marks, f"{card.slug}, {variant}"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_to_screen_readers(output: Path, name: str) -> None:
    text = (output / f"{name}.html").read_text()
    assert '<html lang="fr">' in text
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1
    assert set(levels[1:]) <= {2}
    assert re.search('<nav|<main|class="skip"', text)[0] == 'class="skip"'
    assert len(re.findall(r"<table>\s*<caption>\S", text)) == text.count("<table>")
    charts = text.count('<div class="chart" role="img" aria-label="')
    assert charts == text.count("<summary>Voir les données</summary>")
    assert "<script" not in text
    identifiers = re.findall(r' id="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))


def test_page_figures_match_the_marts(browser: Browser, pages: Path, incidents: Incidents) -> None:
    [(received, rejected, blocked)] = incidents.warehouse.query(
        "select received_kwh / 1000, rejected_kwh / 1000, blocked_kwh / 1000"
        " from tiruert.energy_balance_monthly where period = %s",
        MAY,
    )
    [(acknowledged,)] = incidents.warehouse.query(
        "select sum(energy_mwh) from tiruert_ledger.station_status where period = %s", MAY
    )
    browser.open(pages / "bilan-energetique-2025-05.html", SCREEN)
    for slug, figure in [
        ("received", received),
        ("rejected", rejected),
        ("blocked", blocked),
        ("acknowledged", acknowledged),
    ]:
        [shown] = browser.texts(f"#{slug} .figure")
        assert shown.endswith("\u202fMWh")
        assert parse_figure(shown) == pytest.approx(figure, abs=Decimal("0.0005")), slug
    steps = browser.texts("#waterfall tbody td:nth-child(2)")
    assert sum(map(parse_figure, steps)) == pytest.approx(acknowledged, abs=Decimal("0.01"))
    assert parse_figure(steps[0]) == pytest.approx(received, abs=Decimal("0.0005"))
    [(sendable,)] = incidents.warehouse.query(
        "select sendable_kwh / 1000 from tiruert.energy_balance_monthly where period = %s", MAY
    )
    figures = browser.texts("#waterfall .wide .role-mark text")
    names = browser.texts("#waterfall .wide .role-axis-label text")[-len(figures) :]
    bars = {name: parse_figure(figure) for name, figure in zip(names, figures, strict=True)}
    for name, figure in [("Transmissible", sendable), ("Acquitté par CARBURE", acknowledged)]:
        assert bars[name] == pytest.approx(figure, abs=Decimal("0.0005")), name
    assert names[-1] == "Acquitté par CARBURE"


def test_submission_page_lists_changed_locked_and_refused_stations(
    browser: Browser, pages: Path, incidents: Incidents
) -> None:
    browser.open(pages / "soumission-carbure-2025-05.html", SCREEN)
    first_cells = "tbody td:first-child"
    assert set(browser.texts(f"#differences {first_cells}")) == {
        incidents.never_accepted,
        incidents.locked,
        incidents.changed_and_refused,
    }
    assert browser.texts(f"#locked {first_cells}") == [incidents.locked]
    refusals = browser.texts("#refusals tbody tr")
    assert any("already validated" in row and incidents.locked in row for row in refusals)
    # Reasons from CARBURE are escaped.
    assert any("<b>du registre</b>" in row for row in refusals)


def test_long_name_with_markup_is_escaped_and_fits(
    incidents: Incidents,
    make_warehouse: Callable[..., Warehouse],
    tmp_path: Path,
    siren: str,
    browser: Browser,
) -> None:
    copy = make_warehouse(like=incidents.warehouse)
    for mart in ("energy_balance_daily", "data_freshness"):
        copy.query(
            f"update tiruert.{mart} set amenageur_name = %s where siren = %s", LONG_NAME, siren
        )
    render(copy, "--siren", siren, "--period", "2025-05", "--output", str(tmp_path))
    for name in ("anomalies", "fraicheur"):
        file = tmp_path / siren / "2025-05" / f"{name}-2025-05.html"
        page = file.read_text()
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert f"SIREN\u00a0: <strong>{siren}</strong>" in page
        for width in (PHONE, SCREEN):
            browser.open(file, width)
            assert browser.clipped_texts() == []


def test_missing_month_and_unknown_siren_are_errors(incidents: Incidents, tmp_path: Path) -> None:
    finished = run_render(incidents.warehouse, "--period", "2019-01", "--output", str(tmp_path))
    assert finished.returncode == ExitCode.WAREHOUSE
    assert "has not been built" in finished.stderr
    for siren in ("", "<nobody>", "../.."):
        finished = run_render(incidents.warehouse, "--siren", siren, "--output", str(tmp_path))
        assert finished.returncode == ExitCode.INCOMPLETE
        assert finished.stderr == (
            f"Error: no data on SIREN {siren!r} in 2025-05: check the SIREN and the month\n"
        )
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_is_an_error(incidents: Incidents, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = run_render(incidents.warehouse, "--output", str(tmp_path / "file" / "pages"))
    assert finished.returncode == ExitCode.USAGE
    assert finished.stderr.startswith("Error: cannot write in ")


# --- Folders and links


def test_every_link_leads_to_a_file(browser: Browser, output: Path) -> None:
    seen: set[Path] = set()
    to_follow = [output / "index.html"]
    while to_follow:
        page = to_follow.pop()
        seen.add(page)
        if page.suffix == ".html":
            browser.open(page, SCREEN)
            links = {Path(unquote(urlsplit(url).path)) for url in browser.link_urls()}
            assert page == output / "index.html" or output / "index.html" in links
            to_follow += links - seen
    assert seen == {file for file in output.rglob("*") if file.is_file()}


def test_month_has_links_to_its_neighbors(browser: Browser, output: Path) -> None:
    def neighbors(month: str) -> list[str]:
        browser.open(output / month / f"anomalies-{month}.html", SCREEN)
        return browser.texts(".neighbors a")

    assert neighbors("2025-05") == ["← avril 2025"]
    # April was rendered first.
    assert neighbors("2025-04") == []
    browser.open(output / "index.html", SCREEN)
    assert browser.texts(".months a") == ["Mai 2025", "Avril 2025"]


def test_folder_is_replaced_as_a_whole(
    incidents: Incidents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = Scope(MAY, None, datetime(2025, 6, 3, tzinfo=UTC))
    card = find_card("soumission-carbure", "locked")
    columns = ["siren"]
    full = CardResult(card, columns, [{"siren": "199900002"}])
    dashboard = DASHBOARDS[2]
    write_pages(tmp_path, scope, [(dashboard, [full])])
    [table] = tmp_path.rglob("*.csv")
    monkeypatch.setattr(pages_module, "write_csv", raise_error)
    with pytest.raises(OSError, match="disk is full"):
        write_pages(tmp_path, scope, [(dashboard, [full])])
    assert table.exists()
    write_pages(tmp_path, scope, [(dashboard, [CardResult(card, columns, [])])])
    assert not table.exists()
    assert {file.name for file in tmp_path.iterdir()} == {"index.html", "2025-05"}


def raise_error(*_: object) -> None:
    raise OSError("disk is full")


def test_folder_of_a_siren_is_inside_the_output_and_its_own() -> None:
    names = [siren_folder(siren) for siren in ("", "..", "12 3", "12-3", "12_3", "a/b", "123")]
    assert len(set(names)) == len(names)
    assert names[-1] == "123"
    assert all(re.fullmatch(r"\w+", name, re.ASCII) for name in names)


def test_csv_has_the_values_of_the_table(browser: Browser, pages: Path) -> None:
    browser.open(pages / "soumission-carbure-2025-05.html", SCREEN)
    file = pages / "soumission-carbure-2025-05-differences.csv"
    with file.open(encoding="utf-8-sig", newline="") as text:
        header, *rows = csv.reader(text, delimiter=";")
    assert header == [title.replace("’", "'") for title in browser.texts("#differences th")]
    shown = browser.texts("#differences tbody td")
    assert [row[0] for row in rows] == shown[:: len(header)]
    position = header.index("Écart (MWh)")
    assert [Decimal(row[position].replace(",", ".")) for row in rows] == [
        parse_figure(figure) for figure in shown[position :: len(header)]
    ]


# --- One SIREN


def test_pages_of_a_siren_show_nothing_about_others(
    incidents: Incidents, siren: str, tmp_path: Path
) -> None:
    [(other,)] = incidents.warehouse.query(
        "select min(siren) from tiruert.submission_status_monthly where siren <> %s", siren
    )
    for shown in (siren, other):
        render(incidents.warehouse, "--siren", shown, "--output", str(tmp_path))
        files = [file for file in (tmp_path / shown).rglob("*") if file.is_file()]
        text = "\n".join(unescape(file.read_text()).replace("’", "'") for file in files)
        assert shown in text
        for kind, words in words_of_others(incidents.warehouse, shown).items():
            assert words, kind
            found = [word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)]
            assert found == [], kind


def test_other_owner_of_a_station_has_no_name(
    incidents: Incidents, make_warehouse: Callable[..., Warehouse], siren: str, tmp_path: Path
) -> None:
    warehouse = make_warehouse(like=incidents.warehouse)
    warehouse.query(
        "insert into tiruert_intermediate.change_log"
        " (period, id_station_itinerance, changed_at, cause, value_before, value_after)"
        " values (%s, %s, now(), 'owner', %s, %s)",
        *(MAY, incidents.locked, f"{siren} FRX01", "123456782 FRX02"),
    )
    render(warehouse, "--output", str(tmp_path))
    render(warehouse, "--siren", siren, "--output", str(tmp_path))
    name = "soumission-carbure-2025-05-changes.csv"
    of_all = (tmp_path / "2025-05" / name).read_text()
    of_siren = (tmp_path / siren / "2025-05" / name).read_text()
    assert f"{siren} FRX01;123456782 FRX02" in of_all
    assert f"{siren} FRX01;un autre SIREN" in of_siren


def words_of_others(warehouse: Warehouse, siren: str) -> dict[str, list[str]]:
    """Return what identifies others than a SIREN, and the totals of all, by kind."""
    own, others = "siren = %s", "siren is distinct from %s"
    queries = {
        "SIREN": f"select distinct siren from tiruert.submission_status_monthly where {others}",
        "name": f"select trim(amenageur_name) from tiruert.data_freshness where {others}"
        f" except select trim(amenageur_name) from tiruert.data_freshness where {own}",
        "station": f"select id_station_itinerance from tiruert.station_submissions where {others}",
        "charge point": "select id_pdc_itinerance from tiruert.anomalous_charge_points"
        f" where {others}",
    }
    words = {
        kind: [word for (word,) in warehouse.query(query, *[siren] * query.count("%s")) if word]
        for kind, query in queries.items()
    }
    [totals] = warehouse.query(
        "select received_kwh / 1000, rejected_kwh / 1000, blocked_kwh / 1000, sendable_kwh / 1000"
        " from tiruert.energy_balance_monthly where period = %s",
        MAY,
    )
    words["total"] = [french.number(total, "#,##0.000") for total in totals]
    return words


# --- Typography


@pytest.mark.parametrize("name", PAGES)
def test_texts_have_french_typography(browser: Browser, output: Path, name: str) -> None:
    browser.open(output / f"{name}.html", SCREEN)
    assert browser.wrongly_typeset_texts() == []


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>L&#39;énergie d'<b>un</b></p>", "<p>L’énergie d’<b>un</b></p>"),
        ("<b>SIREN</b> : « 5 kWh » ;", "<b>SIREN</b>\xa0: «\xa05\u202fkWh\xa0»\u202f;"),
        ("<i>12:30</i> ! 5 % &amp; x?y", "<i>12:30</i>\u202f! 5\u202f% &amp; x?y"),
        ('<p aria-label="l\'eau ?">', '<p aria-label="l’eau\u202f?">'),
        ("<a href=\"l'eau ?\"><code>l'eau ?</code>", "<a href=\"l'eau ?\"><code>l'eau ?</code>"),
        ("<style>nav a :hover</style>", "<style>nav a :hover</style>"),
    ],
)
def test_typography_leaves_addresses_and_code_alone(html: str, expected: str) -> None:
    assert typeset(html) == expected


# --- Print


@pytest.mark.parametrize("name", PAGES)
def test_printed_pages_are_numbered_and_used(browser: Browser, output: Path, name: str) -> None:
    browser.open(output / f"{name}.html", SCREEN)
    figures = browser.texts("td.number")
    printed = [words_of(page) for page in PdfReader(BytesIO(browser.print_to_pdf())).pages]
    for number, words in enumerate(printed, start=1):
        in_margin = [word for word, y in words if y > 1]
        assert in_margin == [str(number), "/", str(len(printed))]
    used_shares = [max(y for _, y in words if y <= 1) for words in printed]
    assert [share for share in used_shares[:-1] if share < MIN_USED_SHARE] == []
    # Tables are printed also if they are folded on the screen.
    text = "".join(word for words in printed for word, _ in words)
    assert [figure for figure in figures if re.sub(r"\s", "", figure) not in text] == []


def words_of(page: PageObject) -> list[tuple[str, float]]:
    """Return the words of a printed page, from 0 at the top to 1 at the bottom margin."""
    words = []
    height = float(page.mediabox.height)

    def visit(text: str, matrix: list[float], text_matrix: list[float], *_: object) -> None:
        y = text_matrix[4] * matrix[1] + text_matrix[5] * matrix[3] + matrix[5]
        share = (height - y - TOP_MARGIN) / (height - TOP_MARGIN - BOTTOM_MARGIN)
        words.extend((word, share) for word in text.split())

    page.extract_text(visitor_text=visit)
    return words


# --- Empty states


def test_empty_cards_say_so(
    made: Warehouse, make_warehouse: Callable[..., Warehouse], tmp_path: Path, browser: Browser
) -> None:
    """Before anything is sent, and for a SIREN without a single rejected session."""
    warehouse = make_warehouse(like=made)
    render(warehouse, "--output", str(tmp_path))
    browser.open(tmp_path / "2025-05" / "soumission-carbure-2025-05.html", SCREEN)
    for slug, text in [
        ("carbure_energy", "Pas encore d’énergie acquittée."),
        ("locked_stations", "Pas encore de station verrouillée."),
        ("differences", "Pas d’écart à ce jour."),
        ("refusals", "Pas de refus à ce jour."),
    ]:
        assert browser.texts(f"#{slug} .empty") == [text]
        assert browser.texts(f"#{slug} :is(.figure, table, .chart, .download)") == []


@pytest.mark.parametrize(
    ("rows", "is_empty"),
    [
        ([], True),
        ([{"energy_mwh": None}], True),
        ([{"energy_mwh": Decimal(0)}], True),
        ([{"energy_mwh": Decimal(-1)}], False),
    ],
)
def test_card_is_empty_without_figures(rows: list[dict[str, Any]], is_empty: bool) -> None:
    blocked, received = (find_card("bilan-energetique", slug) for slug in ("blocked", "received"))
    assert CardResult(blocked, ["energy_mwh"], rows).is_empty == is_empty
    is_zero = any(row["energy_mwh"] == 0 for row in rows)
    assert CardResult(received, ["energy_mwh"], rows).is_empty == (is_empty and not is_zero)


def find_card(page: str, slug: str) -> Card:
    [dashboard] = [each for each in DASHBOARDS if each.slug == page]
    [card] = [each for each in dashboard.cards if each.slug == slug]
    return card


# --- Screenshots


@pytest.mark.usefixtures("browser")
def test_screenshots_show_every_page(output: Path, tmp_path: Path) -> None:
    finished = CliRunner().invoke(
        screenshots.command, ["--pages", str(output), "--output", str(tmp_path)]
    )
    assert finished.exit_code == 0, finished.output
    images = {image.stem: image.read_bytes() for image in tmp_path.iterdir()}
    assert images.keys() == {"tous-les-mois", "sommaire", *SLUGS}
    # The header of a PNG has the width.
    assert {int.from_bytes(image[16:20], "big") for image in images.values()} == {SCREEN}
