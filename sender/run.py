"""One run for one period: guards, plan, sending, and what came of it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby, islice
from operator import attrgetter
from typing import Any
from uuid import UUID

from common.database import snapshot
from common.errors import SettingsError
from common.exit_codes import ExitCode
from sender import console, guards, ledger
from sender.batch_size import BatchSize
from sender.client import CarbureClient, Outcome
from sender.clock import Clock
from sender.console import Log
from sender.errors import GuardError
from sender.payload import Payload
from sender.period_lock import hold_period
from sender.plan import Action, PlannedStation, SummaryRow, open_plan
from sender.settings import SenderSettings
from sender.submission import CompletedRequest, Submission, faults_of

HELD_BACK = "held_back"
STATIONS_PER_CHUNK = 2000

OUTCOMES_SQL = """
    with last_request as (
        select id_station_itinerance, max(request_id) as request_id
        from request
        inner join request_station using (request_id)
        where run_id = %s
        group by id_station_itinerance
    )

    select
        request.siren,
        min(request_station.amenageur_name) as amenageur_name,
        coalesce(response.outcome, 'uncertain') as outcome,
        count(*) as stations,
        sum(request_station.energy_mwh) as energy_mwh
    from last_request
    inner join request using (request_id)
    inner join request_station using (request_id, id_station_itinerance)
    left join response using (request_id)
    group by request.siren, coalesce(response.outcome, 'uncertain')
    order by request.siren, coalesce(response.outcome, 'uncertain')
