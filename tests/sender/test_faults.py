"""Whatever befalls a request, and wherever the sender is killed: the next healthy run mends it."""

import math
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.exit_codes import ExitCode
from dev.carbure_stub import Fault, running
from sender.client import MAX_REQUEST_SECONDS
from sender.submission import FAILURES_UNTIL_PROBE
from tests.support.receiver import SIRENS, Mart, Scene, mart_of
from tests.support.warehouse import Warehouse

ALPHA, BETA = SIRENS
UNKNOWN = {"status": "error", "error": "UNKNOWN_ERROR"}
FAULTS = {
    "none": Fault(),
    "dropped before storing": Fault(drops_connection=True),
    "dropped, stored at once": Fault(drops_connection=True, after_storing=True),
    "dropped, stored after 29 s": Fault(
        drops_connection=True, after_storing=True, delay_seconds=29
    ),
    "killed at 30 s": Fault(drops_connection=True, delay_seconds=30),
    "500, nothing stored": Fault(status=500, body=UNKNOWN),
    "500, stored": Fault(status=500, body=UNKNOWN, after_storing=True),
    "502 page": Fault(status=502, body="<html>Bad Gateway</html>"),
    "504 page, stored": Fault(status=504, body="<html>Timeout</html>", after_storing=True),
    "201 that says something, stored": Fault(status=201, body={"ok": True}, after_storing=True),
    "200, nothing stored": Fault(status=200),
    "429": Fault(status=429),
    "401": Fault(status=401, body={"detail": "x", "code": "token_not_valid"}),
    "400 of a locked form, but 500": Fault(
        status=500, body={"status": "error", "errors": [{"station_id": "FRX00P0", "error": "x"}]}
    ),
    "400 that makes no sense": Fault(status=400, body={"errors": [{"field": 5, "errors": 5}]}),
    "400 without a reason": Fault(status=400, body={"status": "validation_error", "errors": []}),
    "301": Fault(status=301),
}
STEPS = ("record_request", "send", "record_response")
KILLS = [None, *(f"{m} {s}" for s in STEPS for m in ("before", "after"))]


FIRST = mart_of("1", "2", "3", "4", "5", "6")
CHANGED = mart_of("1.5", "2.5", "3.5", "4.5", "5.5", "6.5")
# One station is gone, one has changed hands, one has nothing left.
CORRECTED = {**mart_of("1", "", "3", "4", "5", "0"), "FRX00P2": (BETA, Decimal("3.000000"))}
SENDINGS = {"first": ({}, FIRST), "again": (FIRST, CHANGED), "correction": (FIRST, CORRECTED)}


def begin_sending(scene: Scene, root_url: str, sending: str) -> Mart:
    """Send what goes before, and give the mart that is to be sent then."""
    before, mart = SENDINGS[sending]
    if before:
        scene.set_mart(before)
        assert scene.run(root_url) == ExitCode.SUCCESS
    scene.set_mart(mart)
    return mart


