"""Refusals that can be said in another language after they were made."""

from board.domain.phrase import choose, no_issue, phrase


def test_a_phrase_is_its_english_text() -> None:
    assert phrase("{number:,} of {most}", number=1_000, most="{most}") == "1,000 of {most}"
    assert no_issue(7) == "There is no issue 7 on this board."
    assert choose(("one", "two")) == "Choose one of: one, two."


def test_a_phrase_is_said_again_in_other_words() -> None:
    assert no_issue(7).in_words("Fall {number} gibt es nicht.") == "Fall 7 gibt es nicht."
    assert no_issue(7).template == "There is no issue {number} on this board."
