"""The dashboards: their SQL on a month that was sent, their pages in a browser, and their form."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlfluff
import yaml
from metabase_sync.serialize.canon import (
    CARD,
    COLLECTION,
    DASHBOARD,
    DASHBOARD_CHILDREN,
    canonical,
)
from metabase_sync.serialize.yamlio import dump_yaml, read_frontmatter_sql
from sqlfluff.core import FluffConfig

from reports.dashboards import charts, french, query, specification
from reports.dashboards.query import PARAMETER, bound
from reports.dashboards.specification import Card, Dashboard
from tests.support import browser
from tests.support.browser import Browser
from tests.support.submission import Eventful, send_eventfully
from tests.support.warehouse import PROJECT, Warehouse

DASHBOARDS = specification.read()
CARDS = [
    pytest.param(card, id=f"{dashboard.slug}/{card.slug}")
    for dashboard in DASHBOARDS
    for card in dashboard.cards
]
NAMES = [dashboard.slug for dashboard in DASHBOARDS]
MAY = date(2025, 5, 1)
PHONE, SCREEN, PAPER = 390, 1280, 1032
LONG_NAME = "<script>alert('Énergie & Recharge')</script> du Syndicat de la longue vallée du Ponant"


@pytest.fixture(scope="module")
def eventful(made: Warehouse, make_warehouse: Callable[..., Warehouse]) -> Eventful:
    return send_eventfully(make_warehouse(like=made))


@pytest.fixture(scope="module")
def siren(eventful: Eventful) -> str:
    """The SIREN to which everything happened."""
    [(siren,)] = eventful.warehouse.query(
        "select distinct siren from tiruert.station_submissions where is_locked"
    )
    return siren


@pytest.fixture(scope="module")
def folder(eventful: Eventful, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    render(eventful.warehouse, "--output", str(folder))
    return folder


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser.opened(tmp_path_factory.mktemp("chromium")) as window:
        yield window


def render(warehouse: Warehouse, *arguments: str) -> None:
    finished = warehouse.run("python", "-m", "reports.dashboards", "render", *arguments)
    assert finished.returncode == 0, finished.stderr


def rows_of(warehouse: Warehouse, card: Card, **values: str) -> list[dict]:
    with warehouse.connection() as connection:
        with connection.cursor() as cursor:
            cursor.execute("set search_path to tiruert")
        return query.run(connection, card.sql, values).rows


# --- SQL


@pytest.mark.parametrize("card", CARDS)
def test_each_card_has_rows_with_and_without_a_siren(
    eventful: Eventful, siren: str, card: Card
) -> None:
    everything = rows_of(eventful.warehouse, card, period="2025-05")
    assert everything
    # A month that nobody chose is the last one that is over.
    assert rows_of(eventful.warehouse, card) == everything
    of_one = rows_of(eventful.warehouse, card, period="2025-05", siren=siren)
    # Nothing of the operator's is blocked, and none of its charge points stands out.
    assert of_one or card.slug in {"blocked_per_reason", "worst_charge_points"}
    assert {row["siren"] for row in of_one if "siren" in row} <= {siren}
    assert card.display != "scalar" or len(everything) == len(everything[0]) == 1


@pytest.mark.parametrize("card", [each for each in CARDS if each.values[0].slug != "books"])
def test_a_siren_changes_what_a_card_says(eventful: Eventful, card: Card) -> None:
    unknown = rows_of(eventful.warehouse, card, period="2025-05", siren="nobody's")
    assert unknown != rows_of(eventful.warehouse, card, period="2025-05")
    metrics = card.settings.get("graph.metrics", [])
    assert not any(row[metric] for row in unknown for metric in metrics)


def test_a_card_shows_the_month_chosen(eventful: Eventful) -> None:
    received = next(card for card in DASHBOARDS[0].cards if card.slug == "received")
    [april] = rows_of(eventful.warehouse, received, period="2025-04")
    [may] = rows_of(eventful.warehouse, received)
    assert april["energy_mwh"] != may["energy_mwh"]


def test_a_value_is_bound_and_never_part_of_the_text() -> None:
    template = "select 1 % 2 [[where siren = {{siren}}]] [[and {{siren}} = {{period}}]]"
    assert bound(template, {"siren": "'; drop"}) == "select 1 %% 2 where siren = %(siren)s "
    assert bound(template, {}) == "select 1 %% 2  "


@pytest.mark.parametrize("card", CARDS)
def test_sql_is_in_the_house_style(card: Card) -> None:
    house = FluffConfig.from_path(str(PROJECT))
    # Readers see the columns in their order here.
    excluded = ",".join([*house.get("rule_denylist"), "structure.column_order"])
    config = FluffConfig.from_path(
        str(PROJECT), overrides={"templater": "raw", "exclude_rules": excluded}
    )
    as_run = re.sub(r"\[\[|\]\]", "", PARAMETER.sub("'value'", card.sql))
    found = sqlfluff.lint(as_run, config=config)
    assert [f"{line['start_line_no']}: {line['description']}" for line in found] == []


# --- The form that metabase-sync reads and writes


def test_files_are_as_metabase_sync_writes_them() -> None:
    """So that what it adds to them, the ids that Metabase gives, is all that changes."""
    paths = [path for path in specification.FOLDER.rglob("*") if path.suffix in {".yaml", ".sql"}]
    assert len(paths) > len(CARDS)
    for path in paths:
        if path.suffix == ".sql":
            front, _ = read_frontmatter_sql(path)
            written = f"---\n{dump_yaml(canonical(front, CARD))}---\n---body---\n"
            assert path.read_text().startswith(written), path
        elif path.parent.name != "databases":
            template = DASHBOARD if path.name == "dashboard.yaml" else COLLECTION
            content = canonical(yaml.safe_load(path.read_text()), template, DASHBOARD_CHILDREN)
            assert path.read_text() == dump_yaml(content), path


def test_every_parameter_of_a_card_is_a_filter_of_its_dashboard() -> None:
    for path in specification.FOLDER.rglob("dashboard.yaml"):
        document = yaml.safe_load(path.read_text())
        filters = {parameter["id"] for parameter in document["parameters"]}
        for place in document["dashcards"]:
            front, sql = read_frontmatter_sql(path.parent / place["card_path"])
            parameters = set(PARAMETER.findall(sql))
            mapped = {
                mapping["parameter_id"]: mapping["target"]
                for mapping in place["parameter_mappings"]
            }
            assert parameters == front["template_tags"].keys() == mapped.keys() <= filters, front
            for name, target in mapped.items():
                assert target == ["variable", ["template-tag", name]]


def test_every_card_is_on_its_dashboard_and_none_covers_another() -> None:
    for path in specification.FOLDER.rglob("dashboard.yaml"):
        places = yaml.safe_load(path.read_text())["dashcards"]
        files = {f"cards/{file.name}" for file in (path.parent / "cards").iterdir()}
        assert sorted(place["card_path"] for place in places) == sorted(files)
        cells = [
            (place["row"] + down, place["col"] + right)
            for place in places
            for down in range(place["size_y"])
            for right in range(place["size_x"])
        ]
        assert len(cells) == len(set(cells))
        assert max(column for _, column in cells) == charts.COLUMNS - 1


@pytest.mark.parametrize("card", CARDS)
def test_every_column_that_is_shown_has_a_french_name(eventful: Eventful, card: Card) -> None:
    columns = rows_of(eventful.warehouse, card)[0].keys()
    assert {name for name in columns if card.title_of(name) == name} == set()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=NAMES)
def test_the_exposure_names_every_mart_that_the_cards_read(dashboard: Dashboard) -> None:
    marts = {path.stem for path in (PROJECT / "models/marts").rglob("*.sql")}
    words = {word for card in dashboard.cards for word in re.findall(r"\w+", card.sql)}
    [exposure] = [
        exposure
        for exposure in yaml.safe_load((PROJECT / "models/marts/exposures.yml").read_text())[
            "exposures"
        ]
        if exposure["label"] == dashboard.name
    ]
    refs = {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in exposure["depends_on"]}
    assert refs == marts & words


# --- Pages


@pytest.mark.parametrize("width", [PHONE, SCREEN])
@pytest.mark.parametrize("name", ["index", *NAMES])
def test_nothing_is_cut_off_and_nothing_is_asked_of_others(
    window: Browser, folder: Path, name: str, width: int
) -> None:
    window.open(folder / f"{name}.html", width)
    assert window.cut_off() == []
    assert window.collisions() == []
    assert window.complaints() == []
    assert window.requests() == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_off_on_paper(window: Browser, folder: Path, name: str) -> None:
    window.open(folder / f"{name}.html", PAPER)
    window.show_as_printed(True)
    try:
        assert window.cut_off(scrolled_too=True) == []
        assert window.texts(".card")
    finally:
        window.show_as_printed(False)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=NAMES)
def test_every_card_has_data(window: Browser, folder: Path, dashboard: Dashboard) -> None:
    window.open(folder / f"{dashboard.slug}.html", SCREEN)
    for card in dashboard.cards:
        here = f"#{card.slug}"
        if card.display == "scalar":
            assert re.search(r"\d", window.texts(f"{here} .figure")[0]), card.slug
            continue
        assert window.texts(f"{here} tbody tr"), card.slug
        if card.display != "table":
            for variant in ("wide", "narrow"):
                marks = window.texts(f"{here} .{variant} svg .role-mark path")
                assert marks, f"{card.slug}, {variant}"


@pytest.mark.parametrize("name", ["index", *NAMES])
def test_a_screen_reader_finds_its_way(window: Browser, folder: Path, name: str) -> None:
    window.open(folder / f"{name}.html", SCREEN)
    text = (folder / f"{name}.html").read_text()
    assert '<html lang="fr">' in text
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert text.index('class="skip"') < text.index("<nav")
    assert len(re.findall(r"<table>\s*<caption>\S", text)) == text.count("<table>")
    assert text.count('<div class="chart" role="img" aria-label="') == text.count("<details>")
    assert "<script" not in text
    identifiers = re.findall(r' id="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))


def test_figures_of_a_page_are_those_of_the_marts(
    window: Browser, folder: Path, eventful: Eventful
) -> None:
    [(received, rejected, blocked)] = eventful.warehouse.query(
        "select received_kwh / 1000, rejected_kwh / 1000, blocked_kwh / 1000"
        " from tiruert.energy_balance_monthly where period = %s",
        MAY,
    )
    [(acknowledged,)] = eventful.warehouse.query(
        "select sum(energy_mwh) from tiruert_ledger.station_status where period = %s", MAY
    )
    window.open(folder / "bilan-energetique.html", SCREEN)
    for slug, figure in [
        ("received", received),
        ("rejected", rejected),
        ("blocked", blocked),
        ("acknowledged", acknowledged),
    ]:
        [shown] = window.texts(f"#{slug} .figure")
        assert shown.endswith("\u00a0MWh")
        assert number(shown) == pytest.approx(figure, abs=Decimal("0.0005")), slug
    steps = window.texts("#waterfall tbody td:nth-child(2)")
    assert sum(map(number, steps)) == pytest.approx(acknowledged, abs=Decimal("0.01"))
    assert number(steps[0]) == pytest.approx(received, abs=Decimal("0.0005"))
    [total] = [texts[-1] for texts in [window.texts("#waterfall .wide .role-mark text")] if texts]
    assert number(total) == pytest.approx(acknowledged, abs=Decimal("0.0005"))


def number(text: str) -> Decimal:
    """Read 1 234,5 MWh."""
    return Decimal(re.sub(r"[^\d,-]", "", text).replace(",", "."))


def test_what_happened_to_stations_is_on_the_page_of_the_submission(
    window: Browser, folder: Path, eventful: Eventful
) -> None:
    window.open(folder / "soumission-carbure.html", SCREEN)
    first_cells = "tbody td:first-child"
    assert set(window.texts(f"#differences {first_cells}")) == {
        eventful.never_accepted,
        eventful.locked,
        eventful.changed_and_refused,
    }
    assert window.texts(f"#locked {first_cells}") == [eventful.locked]
    refusals = window.texts("#refusals tbody tr")
    assert any("already validated" in row and eventful.locked in row for row in refusals)
    # What CARBURE says is shown as it is, and is no markup of ours.
    assert any("<b>du registre</b>" in row for row in refusals)


def test_a_name_becomes_no_markup_and_fits(
    eventful: Eventful,
    make_warehouse: Callable[..., Warehouse],
    tmp_path: Path,
    siren: str,
    window: Browser,
) -> None:
    copy = make_warehouse(like=eventful.warehouse)
    for mart in ("anomalies_daily", "data_freshness"):
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
            window.open(tmp_path / f"{name}.html", width)
            assert window.cut_off() == []


def test_a_month_without_rows_is_said_and_one_that_is_not_there_refused(
    eventful: Eventful, tmp_path: Path
) -> None:
    render(eventful.warehouse, "--siren", "<nobody>", "--output", str(tmp_path))
    page = (tmp_path / "soumission-carbure.html").read_text()
    assert "Rien ce mois-ci." in page
    assert "<nobody>" not in page
    finished = eventful.warehouse.run(
        "python", "-m", "reports.dashboards", "render", "--period", "2019-01"
    )
    assert finished.returncode == 1
    assert "no such month" in finished.stderr


def test_figures_are_written_as_in_france() -> None:
    energy = {"decimals": 3, "suffix": "\u00a0MWh"}
    assert french.cell("energy_mwh", Decimal("1234.5"), energy) == "1\u202f234,500\u00a0MWh"
    assert french.cell("share", Decimal("0.125"), {"decimals": 1, "number_style": "percent"}) == (
        "12,5\u00a0%"
    )
    assert french.cell("period", MAY, {}) == "mai 2025"
    assert french.cell("started_on", MAY, {}) == "01/05/2025"
    assert french.cell("amenageur_name", "  ", {}) == "—"