@pytest.mark.parametrize("killed_at", KILLS, ids=str)
@pytest.mark.parametrize("sending", SENDINGS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_healthy_run_mends_it(
    scene: Scene, root_url: str, fault: str, sending: str, killed_at: str | None
) -> None:
    mart = begin_sending(scene, root_url, sending)
    scene.stub.faults += [FAULTS[fault], FAULTS[fault]]
    scene.run(root_url, killed_at=killed_at)
    scene.check_invariants()
    scene.stub.faults.clear()
    scene.run(root_url)
    scene.check_settled(mart)
    posted = len(scene.stub.requests_received)
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert [r.station_count for r in scene.stub.requests_received[posted:]] == [0, 0]


# What is wrong at CARBURE for a whole run; the second part mends it, where it can be mended.
TROUBLES: dict[str, tuple[Callable[[Scene], None], Callable[[Scene], None]]] = {
    "a locked station": (lambda scene: scene.lock(0), lambda scene: None),
    "requests killed by size": (
        lambda scene: setattr(scene.stub, "most_stations", 1),
        lambda scene: setattr(scene.stub, "most_stations", math.inf),
    ),
    "a year that is missing": (
        lambda scene: scene.stub.configured_years.clear(),
        lambda scene: scene.stub.configured_years.add(2025),
    ),
    "a station that fails": (
        lambda scene: scene.stub.broken.add("FRX00P2"),
        lambda scene: scene.stub.broken.clear(),
    ),
}


@pytest.mark.parametrize("killed_at", KILLS, ids=str)
@pytest.mark.parametrize("sending", SENDINGS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_next_run_mends_what_trouble_at_carbure_left(
    scene: Scene, root_url: str, trouble: str, sending: str, killed_at: str | None
) -> None:
    mart = begin_sending(scene, root_url, sending)
    begin, end = TROUBLES[trouble]
    begin(scene)
    scene.run(root_url, killed_at=killed_at)
    scene.check_invariants()
    end(scene)
    scene.run(root_url)
    scene.check_settled(mart)
    posted = len(scene.counts())
    scene.run(root_url)
    assert scene.counts()[posted:] == []


ENERGIES = st.lists(st.sampled_from(["", "0", "1", "2.5"]), min_size=6, max_size=6)
SWAPPED = st.sets(st.integers(0, 5))
# A mart in which some stations have the other operator's SIREN.
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
    st.tuples(st.just("fault"), st.sampled_from(sorted(FAULTS))),
    st.tuples(st.just("run"), st.sampled_from(KILLS)),
    st.tuples(st.just("run"), st.none()),
    st.tuples(st.just("force"), st.none()),
)


@settings(max_examples=1000, derandomize=True, database=None, deadline=None)
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
            elif kind == "register":
                scene.register(value)
            elif kind == "fault":
                scene.stub.faults.append(FAULTS[value])
            else:
                scene.run(root_url, killed_at=value, force=kind == "force")
                scene.check_invariants()
        scene.stub.faults.clear()
        scene.set_mart(last)
        scene.run(root_url)
        scene.check_settled(last)


def test_a_request_that_is_too_large_is_not_tried_again_at_its_size(
    scene: Scene, root_url: str
) -> None:
    scene.set_mart(FIRST)
    scene.stub.most_stations = 1
    assert scene.run(root_url) == ExitCode.SUCCESS
    scene.check_settled(FIRST)
    assert [count for count in scene.counts() if count > 1] == [2]


def test_a_station_that_always_fails_is_found_and_the_others_go(
    scene: Scene, root_url: str
) -> None:
    """As a year that CARBURE has not configured, or any other 500 that comes back."""
    scene.set_mart(FIRST)
    scene.stub.broken.add("FRX00P1")
    assert scene.run(root_url) == ExitCode.INCOMPLETE
    stored = {row.station_id for row in scene.stub.rows}
    assert stored == FIRST.keys() - {"FRX00P1"}


def test_several_stations_that_fail_do_not_look_like_an_outage(scene: Scene, root_url: str) -> None:
    """Four in one request: more failures on end than it takes to ask whether anything works."""
    scene.set_mart(mart_of(*["1"] * 16))
    broken = {f"FRX00P{number}" for number in (0, 2, 4, 6)}
    scene.stub.broken |= broken
    assert scene.run(root_url) == ExitCode.INCOMPLETE
    stored = {row.station_id for row in scene.stub.rows}
    assert stored == mart_of(*["1"] * 16).keys() - broken


def test_an_outage_of_seconds_is_waited_for(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.stub.faults += [FAULTS["502 page"]] * 3
    assert scene.run(root_url) == ExitCode.SUCCESS
    scene.check_settled(FIRST)


def test_where_every_station_fails_it_says_so_and_stops(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.set_mart(mart_of(*["1"] * 40))
    scene.stub.configured_years.clear()
    assert scene.run(root_url) == ExitCode.CARBURE
    assert len(scene.counts()) == FAILURES_UNTIL_PROBE
    assert "every station of this period fails" in capsys.readouterr().err


def test_an_uncertain_station_waits_even_after_a_kill(scene: Scene, root_url: str) -> None:
    """Whatever process sends it again: 35 s after the last moment it could be received."""
    scene.set_mart(FIRST)
    scene.run(root_url, killed_at="after send")
    killed = scene.clock.now()
    scene.run(root_url)
    scene.check_settled(FIRST)
    # It may have been received until its timeouts would have ended it.
    assert (scene.clock.now() - killed).total_seconds() >= MAX_REQUEST_SECONDS + 35


def test_a_token_is_renewed_before_its_end(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.stub.faults.append(Fault(delay_seconds=260))
    assert scene.run(root_url) == ExitCode.SUCCESS
    paths = [request.path for request in scene.stub.requests_received]
    assert paths.count("/api/token/refresh/") == 1
    assert all(request.status < 400 for request in scene.stub.requests_received)


def test_a_locked_station_is_a_difference_for_ever(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.set_mart(FIRST)
    scene.run(root_url)
    scene.lock(0)
    scene.set_mart(CHANGED)
    for _ in range(2):
        assert scene.run(root_url) == ExitCode.INCOMPLETE
    scene.check_settled(CHANGED)
    said = "FRX00P0: locked: 1.000000 MWh → 1.500000 MWh"
    assert said in capsys.readouterr().err


def test_two_entities_with_one_siren_are_named(
    scene: Scene, root_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.register(ALPHA)
    scene.stub.entities.append(scene.stub.entities[-1] | {"name": "Alpha bis"})
    scene.set_mart(FIRST)
    assert scene.run(root_url) == ExitCode.SUCCESS
    said = f"{ALPHA} has several names in CARBURE: Opérateur {ALPHA}, Alpha bis"
    assert said in capsys.readouterr().err


def test_a_siren_that_carbure_comes_to_know_is_sent_again(scene: Scene, root_url: str) -> None:
    scene.set_mart(FIRST)
    scene.run(root_url)
    assert {row.entity_id for row in scene.stub.rows} == {None}
    scene.register(ALPHA)
    posted = len(scene.counts())
    assert scene.run(root_url) == ExitCode.SUCCESS
    assert sum(scene.counts()[posted:]) == 3
    scene.check_settled(FIRST)
