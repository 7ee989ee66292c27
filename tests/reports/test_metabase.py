"""The dashboards and descriptions in Metabase, against a stub of its API."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args
from uuid import uuid4

import click
import jsonschema
import pytest
import yaml

from common.errors import SettingsError
from common.exit_codes import ExitCode
from reports.dashboards import specification
from reports.dashboards.__main__ import command
from reports.dashboards.card_query import run_card
from reports.dashboards.metabase import client, descriptions, translation
from reports.dashboards.metabase.visualization import metabase_display, visualization_settings
from reports.dashboards.specification import Card, read_columns, read_dashboards, read_filters
from tests.support.metabase import API_KEY, MetabaseStub, Subscription, run_stub
from tests.support.warehouse import PROJECT, Warehouse

SCHEMA = PROJECT.parent / "shared" / "metabase-api.schema.json"
ALL_CARDS = [card for dashboard in read_dashboards() for card in dashboard.cards]
CREATED = {
    "collection": 1 + len(read_dashboards()),
    "card": len(ALL_CARDS) + len(read_filters()),
    "dashboard": len(read_dashboards()),
}
BALANCE = "bilan-energetique"


class Result(NamedTuple):
    code: int
    output: str
    error: str


Run = Callable[..., Result]


@pytest.fixture
def stub() -> MetabaseStub:
    return MetabaseStub()


@pytest.fixture
def variables(stub: MetabaseStub, tmp_path: Path) -> Iterator[dict[str, str]]:
    with run_stub(stub) as url:
        yield os.environ | {
            "METABASE_URL": url,
            "METABASE_API_KEY": API_KEY,
            "HOME": str(tmp_path),
            "NO_PROXY": "127.0.0.1",
        }


@pytest.fixture
def run(
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """Run the command in this process, where no `.env` is."""
    monkeypatch.chdir(tmp_path)
    for name in ("METABASE_URL", "METABASE_API_KEY"):
        monkeypatch.setenv(name, variables[name])

    def run_command(*arguments: str) -> Result:
        capsys.readouterr()
        try:
            code, error = command.main(["metabase", *arguments], standalone_mode=False), ""
        except click.ClickException as exception:
            code, error = exception.exit_code, exception.format_message()
        return Result(code, capsys.readouterr().out, error)

    return run_command


@pytest.fixture
def applied(run: Run, stub: MetabaseStub) -> MetabaseStub:
    """A Metabase that has the dashboards."""
    assert run("--apply").error == ""
    return stub


class Content:
    """A copy of the files of the dashboards, which tests change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def change_sql(self, card: str, old: str, new: str) -> None:
        self._replace(f"{BALANCE}/{card}.sql", old, new)

    def change(self, name: str, old: str, new: str) -> None:
        self._replace(f"{name}.yaml", old, new)

    def remove_card(self, slug: str) -> None:
        path = self.folder / f"{BALANCE}.yaml"
        document = yaml.safe_load(path.read_text())
        del document["cards"][slug]
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        clear_specification()

    def add_card(self, slug: str, title: str, sql: str) -> None:
        path = self.folder / f"{BALANCE}.yaml"
        document = yaml.safe_load(path.read_text())
        document["cards"][slug] = {
            **{"title": title, "description": title, "display": "table", "width": 24, "height": 4}
        }
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        (self.folder / BALANCE / f"{slug}.sql").write_text(sql)
        clear_specification()

    def _replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))
        clear_specification()


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Content]:
    folder = shutil.copytree(specification.CONTENT, tmp_path / "content")
    monkeypatch.setattr(specification, "CONTENT", folder)
    yield Content(folder)
    monkeypatch.undo()
    clear_specification()


def clear_specification() -> None:
    for read in (read_dashboards, read_columns, read_filters):
        read.cache_clear()


def balance(stub: MetabaseStub) -> dict[str, Any]:
    return stub.find("dashboard", "Bilan énergétique")


def card_of_balance(stub: MetabaseStub, title: str) -> dict[str, Any]:
    folder = stub.find("collection", "Bilan énergétique")
    return stub.find("card", title, folder["id"])


def dashcard_of(stub: MetabaseStub, title: str) -> dict[str, Any]:
    number = card_of_balance(stub, title)["id"]
    [found] = [each for each in balance(stub)["dashcards"] if each["card_id"] == number]
    return found


# --- Plan and apply


