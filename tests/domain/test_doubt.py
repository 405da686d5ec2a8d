"""What is doubted, and what nobody is doubted for."""

from dataclasses import replace
from time import perf_counter

import pytest

from board.domain.doubt import REASONS, Signs, doubt, is_provable, sameness

PLAIN = Signs(trap=False, age_s=40, left=3, is_repeated=False, is_newcomer=True)
WORDS = "I wanted tea. The kettle leaks at the handle."
LINK = "See https://tea.example/kettle"


def test_a_customer_who_takes_her_time_is_not_doubted() -> None:
    assert doubt(WORDS, PLAIN) == ()
    assert doubt("I paid 12.50 at 3.15 p.m., write to ada@tea.com. Thanks...", PLAIN) == ()


@pytest.mark.parametrize(
    ("words", "change", "reasons"),
    [
        (WORDS, {"trap": True}, ("trap",)),
        (WORDS, {"age_s": 2}, ("quick",)),
        (WORDS, {"age_s": 3}, ()),
        (WORDS, {"age_s": 86_400}, ()),
        (WORDS, {"age_s": 86_401}, ("stale",)),
        (WORDS, {"age_s": None}, ("stale",)),
        (WORDS, {"left": 0}, ("hurried",)),
        (WORDS, {"is_repeated": True}, ("repeated",)),
        (WORDS, {"is_crowded": True}, ("crowded",)),
        (WORDS, {"is_crowded": True, "is_newcomer": False}, ()),
        (LINK, {}, ("newcomer_links",)),
        ("Buy at best-kettles.shop now", {}, ("newcomer_links",)),
        ("[tea](http://tea.example)", {}, ("newcomer_links",)),
        (LINK, {"is_newcomer": False}, ()),
        (f"{LINK} " * 3, {"is_newcomer": False}, ()),
        (f"{LINK} " * 4, {"is_newcomer": False}, ("links",)),
        (
            f"{LINK} " * 4,
            {"trap": True, "age_s": 0, "left": 0},
            ("trap", "newcomer_links", "links", "quick", "hurried"),
        ),
    ],
)
def test_each_reason_to_doubt(words: str, change: dict[str, object], reasons: tuple[str, ...]) -> None:
    assert doubt(words, replace(PLAIN, **change)) == reasons  # type: ignore[arg-type]


def test_a_proof_answers_haste_and_repetition_but_no_link_and_no_trap() -> None:
    assert [reason for reason in REASONS if is_provable((reason,))] == ["repeated", "quick", "stale", "hurried"]
    assert not is_provable(("quick", "links"))


def test_texts_that_differ_in_numbers_and_signs_only_say_the_same() -> None:
    spam = "Call {} now and win a wonderful kettle of gold, today only, for everybody who is quick {}"
    assert sameness(spam.format(1234, "!!!")) == sameness(spam.format(98, "\u2764").upper())
    assert sameness("Same here.") is None


@pytest.mark.parametrize("words", ["a-" * 10_000, "www." * 5_000, "http" * 5_000, "a.com@" * 3_000, "." * 20_000])
def test_the_longest_texts_are_weighed_in_no_time(words: str) -> None:
    start = perf_counter()
    doubt(words, PLAIN)
    sameness(words)
    assert perf_counter() - start < 0.5
