"""Leaves: one spelling for each event, with nothing in it that somebody typed, and nothing else accepted."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain import events as e
from board.domain import leaf
from board.domain.leaf import Recorded, canonical, check, decode, encode, format_time, parse_time, written
from board.domain.proof import leaf_hash
from tests.cast import NOON, ORIGIN
from tests.domain.past import example

HASH = "h" * 43
COMMITMENT = "c" * 43

plain = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=20)
numbers = st.integers(0, 2**53 - 1)
leaves = st.dictionaries(plain, plain | numbers | st.lists(plain | numbers, max_size=3), max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def filing(**changes: Any) -> str:
    """A good leaf of a filing, with some keys changed, or taken out where the change is None."""
    whole = {
        "area": "service",
        "board": ORIGIN,
        "commit": {"body": COMMITMENT, "title": COMMITMENT},
        "event": "issue.filed",
        "index": 1,
        "issue": 1,
        "role": "customer",
        "time": "2026-03-02T12:00:00Z",
        "v": 1,
        "via": "web",
        **changes,
    }
    kept = {key: value for key, value in whole.items() if value is not None}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def test_a_leaf_is_written_as_the_format_says() -> None:
    event = e.IssueFiled(issue=1, area="service", via="web", words={"title": "Not in it"})
    made = encode(event, board=ORIGIN, index=1, time=NOON, commit={"title": COMMITMENT}, prev=None)
    assert made == (
        '{"area":"service","board":"board.example/log","commit":{"title":"ccccccccccccccccccccccccccccccccccccccccccc"},'
        '"event":"issue.filed","index":1,"issue":1,"role":"customer","time":"2026-03-02T12:00:00Z","v":1,"via":"web"}'
    )


def test_a_leaf_reads_back_as_the_event_without_its_words() -> None:
    event = e.TextRedacted(issue=1, target=1, fields=("body", "title"), reason="privacy_request")
    text = encode(event, board=ORIGIN, index=9, time=NOON, commit={}, prev=(4, HASH))
    check(text)
    hashed = leaf_hash(text.encode())
    assert decode(text, hashed) == Recorded(
        index=9, time=NOON, event=event, board=ORIGIN, leaf=text, leaf_hash=hashed, prev=4, prev_hash=HASH, commit={}
    )


@pytest.mark.parametrize("kind", e.KINDS.values(), ids=e.KINDS)
def test_a_leaf_of_every_kind_is_valid_and_reads_back(kind: type[e.Event]) -> None:
    event = example(kind)
    commit = dict.fromkeys(e.words_of(event), COMMITMENT)
    prev = (4, HASH) if e.issue_of(event) else None
    text = encode(event, board=ORIGIN, index=9, time=NOON, commit=commit, prev=prev)
    check(text)
    back = decode(text, b"")
    without: Any = {"words": {}} if commit else {}
    assert back.event == replace(event, **without)
    assert (back.commit, back.prev, back.prev_hash) == (commit, *(prev or (None, None)))
    assert written(event, text, b"", board=ORIGIN, index=9, time=NOON, commit=commit, prev=prev) == back


@given(leaves)
def test_canonical_json_is_plain_sorted_and_reads_back(value: dict[str, Any]) -> None:
    text = canonical(value)
    assert text.isascii()
    assert "\\" not in text
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


def test_a_leaf_that_holds_all_it_may_is_accepted() -> None:
    check(filing(occurred="2020-04-01T17:31:32Z", prev=0, prev_hash=HASH))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (True, "True"),
        (None, "None"),
        (1.0, "1.0"),
        (-1, "out of range"),
        (2**53, "out of range"),
        ('a"b', "plain ASCII"),
        ("a\\b", "plain ASCII"),
        ("a\n", "plain ASCII"),
        ("é", "plain ASCII"),
        ("\x7f", "plain ASCII"),
        ({"é": 1}, "plain ASCII"),
        ([None], "None"),
        ({1: "a"}, "key"),
        (b"a", "bytes"),
    ],
)
def test_what_no_leaf_may_hold_is_refused(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        canonical({"a": value})


def test_a_leaf_holds_65535_bytes_and_no_more() -> None:
    room = leaf.LIMIT - len('{"a":""}')
    assert len(canonical({"a": "x" * room})) == 65_535
    with pytest.raises(ValueError, match="at most 65535 bytes"):
        canonical({"a": "x" * (room + 1)})


@pytest.mark.parametrize(
    "text",
    [
        filing().replace(",", ", ", 1),
        filing().replace('"v":1', '"v":1.0'),
        filing().replace('"v":1', '"v":1,"v":1'),
        filing().replace('"index":1', '"index":01'),
        filing().replace("Z", "\\u005a"),
        filing() + "\n",
        "\ufeff" + filing(),
        '{"v":1,' + filing()[1:],
        "[]",
        "null",
        "1",
        "",
        "[" * 100_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        '{"a":' + "9" * 5_000 + "}",
        '{"a":NaN}',
    ],
)
def test_another_spelling_of_a_leaf_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        check(text)
    assert type(refused.value) in (ValueError, json.JSONDecodeError)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": "1"},
        {"event": "issue.deleted"},
        {"event": 7},
        {"event": ["issue.filed"]},
        {"index": None},
        {"index": "1"},
        {"board": None},
        {"board": 1},
        {"role": None},
        {"role": "owner"},
        {"role": ["customer"]},
        {"via": "fax"},
        {"via": None},
        {"issue": None},
        {"issue": "1"},
        {"area": None},
        {"area": 3},
        {"time": None},
        {"time": 20260302},
        {"time": "2026-03-02 12:00:00Z"},
        {"time": "2026-02-30T12:00:00Z"},
        {"occurred": "yesterday"},
        {"commit": {}},
        {"commit": []},
        {"commit": {"body": "short"}},
        {"commit": {"body": 7}},
        {"commit": {"body": "+" * 43}},
        {"prev": 0},
        {"prev_hash": HASH},
        {"prev": 1, "prev_hash": HASH},
        {"prev": 0, "prev_hash": "h"},
        {"words": {"body": COMMITMENT}},
        {"title": "The kettle leaks"},
        {"resolution": "fixed"},
    ],
    ids=str,
)
def test_a_leaf_with_wrong_keys_or_codes_is_refused(changes: dict[str, Any]) -> None:
    check(filing())
    with pytest.raises(ValueError, match=r"."):
        check(filing(**changes))


@pytest.mark.parametrize(
    "event",
    [
        e.IssueResolved(issue=1, resolution="solved"),
        e.IssueRejected(issue=1, reason="boring"),
        e.TextRedacted(issue=1, target=9, fields=("body",), reason="spam"),
        e.TextRedacted(issue=1, target=1, fields=(), reason="spam"),
        e.PromiseMade(issue=1, due="soon"),
    ],
)
def test_an_event_with_wrong_codes_does_not_make_a_valid_leaf(event: e.Event) -> None:
    with pytest.raises(ValueError, match=r"."):
        check(encode(event, board=ORIGIN, index=9, time=NOON, commit={}, prev=(4, HASH)))


@given(anything)
def test_checking_anything_at_all_gives_an_answer_or_a_value_error(value: object) -> None:
    try:
        check(json.dumps(value, sort_keys=True, separators=(",", ":")))
    except ValueError:
        return


@given(st.dictionaries(st.sampled_from(sorted(json.loads(filing(prev=0, prev_hash=HASH)))), anything, min_size=1))
def test_checking_a_leaf_with_anything_in_its_keys_gives_an_answer_or_a_value_error(changes: dict[str, Any]) -> None:
    try:
        check(filing(**changes))
    except ValueError:
        return


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_are_rounded_down_to_seconds_and_read_back(at: datetime) -> None:
    text = format_time(at)
    assert len(text) == 20
    assert parse_time(text) == at.replace(microsecond=0)


def test_times_are_written_in_utc() -> None:
    assert format_time(datetime(2026, 3, 2, 14, 0, 9, 999_999, timezone(timedelta(hours=2)))) == "2026-03-02T12:00:09Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T12:00:00",
        "2026-03-02t12:00:00z",
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:00:00.000Z",
        "2026-3-2T12:00:00Z",
        "2026-13-02T12:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T12:00:60Z",
        "0000-01-01T00:00:00Z",
        "٢٠٢٦-03-02T12:00:00Z",
        "2026-03-02T12:00:00Z\n",
        "",
    ],
)
def test_another_spelling_of_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def test_an_event_happened_when_it_was_recorded_or_at_its_source() -> None:
    own = encode(e.UpdatePosted(issue=1, via="web"), board=ORIGIN, index=2, time=NOON, commit={}, prev=None)
    brought = encode(
        e.UpdatePosted(issue=1, via="import", occurred="2020-04-01T17:31:32Z"),
        board=ORIGIN,
        index=2,
        time=NOON,
        commit={},
        prev=None,
    )
    assert decode(own, b"").at == NOON
    assert decode(brought, b"").at == datetime(2020, 4, 1, 17, 31, 32, tzinfo=UTC)
    assert decode(brought, b"").time == NOON