def test_plan_shows_changes_without_writing(run: Run, stub: MetabaseStub) -> None:
    result = run()
    assert result.code == ExitCode.CHANGES_PENDING
    lines = result.output.splitlines()
    for kind, number in CREATED.items():
        assert sum(line.startswith(f"create {kind} TIRUERT") for line in lines) == number
    assert lines[-1].endswith("1 to update, 0 to remove")
    assert stub.bodies == []


def test_first_apply_creates_connected_and_pinned_dashboards(run: Run, stub: MetabaseStub) -> None:
    assert run("--apply").code == ExitCode.SUCCESS
    assert {kind: len(items) for kind, items in stub.items.items()} == CREATED
    dashboards = [item for item in stub.items["dashboard"].values() if item["collection_position"]]
    dashboards.sort(key=lambda item: item["collection_position"])
    assert [item["name"] for item in dashboards] == [each.title for each in read_dashboards()]
    for item, dashboard in zip(dashboards, read_dashboards(), strict=True):
        assert [parameter["slug"] for parameter in item["parameters"]] == ["month", "siren"]
        placed = {stub.items["card"][each["card_id"]]["name"]: each for each in item["dashcards"]}
        assert placed.keys() == {card.title for card in dashboard.cards}
        for card, row, column in dashboard.placed_cards():
            dashcard = placed[card.title]
            assert stub.connected_tags(item, dashcard) == {each.name for each in card.filters}
            assert (dashcard["row"], dashcard["col"]) == (row, column)
            assert (dashcard["size_x"], dashcard["size_y"]) == (card.width, card.height)


def test_choices_of_a_filter_are_rows_of_a_card(applied: MetabaseStub) -> None:
    for parameter in balance(applied)["parameters"]:
        assert parameter["values_source_type"] == "card"
        assert parameter["values_query_type"] == "list"
        assert parameter["isMultiSelect"] is False
        source = parameter["values_source_config"]
        query = applied.items["card"][source["card_id"]]["dataset_query"]["stages"][0]["native"]
        assert f"as {source['value_field'][1]}," in query
        assert f"as {source['label_field'][1]}\n" in query


@pytest.mark.parametrize("answers_new_form", [True, False])
def test_second_plan_is_empty_and_writes_nothing(
    run: Run, applied: MetabaseStub, answers_new_form: bool
) -> None:
    applied.answers_new_form = answers_new_form
    applied.bodies.clear()
    for arguments in ([], ["--apply"]):
        result = run(*arguments)
        assert result.code == ExitCode.SUCCESS
        assert result.output == "0 to create, 0 to update, 0 to remove\n"
    assert applied.bodies == []


def change_everything(content: Content) -> None:
    content.change_sql("trend", "24 months", "36 months")
    content.change(BALANCE, "title: Énergie reçue", "title: Énergie livrée")
    content.change("columns", "share: {decimals: 1", "share: {decimals: 2")
    content.remove_card("blocked")
    content.add_card("months", "Mois calculés", "select month_text as period from built_months\n")


def test_bodies_match_metabases_schema(run: Run, stub: MetabaseStub, content: Content) -> None:
    if not SCHEMA.is_file():
        pytest.skip(f"the schema of Metabase's API is not in {SCHEMA}")
    schema = json.loads(SCHEMA.read_text())
    assert run("--apply").code == ExitCode.SUCCESS
    change_everything(content)
    next(iter(stub.items["collection"].values()))["description"] = "Autre"
    assert run("--apply").code == ExitCode.SUCCESS
    used = {operation for operation, _ in stub.bodies}
    assert used == {
        *("post-api-collection", "put-api-collection-id"),
        *("post-api-card", "put-api-card-id"),
        *("post-api-dashboard", "put-api-dashboard-id"),
    }
    for operation, body in stub.bodies:
        # Siblings of $ref apply too, so each definition is checked as part of the whole schema.
        validator = jsonschema.Draft202012Validator(
            {"$ref": f"#/$defs/strict.{operation}", "$defs": schema["$defs"]}
        )
        problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]
        assert problems == [], operation


