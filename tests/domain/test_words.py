"""What people type is cleaned and held to its limits; each refusal says beside its field how to mend it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain import words
from board.domain.words import Filing, filing
from board.errors import Invalid


def refused(**given: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as wrong:
        filing(**{"body": "I wanted tea.", "needs_email": False, **given})
    return wrong.value.fields


def test_a_filing_is_cleaned_and_kept_whole() -> None:
    kept = filing(
        title=" The kettle \n leaks ",
        body="I wanted\ttea.\r\n\r\n\r\n\r\n\r\nIt leaks\u202e.  ",
        area="service",
        name=" Ada\u200b Lovelace ",
        email=" Ada@Example.COM ",
        details=" order 12 ",
        needs_email=True,
    )
    assert kept == Filing(
        title="The kettle leaks",
        body="I wanted tea.\n\n\nIt leaks.",
        area="service",
        name="Ada Lovelace",
        email="ada@example.com",
        details="order 12",
    )


def test_a_text_is_enough_and_gives_the_title() -> None:
    assert filing(body="I wanted tea and got none. Now what?", needs_email=False) == Filing(
        title="I wanted tea and got none",
        body="I wanted tea and got none. Now what?",
        area="",
        name=None,
        email=None,
        details=None,
    )


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"body": ""}, {"body": "Write a few words first."}),
        ({"body": " \n\u200b\x00 "}, {"body": "Write a few words first."}),
        ({"body": "x" * 20_001}, {"body": "This is 20,001 characters long; 20,000 fit. Please shorten it."}),
        ({"title": "ab"}, {"title": "Give a title of at least 3 characters, or leave it empty."}),
        ({"title": "x" * 141}, {"title": "This is 141 characters long; 140 fit. Please shorten it."}),
        ({"name": "x" * 81}, {"name": "This is 81 characters long; 80 fit. Please shorten it."}),
        ({"details": "x" * 4_001}, {"private": "This is 4,001 characters long; 4,000 fit. Please shorten it."}),
        (
            {"email": "ada"},
            {"email": "This does not look like a mail address. Please write it as name@example.com."},
        ),
        (
            {"needs_email": True},
            {"email": "Please give a mail address: it stays private, and we write to it about this issue only."},
        ),
    ],
)
def test_a_wrong_field_is_refused_with_what_mends_it(given: dict[str, Any], fields: dict[str, str]) -> None:
    assert refused(**given) == fields


def test_all_wrong_fields_are_named_at_once() -> None:
    wrong = refused(body="", title="x", name="x" * 99, email="@", details="x" * 5_000)
    assert list(wrong) == ["body", "title", "name", "email", "private"]


@pytest.mark.parametrize(
    "given",
    [
        {"body": "x"},
        {"body": "x" * 20_000},
        {"title": "abc"},
        {"title": "x" * 140},
        {"title": " " * 500},
        {"name": "x" * 80},
        {"details": "x" * 4_000},
    ],
)
def test_the_limits_themselves_are_allowed(given: dict[str, Any]) -> None:
    assert filing(**{"body": "I wanted tea.", "needs_email": False, **given})


@pytest.mark.parametrize(
    "email",
    [
        "ada@example.com",
        "a@b.co",
        "ada.l+tea@mail.example.co.uk",
        "o'ada@example.com",
        "ada@münchen.example",
        "я@почта.рф",
    ],
)
def test_mail_addresses_are_accepted(email: str) -> None:
    assert words.address(email) == email


@pytest.mark.parametrize(
    "email",
    [
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@@example.com",
        "a b@example.com",
        "ada@example.com, b@c.de",
        "<ada@example.com>",
        "ada@.com",
        "ada@example..com",
        "ada@exa mple.com",
        "ada@example.com\nBcc: b@c.de",
        'ada"@example.com',
        f"{'x' * 65}@example.com",
        f"ada@{'x.' * 130}com",
    ],
)
def test_what_is_no_mail_address_is_refused(email: str) -> None:
    with pytest.raises(Invalid) as wrong:
        words.address(email)
    assert list(wrong.value.fields) == ["email"]


def test_no_mail_address_is_none() -> None:
    assert words.address("  ") is None


def test_an_optional_text_may_be_missing() -> None:
    assert words.optional_text(" \n") is None
    assert words.optional_text("Thanks!") == "Thanks!"


@given(st.dictionaries(st.sampled_from(["title", "body", "area", "name", "email", "details"]), st.text(max_size=300)))
def test_anything_typed_is_kept_within_the_limits_or_refused_by_field(given: dict[str, str]) -> None:
    wrong: dict[str, str] = {}
    try:
        kept = filing(**{"body": "", **given}, needs_email=False)
    except Invalid as refused:
        wrong = refused.fields
    assert wrong.keys() <= {"title", "body", "name", "email", "private"}
    if wrong:
        return
    assert 3 <= len(kept.title) <= 140
    assert "\n" not in kept.title
    assert 1 <= len(kept.body) <= 20_000
    assert kept.name is None or 1 <= len(kept.name) <= 80
