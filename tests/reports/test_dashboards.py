"""The dashboards: the SQL of their cards, their files, and their pages in a browser."""

import re
import subprocess
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlfluff
import yaml
from sqlfluff.core import FluffConfig

from common.exit_codes import ExitCode
from reports import french
from reports.dashboards.card_query import bind_parameters, run_card
from reports.dashboards.card_values import format_value
from reports.dashboards.specification import (
    CONTENT,
    GRID_COLUMNS,
    PARAMETER,
    Card,
    Dashboard,
    read_columns,
    read_dashboards,
    read_filters,
)
from tests.support.browser import Browser
from tests.support.submission import Incidents, send_with_incidents
from tests.support.warehouse import PROJECT, Warehouse

DASHBOARDS = read_dashboards()
ALL_CARDS = [card for dashboard in DASHBOARDS for card in dashboard.cards]
CARDS = [
    pytest.param(card, id=f"{dashboard.slug}/{card.slug}")
    for dashboard in DASHBOARDS
    for card in dashboard.cards
]
SLUGS = [dashboard.slug for dashboard in DASHBOARDS]
APRIL, MAY = date(2025, 4, 1), date(2025, 5, 1)
PHONE, SCREEN, PAPER = 390, 1280, 1032
LONG_NAME = "<script>alert('Énergie & Recharge')</script> du Syndicat de la longue vallée du Ponant"


