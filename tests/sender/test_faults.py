"""Faults at CARBURE and kills of the sender: the next healthy run recovers."""

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.exit_codes import ExitCode
from dev.carbure_stub import Fault, running
from sender.retry_policy import FAILURES_BEFORE_PROBE, MAX_REQUEST_SECONDS
from tests.support.receiver import SIRENS, Mart, Scene, mart_of
from tests.support.warehouse import Warehouse

ALPHA, BETA = SIRENS
UNKNOWN_ERROR = {"status": "error", "error": "UNKNOWN_ERROR"}
FAULTS = {
    "none": Fault(),
    "dropped before storing": Fault(drops_connection=True),
    "dropped, stored at once": Fault(drops_connection=True, after_storing=True),
    "dropped, stored after 29 s": Fault(
        drops_connection=True, after_storing=True, delay_seconds=29
    ),
    "killed at 30 s": Fault(drops_connection=True, delay_seconds=30),
    "500, nothing stored": Fault(status=500, body=UNKNOWN_ERROR),
    "500, stored": Fault(status=500, body=UNKNOWN_ERROR, after_storing=True),
    "502 page": Fault(status=502, body="<html>Bad Gateway</html>"),
    "504 page, stored": Fault(status=504, body="<html>Timeout</html>", after_storing=True),
    "201 with a body, stored": Fault(status=201, body={"ok": True}, after_storing=True),
    "200, nothing stored": Fault(status=200),
    "429": Fault(status=429),
    "401": Fault(status=401, body={"detail": "x", "code": "token_not_valid"}),
    "500 with the body for a locked station": Fault(
        status=500, body={"status": "error", "errors": [{"station_id": "FRX00P0", "error": "x"}]}
    ),
    "400 with malformed errors": Fault(status=400, body={"errors": [{"field": 5, "errors": 5}]}),
    "400 without a reason": Fault(status=400, body={"status": "validation_error", "errors": []}),
    "301": Fault(status=301),
    "in the queue for 100 s": Fault(queued_seconds=100),
    "in the queue for 200 s": Fault(queued_seconds=200),
}
# With this one, the ledger may never know which of two energies CARBURE has.
VALIDATED_FAULTS = {
    "dropped, stored and validated": Fault(
        drops_connection=True, after_storing=True, is_validated=True
    ),
}
METHODS = ("record_request", "send", "record_response")
KILLS = [None, *(f"{moment} {method}" for method in METHODS for moment in ("before", "after"))]

FIRST = mart_of("1", "2", "3", "4", "5", "6")
CHANGED = mart_of("1.5", "2.5", "3.5", "4.5", "5.5", "6.5")
# One station is removed, one has a new owner, one has no energy left.
CORRECTED = {**mart_of("1", "", "3", "4", "5", "0"), "FRX00P2": (BETA, Decimal("3.000000"))}
# The mart that was sent before, and the mart to send.
MART_CHANGES = {"first": ({}, FIRST), "changed": (FIRST, CHANGED), "corrected": (FIRST, CORRECTED)}


def prepare_mart(scene: Scene, root_url: str, mart_change: str) -> Mart:
    """Send the earlier mart, if any. Return the mart to send."""
    before, mart = MART_CHANGES[mart_change]
    if before:
        scene.set_mart(before)
        assert scene.run(root_url) == ExitCode.SUCCESS
    scene.set_mart(mart)
    return mart


# Every pair of two of the three. The test of any sequence draws all three at once.
PAIRS = [
    (fault, list(MART_CHANGES)[(number + kill_number) % len(MART_CHANGES)], killed_at)
    for number, fault in enumerate(FAULTS)
    for kill_number, killed_at in enumerate(KILLS)
]


@pytest.mark.parametrize(("fault", "mart_change", "killed_at"), PAIRS, ids=str)
def test_next_run_recovers_from_a_fault_and_a_kill(
    scene: Scene, root_url: str, fault: str, mart_change: str, killed_at: str | None
) -> None:
    mart = prepare_mart(scene, root_url, mart_change)
    scene.stub.faults += [FAULTS[fault], FAULTS[fault]]
    scene.run(root_url, killed_at=killed_at)
    scene.check_invariants()
    scene.stub.faults.clear()
    scene.run(root_url)
    scene.check_agreement(mart)
    received = len(scene.stub.requests_received)
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert [r.station_count for r in scene.stub.requests_received[received:]] == [0, 0]