def test_changed_files_change_only_what_differs(
    run: Run, applied: MetabaseStub, content: Content
) -> None:
    before = {
        title: dashcard_of(applied, title)["id"]
        for title in ("Énergie reçue", "Évolution mensuelle", "Clôture des comptes")
    }
    received = card_of_balance(applied, "Énergie reçue")["id"]
    blocked = card_of_balance(applied, "Énergie bloquée")["id"]
    change_everything(content)
    planned = run()
    assert planned.code == ExitCode.CHANGES_PENDING
    path = "TIRUERT / Bilan énergétique"
    for line in (
        f"create card {path} / Mois calculés",
        f"update card {path} / Évolution mensuelle: dataset_query.native.query",
        f"update card {path} / Énergie livrée: name",
        f"remove dashboard card Énergie bloquée of dashboard {path}",
        f"create dashboard card Mois calculés of dashboard {path}",
        f"left over: card {path} / Énergie bloquée (id {blocked})",
    ):
        assert line in planned.output.splitlines()
    assert "Sessions rejetées: visualization_settings.column_settings" in planned.output
    applied.bodies.clear()
    assert run("--apply").error == ""
    [renamed] = [body for _, body in applied.bodies if body.get("name") == "Énergie livrée"]
    assert renamed == {"name": "Énergie livrée"}
    assert card_of_balance(applied, "Énergie livrée")["id"] == received
    assert dashcard_of(applied, "Énergie livrée")["id"] == before["Énergie reçue"]
    for title in ("Évolution mensuelle", "Clôture des comptes"):
        assert dashcard_of(applied, title)["id"] == before[title]
    # A card that left is no longer shown, but it is not deleted.
    assert card_of_balance(applied, "Énergie bloquée")["archived"] is False
    assert len(balance(applied)["dashcards"]) == len(read_dashboards()[0].cards)
    assert run().code == ExitCode.SUCCESS


def test_card_that_gains_or_loses_its_filters_is_the_same(
    run: Run, applied: MetabaseStub, content: Content
) -> None:
    books = card_of_balance(applied, "Clôture des comptes")["id"]
    content.change_sql("books", "order by", "where true [[and '{{month}}' = {{month}}]]\norder by")
    content.change_sql("books", "'{{month}}'", "'x'")
    assert run("--apply").error == ""
    content.change(BALANCE, "Clôture des comptes", "Comptes")
    content.change_sql("books", "where true [[and 'x' = {{month}}]]\n", "")
    assert run("--apply").error == ""
    assert card_of_balance(applied, "Comptes")["id"] == books
    assert len(applied.items["card"]) == CREATED["card"]


# --- What people changed in Metabase


def change_layout(content: Content) -> None:
    content.change(BALANCE, "height: 9", "height: 10")
    content.add_card("months", "Mois calculés", "select month_text as period from built_months\n")


def test_tabs_and_settings_of_people_survive(
    run: Run, applied: MetabaseStub, content: Content
) -> None:
    dashboard = balance(applied)
    dashboard["tabs"] = [{"id": 901, "name": "Un"}, {"id": 902, "name": "Deux"}]
    for dashcard in dashboard["dashcards"]:
        dashcard["dashboard_tab_id"] = 901
    trend = dashcard_of(applied, "Évolution mensuelle")
    theirs = {
        "dashboard_tab_id": 902,
        "visualization_settings": {"card.title": "Mon titre", "click_behavior": {"type": "link"}},
    }
    trend.update(theirs)
    assert run().code == ExitCode.SUCCESS
    change_layout(content)
    assert run("--apply").error == ""
    assert [tab["name"] for tab in balance(applied)["tabs"]] == ["Un", "Deux"]
    assert dashcard_of(applied, "Évolution mensuelle").items() >= theirs.items()
    assert dashcard_of(applied, "Évolution mensuelle")["id"] == trend["id"]
    assert dashcard_of(applied, "Mois calculés")["dashboard_tab_id"] == 901


def test_dashboard_cards_of_people_survive(
    run: Run, applied: MetabaseStub, content: Content
) -> None:
    dashboard, ours = balance(applied), card_of_balance(applied, "Énergie reçue")
    # A copy of ours in another collection is not ours, although its parameters have our ids.
    copy = applied.create("card", {**ours, "name": "À moi", "collection_id": None})
    place = {"row": 90, "col": 0, "size_x": 6, "size_y": 2, "parameter_mappings": []}
    text = {"card_id": None, "visualization_settings": {"text": "Note"}, "series": [], **place}
    card = {
        **{"card_id": copy["id"], "visualization_settings": {}, "series": [{"id": ours["id"]}]},
        **place,
    }
    dashboard["dashcards"] += [{"id": 801, **text}, {"id": 802, **card}]
    planned = run()
    assert planned.code == ExitCode.SUCCESS, planned.output
    name = "dashboard TIRUERT / Bilan énergétique, which is not ours"
    assert planned.output.splitlines()[:2] == [
        f"kept: dashboard card {number} of {name}" for number in (801, 802)
    ]
    change_layout(content)
    assert run("--apply").error == ""
    found = {each["id"]: each for each in balance(applied)["dashcards"]}
    assert found[801].items() >= text.items()
    assert found[802].items() >= card.items()


