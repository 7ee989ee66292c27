"""One example session per rule, with the figures that the rule compared, in French."""

from collections.abc import Iterable, Iterator

from jinja2 import TemplateError

from common.errors import SettingsError
from reports.operator.marts import QueryRow
from reports.rendering import render_text


def collect_examples(rows: Iterable[QueryRow], examples: dict[str, QueryRow]) -> Iterator[QueryRow]:
    """Yield the rows unchanged, and keep the session with the most energy per rule."""
    for row in rows:
        for rule in row.rejection_reasons:
            if rule not in examples or row.booked_energy_kwh > examples[rule].booked_energy_kwh:
                examples[rule] = row
        yield row


def explain_rejection(rule: QueryRow, session: QueryRow) -> str:
    """Return the comparison that rejected the session, with the limits of its month."""
    try:
        return render_text(rule.example, rule.limits | session._asdict())
    except (TemplateError, TypeError) as error:
        raise SettingsError(
            f"the example of {rule.reason} in dbt_project.yml cannot be rendered: {error}"
        ) from None
