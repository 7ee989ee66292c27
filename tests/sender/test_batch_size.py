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