def test_filters_and_subscriptions_of_people_survive(
    run: Run, applied: MetabaseStub, content: Content
) -> None:
    dashboard, trend = balance(applied), dashcard_of(applied, "Évolution mensuelle")
    month = dashboard["parameters"][0]
    for dashcard in dashboard["dashcards"]:
        for mapping in dashcard["parameter_mappings"]:
            if mapping["parameter_id"] == month["id"]:
                mapping["parameter_id"] = "chosen"
    month.update(id="chosen", default="2025-04")
    region = {"id": "abc", "name": "Région", "slug": "region", "type": "string/="}
    dashboard["parameters"].append(region)
    target = ["variable", ["template-tag", "region"]]
    added = {"parameter_id": "abc", "card_id": trend["card_id"], "target": target}
    trend["parameter_mappings"].append(added)
    dashcards = {each["id"] for each in dashboard["dashcards"]}
    subscription = Subscription(dashboard["id"], set(dashcards), {"chosen", "abc"})
    applied.subscriptions.append(subscription)
    planned = run()
    assert planned.code == ExitCode.SUCCESS, planned.output
    assert planned.output.startswith("kept: filter Région of dashboard ")
    change_layout(content)
    assert run("--apply").error == ""
    assert subscription == Subscription(dashboard["id"], dashcards, {"chosen", "abc"})
    parameters = balance(applied)["parameters"]
    assert [each["slug"] for each in parameters] == ["month", "siren", "region"]
    assert parameters[0].items() >= {"id": "chosen", "default": "2025-04"}.items()
    trend = dashcard_of(applied, "Évolution mensuelle")
    assert added in trend["parameter_mappings"]
    assert applied.connected_tags(balance(applied), trend) == {"month", "siren"}


def test_changes_of_our_cards_in_metabase_are_undone(run: Run, applied: MetabaseStub) -> None:
    card = card_of_balance(applied, "Énergie reçue")
    card["display"] = "table"
    card["visualization_settings"]["table.pivot"] = True
    dashcard_of(applied, "Énergie reçue")["size_x"] = 12
    planned = run()
    assert "Énergie reçue: display, visualization_settings.table.pivot" in planned.output
    assert "dashboard card Énergie reçue of dashboard TIRUERT / Bilan énergétique: size_x" in (
        planned.output
    )
    assert run("--apply").error == ""
    assert "table.pivot" not in card["visualization_settings"]


def test_order_of_pinned_dashboards_is_restored(run: Run, applied: MetabaseStub) -> None:
    last = applied.find("dashboard", "Fraîcheur")
    applied.update("dashboard", last, {"collection_position": 1})
    planned = run()
    assert planned.output.splitlines()[0] == "update order of pinned dashboards"
    assert run("--apply").error == ""
    assert [item["collection_position"] for item in applied.items["dashboard"].values()] == (
        list(range(1, 1 + CREATED["dashboard"]))
    )


def test_two_cards_with_one_identity_are_refused(run: Run, applied: MetabaseStub) -> None:
    card = card_of_balance(applied, "Énergie reçue")
    copy = applied.create("card", {**card, "name": "Énergie reçue - Double"})
    applied.bodies.clear()
    for arguments in ([], ["--apply"]):
        result = run(*arguments)
        assert result.code == ExitCode.INCOMPLETE
        assert result.error == (
            "2 cards in TIRUERT / Bilan énergétique are Énergie reçue and Énergie reçue - Double"
            f" (ids {card['id']}, {copy['id']}): move or delete all but one"
        )
    assert applied.bodies == []


@pytest.mark.parametrize("kind", ["collection", "dashboard"])
def test_two_objects_with_one_name_are_refused(run: Run, applied: MetabaseStub, kind: str) -> None:
    applied.create(kind, applied.find(kind, "Anomalies"))
    result = run("--apply")
    assert result.code == ExitCode.INCOMPLETE
    assert "named Anomalies (ids " in result.error


def test_trash_is_left_alone(run: Run, applied: MetabaseStub) -> None:
    trashed = card_of_balance(applied, "Énergie reçue")
    trashed["archived"] = True
    applied.find("collection", "Fraîcheur")["description"] = "Autre"
    assert "create card TIRUERT / Bilan énergétique / Énergie reçue" in run().output
    assert run("--apply").error == ""
    assert trashed["archived"] is True


