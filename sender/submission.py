"""The sending of a plan: one request at a time, each written to the ledger before and after."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus

from pydantic import ValidationError

from sender.batch_size import BatchSize
from sender.client import (
    MAX_REQUEST_SECONDS,
    CarbureClient,
    Outcome,
    RefusalReason,
    Response,
    raise_for_credentials,
)
from sender.clock import Clock
from sender.errors import CarbureError
from sender.ledger import Ledger
from sender.payload import Payload, grouped
from sender.plan import PlannedStation

# A station that still fails alone after this many requests is given up until the next run.
MOST_ATTEMPTS = 4
# After so many failures with nothing accepted between, CARBURE is asked whether anything works.
FAILURES_UNTIL_PROBE = 4
FIRST_BACKOFF_SECONDS = 5
LONGEST_BACKOFF_SECONDS = 120
MOST_WAITS_AS_TOLD = 10


@dataclass(frozen=True)
class Batch:
    """Stations of one SIREN that may be sent from some moment on."""

    stations: Sequence[PlannedStation]
    not_before: datetime
    attempts: int = 0


@dataclass(frozen=True)
class CompletedRequest:
    """Stations that were sent in one request, and what it came to."""

    stations: Sequence[PlannedStation]
    answer: Response


class Submission:
    """One run for one period."""

    def __init__(
        self,
        ledger: Ledger,
        carbure: CarbureClient,
        clock: Clock,
        batch_size: BatchSize,
        registered: Iterable[str],
        settle_seconds: float,
        log: Callable[[str], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Take what a run is made of; `registered` are the SIRENs that CARBURE knows."""
        self._ledger = ledger
        self._carbure = carbure
        self._clock = clock
        self._batch_size = batch_size
        self._registered = set(registered)
        self._settle = timedelta(seconds=settle_seconds)
        self._log = log
        self._jitter = jitter
        self._queue: deque[Batch] = deque()
        self._failures_on_end = 0
        # Requests on end that CARBURE did not look at: told to wait, or to renew the token.
        self._put_off_on_end = 0

    def send(self, chunks: Iterable[list[PlannedStation]]) -> Iterator[CompletedRequest]:
        """Send stations, and yield each request with its outcome.

        Each chunk is of one SIREN, sorted, and fit to be sent. Stations of an
        uncertain request wait until CARBURE has surely done with it, while others go. Raises
        CarbureError where no further request can succeed.
        """
        for chunk in chunks:
            self._queue.extend(self._works(chunk))
            while (work := self._next()) is not None:
                yield self._exchange(work)
                self._think_about_failures()
        while self._queue:
            self._wait_until(min(work.not_before for work in self._queue), "uncertain stations")
            yield self._exchange(self._next())
            self._think_about_failures()

    def _works(self, stations: list[PlannedStation]) -> Iterator[Batch]:
        """Tell those that may go now from those that CARBURE may still be at work on."""
        now = self._clock.now()
        uncertain = [station for station in stations if station.uncertain_since is not None]
        if certain := [station for station in stations if station.uncertain_since is None]:
            yield Batch(certain, now)
        if uncertain:
            last = max(station.uncertain_since for station in uncertain)
            # Another machine's clock may be ahead: nothing is under way for longer than this.
            latest = now + timedelta(seconds=MAX_REQUEST_SECONDS)
            yield Batch(uncertain, min(last, latest) + self._settle)

    def _next(self) -> Batch | None:
        """Take the first work that is due out of the queue, cut to the size of a request."""
        now = self._clock.now()
        for index, work in enumerate(self._queue):
            if work.not_before <= now:
                del self._queue[index]
                part = work.stations[: self._batch_size.stations]
                rest = work.stations[len(part) :]
                if rest:
                    self._queue.insert(index, Batch(rest, work.not_before, work.attempts))
                return Batch(part, work.not_before, work.attempts)
        return None

    def _exchange(self, work: Batch) -> CompletedRequest:
        """Write a request down, send it at once, and write down what it came to."""
        body = Payload.of(self._ledger.period, work.stations).as_json()
        self._carbure.ensure_token()
        request_id = self._ledger.record_request(
            work.stations,
            body,
            is_known_entity=work.stations[0].siren in self._registered,
            batch_size=self._batch_size.stations,
        )
        answer = self._carbure.send(body)
        self._ledger.record_response(request_id, answer)
        if answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNAUTHORIZED):
            self._put_off(work, answer)
        else:
            self._put_off_on_end = 0
            raise_for_credentials(answer.status)
            self._learn(work, answer)
        return CompletedRequest(work.stations, answer)

    def _put_off(self, work: Batch, answer: Response) -> None:
        """Wait as told, or renew the token: by the refresh token, then by logging in."""
        self._put_off_on_end += 1
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            if self._put_off_on_end > MOST_WAITS_AS_TOLD:
                raise CarbureError("CARBURE goes on telling to wait: try again later")
            self._clock.wait(answer.seconds_to_wait)
        elif self._put_off_on_end == 1:
            if not self._carbure.refresh():
                self._carbure.log_in()
        elif self._put_off_on_end == 2:  # noqa: PLR2004 - the refreshed token was refused too
            self._carbure.log_in()
        else:
            raise_for_credentials(answer.status)
        self._queue.appendleft(work)

    def _learn(self, work: Batch, answer: Response) -> None:
        """Draw the consequences of an answer: what goes again, when, and how much at a time."""
        sent = len(work.stations)
        if answer.outcome is Outcome.ACCEPTED:
            self._failures_on_end = 0
            self._batch_size.answered(sent, answer.duration_seconds)
        elif answer.outcome is Outcome.REFUSED:
            self._send_again_without(work, answer.reasons)
        else:
            self._failures_on_end += 1
            self._batch_size.failed(sent, answer.duration_seconds)
            self._send_again_in_halves(work)

    def _think_about_failures(self) -> None:
        """Go slowly while nothing is accepted, and end where not even an empty request is."""
        if self._failures_on_end == 0:
            return
        pause_seconds = self._backoff_seconds(self._failures_on_end - 1)
        self._wait_until(self._clock.now() + timedelta(seconds=pause_seconds), "CARBURE")
        if self._failures_on_end >= FAILURES_UNTIL_PROBE:
            failure = self._carbure.probe(self._ledger.period)
            if failure is not None:
                raise CarbureError(
                    "every station of this period fails, since a request without any does too:"
                    f" {failure} (CARBURE is down, or the year is not configured there)"
                )
            self._failures_on_end = 0

    def _send_again_without(self, work: Batch, reasons: list[RefusalReason]) -> None:
        """One refused station takes all of its request with it: the others go again at once."""
        named = {reason.station_id for reason in reasons}
        others = [
            station for station in work.stations if station.id_station_itinerance not in named
        ]
        if 0 < len(others) < len(work.stations):
            self._queue.appendleft(Batch(others, self._clock.now(), work.attempts))

    def _send_again_in_halves(self, work: Batch) -> None:
        """Size or one of the stations may be the cause, and CARBURE may still be at work on it."""
        attempts = work.attempts + 1
        if len(work.stations) == 1 and attempts >= MOST_ATTEMPTS:
            return
        backoff = timedelta(seconds=self._backoff_seconds(work.attempts))
        not_before = self._clock.now() + self._settle + backoff
        middle = (len(work.stations) + 1) // 2
        for half in (work.stations[:middle], work.stations[middle:]):
            if half:
                self._queue.append(Batch(half, not_before, attempts))

    def _backoff_seconds(self, attempts: int) -> float:
        return min(FIRST_BACKOFF_SECONDS * 2**attempts, LONGEST_BACKOFF_SECONDS) * self._jitter()

    def _wait_until(self, instant: datetime, whom: str) -> None:
        seconds = (instant - self._clock.now()).total_seconds()
        if seconds > 1:
            self._log(f"waiting {seconds:.0f} s for {whom}")
        self._clock.wait_until(instant)


def faults_of(period: date, stations: Sequence[PlannedStation]) -> list[RefusalReason]:
    """Find what makes stations unfit to be sent, as CARBURE would not."""
    try:
        Payload.of(period, stations)
    except ValidationError as error:
        return list(_reasons(error, grouped(period, stations)))
    return []


def _reasons(error: ValidationError, payload: list[dict]) -> Iterator[RefusalReason]:
    """Say of each fault which station it is at, as far as it is at one."""
    for fault in error.errors(include_url=False):
        place, station_id = payload, None
        for step in fault["loc"]:
            place = place[step]
            station_id = place.get("id") if isinstance(place, dict) else station_id
        field_name = str(fault["loc"][-1]) if fault["loc"] else "payload"
        yield RefusalReason(
            f"{field_name}: {fault['msg'].removeprefix('Value error, ')}", station_id
        )
