"""Send the descriptions of the marts to Metabase, in French, with dbt-metabase.

dbt-metabase sends the descriptions of dbt's manifest, which are English.
"""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import yaml
from dbtmetabase import DbtMetabase, Filter
from dbtmetabase.errors import MetabaseStateError

from common.errors import SettingsError
from reports.dashboards.metabase.client import READ_TIMEOUT_SECONDS, MetabaseError
from reports.dashboards.metabase.plan import DATABASE
from reports.dashboards.metabase.settings import MetabaseSettings


def send_descriptions(settings: MetabaseSettings, schema: str, manifest: Path) -> None:
    """Send what dbt's manifest says about the tables of a schema, with French descriptions."""
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read {manifest}: run dbt parse ({error})") from None
    with TemporaryDirectory() as folder:
        translated = Path(folder) / "manifest.json"
        translated.write_text(json.dumps(translate(document)), encoding="utf-8")
        try:
            DbtMetabase(
                manifest_path=translated,
                metabase_url=str(settings.url),
                metabase_api_key=settings.api_key.get_secret_value(),
                http_timeout=READ_TIMEOUT_SECONDS,
            ).export_models(
                metabase_database=DATABASE,
                schema_filter=Filter(include=[schema]),
                skip_sources=True,
            )
        except (MetabaseStateError, requests.RequestException) as error:
            raise MetabaseError(f"dbt-metabase: {error}") from error


def translate(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest with the descriptions of models and columns in French.

    What has no French description keeps its own.
    """
    texts = _read_texts()
    nodes = {}
    for key, node in manifest["nodes"].items():
        name = node["name"]
        nodes[key] = node
        if node["resource_type"] == "model" and name in texts["models"]:
            columns = texts["columns"] | texts["differs"].get(name, {})
            nodes[key] = node | {
                "description": texts["models"][name],
                "columns": {
                    each: column | {"description": columns.get(each, column["description"])}
                    for each, column in node["columns"].items()
                },
            }
    return manifest | {"nodes": nodes}


@cache
def _read_texts() -> dict[str, Any]:
    path = Path(__file__).with_name("descriptions.yaml")
    texts: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return texts
