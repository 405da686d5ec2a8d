"""Medians by steps: as exact as they claim to be, over all lengths of time."""

from statistics import median_low

from hypothesis import given
from hypothesis import strategies as st

from board.domain.medians import median, middle, step

YEARS = 20 * 366 * 86_400


@given(st.integers(0, YEARS))
def test_a_step_is_wrong_by_a_sixteenth_at_most(seconds: int) -> None:
    assert abs(middle(step(seconds)) - seconds) <= seconds / 16


@given(st.integers(0, YEARS))
def test_a_longer_time_has_no_lower_step(seconds: int) -> None:
    assert 0 <= step(seconds + 1) - step(seconds) <= 1


@given(st.lists(st.integers(0, YEARS), min_size=1, max_size=40))
def test_the_median_of_steps_is_the_step_of_the_median(lengths: list[int]) -> None:
    numbers: dict[int, int] = {}
    for length in lengths:
        numbers[step(length)] = numbers.get(step(length), 0) + 1
    assert median(numbers) == middle(step(median_low(lengths)))


def test_of_nothing_there_is_no_median() -> None:
    assert median({}) is None
    assert median({40: 0}) is None
