"""The batch size adapts to how fast CARBURE responds."""

import pytest

from sender.batch_size import BatchSize


def test_size_grows_to_the_maximum_while_carbure_is_fast() -> None:
    size = BatchSize(200, max_stations=400, target_seconds=4)
    size.record_accepted(200, duration_seconds=1)
    assert 200 < size.stations < 400
    for _ in range(5):
        size.record_accepted(size.stations, duration_seconds=1)
    assert size.stations == 400


def test_fast_small_request_does_not_change_the_size() -> None:
    size = BatchSize(200, max_stations=400, target_seconds=4)
    size.record_accepted(3, duration_seconds=0.1)
    assert size.stations == 200


@pytest.mark.parametrize(("seconds", "stations"), [(8, 100), (40, 20), (4, 200), (3.9, 200)])
def test_slow_response_shrinks_the_size(seconds: float, stations: int) -> None:
    size = BatchSize(200, max_stations=400, target_seconds=4)
    size.record_accepted(200, duration_seconds=seconds)
    assert size.stations == stations


@pytest.mark.parametrize(
    ("fixed", "per_station", "lowest", "highest"),
    [
        # The fixed part dominates, so smaller requests would not be faster.
        (4.7, 0.0001, 900, 1000),
        (10, 0.0001, 900, 1000),
        # The stations take 4.7 s too.
        (4.7, 0.03, 100, 160),
        (0.1, 0.02, 150, 200),
        # No size brings such a response below the limit.
        (0, 6, 1, 1),
    ],
)
def test_size_settles_at_what_the_fixed_part_leaves(
    fixed: float, per_station: float, lowest: int, highest: int
) -> None:
    size = BatchSize(200, max_stations=1000, target_seconds=4)
    for _ in range(30):
        size.record_accepted(size.stations, fixed + per_station * size.stations)
    assert lowest <= size.stations <= highest


def test_outage_does_not_leave_a_small_size() -> None:
    """A slow database makes three responses slow, whatever their size."""
    size = BatchSize(200, max_stations=1000, target_seconds=4)
    for seconds in (8, 8, 8, *[0.5] * 12):
        size.record_accepted(size.stations, seconds)
    assert size.stations > 200


def test_size_of_a_killed_request_is_never_used_again() -> None:
    size = BatchSize(200, max_stations=400, target_seconds=4)
    size.record_failed(200, duration_seconds=30)
    for _ in range(10):
        size.record_accepted(size.stations, duration_seconds=0.1)
    assert size.stations == 100


def test_immediate_failure_does_not_change_the_size() -> None:
    size = BatchSize(200, max_stations=400, target_seconds=4)
    size.record_failed(200, duration_seconds=0.2)
    assert (size.stations, size.max_stations) == (200, 400)
