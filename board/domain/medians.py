"""Medians that cost nothing to keep: lengths of time are counted by steps, of which each doubling has eight."""

from collections.abc import Mapping

FINE = 3  # two to this power is the number of steps to a doubling: none is wrong by more than a sixteenth


def step(seconds: int) -> int:
    """The step in which the length falls; up to 15 seconds each second has its own."""
    length = max(0, seconds)
    doublings = max(0, length.bit_length() - FINE - 1)
    return (doublings << FINE) + (length >> doublings)


def middle(step: int) -> int:
    """The seconds in the middle of a step."""
    doublings = max(0, (step >> FINE) - 1)
    least = (step - (doublings << FINE)) << doublings
    return least + (1 << doublings) // 2


def median(numbers: Mapping[int, int]) -> int | None:
    """About the median of lengths that are counted by their steps; None where there are none."""
    left = (sum(numbers.values()) + 1) // 2
    for place in sorted(numbers):
        left -= numbers[place]
        if left <= 0 and numbers[place] > 0:
            return middle(place)
    return None
