"""Sentences for events: the right variant, places filled and escaped."""

import pytest

from board.domain import wording
from board.domain.wording import Sentence, sentence
from tests.cast import say

PLACES = dict.fromkeys(
    ("company", "owner", "area", "reason", "resolution", "whose", "into", "name", "due", "source"), "X"
)


@pytest.mark.parametrize("kind", [kind for kind in wording.SENTENCES if kind.count(".") == 1])
def test_every_sentence_can_be_said(kind: str) -> None:
    said = sentence(kind, PLACES, role="company", say=say)
    assert "{" not in said.plain()
    assert said.plain()[0].isupper()
    assert said.plain().endswith(".")


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        ("text.redacted", {"role": "moderator"}, "A moderator took words out, because " + PLACES["reason"] + "."),
        ("issue.started", {"role": "company"}, "X is working on it."),
        ("issue.started", {"role": "system"}, "The customer answered. The clock goes on."),
        ("issue.closed", {"role": "company", "resolution": "declined"}, "X closed this issue: X."),
        ("issue.closed", {"role": "company", "resolution": "not_ours"}, "X closed this issue: it is for X to solve."),
        ("issue.reopened", {"role": "customer"}, "Back to work. The clock counts from the first filing."),
        ("comment.posted", {"role": "customer"}, "X wrote a comment."),
        ("comment.posted", {"role": "customer", "by_filer": True}, "The customer wrote."),
        ("thanks.given", {"role": "company"}, "X says thank you."),
        ("thanks.given", {"role": "customer"}, "The customer says thank you."),
    ],
)
def test_a_sentence_suits_who_did_it(kind: str, given: dict[str, str], text: str) -> None:
    assert sentence(kind, PLACES, say=say, **given).plain() == text  # type: ignore[arg-type]


def test_sentences_are_translated_before_their_places_are_filled() -> None:
    said = sentence(
        "issue.moved", {"area": "Returns"}, role="company", say={"Moved to {area}.": "Nach {area}."}.__getitem__
    )
    assert said.plain() == "Nach Returns."


def test_names_in_a_sentence_are_escaped_in_html_only() -> None:
    said = Sentence("{name} & I", {"name": "<b>Cy"})
    assert said.plain() == "<b>Cy & I"
    assert said.html() == "<b>&lt;b&gt;Cy</b> &amp; I"


def test_braces_in_a_name_are_no_places() -> None:
    assert Sentence("{name}.", {"name": "{company}"}).plain() == "{company}."


def test_codes_are_said_in_words() -> None:
    assert wording.reason("spam", say) == "it was spam"
    assert wording.reason(None, say) == "of a reason that is not named"
    assert wording.resolution("made_right", say) == "made right"
    assert wording.resolution(None, lambda text: f"translated {text}") == ""
    assert [wording.party(code, say) for code in ("carrier", "Acme", None)] == ["the carrier", "Acme", "another party"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 min"),
        (59, "0 min"),
        (60, "1 min"),
        (3_600, "1 h"),
        (7_320, "2 h 2 min"),
        (86_400 + 60, "1 d"),
        (3 * 86_400 + 4 * 3_600, "3 d 4 h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: int, text: str) -> None:
    assert wording.span(seconds) == text
