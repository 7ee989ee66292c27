"""The sending of a plan: one request at a time, each written to the ledger before and after."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from pydantic import ValidationError

from sender.batch_size import BatchSize
from sender.carbure import Answer, Carbure, Outcome, Reason
from sender.clock import Clock
from sender.errors import CarbureError
from sender.ledger import Ledger
from sender.payload import Payload, grouped
from sender.plan import PlannedStation

# A station that still fails alone after this many requests is given up until the next run.
MOST_ATTEMPTS = 4
# So many failures, with nothing accepted between, are no matter of single stations.
MOST_FAILURES_ON_END = 8
FIRST_BACKOFF_SECONDS = 5
LONGEST_BACKOFF_SECONDS = 120


@dataclass(frozen=True)
class Work:
    """Stations of one SIREN that may be sent from some moment on."""

    stations: Sequence[PlannedStation]
    not_before: datetime
    attempts: int = 0


@dataclass(frozen=True)
class Exchange:
    """Stations that were sent in one request, and what it came to."""

    stations: Sequence[PlannedStation]
    answer: Answer


class Submission:
    """One run for one period."""

    def __init__(
        self,
        ledger: Ledger,
        carbure: Carbure,
        clock: Clock,
        batch_size: BatchSize,
        registered: set[str],
        settle_seconds: float,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Take what a run is made of; `registered` are the SIRENs that CARBURE knows."""
        self._ledger = ledger
        self._carbure = carbure
        self._clock = clock
        self._batch_size = batch_size
        self._registered = registered
        self._settle_seconds = settle_seconds
        self._jitter = jitter
        self._queue: deque[Work] = deque()
        self._failures_on_end = 0
        self._last_failure = ""

    def send(self, plan: Iterable[PlannedStation]) -> Iterator[Exchange]:
        """Send what the plan says, and yield each request with its outcome.

        `plan` has stations to send only, sorted by SIREN, each fit to be sent. Stations of an
        uncertain request wait until CARBURE has surely done with it, while others go. Raises
        CarbureError where no further request can succeed.
        """
        for _, stations in groupby(plan, key=attrgetter("siren")):
            self._queue.extend(self._works(list(stations)))
            while (work := self._next(self._clock.now())) is not None:
                yield self._exchange(work)
                self._stop_where_all_fails()
        while self._queue:
            first_due = min(work.not_before for work in self._queue)
            self._clock.wait_until(first_due)
            work = self._next(max(first_due, self._clock.now()))
            yield self._exchange(work)
            self._stop_where_all_fails()

    def _works(self, stations: list[PlannedStation]) -> Iterator[Work]:
        """Tell those that may go now from those that CARBURE may still be at work on."""
        now = self._clock.now()
        uncertain = [station for station in stations if station.uncertain_since is not None]
        if certain := [station for station in stations if station.uncertain_since is None]:
            yield Work(certain, now)
        if uncertain:
            last = max(station.uncertain_since for station in uncertain)
            yield Work(uncertain, last + timedelta(seconds=self._settle_seconds))

    def _next(self, now: datetime) -> Work | None:
        """Take the first work that is due out of the queue, cut to the size of a request."""
        for index, work in enumerate(self._queue):
            if work.not_before <= now:
                del self._queue[index]
                part = work.stations[: self._batch_size.stations]
                rest = work.stations[len(part) :]
                if rest:
                    self._queue.insert(index, Work(rest, work.not_before, work.attempts))
                return Work(part, work.not_before, work.attempts)
        return None

    def _exchange(self, work: Work) -> Exchange:
        body = Payload.of(self._ledger.period, work.stations).as_json()
        request_id = self._ledger.prepare(
            work.stations,
            body,
            is_registered=work.stations[0].siren in self._registered,
            stations_at_most=self._batch_size.stations,
        )
        try:
            answer = self._carbure.send(body)
        except CarbureError as error:
            refused = Answer(Outcome.REFUSED, None, str(error), 0, [])
            self._ledger.record(request_id, refused)
            raise
        self._ledger.record(request_id, answer)
        self._learn(work, answer)
        return Exchange(work.stations, answer)

    def _learn(self, work: Work, answer: Answer) -> None:
        """Draw the consequences of an answer: what goes again, when, and how much at a time."""
        sent = len(work.stations)
        if answer.outcome is Outcome.ACCEPTED:
            self._failures_on_end = 0
            self._batch_size.answered(sent, answer.duration_seconds)
        elif answer.outcome is Outcome.REFUSED:
            self._send_again_without(work, answer.reasons)
        else:
            self._batch_size.failed(sent, answer.duration_seconds)
            self._failures_on_end += 1
            self._last_failure = answer.reasons[0].text
            self._send_again_in_halves(work)

    def _stop_where_all_fails(self) -> None:
        if self._failures_on_end >= MOST_FAILURES_ON_END:
            raise CarbureError(
                f"{self._failures_on_end} requests on end failed: every station of this period"
                f" fails, or CARBURE is down: {self._last_failure}"
            )

    def _send_again_without(self, work: Work, reasons: list[Reason]) -> None:
        """One refused station takes all of its request with it: the others go again at once."""
        named = {reason.station_id for reason in reasons}
        others = [
            station for station in work.stations if station.id_station_itinerance not in named
        ]
        if 0 < len(others) < len(work.stations):
            self._queue.appendleft(Work(others, self._clock.now(), work.attempts))

    def _send_again_in_halves(self, work: Work) -> None:
        """Size or one of the stations may be the cause, and CARBURE may still be at work on it."""
        attempts = work.attempts + 1
        if len(work.stations) == 1 and attempts >= MOST_ATTEMPTS:
            return
        backoff = min(FIRST_BACKOFF_SECONDS * 2**work.attempts, LONGEST_BACKOFF_SECONDS)
        wait_seconds = self._settle_seconds + backoff * self._jitter()
        not_before = self._clock.now() + timedelta(seconds=wait_seconds)
        middle = (len(work.stations) + 1) // 2
        for half in (work.stations[:middle], work.stations[middle:]):
            if half:
                self._queue.append(Work(half, not_before, attempts))


def faults_of(period: date, stations: Sequence[PlannedStation]) -> list[Reason]:
    """Find what makes stations unfit to be sent, as CARBURE would not."""
    if not stations:
        return []
    try:
        Payload.of(period, stations)
    except ValidationError as error:
        return list(_reasons(error, grouped(period, stations)))
    return []


def _reasons(error: ValidationError, payload: list[dict]) -> Iterator[Reason]:
    """Say of each fault which station it is at, as far as it is at one."""
    for fault in error.errors(include_url=False):
        place, station_id = payload, None
        for step in fault["loc"]:
            place = place[step]
            station_id = place.get("id") if isinstance(place, dict) else station_id
        field_name = str(fault["loc"][-1]) if fault["loc"] else "payload"
        yield Reason(f"{field_name}: {fault['msg']}", station_id)
