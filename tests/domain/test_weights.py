"""The length of a post is what X counts: by its own cases, and by another counter that is exact but slow."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from board.domain.weights import MOST, weight
from tests.networks.x import parse_tweet

CASES = json.loads((Path(__file__).parent.parent / "vectors/weighted_length.json").read_text(encoding="utf-8"))
PIECES = (
    *("example.com", "https://", "http://", "co.jp", "t.co", "foo.museum", "xn--p1ai", ".рф", "com", "a", "b1", "80"),
    *(".", "-", "_", " ", "/", "@", "#", "$", ":", "?", "(", ")", "!", "…", "\u2060", "“", "’", "=", "&", "\n", ","),
    *("é", "e\u0301", "ß", "中国", "日本", "😀", "☺", "\ufe0f", "👨‍👩‍👧‍👦", "👋", "🏽", "\u200d", "♀", "🏳️‍🌈", "❤"),
    *("🇩", "🇪", "🇽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1", "\u20e3"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["description"][:40])
def test_the_cases_of_x_hold(case: dict[str, Any]) -> None:
    assert (weight(case["text"]), weight(case["text"]) <= MOST) == (case["weight"], case["valid"])


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join))
def test_it_counts_as_the_slow_counter_does(text: str) -> None:
    assert weight(text) == parse_tweet(text).weightedLength


@pytest.mark.parametrize(
    "text", ["a" * 20_000, "あ" * 20_000, "a-" * 10_000, "t.co/" + "(a" * 10_000, "👨‍👩‍👧‍👦" * 3_000]
)
def test_long_texts_take_no_long_time(text: str) -> None:
    began = time.process_time()
    weight(text)
    assert time.process_time() - began < 2
