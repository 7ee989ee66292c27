"""For each rule one session, worked out with its figures in French."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reports.operator.french import hours, instant, kwh, number


def keep_largest(rows: Iterable[Any], largest: dict[str, Any]) -> Iterator[Any]:
    """Pass rejected sessions on, and keep the one of the most energy under each of its rules."""
    for row in rows:
        for rule in row.rejection_reasons:
            if rule not in largest or row.booked_energy_kwh > largest[rule].booked_energy_kwh:
                largest[rule] = row
        yield row


def worked_out(rule: Any, session: Any) -> str:
    """Say what the rule compared of the session; nothing where the rule is none of those known."""
    sentence = SENTENCES.get(rule.reason)
    return sentence(rule, session) if sentence else ""


def _ends_first(_: Any, session: Any) -> str:
    return (
        f"début {instant(session.started_at)}, fin {instant(session.ended_at)} :"
        f" durée {hours(session.duration_hours)} h < 0."
    )


def _unacceptable(rule: Any, session: Any) -> str:
    return f"{kwh(session.energy_kwh)} kWh > {number(rule.energy_limit_kwh)} kWh."


def _abnormal(rule: Any, session: Any) -> str:
    ratio = number(rule.max_energy_ratio)
    return (
        f"{_possible(session)} ; {kwh(session.energy_kwh)} >"
        f" {kwh(session.max_energy_kwh)} × {ratio} = {kwh(session.enea_limit_kwh)}."
    )


def _ends_first_with_energy(rule: Any, session: Any) -> str:
    return (
        f"durée {hours(session.duration_hours)} h < 0, et"
        f" {kwh(session.energy_kwh)} kWh > {number(rule.energy_limit_kwh)} kWh."
    )


def _excessive(rule: Any, session: Any) -> str:
    ratio, energy = number(rule.max_energy_ratio), kwh(session.energy_kwh)
    return (
        f"{_possible(session)} ; {energy} > {number(rule.energy_limit_kwh)}, et {energy} >"
        f" {kwh(session.max_energy_kwh)} × {ratio} = {kwh(session.enex_possible_limit_kwh)}."
    )


def _possible(session: Any) -> str:
    return (
        f"{kwh(session.energy_kwh)} kWh en {hours(session.duration_hours)} h à"
        f" {number(session.max_power_kw)} kW : énergie possible"
        f" {kwh(session.max_energy_kwh)} kWh"
    )


def _sent_twice(_: Any, session: Any) -> str:
    if session.previous_session_id is None:
        return NOT_AT_HAND
    return (
        f"mêmes début ({instant(session.started_at)}) et fin ({instant(session.ended_at)}) que"
        f" la session {session.previous_session_id}, reçue le"
        f" {instant(session.previous_received_at)}, et celle-ci le {instant(session.received_at)}."
    )


def _overlapping(_: Any, session: Any) -> str:
    if session.previous_session_id is None:
        return NOT_AT_HAND
    return (
        f"commence le {instant(session.started_at)}, avant la fin, le"
        f" {instant(session.previous_ended_at)}, de la session {session.previous_session_id}, qui"
        f" a commencé le {instant(session.previous_started_at)}."
    )


def _hidden(_: Any, session: Any) -> str:
    if session.hiding_session_id is None:
        return NOT_AT_HAND
    return (
        f"commence le {instant(session.started_at)}, avant la fin, le"
        f" {instant(session.hiding_ended_at)}, de la session {session.hiding_session_id}, qui a"
        f" commencé le {instant(session.hiding_started_at)}."
    )


def _invalid(_: Any, session: Any) -> str:
    return f"énergie reçue (kWh) : {number(session.energy_kwh)}."


# The month before was computed anew, or never.
NOT_AT_HAND = "la session comparée, d'un mois précédent, n'est plus dans les données."
SENTENCES: dict[str, Callable[[Any, Any], str]] = {
    "negs": _ends_first,
    "eneu": _unacceptable,
    "enea": _abnormal,
    "odus": _ends_first_with_energy,
    "enex": _excessive,
    "duplicate": _sent_twice,
    "overlap": _overlapping,
    "invalid_energy": _invalid,
    "hidden_overlap": _hidden,
}