# What is wrong at CARBURE during a run, and its end, if it has one.
PROBLEMS: dict[str, tuple[Callable[[Scene], None], Callable[[Scene], None]]] = {
    "locked station": (lambda scene: scene.lock(0), lambda scene: None),
    "requests killed by size": (
        lambda scene: setattr(scene.stub, "max_stations", 1),
        lambda scene: setattr(scene.stub, "max_stations", math.inf),
    ),
    "missing year": (
        lambda scene: scene.stub.configured_years.clear(),
        lambda scene: scene.stub.configured_years.add(2025),
    ),
    "failing station": (
        lambda scene: scene.stub.broken.add("FRX00P2"),
        lambda scene: scene.stub.broken.clear(),
    ),
}


@pytest.mark.parametrize("killed_at", KILLS, ids=str)
@pytest.mark.parametrize("mart_change", MART_CHANGES)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_next_run_recovers_from_a_lasting_problem_at_carbure(
    scene: Scene, root_url: str, problem: str, mart_change: str, killed_at: str | None
) -> None:
    mart = prepare_mart(scene, root_url, mart_change)
    begin, end = PROBLEMS[problem]
    begin(scene)
    scene.run(root_url, killed_at=killed_at)
    scene.check_invariants()
    end(scene)
    scene.run(root_url)
    scene.check_agreement(mart)
    sent = len(scene.counts())
    scene.run(root_url)
    assert scene.counts()[sent:] == []


ENERGIES = st.lists(st.sampled_from(["", "0", "1", "2.5"]), min_size=6, max_size=6)
SWAPPED = st.sets(st.integers(0, 5))
# Marts in which some stations have the SIREN of the other operator.
MARTS = st.builds(
    lambda energies, swapped: {
        station: (BETA if (siren == ALPHA) == (int(station[-1]) in swapped) else ALPHA, energy_mwh)
        for station, (siren, energy_mwh) in mart_of(*energies).items()
    },
    ENERGIES,
    SWAPPED,
)
STEPS = st.one_of(
    st.tuples(st.just("mart"), MARTS),
    st.tuples(st.just("lock"), st.integers(0, 5)),
    st.tuples(st.just("register"), st.sampled_from(SIRENS)),
    st.tuples(st.just("disable"), st.sampled_from(SIRENS)),
    st.tuples(st.just("duplicate"), st.sampled_from(SIRENS)),
    st.tuples(st.just("credit"), st.sampled_from(SIRENS)),
    st.tuples(st.just("fault"), st.sampled_from(sorted(FAULTS | VALIDATED_FAULTS))),
    st.tuples(st.just("run"), st.sampled_from(KILLS)),
    st.tuples(st.just("run"), st.none()),
    st.tuples(st.just("force"), st.none()),
)


@settings(max_examples=400, derandomize=True, database=None, deadline=None)
@given(first=MARTS, steps=st.lists(STEPS, min_size=2, max_size=8), last=MARTS)
def test_any_sequence_of_changes_faults_and_runs_ends_well(
    small: Warehouse, first: Mart, steps: list[tuple], last: Mart
) -> None:
    scene = Scene(small)
    with running(scene.stub) as root_url:
        scene.set_mart(first)
        for kind, value in steps:
            if kind == "mart":
                scene.set_mart(value)
            elif kind == "lock":
                scene.lock(value)
            elif kind in ("register", "disable", "duplicate", "credit"):
                getattr(scene, kind)(value)
            elif kind == "fault":
                scene.stub.faults.append((FAULTS | VALIDATED_FAULTS)[value])
            else:
                scene.run(root_url, killed_at=value, force=kind == "force")
                scene.check_invariants()
        scene.stub.faults.clear()
        for siren in SIRENS:
            scene.credit(siren)
        scene.set_mart(last)
        scene.run(root_url)
        scene.check_agreement(last)


