"""HTML pages from `reports/templates`, and short texts from templates in the marts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from reports import french
from reports.typography import typeset

_FILTERS = {
    "number": french.number,
    "kwh": french.kwh,
    "mwh": french.mwh,
    "hours": french.hours,
    "month": french.month,
    "day": french.day,
    "timestamp": french.timestamp,
    "utc_minute": french.utc_minute,
}
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters |= _FILTERS
_PAGES.globals["zip"] = zip
# The result is text, which the page escapes.
_TEXTS = SandboxedEnvironment(undefined=StrictUndefined)
_TEXTS.filters |= _FILTERS


def write_page(file: Path, template: str, **context: Any) -> None:
    """Render a template into a file. Every text in the context is escaped and typeset."""
    html = _PAGES.get_template(template).render(context)
    file.write_text(typeset(html), encoding="utf-8")


def render_text(template: str, context: Mapping[str, Any]) -> str:
    """Render a template that is text, not HTML. Raise jinja2.TemplateError if it is invalid."""
    return _TEXTS.from_string(template).render(context)