"""


@dataclass(frozen=True)
class Options:
    """What the user asks for."""

    period: date
    only_plan: bool = False
    sirens: Collection[str] = ()
    force: bool = False
    allow_open_period: bool = False
    allow_shrinkage: bool = False


def in_chunks(stations: Iterable[PlannedStation]) -> Iterator[list[PlannedStation]]:
    """Take sorted stations some at a time, of one SIREN each, so that memory does not grow."""
    for _, of_siren in groupby(stations, key=attrgetter("siren")):
        while chunk := list(islice(of_siren, STATIONS_PER_CHUNK)):
            yield chunk


@dataclass
class PlanSummary:
    """Stations and MWh of a plan, per SIREN and what is to be done."""

    figures: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    entities: dict[str, set[str]] = field(default_factory=dict)

    def add(self, station: PlannedStation, what: str) -> None:
        """Count a station."""
        self.entities.setdefault(station.siren, set()).add(station.amenageur_name)
        key = (station.siren, what)
        stations, energy_mwh = self.figures.get(key, (0, Decimal(0)))
        self.figures[key] = stations + 1, energy_mwh + station.energy_mwh

    def hold(self, siren: str) -> None:
        """Count what would be sent of a SIREN as held back."""
        sent = [(siren, action) for action in Action if action.sends]
        taken = [self.figures.pop(key, (0, Decimal(0))) for key in sent]
        stations, energies_mwh = zip(*taken, strict=True)
        self.figures[siren, HELD_BACK] = sum(stations), sum(energies_mwh, Decimal(0))

    def lines(self) -> Iterator[SummaryRow]:
        """Give the figures, SIREN by SIREN."""
        for (siren, what), (stations, energy_mwh) in sorted(self.figures.items()):
            yield SummaryRow(siren, min(self.entities[siren]), what, stations, energy_mwh)

    def stations(self, *whats: str) -> int:
        """Count the stations of some kinds."""
        return sum(count for (_, what), (count, _) in self.figures.items() if what in whats)


class Run:
    """A period, planned or sent."""

    def __init__(
        self,
        connection: Any,
        carbure: CarbureClient | None,
        clock: Clock,
        settings: SenderSettings,
        options: Options,
        log: Log,
    ) -> None:
        """Take what a run is made of; without CARBURE it can plan only."""
        self._connection = connection
        self._carbure = carbure
        self._clock = clock
        self._settings = settings
        self._options = options
        self._log = log
        self._ledger = ledger.Ledger(connection, options.period, clock)
        # The names that CARBURE has for the SIRENs that it knows.
        self._registered: dict[str, list[str]] = {}
        self._held: set[str] = set()
        self.summary = PlanSummary()

    @property
    def run_id(self) -> UUID:
        """Under which the ledger has what this run sent."""
        return self._ledger.run_id

    def prepare(self) -> None:
        """Be the only run of the period, and settle what earlier ones left open."""
        hold_period(self._connection, self._options.period)
        self._ledger.resolve_orphans()

    def ask_carbure(self) -> None:
        """Log in, and ask whom CARBURE knows."""
        if self._carbure is not None:
            self._carbure.log_in()
            self._registered = self._carbure.known_entities()

    def plan(self, *, show_detail: bool = False) -> None:
        """Count what is to be done with every station, and tell what no run can do."""
        for chunk in in_chunks(filter(self._is_wanted, self._stations())):
            for station in chunk:
                self.summary.add(station, station.action)
                if station.action is Action.LOCKED:
                    self._log(console.difference_that_stays(station))
                elif show_detail and station.action.sends:
                    self._log(console.detail(station))
            self._hold_back([station for station in chunk if station.action.sends])
        for siren in self._held:
            self.summary.hold(siren)
        self._warn()

    def send(self) -> Iterator[CompletedRequest]:
        """Send what the plan says."""
        size = self._ledger.last_batch_size() or self._settings.initial_batch_size
        submission = Submission(
            self._ledger,
            self._carbure,
            self._clock,
            BatchSize(size, self._settings.max_batch_size, self._settings.target_seconds),
            self._registered,
            self._settings.settle_seconds,
            self._log,
        )
        yield from submission.send(self._chunks_to_send())

    def payload(self) -> Iterator[str]:
        """Write what would go as one JSON array."""
        separator = "["
        for chunk in self._chunks_to_send():
            body = Payload.of(self._options.period, chunk).as_json().decode()
            yield separator + body.removeprefix("[").removesuffix("]")
            separator = ","
        yield "[]" if separator == "[" else "]"

    def outcomes(self) -> list[SummaryRow]:
        """Read in the ledger what became of the stations that this run sent."""
        with self._connection.cursor() as cursor:
            cursor.execute(OUTCOMES_SQL, [str(self._ledger.run_id)])
            return [SummaryRow(*row) for row in cursor]

    def would_send(self) -> int:
        """Count the stations that the plan sends."""
        return self.summary.stations(*(action for action in Action if action.sends))

    def exit_code(self, outcomes: list[SummaryRow]) -> ExitCode:
        """Sum up what came of a run that was sent to the end."""
        accepted = sum(line.stations for line in outcomes if line.status == Outcome.ACCEPTED)
        if accepted == self.would_send() and not self.summary.stations(HELD_BACK, Action.LOCKED):
            return ExitCode.SUCCESS
        return ExitCode.INCOMPLETE

    def _guard(self) -> None:
        options = self._options
        facts = guards.read_facts(self._connection, options.period)
        guards.guard_books(options.period, facts)
        if not options.allow_open_period:
            guards.guard_open_period(options.period, facts, self._clock.now(), self._settings)
        if not options.allow_shrinkage:
            guards.guard_shrinkage(options.period, facts, self._settings)

    def _stations(self) -> Iterator[PlannedStation]:
        """Read the plan, of a mart that has passed the guards at the same moment.

        Where nothing can be sent, a guard only warns.
        """
        with snapshot(self._connection):
            try:
                self._guard()
            except GuardError as error:
                if not self._options.only_plan:
                    raise
                self._log(f"would not be sent: {error.message}")
            rows = open_plan(
                self._connection,
                self._options.period,
                self._registered.keys(),
                force=self._options.force,
            )
        yield from rows

    def _hold_back(self, to_send: list[PlannedStation]) -> None:
        """Hold a SIREN back, whole, of which a station is not fit to be sent."""
        for fault in faults_of(self._options.period, to_send) if to_send else ():
            siren = to_send[0].siren
            self._held.add(siren)
            self._log(f"{siren} {fault.station_id or '(all)'}: held_back: {fault.text}")

    def _is_wanted(self, station: PlannedStation) -> bool:
        return not self._options.sirens or station.siren in self._options.sirens

    def _chunks_to_send(self) -> Iterator[list[PlannedStation]]:
        """Give the stations that go."""
        return in_chunks(
            station
            for station in self._stations()
            if station.action.sends and self._is_wanted(station) and station.siren not in self._held
        )

    def _warn(self) -> None:
        unknown = set(self._options.sirens) - self.summary.entities.keys()
        if unknown:
            raise SettingsError(
                f"no station of {', '.join(sorted(unknown))} in this period:"
                " blocked_energy_monthly may tell why"
            )
        for siren, names in self.summary.entities.items():
            known_names = self._registered.get(siren, [])
            for where, several in (("the mart", sorted(names)), ("CARBURE", known_names)):
                if len(several) > 1:
                    self._log(f"{siren} has several names in {where}: {', '.join(several)}")
            if self._carbure is not None and siren not in self._registered:
                self._log(f"{siren} {min(names)} is not known to CARBURE, which shows it nowhere")
