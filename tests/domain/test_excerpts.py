"""What was looked for is marked where the reader finds it, and nothing else is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.excerpts import AFTER, BEFORE, END, HIT, WORD, excerpt


@pytest.mark.parametrize(
    ("body", "terms", "marked"),
    [
        ("The kettle leaks.", ["kettle"], ["kettle"]),
        ("Kettles leak.", ["KETTLE".lower()], ["Kettles"]),
        ("One kettle, two kettles", ["kettles"], ["kettle", "kettles"]),
        ("It runs and was running", ["run"], ["runs", "running"]),
        ("It was delivered", ["deliver"], ["delivered"]),
        ("A care for the card", ["card"], ["card"]),
        ("The parcel", ["the", "parc"], ["The", "parcel"]),
        ("Rückgabe der Kanne", ["ruckgabe"], ["Rückgabe"]),
        ("It cost 49.90", ["49", "90"], ["49", "90"]),
        ("Nothing like it", ["parcel"], []),
    ],
)
def test_hits_are_marked_by_their_stems_and_the_last_word_as_a_beginning(
    body: str, terms: list[str], marked: list[str]
) -> None:
    parts = excerpt("", body, terms).split(HIT)[1:]
    assert [part.partition(END)[0] for part in parts] == marked


def test_the_title_is_shown_where_only_it_has_a_hit() -> None:
    assert excerpt("The kettle", "leaks", ["kettle"]) == f"The {HIT}kettle{END}"
    assert excerpt("The kettle", "The kettle leaks", ["kettle"]) == f"The {HIT}kettle{END} leaks"
    assert excerpt("", "", ["kettle"]) == ""


def test_a_long_text_is_cut_around_the_first_hit() -> None:
    body = f"{'before ' * 50}kettle{' after' * 50}"
    cut = excerpt("", body, ["kettle"])
    assert cut == f"…{'before ' * BEFORE}{HIT}kettle{END}{' after' * (AFTER - 1)}…"


@given(body=st.text(max_size=200), term=st.text(min_size=1, max_size=5))
def test_an_excerpt_is_a_part_of_the_text(body: str, term: str) -> None:
    shown = excerpt("", body.replace(HIT, "").replace(END, ""), WORD.findall(term.lower()) or ["x"])
    assert shown.replace(HIT, "").replace(END, "").strip("…") in body.replace(HIT, "").replace(END, "")
