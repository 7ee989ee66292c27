"""How many stations go in a request, by what the last ones took."""

import pytest

from sender.batch_size import BatchSize


def test_it_grows_while_carbure_is_quick_up_to_the_largest() -> None:
    size = BatchSize(200, largest=400, target_seconds=4)
    size.answered(200, duration_seconds=1)
    assert 200 < size.stations < 400
    for _ in range(5):
        size.answered(size.stations, duration_seconds=1)
    assert size.stations == 400


def test_a_small_request_that_is_quick_says_nothing() -> None:
    size = BatchSize(200, largest=400, target_seconds=4)
    size.answered(3, duration_seconds=0.1)
    assert size.stations == 200


@pytest.mark.parametrize(("seconds", "stations"), [(8, 100), (40, 20), (4, 200), (3.9, 200)])
def test_it_shrinks_to_what_carbure_does_in_time(seconds: float, stations: int) -> None:
    size = BatchSize(200, largest=400, target_seconds=4)
    size.answered(200, duration_seconds=seconds)
    assert size.stations == stations


def test_what_was_killed_is_never_tried_again_at_its_size() -> None:
    size = BatchSize(200, largest=400, target_seconds=4)
    size.failed(200, duration_seconds=30)
    for _ in range(10):
        size.answered(size.stations, duration_seconds=0.1)
    assert size.stations == 100


def test_a_failure_at_once_says_nothing_of_size() -> None:
    size = BatchSize(200, largest=400, target_seconds=4)
    size.failed(200, duration_seconds=0.2)
    assert (size.stations, size.largest) == (200, 400)
