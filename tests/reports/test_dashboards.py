"""The dashboards: the SQL of their cards, and their files."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlfluff
import yaml
from sqlfluff.core import FluffConfig

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
from tests.support.submission import Incidents
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
    [(received, sendable)] = warehouse.query(
        "select received_kwh / 1000, sendable_kwh / 1000 from tiruert.energy_balance_monthly"
        " where period = %s",
        MAY,
    )
    acknowledged, before, received, sendable = (
        french.number(energy, "#,##0.0")
        for energy in (figures[MAY], figures[APRIL], received, sendable)
    )
    first, second = sentences(warehouse, "bilan-energetique")
    # May 2024 was never sent.
    assert first == (
        f"CARBURE a acquitté {acknowledged} MWh pour mai 2025 (avril 2025 : {before} MWh),"
        f" sur {sendable} MWh transmissibles."
    )
    share = r"[\d,]+\u202f%"
    assert re.fullmatch(
        f"Sur {received} MWh reçus, les règles rejettent {share} des sessions, qui portent {share}"
        r" de l'énergie ; [\d,]+ MWh valides restent bloqués\.",
        second,
    )
    now, month_before, year_before = re.findall(share, sentences(warehouse, "anomalies")[0])
    assert year_before == now != month_before


def sentences(warehouse: Warehouse, page: str) -> list[str]:
    return [row["sentence"] for row in card_rows(warehouse, find_card(page, "conclusion"))]


def test_drop_downs_have_every_month_and_siren(incidents: Incidents) -> None:
    choices = {
        each.name: [row["value"] for row in query_rows(incidents.warehouse, each.sql)]
        for each in read_filters()
    }
    assert choices["month"] == ["2025-05", "2025-04"]
    sirens = incidents.warehouse.query(
        "select siren from tiruert.energy_balance_daily where siren is not null"
        " union select siren from tiruert.data_freshness"
    )
    assert sorted(choices["siren"]) == sorted(siren for (siren,) in sirens)


def query_rows(warehouse: Warehouse, sql: str) -> list[dict[str, Any]]:
    with warehouse.connection() as connection, connection.cursor() as cursor:
        cursor.execute("set search_path to tiruert")
        cursor.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


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


# --- Values


def test_card_values_are_formatted_in_french() -> None:
    assert format_value("energy_mwh", Decimal("-1234.5")) == "−1\u202f234,500"
    assert format_value("energy_mwh", Decimal(0)) == "0"
    assert format_value("rejected_share", Decimal("-0.0001")) == "0,0\u202f%"
    assert format_value("rejected_share", Decimal("0.125")) == "12,5\u202f%"
    assert format_value("period", MAY) == "mai 2025"
    assert format_value("started_on", MAY) == "01/05/2025"
    assert format_value("amenageur_name", "  ") == "—"
