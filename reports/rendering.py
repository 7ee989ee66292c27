"""HTML pages, from the templates in `reports/templates`."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports import french

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "number": french.number,
    "kwh": french.kwh,
    "mwh": french.mwh,
    "month": french.month,
    "timestamp": french.timestamp,
}


def write_page(file: Path, template: str, **context: Any) -> None:
    """Render a template into a file. Every text in the context is escaped."""
    file.write_text(_ENVIRONMENT.get_template(template).render(context), encoding="utf-8")
