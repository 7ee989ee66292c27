"""What dbt does not check on PostgreSQL: the keys of its YAML files, and descriptions."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from dev.docs import RULES, rules
from tests.support.warehouse import PROJECT, Warehouse

PROPERTIES = sorted((PROJECT / "models").rglob("*.yml"))


@pytest.mark.parametrize("path", PROPERTIES, ids=lambda path: path.name)
def test_every_key_is_one_that_dbt_knows(path: Path) -> None:
    """A misspelt key is passed over by dbt without a word."""
    schema = files("dbt.jsonschemas") / "resources" / "latest.json"
    # Dates and strings alike are text to the schema.
    properties = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
    jsonschema.validate(properties, json.loads(schema.read_text()))


def test_every_model_and_column_is_described(made: Warehouse) -> None:
    made.dbt("docs", "generate")
    target = Path(made.environment["DBT_TARGET_PATH"])
    catalog = json.loads((target / "catalog.json").read_text())["nodes"]
    manifest = json.loads((target / "manifest.json").read_text())["nodes"]
    models = {key: node for key, node in manifest.items() if node["resource_type"] == "model"}
    assert len(models) > 10
    for key, model in models.items():
        assert model["description"], key
        described = {name for name, column in model["columns"].items() if column["description"]}
        assert catalog[key]["columns"].keys() == described, key


def test_the_page_of_rules_says_what_the_descriptions_say(server: Warehouse) -> None:
    server.dbt("parse")
    manifest = Path(server.environment["DBT_TARGET_PATH"]) / "manifest.json"
    assert RULES.read_text() == rules(manifest), "make rules writes it anew"
