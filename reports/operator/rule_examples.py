"""One example session per rule, with the figures that the rule compared, in French."""

from collections.abc import Callable, Iterable, Iterator

from reports.french import hours, kwh, number, timestamp
from reports.operator.marts import QueryRow

# The previous month was rebuilt with other sessions, or never built.
COMPARED_SESSION_MISSING = "la session comparée, d'un mois précédent, n'est plus dans les données."


def collect_examples(rows: Iterable[QueryRow], examples: dict[str, QueryRow]) -> Iterator[QueryRow]:
    """Yield the rows unchanged, and keep the session with the most energy per rule."""
    for row in rows:
        for rule in row.rejection_reasons:
            if rule not in examples or row.booked_energy_kwh > examples[rule].booked_energy_kwh:
                examples[rule] = row
        yield row


def explain_rejection(rule: QueryRow, session: QueryRow) -> str:
    """Return the comparison that rejected the session, or an empty string for an unknown rule."""
    explain = EXPLANATIONS.get(rule.reason)
    return explain(rule, session) if explain else ""


def _explain_negs(_: QueryRow, session: QueryRow) -> str:
    return (
        f"début {timestamp(session.started_at)}, fin {timestamp(session.ended_at)} :"
        f" durée {hours(session.duration_hours)} h < 0."
    )


def _explain_eneu(rule: QueryRow, session: QueryRow) -> str:
    return f"{kwh(session.energy_kwh)} kWh > {number(rule.energy_limit_kwh)} kWh."


def _explain_enea(rule: QueryRow, session: QueryRow) -> str:
    ratio = number(rule.max_energy_ratio)
    return (
        f"{_max_energy(session)} ; {kwh(session.energy_kwh)} >"
        f" {kwh(session.max_energy_kwh)} × {ratio} = {kwh(session.enea_limit_kwh)}."
    )


def _explain_odus(rule: QueryRow, session: QueryRow) -> str:
    return (
        f"durée {hours(session.duration_hours)} h < 0, et"
        f" {kwh(session.energy_kwh)} kWh > {number(rule.energy_limit_kwh)} kWh."
    )


def _explain_enex(rule: QueryRow, session: QueryRow) -> str:
    ratio, energy = number(rule.max_energy_ratio), kwh(session.energy_kwh)
    return (
        f"{_max_energy(session)} ; {energy} > {number(rule.energy_limit_kwh)}, et {energy} >"
        f" {kwh(session.max_energy_kwh)} × {ratio} = {kwh(session.enex_power_limit_kwh)}."
    )


def _max_energy(session: QueryRow) -> str:
    return (
        f"{kwh(session.energy_kwh)} kWh en {hours(session.duration_hours)} h à"
        f" {number(session.max_power_kw)} kW : énergie possible"
        f" {kwh(session.max_energy_kwh)} kWh"
    )


def _explain_duplicate(_: QueryRow, session: QueryRow) -> str:
    if session.previous_session_id is None:
        return COMPARED_SESSION_MISSING
    return (
        f"mêmes début ({timestamp(session.started_at)}) et fin ({timestamp(session.ended_at)}) que"
        f" la session {session.previous_session_id}, reçue le"
        f" {timestamp(session.previous_received_at)},"
        f" et celle-ci le {timestamp(session.received_at)}."
    )


def _explain_overlap(_: QueryRow, session: QueryRow) -> str:
    if session.previous_session_id is None:
        return COMPARED_SESSION_MISSING
    return (
        f"commence le {timestamp(session.started_at)}, avant la fin, le"
        f" {timestamp(session.previous_ended_at)}, de la session {session.previous_session_id},"
        f" qui a commencé le {timestamp(session.previous_started_at)}."
    )


def _explain_hidden_overlap(_: QueryRow, session: QueryRow) -> str:
    if session.hiding_session_id is None:
        return COMPARED_SESSION_MISSING
    return (
        f"commence le {timestamp(session.started_at)}, avant la fin, le"
        f" {timestamp(session.hiding_ended_at)}, de la session {session.hiding_session_id},"
        f" qui a commencé le {timestamp(session.hiding_started_at)}."
    )


def _explain_invalid_energy(_: QueryRow, session: QueryRow) -> str:
    return f"énergie reçue (kWh) : {number(session.energy_kwh)}."


def _explain_invalid_time(_: QueryRow, session: QueryRow) -> str:
    return f"début {timestamp(session.started_at)}, fin {timestamp(session.ended_at)}."


EXPLANATIONS: dict[str, Callable[[QueryRow, QueryRow], str]] = {
    "negs": _explain_negs,
    "eneu": _explain_eneu,
    "enea": _explain_enea,
    "odus": _explain_odus,
    "enex": _explain_enex,
    "duplicate": _explain_duplicate,
    "overlap": _explain_overlap,
    "invalid_energy": _explain_invalid_energy,
    "invalid_time": _explain_invalid_time,
    "hidden_overlap": _explain_hidden_overlap,
}
