"""Words are taken out where they stand by themselves, and by the mark of what the finder sees in them."""

import pytest

from board.domain.finds import find
from board.domain.masking import are_finds, mask, places

GONE = "[words removed]"
CALL = "Call Otto on 0171 5550100, please."


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("I cannot do it, not today.", ["not"], f"I cannot do it, {GONE} today."),
        ("NOT at all. Nothing, not-so.", ["not"], f"{GONE} at all. Nothing, {GONE}-so."),
        ("Room 12, room 123, 4123.", ["12"], f"Room {GONE}, room 123, 4123."),
        ("Otto Otter, ottos  otto\nOTTER", ["otto otter"], f"{GONE}, ottos  {GONE}"),
        ("so-called (fool)s", ["(fool)"], f"so-called {GONE}s"),
        ("私は山田太郎です", ["山田"], f"私は{GONE}太郎です"),
        ("私はOttoです、Ottos", ["Otto"], f"私は{GONE}です、Ottos"),
        ("ผมชื่อสมชายครับ", ["สมชาย"], f"ผมชื่อ{GONE}ครับ"),
        ("äöü naïve naï", ["naï"], f"äöü naïve {GONE}"),
        ("aa aa aa", ["aa"], f"{GONE} {GONE} {GONE}"),
    ],
)
def test_words_are_never_cut_out_of_longer_ones(text: str, words: list[str], left: str) -> None:
    assert mask(text, words, GONE) == left
    assert len(places(text, words)) == left.count(GONE)


def test_the_mark_follows_the_find() -> None:
    phone = "[phone number removed]"
    assert mask(CALL, ["0171 5550100"], GONE, find(CALL)) == f"Call Otto on {phone}, please."
    assert mask(CALL, ["0171 5550100,", "otto"], GONE, find(CALL)) == f"Call {GONE} on {phone} please."
    assert mask(CALL, ["otto on 0171 5550100"], GONE, find(CALL)) == f"Call {GONE}, please."


@pytest.mark.parametrize(
    ("words", "are"),
    [
        (["0171 5550100"], True),
        (["0171"], True),
        (["0171 5550100, "], True),
        (["0171 5550100", "otto"], False),
        (["otto on 0171 5550100"], False),
        (["call otto on 0171 5550100, please."], False),
    ],
)
def test_a_find_is_a_find_only_with_nothing_beside_it(words: list[str], are: bool) -> None:
    assert are_finds(CALL, words, find(CALL)) is are
