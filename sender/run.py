"""One run for one period: guards, plan, sending, and what came of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from sender import guards, ledger, report
from sender.batch_size import BatchSize
from sender.carbure import Carbure, Outcome, Reason
from sender.clock import Clock
from sender.errors import ExitCode, SettingsError
from sender.payload import Payload
from sender.plan import Action, Line, PlannedStation, read_plan
from sender.report import Log
from sender.settings import SenderSettings
from sender.submission import Exchange, Submission, faults_of
from sender.warehouse import hold_period

HELD = "held back"

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
        min(request_station.entity) as entity,
        coalesce(answer.outcome, 'uncertain') as outcome,
        count(*) as stations,
        sum(request_station.energy_mwh) as energy_mwh
    from last_request
    inner join request using (request_id)
    inner join request_station using (request_id, id_station_itinerance)
    left join answer using (request_id)
    group by request.siren, coalesce(answer.outcome, 'uncertain')
    order by request.siren, coalesce(answer.outcome, 'uncertain')
"""


@dataclass(frozen=True)
class Options:
    """What the user asks for."""

    period: date
    sirens: Collection[str] = ()
    force: bool = False
    allow_open_period: bool = False
    allow_shrinkage: bool = False


@dataclass
class Tally:
    """Stations and MWh of a plan, per SIREN and what is to be done."""

    figures: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    entities: dict[str, set[str]] = field(default_factory=dict)

    def add(self, station: PlannedStation, what: str) -> None:
        """Count a station."""
        self.entities.setdefault(station.siren, set()).add(station.entity)
        key = (station.siren, what)
        stations, energy_mwh = self.figures.get(key, (0, Decimal(0)))
        self.figures[key] = stations + 1, energy_mwh + station.energy_mwh

    def lines(self) -> Iterator[Line]:
        """Give the figures, SIREN by SIREN."""
        for (siren, what), (stations, energy_mwh) in sorted(self.figures.items()):
            yield Line(siren, min(self.entities[siren]), what, stations, energy_mwh)

    def stations(self, *whats: str) -> int:
        """Count the stations of some kinds."""
        return sum(count for (_, what), (count, _) in self.figures.items() if what in whats)


class Run:
    """A period, planned or sent."""

    def __init__(
        self,
        connection: Any,
        carbure: Carbure | None,
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
        self._registered: set[str] = set()
        self.tally = Tally()

    def prepare(self) -> None:
        """Be the only run of the period, see that it may be sent, and ask whom CARBURE knows."""
        hold_period(self._connection, self._options.period)
        ledger.upgrade(self._connection, self._settings.schema_)
        self._ledger.settle()
        self._guard()
        if self._carbure is not None:
            self._carbure.log_in()
            self._registered = self._carbure.registered_sirens()

    def plan(self, *, show_detail: bool = False) -> None:
        """Count what is to be done with every station, and tell what no run can do."""
        for stations, faults in self._by_siren():
            for fault in faults:
                self._log(f"{stations[0].siren} {fault.station_id}: held back: {fault.text}")
            for station in stations:
                is_held = faults and station.action.sends
                self.tally.add(station, HELD if is_held else station.action)
                if station.action is Action.LOCKED:
                    self._log(report.difference_that_stays(station))
                elif show_detail and station.action.sends:
                    self._log(report.detail(station))
        self._warn()

    def send(self) -> Iterator[Exchange]:
        """Send what the plan says."""
        size = self._ledger.stations_at_most() or self._settings.first_batch
        submission = Submission(
            self._ledger,
            self._carbure,
            self._clock,
            BatchSize(size, self._settings.largest_batch, self._settings.target_seconds),
            self._registered,
            self._settings.settle_seconds,
        )
        yield from submission.send(
            station
            for stations, faults in self._by_siren()
            for station in stations
            if station.action.sends and not faults
        )

    def payload(self) -> Iterator[str]:
        """Write what would go as one JSON array, SIREN by SIREN."""
        separator = "["
        for stations, faults in self._by_siren():
            to_send = [station for station in stations if station.action.sends]
            if to_send and not faults:
                body = Payload.of(self._options.period, to_send).as_json().decode()
                yield separator + body.removeprefix("[").removesuffix("]")
                separator = ","
        yield "[]" if separator == "[" else "]"

    def outcomes(self) -> list[Line]:
        """Read in the ledger what became of the stations that this run sent."""
        with self._connection.cursor() as cursor:
            cursor.execute(OUTCOMES_SQL, [str(self._ledger.run_id)])
            return [Line(*row) for row in cursor]

    def would_send(self) -> int:
        """Count the stations that the plan sends."""
        return self.tally.stations(*(action for action in Action if action.sends))

    def exit_code(self, outcomes: list[Line]) -> ExitCode:
        """Sum up what came of a run that was sent to the end."""
        accepted = sum(line.stations for line in outcomes if line.what == Outcome.ACCEPTED)
        if accepted == self.would_send() and not self.tally.stations(HELD, Action.LOCKED):
            return ExitCode.ALL_ACCEPTED
        return ExitCode.NOT_ALL_ACCEPTED

    def _guard(self) -> None:
        options = self._options
        facts = guards.read_facts(self._connection, options.period)
        guards.guard_books(options.period, facts)
        if not options.allow_open_period:
            guards.guard_open_period(options.period, facts, self._clock.now(), self._settings)
        if not options.allow_shrinkage:
            guards.guard_shrinkage(options.period, facts, self._settings)

    def _by_siren(self) -> Iterator[tuple[list[PlannedStation], list[Reason]]]:
        """Read the plan, SIREN by SIREN, each with the faults for which it is held back whole."""
        options, wanted = self._options, set(self._options.sirens)
        plan = read_plan(self._connection, options.period, self._registered, force=options.force)
        for siren, group in groupby(plan, key=attrgetter("siren")):
            stations = list(group)
            if wanted and siren not in wanted:
                continue
            yield (
                stations,
                faults_of(
                    options.period, [station for station in stations if station.action.sends]
                ),
            )

    def _warn(self) -> None:
        unknown = set(self._options.sirens) - self.tally.entities.keys()
        if unknown:
            raise SettingsError(
                f"no station of {', '.join(sorted(unknown))} in this period:"
                " blocked_energy_monthly may tell why"
            )
        for siren, names in self.tally.entities.items():
            if len(names) > 1:
                self._log(f"{siren} stands under several names: {', '.join(sorted(names))}")
            if self._carbure is not None and siren not in self._registered:
                self._log(f"{siren} {min(names)} is not known to CARBURE, which shows it nowhere")
