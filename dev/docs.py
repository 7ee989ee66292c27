"""Write the generated parts of the documentation: settings, exit codes, rules, list of decisions.

A generated part starts with `<!-- generated: NAME -->` and ends with `<!-- end generated -->`. Its
text comes from the code that it describes, so that the two cannot differ.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic.fields import FieldInfo

import reports.dashboards.__main__
import reports.operator.__main__
import sender.__main__
import spark_build.__main__
from common.exit_codes import ExitCode
from common.settings import Settings
from reports.dashboards.metabase.settings import MetabaseSettings
from reports.operator.settings import ReportSettings
from sender.settings import CarbureSettings, SenderSettings
from spark_build.settings import SparkSettings

PROJECT = Path(__file__).resolve().parent.parent
DOCS = PROJECT / "docs"
DECISIONS = DOCS / "decisions"

GENERATED_PART = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end generated -->)", re.DOTALL)
DOC_BLOCK = re.compile(r"{% docs (\w+) %}\s*(.*?)\s*{% enddocs %}", re.DOTALL)


def update(text: str) -> str:
    """Return a page with its generated parts rewritten."""
    return GENERATED_PART.sub(
        lambda match: f"{match[1]}\n{_generate(match[2])}\n\n{match[3]}",
        text,
    )


def _generate(marker: str) -> str:
    """Return the part that a marker such as `settings` or `catalogue rules` asks for."""
    name, *arguments = marker.split()
    return PARTS[name](*arguments)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _settings_table(*classes: type[Settings]) -> str:
    # Some settings are in several classes.
    rows = dict.fromkeys(row for settings in classes for row in _settings_rows(settings))
    return _table(("Setting", "Default", "Meaning"), list(rows))


def _settings_rows(settings: type[Settings]) -> list[tuple[str, ...]]:
    prefix = settings.model_config["env_prefix"]
    return [
        (
            f"`{(field.alias or prefix + name).upper()}`",
            _default(field),
            _description(field),
        )
        for name, field in settings.model_fields.items()
    ]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return "none" if field.default == "" else f"`{field.default}`"


def _description(field: FieldInfo) -> str:
    if field.description is None:
        raise ValueError(f"a setting has no description: {field}")
    return field.description


def _exit_codes_table(meanings: Mapping[ExitCode, str]) -> str:
    rows = [(str(code.value), meaning) for code, meaning in meanings.items()]
    return _table(("Exit code", "Meaning"), rows)


def _doc_blocks(*names: str) -> str:
    """Return the named doc blocks of the models, which dbt and Metabase show too."""
    blocks = dict(
        block
        for path in sorted((PROJECT / "models").rglob("*.md"))
        for block in DOC_BLOCK.findall(path.read_text(encoding="utf-8"))
    )
    return "\n\n".join(f"**`{name}`**:\n{blocks[name]}" for name in names)


def _catalogue_table(variable: str) -> str:
    """Return one row for each entry of a variable such as `rules`, from dbt_project.yml."""
    rows = [
        (f"`{entry['name']}`", entry["description"], entry["title"])
        for entry in _dbt_variables()[variable]
    ]
    return _table(("Name", "Meaning", "Title in French"), rows)


def _limits_table() -> str:
    """Return one row for each value of each limit, with the month from which it is valid."""
    variables = _dbt_variables()
    rows = []
    for name, values in variables.items():
        if isinstance(values, dict):
            users = [rule["name"] for rule in variables["rules"] if name in _limits(rule)]
            rows += [
                (f"`{name}`", month, f"`{json.dumps(value)}`", ", ".join(f"`{u}`" for u in users))
                for month, value in values.items()
            ]
    return _table(("Limit", "Valid from", "Value", "Rules"), rows)


def _limits(rule: dict[str, Any]) -> list[str]:
    return [*rule.get("limits", []), rule["rejects"]]


def _dbt_variables() -> dict[str, Any]:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return cast(dict[str, Any], project["vars"])


def _decisions_table() -> str:
    """Return one row for each decision record, read from its first lines."""
    rows = []
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        title = re.search(r"^# \d+\. (.+)$", text, re.MULTILINE)
        status = re.search(r"^- Status: (.+)$", text, re.MULTILINE)
        date = re.search(r"^- Date: (.+)$", text, re.MULTILINE)
        if title is None or status is None or date is None:
            raise ValueError(f"{path} must start with a numbered title, a status and a date")
        rows.append((path.name[:4], f"[{title[1]}]({path.name})", date[1], status[1]))
    return _table(("Number", "Decision", "Date", "Status"), rows)


PARTS: dict[str, Callable[..., str]] = {
    "settings": lambda: _settings_table(CarbureSettings, SenderSettings, ReportSettings),
    "spark-settings": lambda: _settings_table(SparkSettings),
    "metabase-settings": lambda: _settings_table(MetabaseSettings),
    "sender-exit-codes": lambda: _exit_codes_table(sender.__main__.EXIT_CODES),
    "operator-exit-codes": lambda: _exit_codes_table(reports.operator.__main__.EXIT_CODES),
    "dashboards-exit-codes": lambda: _exit_codes_table(reports.dashboards.__main__.EXIT_CODES),
    "spark-exit-codes": lambda: _exit_codes_table(spark_build.__main__.EXIT_CODES),
    "doc-blocks": _doc_blocks,
    "catalogue": _catalogue_table,
    "limits": _limits_table,
    "decisions": _decisions_table,
}


def main() -> None:
    """Rewrite the generated parts of every page."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        updated = update(text)
        if updated != text:
            path.write_text(updated, encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(PROJECT)}\n")


if __name__ == "__main__":
    main()
