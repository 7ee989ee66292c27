"""What the sender does after each response, and how long it waits."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sender import retry_policy
from sender.batch import Batch
from sender.plan import Action, PlannedStation
from sender.response import Outcome, RefusalReason, Response
from sender.retry_policy import Decision, decide

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def batch_of(*station_ids: str, failures: int = 0) -> Batch:
    stations = [
        PlannedStation(
            *("Alpha", "732829320", "FRAAA", station_id, Decimal(1), False),
            *(None, None, None, None, False, False, Action.NEW),
        )
        for station_id in station_ids
    ]
    return Batch(stations, NOW, failures)


def respond(outcome: Outcome, status: int | None, *refused: str | None) -> Response:
    reasons = [RefusalReason("reason", station_id) for station_id in refused]
    return Response(outcome, status, "", 0.1, reasons)


def station_ids(batches: Iterable[Batch]) -> list[list[str]]:
    return [[station.id_station_itinerance for station in batch.stations] for batch in batches]


def test_accepted_batch_is_done() -> None:
    assert decide(respond(Outcome.ACCEPTED, 201), batch_of("1", "2"), 0) is Decision.DONE


@pytest.mark.parametrize(
    ("refused", "decision"),
    [
        (["1"], Decision.RETRY_WITHOUT_REFUSED),
        (["1", "2"], Decision.DONE),
        (["unrelated"], Decision.DONE),
        ([None], Decision.DONE),
    ],
)
def test_only_stations_that_were_not_refused_are_retried(
    refused: list[str | None], decision: Decision
) -> None:
    response = respond(Outcome.REFUSED, 400, *refused)
    assert decide(response, batch_of("1", "2"), 0) is decision
    if decision is Decision.RETRY_WITHOUT_REFUSED:
        assert station_ids([batch_of("1", "2").without(response.reasons)]) == [["2"]]


@pytest.mark.parametrize("status", [None, 200, 500, 502])
def test_uncertain_batch_is_retried_in_halves(status: int | None) -> None:
    batch = batch_of("1", "2", "3", failures=7)
    assert decide(respond(Outcome.UNCERTAIN, status), batch, 0) is Decision.RETRY_IN_HALVES
    halves = batch.failed(NOW + timedelta(seconds=35), NOW).halves()
    assert station_ids(halves) == [["1", "2"], ["3"]]
    assert {half.failures for half in halves} == {8}
    assert {half.not_before for half in halves} == {NOW + timedelta(seconds=35)}
    assert {half.uncertain_since for half in halves} == {NOW}


@pytest.mark.parametrize(
    ("seconds", "decision"), [(5, Decision.RETRY_LATER), (30, Decision.RETRY_IN_HALVES)]
)
def test_first_failure_halves_a_batch_only_if_it_was_killed(
    seconds: float, decision: Decision
) -> None:
    response = respond(Outcome.UNCERTAIN, 502)._replace(duration_seconds=seconds)
    assert decide(response, batch_of("1", "2"), 0) is decision


def test_single_station_is_given_up_after_its_last_failure() -> None:
    response = respond(Outcome.UNCERTAIN, 500)
    last = retry_policy.MAX_STATION_FAILURES - 1
    assert decide(response, batch_of("1", failures=last - 1), 0) is Decision.RETRY_IN_HALVES
    assert decide(response, batch_of("1", failures=last), 0) is Decision.DONE


def test_rate_limited_request_is_retried_up_to_the_maximum() -> None:
    response = respond(Outcome.REFUSED, 429)
    last = retry_policy.MAX_RATE_LIMIT_RETRIES
    assert decide(response, batch_of("1"), last) is Decision.WAIT
    assert decide(response, batch_of("1"), last + 1) is Decision.STOP


def test_rejected_token_is_refreshed_then_replaced_then_the_run_stops() -> None:
    response = respond(Outcome.REFUSED, 401)
    decisions = [decide(response, batch_of("1"), rejections) for rejections in (1, 2, 3)]
    assert decisions == [Decision.REFRESH_TOKEN, Decision.LOG_IN, Decision.STOP]


def test_refused_api_key_stops_the_run() -> None:
    assert decide(respond(Outcome.REFUSED, 403), batch_of("1", "2"), 0) is Decision.STOP


def test_backoff_doubles_up_to_the_maximum() -> None:
    pauses = [retry_policy.backoff_seconds(failures, jitter=lambda: 1) for failures in range(1, 8)]
    assert pauses == [5, 10, 20, 40, 80, 120, 120]
    assert retry_policy.backoff_seconds(2, jitter=lambda: 0.25) == 2.5


def test_rate_limit_pause_is_limited() -> None:
    assert retry_policy.rate_limit_pause_seconds(1) == 1
    assert retry_policy.rate_limit_pause_seconds(86_400) == 600


def test_clock_that_is_ahead_does_not_prolong_the_wait() -> None:
    ahead = NOW + timedelta(hours=1)
    longest = timedelta(seconds=retry_policy.MAX_REQUEST_SECONDS)
    assert retry_policy.plausible_time(ahead, NOW) == NOW + longest
    assert retry_policy.plausible_time(NOW, NOW) == NOW
