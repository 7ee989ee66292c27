"""The documentation matches the code, and the models' YAML is valid and complete."""

import ast
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dev.docs import DECISIONS, DOCS, PROJECT, update
from tests.support.warehouse import Warehouse

MODEL_PROPERTIES = sorted((PROJECT / "models").rglob("*.yml"))
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
PAGES = sorted([*PROJECT.glob("*.md"), *DOCS.rglob("*.md")])
# These pages use the names that existed when they were written.
HISTORY = {PROJECT / "CHANGELOG.md", *DECISIONS.glob("[0-9]*.md")}
CURRENT_PAGES = [page for page in PAGES if page not in HISTORY]

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
NAMED_PATH = re.compile(
    r"`((?:models|macros|sender|reports|common|dev|tests|docs|\.ci)/[\w./*-]*|\w+\.(?:yml|md|lock))`"
)
# Created by a command, or written in general terms.
UNTRACKED_PATHS = {"profiles.yml", "NAME.yml"}

LAYERS = {
    "models/staging": set(),
    "models/intermediate": {"stg_qualicharge", "states", "int"},
    "models/marts/energy": {"int", "states", "mart"},
    "models/marts/anomalies": {"int", "states", "mart", "stg_builds"},
    "models/marts/submission": {"int", "mart", "stg_builds", "stg_ledger"},
}
MAY_IMPORT = {
    "common": set(),
    "sender": {"common"},
    "reports": {"common"},
    "spark_build": {"common"},
    "dev": {"common", "sender", "reports", "spark_build"},
}


def page_id(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def anchors(page: Path) -> set[str]:
    """Return the fragments that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table_rows(page: Path, heading: str) -> Iterator[list[str]]:
    """Yield the cells of the tables below a heading, without code quotes."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page.read_text(), re.M | re.S)
    assert section is not None, heading
    for line in section[1].splitlines():
        if line.startswith("| `"):
            yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_generated_parts_are_current(page: Path) -> None:
    assert page.read_text() == update(page.read_text()), "run make reference"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(CODE_BLOCK.sub("", page.read_text())):
        if link.startswith("https://"):
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


def test_exposures_link_to_sections_of_the_guide() -> None:
    exposures = yaml.safe_load((PROJECT / "models/marts/exposures.yml").read_text())["exposures"]
    for exposure in exposures:
        base, _, fragment = exposure["url"].partition("guide.md#")
        assert base == "{{ var('docs_url') }}/"
        assert fragment in anchors(DOCS / "guide.md")


@pytest.mark.parametrize("page", CURRENT_PAGES, ids=page_id)
def test_named_paths_exist(page: Path) -> None:
    for path in NAMED_PATH.findall(page.read_text()):
        folders = (PROJECT, page.parent)
        found = any(list(folder.glob(path.rstrip("/"))) for folder in folders)
        assert found or path in UNTRACKED_PATHS or "NAME" in path, path


@pytest.mark.parametrize("page", CURRENT_PAGES, ids=page_id)
def test_named_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ *)make ([a-z]+)", page.read_text(), re.MULTILINE))
    assert named <= targets


def test_reference_lists_every_variable_with_its_default() -> None:
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    listed = {
        name: yaml.safe_load(default)
        for name, default, _ in table_rows(DOCS / "reference.md", "dbt variables")
    }
    # The catalogue is in docs/rules.md.
    assert listed == {
        name: value for name, value in variables.items() if not isinstance(value, list)
    }


def test_reference_lists_every_mart() -> None:
    marts = [path.stem for path in MODELS if "marts" in path.parts]
    listed = [name for name, *_ in table_rows(DOCS / "reference.md", "Marts")]
    assert sorted(listed) == sorted(marts)


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda page: page.name)
def test_decision_records_have_one_form(page: Path) -> None:
    text = page.read_text()
    form = (
        rf"# {int(page.name[:4])}\. .+\n\n"
        r"- Status: (accepted|superseded by \[\d{4}\]\(.+\))\n"
        r"- Date: \d{4}-\d\d-\d\d\n\n"
        r"## Context\n\n.+\n\n## Decision\n\n.+\n\n## Consequences\n\n.+\n"
    )
    assert re.fullmatch(form, text, re.DOTALL)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_models_read_only_the_layer_before(path: Path) -> None:
    [folder] = [folder for folder in LAYERS if path.is_relative_to(PROJECT / folder)]
    for name in re.findall(r"ref\('(\w+)'\)", path.read_text()):
        layer = re.search(r"^stg_[a-z]+(?=__)|^int(?=_)|states$", name)
        assert (layer[0] if layer else "mart") in LAYERS[folder], name


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_only_what_the_architecture_allows(package: str) -> None:
    for path in (PROJECT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                modules = [node.module]
            imported = {module.split(".")[0] for module in modules} & {*MAY_IMPORT, "tests"}
            assert imported <= MAY_IMPORT[package] | {package}, path


@pytest.mark.parametrize("path", MODEL_PROPERTIES, ids=lambda path: path.name)
def test_model_yaml_has_no_unknown_key(path: Path) -> None:
    """On PostgreSQL, dbt silently ignores a misspelt key."""
    schema = files("dbt.jsonschemas") / "resources" / "latest.json"
    # The schema expects dates as strings.
    properties: Any = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
    jsonschema.validate(properties, json.loads(schema.read_text()))


def test_every_model_and_column_is_described(made: Warehouse) -> None:
    made.dbt("docs", "generate")
    target = Path(made.environment["DBT_TARGET_PATH"])
    catalog = json.loads((target / "catalog.json").read_text())["nodes"]
    manifest = json.loads((target / "manifest.json").read_text())["nodes"]
    models = {key: node for key, node in manifest.items() if node["resource_type"] == "model"}
    assert len(models) == len(MODELS)
    for key, model in models.items():
        assert model["description"], key
        described = {name for name, column in model["columns"].items() if column["description"]}
        # Columns of rules are described in the database, from the catalogue.
        commented = {name for name, column in catalog[key]["columns"].items() if column["comment"]}
        assert catalog[key]["columns"].keys() == described | commented, key