@pytest.fixture(scope="module")
def incidents(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Incidents:
    return send_with_incidents(make_warehouse(like=made))


@pytest.fixture(scope="module")
def siren(incidents: Incidents) -> str:
    """The SIREN whose stations were refused and locked."""
    [(siren,)] = incidents.warehouse.query(
        "select distinct siren from tiruert.station_submissions where is_locked"
    )
    return siren


@pytest.fixture(scope="module")
def pages(incidents: Incidents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    render(incidents.warehouse, "--output", str(folder))
    return folder


def run_render(warehouse: Warehouse, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warehouse.run("python", "-m", "reports.dashboards", "render", *arguments)


def render(warehouse: Warehouse, *arguments: str) -> None:
    finished = run_render(warehouse, *arguments)
    assert finished.returncode == ExitCode.SUCCESS, finished.stderr


def card_rows(warehouse: Warehouse, card: Card, **values: str) -> list[dict[str, Any]]:
    with warehouse.connection() as connection:
        with connection.cursor() as cursor:
            cursor.execute("set search_path to tiruert")
        return run_card(connection, card, values).rows


# --- The SQL of the cards


@pytest.mark.parametrize("card", CARDS)
def test_card_returns_rows_with_and_without_siren(
    incidents: Incidents, siren: str, card: Card
) -> None:
    everything = card_rows(incidents.warehouse, card, month="2025-05")
    assert everything
    # The default month is the latest complete one.
    assert card_rows(incidents.warehouse, card) == everything
    filtered = card_rows(incidents.warehouse, card, month="2025-05", siren=siren)
    # This operator has no blocked energy and no anomalous charge point.
    without_data = {"blocked_per_reason", "largest_releases", "worst_charge_points"}
    assert filtered or card.slug in without_data
    assert {row["siren"] for row in filtered if "siren" in row} <= {siren}
    labels = [row["operator_label"] for row in filtered if "operator_label" in row]
    assert labels == [] or len(labels) == 1
    assert card.display != "scalar" or len(everything) == len(everything[0]) == 1


@pytest.mark.parametrize("card", [each for each in CARDS if each.values[0].slug != "books"])
def test_card_filters_by_siren(incidents: Incidents, card: Card) -> None:
    unknown = card_rows(incidents.warehouse, card, month="2025-05", siren="unknown")
    assert unknown != card_rows(incidents.warehouse, card, month="2025-05")
    metrics = card.y
    assert not any(row[metric] for row in unknown for metric in metrics)


def test_card_filters_by_month(incidents: Incidents) -> None:
    received = next(card for card in DASHBOARDS[0].cards if card.slug == "received")
    [april] = card_rows(incidents.warehouse, received, month="2025-04")
    [may] = card_rows(incidents.warehouse, received)
    assert april["energy_mwh"] != may["energy_mwh"]


def find_card(page: str, slug: str) -> Card:
    [card] = [
        card
        for dashboard in DASHBOARDS
        for card in dashboard.cards
        if (dashboard.slug, card.slug) == (page, slug)
    ]
    return card


def test_waterfall_ends_with_what_is_to_send_before_the_first_request(made: Warehouse) -> None:
    steps = card_rows(made, find_card("bilan-energetique", "waterfall"), month="2025-05")
    [(sendable,)] = made.query(
        "select sendable_kwh / 1000 from tiruert.energy_balance_monthly where period = %s", MAY
    )
    assert [step["step"] for step in steps] == ["Reçu", "Rejeté", "Bloqué"]
    assert {step["total"] for step in steps} == {"to_send"}
    assert sum(step["energy_mwh"] for step in steps) == pytest.approx(sendable, abs=Decimal("1e-5"))


def test_conclusion_compares_with_the_month_and_the_year_before(
    incidents: Incidents, make_warehouse: Callable[..., Warehouse]
) -> None:
    warehouse = make_warehouse(like=incidents.warehouse)
    for mart in ("energy_balance_daily", "energy_balance_monthly"):
        warehouse.query(
            f"create temp table earlier as select * from tiruert.{mart} where period = %s;"
            "update earlier set period = '2024-05-01';"
            f"insert into tiruert.{mart} select * from earlier",
            MAY,
        )
    figures = dict(
        warehouse.query(
            "select period, sum(energy_mwh) from tiruert_ledger.station_status group by period"
        )
    )
    [(received,)] = warehouse.query(
        "select received_kwh / 1000 from tiruert.energy_balance_monthly where period = %s", MAY
    )
    acknowledged, before, received = (
        french.number(energy, "#,##0.0")
        for energy in (figures[MAY], figures.get(APRIL, 0), received)
    )
    first, second = [
        row["sentence"]
        for row in card_rows(warehouse, find_card("bilan-energetique", "conclusion"))
    ]
    assert first == (
        f"CARBURE a acquitté {acknowledged} MWh pour mai 2025"
        f" (avril 2025 : {before} MWh ; mai 2024 : 0,0 MWh), sur {received} MWh reçus."
    )
    assert re.fullmatch(
        r"Les règles rejettent [\d,]+\u202f% des sessions, qui portent [\d,]+\u202f% de l'énergie ;"
        r" [\d,]+ MWh valides restent bloqués\.",
        second,
    )


def test_operators_of_one_name_have_labels_of_their_own(
    incidents: Incidents, make_warehouse: Callable[..., Warehouse], siren: str
) -> None:
    warehouse = make_warehouse(like=incidents.warehouse)
    for mart in ("energy_balance_daily", "data_freshness"):
        warehouse.query(f"update tiruert.{mart} set amenageur_name = 'Recharge'")
    for page, slug in (("anomalies", "rate_per_operator"), ("fraicheur", "delays")):
        labels = [row["operator_label"] for row in card_rows(warehouse, find_card(page, slug))]
        assert len(set(labels)) == len(labels) > 1
        [alone] = card_rows(warehouse, find_card(page, slug), siren=siren)
        assert alone["operator_label"] == "Recharge"


def test_values_are_bound_as_query_parameters() -> None:
    template = "select 1 % 2 [[where siren = {{siren}}]] [[and {{siren}} = {{period}}]]"
    bound = bind_parameters(template, {"siren": "'; drop"})
    assert bound == "select 1 %% 2 where siren = %(siren)s "
    assert bind_parameters(template, {}) == "select 1 %% 2  "


@pytest.mark.parametrize("card", CARDS)
def test_card_sql_passes_sqlfluff(card: Card) -> None:
    project_config = FluffConfig.from_path(str(PROJECT))
    # Cards show their columns in the order of the query.
    excluded = ",".join([*project_config.get("rule_denylist"), "structure.column_order"])
    config = FluffConfig.from_path(
        str(PROJECT), overrides={"templater": "raw", "exclude_rules": excluded}
    )
    as_run = re.sub(r"\[\[|\]\]", "", PARAMETER.sub("'value'", card.sql))
    found = sqlfluff.lint(as_run, config=config)
    assert [f"{line['start_line_no']}: {line['description']}" for line in found] == []


# --- The files


def test_every_file_is_used_and_every_parameter_is_a_filter() -> None:
    sql = [card.sql for card in ALL_CARDS] + [each.sql for each in read_filters()]
    assert sorted(sql) == sorted(path.read_text() for path in CONTENT.rglob("*.sql"))
    used = {name for text in sql for name in PARAMETER.findall(text)}
    assert used == {each.name for each in read_filters()}


def test_cards_do_not_overlap_and_fill_the_grid() -> None:
    for dashboard in DASHBOARDS:
        cells = [
            (row + down, column + right)
            for card, row, column in dashboard.placed_cards()
            for down in range(card.height)
            for right in range(card.width)
        ]
        assert len(cells) == len(set(cells))
        assert {column for _, column in cells} == set(range(GRID_COLUMNS))


def test_every_column_and_no_other_is_described(incidents: Incidents) -> None:
    shown = {name for card in ALL_CARDS for name in card_rows(incidents.warehouse, card)[0]}
    assert shown == read_columns().keys()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=SLUGS)
def test_exposure_lists_every_mart_of_the_dashboard(dashboard: Dashboard) -> None:
    marts = {path.stem for path in (PROJECT / "models/marts").rglob("*.sql")}
    words = {word for card in dashboard.cards for word in re.findall(r"\w+", card.sql)}
    [exposure] = [
        exposure
        for exposure in yaml.safe_load((PROJECT / "models/marts/exposures.yml").read_text())[
            "exposures"
        ]
        if exposure["label"] == dashboard.title
    ]
    refs = {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in exposure["depends_on"]}
    assert refs == marts & words


# --- Pages


@pytest.mark.parametrize("width", [PHONE, SCREEN])
@pytest.mark.parametrize("name", ["index", *SLUGS])
def test_page_is_not_clipped_and_loads_nothing(
    browser: Browser, pages: Path, name: str, width: int
) -> None:
    browser.open(pages / f"{name}.html", width)
    assert browser.clipped_texts() == []
    assert browser.overlapping_texts() == []
    assert browser.console_messages() == []
    assert browser.loaded_urls() == []


@pytest.mark.parametrize("name", SLUGS)
def test_printed_page_is_not_clipped(browser: Browser, pages: Path, name: str) -> None:
    browser.open(pages / f"{name}.html", PAPER)
    browser.emulate_print(True)
    try:
        assert browser.clipped_texts(include_scrollable=True) == []
        assert browser.texts(".card")
    finally:
        browser.emulate_print(False)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=SLUGS)
def test_every_card_shows_data(browser: Browser, pages: Path, dashboard: Dashboard) -> None:
    browser.open(pages / f"{dashboard.slug}.html", SCREEN)
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


@pytest.mark.parametrize("name", ["index", *SLUGS])
def test_page_is_accessible_to_screen_readers(browser: Browser, pages: Path, name: str) -> None:
    browser.open(pages / f"{name}.html", SCREEN)
    text = (pages / f"{name}.html").read_text()
    assert '<html lang="fr">' in text
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert text.index('class="skip"') < text.index("<nav")
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
    browser.open(pages / "bilan-energetique.html", SCREEN)
    for slug, figure in [
        ("received", received),
        ("rejected", rejected),
        ("blocked", blocked),
        ("acknowledged", acknowledged),
    ]:
        [shown] = browser.texts(f"#{slug} .figure")
        assert shown.endswith("\u00a0MWh")
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


def parse_figure(text: str) -> Decimal:
    """Parse a figure such as −1 234,5 MWh."""
    return Decimal(re.sub(r"[^\d,−]", "", text).replace(",", ".").replace("−", "-"))


def test_submission_page_lists_changed_locked_and_refused_stations(
    browser: Browser, pages: Path, incidents: Incidents
) -> None:
    browser.open(pages / "soumission-carbure.html", SCREEN)
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
        page = (tmp_path / f"{name}.html").read_text()
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert f"SIREN : <strong>{siren}</strong>" in page
        for width in (PHONE, SCREEN):
            browser.open(tmp_path / f"{name}.html", width)
            assert browser.clipped_texts() == []


def test_empty_month_is_shown_and_missing_month_is_an_error(
    incidents: Incidents, tmp_path: Path
) -> None:
    render(incidents.warehouse, "--siren", "<nobody>", "--output", str(tmp_path))
    page = (tmp_path / "soumission-carbure.html").read_text()
    assert "Rien ce mois-ci." in page
    assert "<nobody>" not in page
    finished = run_render(incidents.warehouse, "--period", "2019-01")
    assert finished.returncode == ExitCode.WAREHOUSE
    assert "has not been built" in finished.stderr


def test_unwritable_folder_is_an_error(incidents: Incidents, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = run_render(incidents.warehouse, "--output", str(tmp_path / "file" / "pages"))
    assert finished.returncode == ExitCode.USAGE
    assert finished.stderr.startswith("Error: cannot write in ")


def test_card_values_are_formatted_in_french() -> None:
    assert format_value("energy_mwh", Decimal("-1234.5")) == "−1\u202f234,500"
    assert format_value("energy_mwh", Decimal(0)) == "0"
    assert format_value("rejected_share", Decimal("0.125")) == "12,5\u202f%"
    assert format_value("period", MAY) == "mai 2025"
    assert format_value("started_on", MAY) == "01/05/2025"
    assert format_value("amenageur_name", "  ") == "—"
