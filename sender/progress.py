"""The progress of a run: a bar on a terminal, otherwise a line per request."""

import logging
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from sender import console
from sender.clock import Clock
from sender.request_queue import CompletedRequest

logger = logging.getLogger(__name__)


class Progress:
    """Counts the stations that are done: accepted, refused, or left for the next run."""

    def __init__(self, total: int, clock: Clock, *, has_bar: bool) -> None:
        """Expect `total` stations. With `has_bar`, show a bar on standard error."""
        self._total = total
        self._done = 0
        self._clock = clock
        self._started_at = clock.now()
        self._bar = tqdm(total=total, unit=" stations", file=sys.stderr) if has_bar else None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Print log lines above the bar from now on."""
        if self._bar is not None:
            self._stack.enter_context(self._bar)
            self._stack.enter_context(logging_redirect_tqdm())
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it is."""
        self._stack.close()

    def show(self, request: CompletedRequest) -> None:
        """Show a request, and why its stations were not accepted."""
        self._done += request.done
        for line in console.refusals(request):
            logger.warning(line)
        if self._bar is not None:
            self._bar.update(request.done)
            return
        seconds = (self._clock.now() - self._started_at).total_seconds()
        fields = {
            "siren": request.stations[0].siren,
            "stations": len(request.stations),
            "outcome": request.response.outcome,
            "done": self._done,
            "total": self._total,
        }
        logger.info(console.progress(request, self._done, self._total, seconds), extra=fields)