def test_card_of_people_with_our_title_is_not_taken_over(run: Run, applied: MetabaseStub) -> None:
    theirs = card_of_balance(applied, "Énergie reçue")
    for tag in theirs["dataset_query"]["stages"][0]["template-tags"].values():
        tag["id"] = str(uuid4())
    planned = run().output
    assert "create card TIRUERT / Bilan énergétique / Énergie reçue\n" in planned
    assert f"kept: card TIRUERT / Bilan énergétique / Énergie reçue (id {theirs['id']})" in planned


def test_other_objects_of_the_collection_are_listed(run: Run, applied: MetabaseStub) -> None:
    root = applied.find("collection", "TIRUERT")["id"]
    applied.create("dashboard", {"name": "Le mien", "collection_id": root})
    applied.create("collection", {"name": "Essais", "parent_id": root})
    notes = run().output.splitlines()[:-1]
    assert notes == ["kept: dashboard TIRUERT / Le mien", "kept: collection TIRUERT / Essais"]


def test_long_lists_are_read_page_by_page(
    run: Run, applied: MetabaseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    assert run().code == ExitCode.SUCCESS


# --- Errors


def test_key_that_the_server_drops_is_reported(run: Run, stub: MetabaseStub) -> None:
    stub.undeclared = {"isMultiSelect"}
    result = run("--apply")
    assert result.code == ExitCode.INCOMPLETE
    assert result.error.startswith("Metabase did not keep what was sent: update filter Mois of ")
    assert "isMultiSelect" in result.error


def test_missing_database_is_an_error(run: Run, stub: MetabaseStub) -> None:
    stub.database = "Autre"
    result = run()
    assert result.code == ExitCode.INCOMPLETE
    assert result.error == "0 databases in Metabase are named TIRUERT: name the warehouse so"


@pytest.mark.parametrize("name", ["METABASE_URL", "METABASE_API_KEY"])
def test_missing_setting_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    result = run()
    assert result.code == ExitCode.USAGE
    assert result.error == f"check the environment or .env: {name}: is not set"


def test_wrong_key_is_an_error_that_does_not_show_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METABASE_API_KEY", "another-key")
    result = run()
    assert result.code == ExitCode.INCOMPLETE
    assert "returns 401 for GET /api/database: check METABASE_API_KEY" in result.error
    assert "another-key" not in result.error


def test_refused_body_is_an_error_with_its_reasons(
    run: Run, stub: MetabaseStub, content: Content
) -> None:
    content.change_sql("received", "[[{{month}},]]", "[[{{year}},]]")
    result = run("--apply")
    assert result.code == ExitCode.INCOMPLETE
    assert result.error.endswith("returns 400 for POST /api/card: dataset_query: ['Invalid query']")
    # The next run completes what this one began.
    content.change_sql("received", "{{year}}", "{{month}}")
    assert run("--apply").code == ExitCode.SUCCESS
    assert {kind: len(items) for kind, items in stub.items.items()} == CREATED


def test_reads_are_repeated_while_the_server_fails(run: Run, applied: MetabaseStub) -> None:
    applied.failures = [503, 502]
    assert run().code == ExitCode.SUCCESS
    applied.failures = [500] * 4
    result = run()
    assert result.code == ExitCode.INCOMPLETE
    assert "returns 500 for GET /api/database" in result.error


def test_redirect_is_not_followed(run: Run, stub: MetabaseStub) -> None:
    stub.moved_to = "https://metabase.example/"
    result = run()
    assert result.code == ExitCode.INCOMPLETE
    assert result.error.endswith("redirects to another address: check METABASE_URL")


def test_unreachable_server_is_one_line(variables: dict[str, str], tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "reports.dashboards", "metabase"],
        cwd=tmp_path,
        env=variables | {"METABASE_URL": "http://127.0.0.1:9", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == ExitCode.INCOMPLETE
    assert finished.stderr == (
        "Error: cannot reach Metabase at http://127.0.0.1:9 (ConnectionError): check METABASE_URL\n"
    )


# --- What the cards show


@pytest.mark.parametrize("display", get_args(Card.model_fields["display"].annotation))
def test_every_display_is_translated(display: str) -> None:
    card = ALL_CARDS[0].model_copy(update={"display": display, "x": "period", "y": ("sessions",)})
    assert metabase_display(card)
    assert visualization_settings(card)["graph.label_value_formatting"] == "full"


def test_unknown_display_fails_loudly() -> None:
    with pytest.raises(NotImplementedError, match="no way to show pie in Metabase"):
        metabase_display(ALL_CARDS[0].model_copy(update={"display": "pie"}))


def test_text_is_a_table_that_wraps() -> None:
    card = next(card for card in ALL_CARDS if card.display == "text")
    assert metabase_display(card) == "table"
    columns = visualization_settings(card)["column_settings"].values()
    assert columns
    assert all(column["text_wrapping"] for column in columns)


def test_numbers_are_french() -> None:
    received = next(card for card in ALL_CARDS if card.slug == "received")
    assert visualization_settings(received)["column_settings"]['["name","energy_mwh"]'] == {
        "column_title": "Énergie",
        "number_style": "decimal",
        "number_separators": ", ",
        "decimals": 3,
        "suffix": "\u00a0MWh",
    }


def test_derived_ids_are_told_from_metabases() -> None:
    assert translation.is_derived(translation.derived_id("a", "b"))
    assert not translation.is_derived("5f0c6a4e-7b0f-4a57-8d5e-0f6c1f1b2a3d")
    assert not translation.is_derived("abc")


def test_every_result_column_has_settings_and_free_text_breaks_no_card(made: Warehouse) -> None:
    with made.connection() as connection:
        with connection.cursor() as cursor:
            cursor.execute("set search_path to tiruert")
        for card in ALL_CARDS:
            settings = visualization_settings(card)["column_settings"]
            for text in ("n'importe quoi", "2025-13", "{{siren}} %s", ""):
                values = {each.name: text for each in card.filters}
                result = run_card(connection, card, values)
                keys = {f'["name","{name}"]' for name in result.columns}
                assert keys <= settings.keys(), card.slug
                metrics = [row[name] for row in result.rows for name in card.y]
                assert not card.filters or not any(metrics), card.slug


# --- Descriptions
def test_columns_have_descriptions_types_and_foreign_keys(
    made: Warehouse,
    make_warehouse: Callable[..., Warehouse],
    variables: dict[str, str],
    stub: MetabaseStub,
) -> None:
    warehouse = make_warehouse(like=made)
    # Tests that empty the ledger drop the views on it.
    warehouse.dbt("run", "--write-json", "--select", "staging.ledger", "marts.submission")
    for table, columns in warehouse.query(
        "select table_name, array_agg(cast(column_name as text)) from information_schema.columns"
        " where table_schema = 'tiruert' group by table_name"
    ):
        stub.add_table("tiruert", table, columns)
    manifest = f"{warehouse.environment['DBT_TARGET_PATH']}/manifest.json"
    finished = warehouse.with_variables(**variables).run(
        *("python", "-m", "reports.dashboards", "metabase-descriptions", "--manifest", manifest)
    )
    assert finished.returncode == 0, finished.stderr
    siren = stub.column("data_freshness", "siren")
    assert siren["semantic_type"] == "type/Category"
    assert siren["description"].startswith("SIREN de l'aménageur")
    first = stub.column("acknowledged_changes", "siren")
    assert first["description"] == "SIREN crédité d'abord."
    month = stub.column("energy_balance_monthly", "period")
    assert month["semantic_type"] == "type/PK"
    assert stub.column("station_energy_monthly", "period")["fk_target_field_id"] == month["id"]


def test_every_mart_and_column_has_a_french_description() -> None:
    texts = yaml.safe_load(Path(descriptions.__file__).with_suffix(".yaml").read_text())
    columns = {
        model["name"]: {column["name"] for column in model["columns"]}
        for path in (PROJECT / "models/marts").rglob("*.yml")
        for model in yaml.safe_load(path.read_text()).get("models", [])
    }
    assert texts["models"].keys() == columns.keys()
    assert texts["columns"].keys() == set().union(*columns.values())
    for model, differing in texts["differs"].items():
        assert differing.keys() <= columns[model]


@pytest.mark.usefixtures("run")
def test_description_errors_are_one_line(stub: MetabaseStub, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    arguments = ["metabase-descriptions", "--manifest", str(manifest)]
    with pytest.raises(SettingsError, match="run dbt parse"):
        command.main(arguments, standalone_mode=False)
    manifest.write_text('{"nodes": {}, "sources": {}}')
    stub.database = "Autre"
    with pytest.raises(client.MetabaseError, match="dbt-metabase: Database not found: TIRUERT"):
        command.main(arguments, standalone_mode=False)
