"""A run of the sender for one period: checks the guards, plans, and sends."""

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, islice
from operator import attrgetter

from psycopg2 import errors

from common.database import Connection, snapshot
from common.errors import SettingsError
from common.exit_codes import ExitCode
from sender import console, guards
from sender.batch_size import BatchSize
from sender.client import CarbureClient, Entity
from sender.clock import Clock
from sender.errors import GuardError
from sender.ledger import Ledger
from sender.other_months import months_to_send_again
from sender.payload import Payload, find_problems
from sender.period_lock import lock_period
from sender.plan import Action, PlannedStation, read_plan
from sender.request_queue import CompletedRequest, RequestQueue
from sender.response import Outcome
from sender.settings import SenderSettings
from sender.summary import CONFIRMED, HELD_BACK, PlanSummary, SummaryRow

STATIONS_PER_CHUNK = 2000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """The options of a run."""

    period: date
    only_plan: bool = False
    sirens: Collection[str] = ()
    force: bool = False
    allow_open_period: bool = False
    allow_shrinkage: bool = False


class Run:
    """A plan for one period, and its execution.

    Call `lock_period`, `load_entities`, `plan` and `send`, in this order. To plan only, call
    `plan`, after `load_entities` if CARBURE is available.
    """

    def __init__(
        self, connection: Connection, clock: Clock, settings: SenderSettings, options: Options
    ) -> None:
        """Create a run. Nothing is read or written yet."""
        self._connection = connection
        self._clock = clock
        self._settings = settings
        self._options = options
        # The entities that CARBURE may credit, by SIREN. None if CARBURE was not asked.
        self._entities: dict[str, list[Entity]] | None = None
        self._held_back: set[str] = set()
        self.ledger = Ledger(connection, options.period, clock)
        self.summary = PlanSummary()
        # With `only_plan`: whether a guard would refuse to send the period.
        self.is_refused_by_guard = False

    def lock_period(self) -> None:
        """Lock the period, and resolve requests that earlier runs left without a response."""
        lock_period(self._connection, self._options.period)
        self.ledger.resolve_orphans()

    def load_entities(self, carbure: CarbureClient) -> None:
        """Log in to CARBURE and get the entities that it may credit."""
        carbure.log_in()
        self._entities = carbure.entities()

    def plan(self, *, show_detail: bool = False) -> None:
        """Compute the summary, hold back invalid SIRENs, and log what needs attention."""
        for chunk in _chunks(filter(self._is_selected, self._read_plan())):
            for station in chunk:
                self.summary.add(station)
                if station.action is Action.LOCKED:
                    logger.warning(console.locked_difference(station))
                elif show_detail and station.action.sends:
                    logger.info(console.station_change(station))
            to_send = [station for station in chunk if station.action.sends]
            self._hold_back_invalid(to_send)
            self._hold_back_if_detached(to_send)
            self._report_other_entities(to_send)
        for siren in self._held_back:
            self.summary.hold_back(siren)
        self._check_selected_sirens()
        self._warn_about_names()
        self._warn_about_losses()
        self._warn_about_other_months()

    def payload_json(self) -> Iterator[str]:
        """Yield what would be sent as parts of one JSON array."""
        separator = "["
        for chunk in self._chunks_to_send():
            body = Payload.of(self._options.period, chunk).to_json().decode()
            yield separator + body.removeprefix("[").removesuffix("]")
            separator = ","
        yield "[]" if separator == "[" else "]"

    def send(self, carbure: CarbureClient) -> Iterator[CompletedRequest]:
        """Send the plan. Yields each request with its response."""
        initial_size = self.ledger.recent_batch_size() or self._settings.initial_batch_size
        queue = RequestQueue(
            self.ledger,
            carbure,
            self._clock,
            BatchSize(initial_size, self._settings.max_batch_size, self._settings.target_seconds),
            self._entity_ids or {},
            timedelta(seconds=self._settings.settle_seconds),
            timedelta(seconds=self._settings.min_retry_seconds),
        )
        yield from queue.send(self._chunks_to_send())

    def exit_code(self, outcomes: Iterable[SummaryRow]) -> ExitCode:
        """Return SUCCESS if the plan was accepted completely and nothing was left out."""
        done = (Outcome.ACCEPTED, CONFIRMED)
        accepted = sum(row.stations for row in outcomes if row.status in done)
        left_out = self.summary.count(HELD_BACK, Action.LOCKED)
        if accepted == self.summary.stations_to_send and not left_out:
            return ExitCode.SUCCESS
        return ExitCode.INCOMPLETE

    @property
    def _entity_ids(self) -> dict[str, int] | None:
        """The entity that CARBURE credits for each SIREN; None if CARBURE was not asked."""
        if self._entities is None:
            return None
        return {siren: found[0].id for siren, found in self._entities.items() if len(found) == 1}

    def _read_plan(self) -> Iterator[PlannedStation]:
        """Check the guards and read the plan, both in one snapshot.

        With `only_plan`, a guard only warns.
        """
        with snapshot(self._connection):
            try:
                self._check_guards()
            except GuardError as error:
                if not self._options.only_plan:
                    raise
                self.is_refused_by_guard = True
                logger.warning("would not be sent: %s", error)
            stations = read_plan(
                self._connection,
                self._options.period,
                self._entity_ids,
                force=self._options.force,
            )
        yield from stations

    def _check_guards(self) -> None:
        options = self._options
        facts = guards.read_facts(self._connection, options.period)
        guards.check_books(options.period, facts)
        if not options.allow_open_period:
            guards.check_closed(options.period, facts, self._clock.now(), self._settings)
        if not options.allow_shrinkage:
            guards.check_shrinkage(options.period, facts, self._settings)

    def _hold_back_invalid(self, stations: list[PlannedStation]) -> None:
        """Hold back the whole SIREN if any station is invalid."""
        if not stations:
            return
        siren = stations[0].siren
        for problem in find_problems(self._options.period, stations):
            self._held_back.add(siren)
            logger.warning(
                "%s %s: held_back: %s", siren, problem.station_id or "(all)", problem.text
            )

    def _hold_back_if_detached(self, stations: list[PlannedStation]) -> None:
        """Hold back a SIREN that CARBURE no longer credits: its rows would lose their entity."""
        if any(station.would_detach for station in stations):
            siren = stations[0].siren
            self._held_back.add(siren)
            logger.warning(
                "%s (all): held_back: CARBURE no longer credits this SIREN, or never has; ask its"
                " team for exactly one enabled company of type Charge Point Operator with it",
                siren,
            )

    def _report_other_entities(self, stations: list[PlannedStation]) -> None:
        again = [station for station in stations if station.has_other_entity]
        if again:
            logger.info(
                "%s: %d stations are sent again: CARBURE credits another entity now, or the ledger"
                " does not know which it credited",
                again[0].siren,
                len(again),
            )

    def _is_selected(self, station: PlannedStation) -> bool:
        return not self._options.sirens or station.siren in self._options.sirens

    def _chunks_to_send(self) -> Iterator[list[PlannedStation]]:
        return _chunks(
            station
            for station in self._read_plan()
            if station.action.sends
            and self._is_selected(station)
            and station.siren not in self._held_back
        )

    def _check_selected_sirens(self) -> None:
        missing = set(self._options.sirens) - self.summary.names.keys()
        if missing:
            raise SettingsError(
                f"no station of {', '.join(sorted(missing))} in this period: check --siren, or look"
                " for the reason in blocked_energy_monthly"
            )

    def _warn_about_names(self) -> None:
        for siren, names in self.summary.names.items():
            # Harmless, as CARBURE ignores names: enough for whoever checks the plan.
            if self._options.only_plan and len(names) > 1:
                logger.warning("%s has several names: %s", siren, ", ".join(sorted(names)))
            if self._entities is None:
                continue
            found = self._entities.get(siren, [])
            if len(found) > 1:
                logger.warning(
                    "%s is ambiguous at CARBURE, and its energy may not be credited: %s; ask its"
                    " team to keep one",
                    siren,
                    ", ".join(entity.name for entity in found),
                )
            elif not found:
                logger.warning(
                    "%s %s is not credited: CARBURE has no enabled company of type Charge Point"
                    " Operator with this SIREN; once it has, send this month again",
                    siren,
                    min(names),
                )

    def _warn_about_losses(self) -> None:
        # The guard looks at all SIRENs together. CARBURE can validate a 0, and then it is final.
        for siren, energy_mwh in self.summary.losing_everything().items():
            logger.warning(
                "%s %s: all of its %s MWh would be corrected to 0: check the marts",
                siren,
                min(self.summary.names[siren]),
                energy_mwh,
            )

    def _warn_about_other_months(self) -> None:
        try:
            for month in months_to_send_again(
                self._connection, self._options.period, self._entity_ids
            ):
                logger.warning(console.month_to_send_again(month))
        except errors.QueryCanceled:
            # No reason not to send this month.
            logger.warning("other months were not checked: the warehouse is too slow")


def _chunks(stations: Iterable[PlannedStation]) -> Iterator[list[PlannedStation]]:
    """Split sorted stations into chunks of one SIREN each, to bound memory."""
    for _, of_siren in groupby(stations, key=attrgetter("siren")):
        while chunk := list(islice(of_siren, STATIONS_PER_CHUNK)):
            yield chunk
