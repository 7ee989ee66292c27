"""The queue of batches: sends one request at a time and records it before and after."""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from operator import attrgetter
from typing import NamedTuple, NoReturn

from sender import retry_policy
from sender.batch import Batch
from sender.batch_size import BatchSize
from sender.client import CarbureClient
from sender.clock import Clock
from sender.errors import CarbureError, raise_if_unusable
from sender.ledger import Ledger
from sender.payload import Payload
from sender.plan import PlannedStation
from sender.response import Outcome, Response
from sender.retry_policy import Decision

logger = logging.getLogger(__name__)


class CompletedRequest(NamedTuple):
    """The stations of one request, the response to it, and how many this run does not send again.

    Each station that is sent counts once as done, in the last request that contains it.
    """

    stations: Sequence[PlannedStation]
    response: Response
    done: int


class RequestQueue:
    """The requests of one run, in the order in which they may be sent."""

    def __init__(
        self,
        ledger: Ledger,
        carbure: CarbureClient,
        clock: Clock,
        batch_size: BatchSize,
        entity_ids: Mapping[str, int],
        settle: timedelta,
        min_retry: timedelta,
    ) -> None:
        """Create an empty queue. `entity_ids` are the entities that CARBURE credits."""
        self._ledger = ledger
        self._carbure = carbure
        self._clock = clock
        self._batch_size = batch_size
        self._entity_ids = entity_ids
        self._settle = settle
        self._min_retry = min_retry
        self._batches: deque[Batch] = deque()
        self._consecutive_failures = 0
        # Consecutive 429 and 401 responses, by status. Any other response resets them.
        self._rejections: Counter[int | None] = Counter()

    def send(self, chunks: Iterable[list[PlannedStation]]) -> Iterator[CompletedRequest]:
        """Send stations, and yield each request with its response.

        The stations of a chunk are valid, sorted, and of one SIREN. Stations of an uncertain
        request wait while the others are sent: until CARBURE has answered a later request, which
        shows that a worker has taken the uncertain one, and until it must have ended. Raises
        CarbureError if no further request can succeed.
        """
        for chunk in chunks:
            self._add(chunk)
            yield from self._send_due_batches()
        while self._batches:
            if all(batch.uncertain_since is not None for batch in self._batches):
                self._probe()
            settled = [batch for batch in self._batches if batch.uncertain_since is None]
            first = min(settled, key=attrgetter("not_before"))
            self._clock.wait_until(
                first.not_before,
                f"CARBURE may still store {len(first.stations)} stations of"
                f" {first.stations[0].siren}, whose last request had no clear response",
            )
            yield from self._send_due_batches()

    def _add(self, stations: list[PlannedStation]) -> None:
        """Queue stations. Those of an uncertain request wait: CARBURE may still process them."""
        now = self._clock.now()
        others = [station for station in stations if station.uncertain_since is None]
        if others:
            self._batches.append(Batch(others, now))
        uncertain = [station for station in stations if station.uncertain_since is not None]
        if uncertain:
            last = max(s.uncertain_since for s in uncertain if s.uncertain_since is not None)
            since = retry_policy.plausible_time(last, now)
            self._batches.append(Batch(uncertain, since + self._min_retry, uncertain_since=since))

    def _send_due_batches(self) -> Iterator[CompletedRequest]:
        while (batch := self._next_batch()) is not None:
            yield self._send(batch)
            self._back_off()

    def _next_batch(self) -> Batch | None:
        """Take the first due batch, cut to the current batch size, or None if none is due."""
        now = self._clock.now()
        for index, batch in enumerate(self._batches):
            if batch.is_due(now):
                del self._batches[index]
                first, rest = batch.split(self._batch_size.stations)
                if rest is not None:
                    self._batches.insert(index, rest)
                return first
        return None

    def _send(self, batch: Batch) -> CompletedRequest:
        body = Payload.of(self._ledger.period, batch.stations).to_json()
        # First, so that the request is sent at the time that is recorded.
        self._carbure.prepare_request()
        request_id = self._ledger.record_request(
            batch.stations,
            body,
            entity_id=self._entity_ids.get(batch.stations[0].siren),
            batch_size=self._batch_size.stations,
        )
        sent_at = self._clock.now()
        response = self._carbure.send(body)
        self._ledger.record_response(request_id, response)
        # Other responses may come from a proxy in front of the queue.
        if response.status in (HTTPStatus.CREATED, HTTPStatus.BAD_REQUEST):
            self._settle_earlier(sent_at)
        decision = self._handle_response(batch, response)
        return CompletedRequest(batch.stations, response, _count_done(batch, response, decision))

    def _handle_response(self, batch: Batch, response: Response) -> Decision:
        self._update_counters(batch, response)
        decision = retry_policy.decide(response, batch, self._rejections[response.status])
        logger.debug(
            "%d stations: HTTP %s after %.3f s: %s",
            len(batch.stations),
            response.status,
            response.duration_seconds,
            decision.name,
        )
        match decision:
            case Decision.RETRY_WITHOUT_REFUSED:
                self._batches.appendleft(batch.without(response.reasons))
            case Decision.RETRY_LATER:
                self._batches.append(self._failed(batch))
            case Decision.RETRY_IN_HALVES:
                self._batches.extend(self._failed(batch).halves())
            case Decision.WAIT:
                self._clock.wait(
                    retry_policy.rate_limit_pause_seconds(response.retry_after_seconds),
                    retry_policy.RATE_LIMIT_REASON,
                )
                self._batches.appendleft(batch)
            case Decision.REFRESH_TOKEN:
                if not self._carbure.refresh_token():
                    self._carbure.log_in()
                self._batches.appendleft(batch)
            case Decision.LOG_IN:
                self._carbure.log_in()
                self._batches.appendleft(batch)
            case Decision.STOP:
                raise_if_unusable(response.status)
        return decision

    def _update_counters(self, batch: Batch, response: Response) -> None:
        if response.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNAUTHORIZED):
            self._rejections[response.status] += 1
        else:
            self._rejections.clear()
        if response.outcome is Outcome.ACCEPTED:
            self._consecutive_failures = 0
            self._batch_size.record_accepted(len(batch.stations), response.duration_seconds)
        elif response.outcome is Outcome.UNCERTAIN:
            self._consecutive_failures += 1
            self._batch_size.record_failed(len(batch.stations), response.duration_seconds)

    def _failed(self, batch: Batch) -> Batch:
        """Return a batch that has just failed, with the time before which it must wait."""
        now = self._clock.now()
        pause = timedelta(seconds=retry_policy.backoff_seconds(batch.failures + 1))
        return batch.failed(now + self._min_retry + pause, now)

    def _settle_earlier(self, sent_at: datetime) -> None:
        """Note that CARBURE has just answered a request that was sent at `sent_at`.

        Its queue is first in, first out. So a worker has taken every earlier request.
        """
        settled_at = self._clock.now() + self._settle
        for index, batch in enumerate(self._batches):
            if batch.uncertain_since is not None and batch.uncertain_since <= sent_at:
                self._batches[index] = batch.settled(settled_at)

    def _probe(self) -> None:
        """Send requests without stations until CARBURE answers one.

        Raises CarbureError after several failures.
        """
        failure = ""
        for failures in range(1, retry_policy.FAILURES_BEFORE_PROBE + 1):
            since = max(b.uncertain_since for b in self._batches if b.uncertain_since is not None)
            self._clock.wait_until(since, "CARBURE may not have received the last request yet")
            sent_at = self._clock.now()
            reason = self._carbure.probe(self._ledger.period)
            if reason is None:
                self._settle_earlier(sent_at)
                return
            failure = reason
            self._clock.wait(
                retry_policy.backoff_seconds(failures), "CARBURE accepts no request: " + failure
            )
        self._stop(failure)

    def _stop(self, failure: str) -> NoReturn:
        raise CarbureError(
            f"every request for this period fails, even one without stations: {failure}."
            " CARBURE is down or has not configured the year: try again later"
        )

    def _back_off(self) -> None:
        """Pause after failures. Raises CarbureError if not even an empty request is accepted."""
        if self._consecutive_failures == 0:
            return
        pause_seconds = retry_policy.backoff_seconds(self._consecutive_failures)
        self._clock.wait(pause_seconds, "the last request had no clear response")
        if self._consecutive_failures >= retry_policy.FAILURES_BEFORE_PROBE:
            failure = self._carbure.probe(self._ledger.period)
            if failure is not None:
                self._stop(failure)
            self._consecutive_failures = 0


def _count_done(batch: Batch, response: Response, decision: Decision) -> int:
    if decision is Decision.DONE:
        return len(batch.stations)
    if decision is Decision.RETRY_WITHOUT_REFUSED:
        return len(batch.stations) - len(batch.without(response.reasons).stations)
    return 0