def test_size_of_a_killed_request_is_not_used_again(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.stub.max_stations = 1
    assert scene.run(root_url) == ExitCode.SUCCESS
    scene.check_agreement(FIRST)
    assert [count for count in scene.counts() if count > 1] == [2]


def test_failing_station_is_found_and_the_others_are_sent(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.stub.broken.add("FRX00P1")
    assert scene.run(root_url) == ExitCode.INCOMPLETE
    stored = {row.station_id for row in scene.stub.rows}
    assert stored == FIRST.keys() - {"FRX00P1"}


def test_several_failing_stations_do_not_look_like_an_outage(scene: Scene, root_url: str) -> None:
    """Four in one request cause more consecutive failures than it takes to send a probe."""
    scene.set_mart(mart_of(*["1"] * 16))
    broken = {f"FRX00P{number}" for number in (0, 2, 4, 6)}
    scene.stub.broken |= broken
    assert scene.run(root_url) == ExitCode.INCOMPLETE
    stored = {row.station_id for row in scene.stub.rows}
    assert stored == mart_of(*["1"] * 16).keys() - broken


def test_short_outage_does_not_end_the_run(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.stub.faults += [FAULTS["502 page"]] * 3
    assert scene.run(root_url) == ExitCode.SUCCESS
    scene.check_agreement(FIRST)


def test_probe_after_a_long_wait_has_a_new_token(scene: Scene, root_url: str) -> None:
    """With an expired one, CARBURE would seem to be down."""
    mart = mart_of("1", "2", "", "")
    scene.set_mart(mart)
    scene.stub.faults.append(Fault(status=502, delay_seconds=301))
    assert scene.run(root_url) == ExitCode.SUCCESS
    received = scene.stub.requests_received
    probe = next(i for i, r in enumerate(received) if "bulk" in r.path and not r.station_count)
    assert received[probe - 1].path == "/api/token/refresh/"
    scene.check_agreement(mart)


def test_run_stops_if_every_station_fails(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.set_mart(mart_of(*["1"] * 40))
    scene.stub.configured_years.clear()
    assert scene.run(root_url) == ExitCode.CARBURE
    assert len(scene.counts()) == FAILURES_BEFORE_PROBE
    assert "every request for this period fails" in capsys.readouterr().err


def test_uncertain_station_waits_even_after_a_kill(scene: Scene, root_url: str) -> None:
    """Another process sends it again 120 s after the last time it could have been received."""
    scene.set_mart(FIRST)
    scene.run(root_url, killed_at="after send")
    killed_at = scene.clock.now()
    scene.run(root_url)
    scene.check_agreement(FIRST)
    # Without the kill, the request could have lasted until its timeout.
    assert (scene.clock.now() - killed_at).total_seconds() >= MAX_REQUEST_SECONDS + 120


def test_request_recorded_by_a_clock_that_was_ahead_does_not_wait_for_days(
    scene: Scene, root_url: str
) -> None:
    scene.set_mart(FIRST)
    scene.run(root_url, killed_at="after send")
    scene.warehouse.query("update tiruert_ledger.request set sent_at = sent_at + interval '9 days'")
    started_at = scene.clock.now()
    scene.run(root_url)
    scene.check_agreement(FIRST)
    assert scene.clock.now() - started_at < timedelta(hours=1)


def test_request_in_the_queue_is_not_sent_again_before_a_later_one_is_answered(
    scene: Scene, root_url: str
) -> None:
    """It waits for 200 s, longer than the minimum, and CARBURE takes 29 s for it."""
    scene.set_mart(FIRST)
    scene.stub.faults.append(Fault(queued_seconds=200, delay_seconds=29))
    started_at = scene.clock.now()
    while scene.run(root_url) == ExitCode.CARBURE:
        scene.check_invariants()
    assert scene.run(root_url) == ExitCode.SUCCESS
    scene.check_agreement(FIRST)
    assert (scene.clock.now() - started_at).total_seconds() >= 200 + 35


def test_token_is_renewed_before_it_expires(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.stub.faults.append(Fault(delay_seconds=260))
    assert scene.run(root_url) == ExitCode.SUCCESS
    paths = [request.path for request in scene.stub.requests_received]
    assert paths.count("/api/token/refresh/") == 1
    assert all(request.status < 400 for request in scene.stub.requests_received)
