"""What is posted: the words, the cut, the marker; and what follows from each answer."""

from dataclasses import replace

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from board.domain import mirrors as rules
from board.domain.mirrors import Alone, Gone, Later, Missing, Post, Rejected, Sent, Size, Stopped, Unknown
from board.domain.text import clean
from board.domain.weights import links_in, weight
from board.errors import Invalid
from tests.cast import say

POST = Post(id=1, mirror=1, issue=1042, seq=9, kind="issue.published", number=3, state="sending", created_ms=1_000)
LINK = "https://board.example/issues/1042"


def composed(title: str, *, network: str = "x", most: int = 280, link: str | None = None, kind: str = "") -> str:
    return rules.compose(
        kind or "issue.resolved",
        {"resolution": "made_right"},
        title=title,
        mark=POST.marker,
        link=link,
        network=network,
        size=Size(most=most, link=23 if network == "mastodon" else None),
        say=say,
    )


def test_a_post_says_what_happened_and_ends_in_its_marker() -> None:
    assert composed("The kettle leaks") == "Resolved (made right) · The kettle leaks #1042·3"
    assert composed("It leaks", kind="issue.published", link=LINK) == f"New · It leaks #1042·3\n{LINK}"


def test_a_long_title_is_cut_on_a_whole_character() -> None:
    cut = composed("👨‍👩‍👧‍👦" * 140)
    assert weight(cut) in (279, 280)
    assert regex.fullmatch(r"Resolved \(made right\) · (👨‍👩‍👧‍👦)+… #1042·3", cut)
    assert len(regex.findall(r"\X", composed("x" * 400, network="bluesky", most=300))) == 300
    on_mastodon = composed("x" * 700, network="mastodon", most=500, link=LINK)
    assert len(on_mastodon) - len(LINK) + 23 == 500


@settings(max_examples=300)
@given(
    st.text(alphabet="ab.@#$:/＠＃1é😀 -", max_size=40)
    | st.sampled_from(["see example.com", "@jack $TSLA #now https://x.y"])
)
def test_what_people_wrote_brings_nothing_to_life(typed: str) -> None:
    safe = rules.defused(clean(typed, lines=False))
    assert not list(links_in(safe))
    assert not regex.search(r"[@＠#＃$＄]\w|://|\w:\w", safe)
    assert safe.replace(rules.JOINER, "") == clean(typed, lines=False)


@pytest.mark.parametrize("network", rules.NETWORKS)
@given(title=st.text(max_size=200), link=st.sampled_from([None, LINK]))
def test_every_post_fits_and_is_found_by_its_marker(network: str, title: str, link: str | None) -> None:
    text = composed(clean(title, lines=False), network=network, most=rules.SIZES[network], link=link)
    assert rules.fits(text, link, network=network, size=Size(most=rules.SIZES[network], link=23))
    assert rules.is_marked(text, POST.marker)


@pytest.mark.parametrize("text", ["#1042·31", "#11042·3", "##1042·3", "#1042", f"#{rules.JOINER}1042·3"])
def test_other_markers_are_other_posts(text: str) -> None:
    assert not rules.is_marked(f"New · It {text}", POST.marker)


def test_a_post_is_sent_again_only_after_it_was_missed_twice_and_thrice_at_most() -> None:
    post, seen = POST, []
    while post.state != "needs_human":
        post = rules.after_sending(replace(post, state="sending"), Unknown("No answer."), 0)
        while post.state == "unknown":
            seen.append(post.retry_ms)
            post = rules.after_looking(post, Missing(), post.retry_ms)
    assert seen == [10_000, 70_000] * 3
    assert post.retry_ms == rules.NEVER_MS


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Sent("7", "m"), "sent"),
        (Unknown("?"), "unknown"),
        (Rejected("No."), "rejected"),
        (Alone("No."), "queued"),
        (Later("Wait.", 9), "queued"),
        (Stopped("login", "Who?"), "queued"),
    ],
)
def test_each_answer_to_a_post_has_its_consequence(outcome: rules.Outcome, state: str) -> None:
    assert rules.after_sending(POST, outcome, 5).state == state


def test_a_look_that_fails_is_no_look() -> None:
    unknown = replace(POST, state="unknown", looks=1)
    for outcome in (Unknown("?"), Later("Wait."), Stopped("credits", "Pay.")):
        after = rules.after_looking(unknown, outcome, 0)
        assert (after.state, after.looks, after.rounds) == ("unknown", 1, 0)


def test_what_is_taken_down_keeps_no_words() -> None:
    there = replace(POST, state="sent", text="New · Words #1042·3", is_wanted=False)
    assert rules.after_deleting(there, Gone(), 0).text is None
    assert rules.after_deleting(there, Rejected("No."), 0).state == "sent"
    assert rules.after_looking(replace(there, state="unknown", looks=1), Missing(), 0).state == "given_up"


def test_keys_of_records_are_timestamps_of_their_own() -> None:
    keys = [rules.record_key(replace(POST, id=number, created_ms=1_772_000_000_000)) for number in range(1, 3_000)]
    assert len(set(keys)) == len(keys)
    assert all(regex.fullmatch(r"[234567abcdefghij][2-7a-z]{12}", key) for key in keys)
    assert rules.record_key(replace(POST, created_ms=1_772_000_000_001)) > keys[0]


def test_a_link_is_placed_in_bytes() -> None:
    (facet,) = rules.link_facets(f"Gelöst · é\n{LINK}", LINK)
    assert facet["index"] == {"byteStart": 14, "byteEnd": 14 + len(LINK)}
    assert rules.link_facets("Nothing", None) == []


KEY = rules.record_key(POST)
OURS = {"x": ("42", "@Board"), "mastodon": ("7", "@board"), "bluesky": ("did:plc:board", "@board.example")}


def found(network: str, typed: str) -> str:
    account, name = OURS[network]
    address = {"x": "https://api.x.com", "mastodon": "https://social.example", "bluesky": "https://pds.example"}[
        network
    ]
    return rules.remote_of(POST, typed, network=network, address=address, account=account, name=name)


@pytest.mark.parametrize(
    ("network", "typed", "remote"),
    [
        ("x", "1900000000000000007", "1900000000000000007"),
        ("x", "https://x.com/board/status/19", "19"),
        ("x", "https://mobile.twitter.com/Board/status/19?s=20", "19"),
        ("x", "x.com/board/status/19/photo/1", "19"),
        ("x", "https://x.com/i/web/status/19", "19"),
        ("mastodon", "117", "117"),
        ("mastodon", "https://social.example/@board/117", "117"),
        ("mastodon", "https://Social.example/@board/117?x#y", "117"),
        ("mastodon", "https://social.example/users/board/statuses/117", "117"),
        ("mastodon", "https://social.example/@board/statuses/01HXAB", "01HXAB"),
        ("bluesky", f"at://did:plc:board/app.bsky.feed.post/{KEY}", f"at://did:plc:board/app.bsky.feed.post/{KEY}"),
        ("bluesky", f"at://board.example/app.bsky.feed.post/{KEY}", f"at://did:plc:board/app.bsky.feed.post/{KEY}"),
        (
            "bluesky",
            f"https://bsky.app/profile/board.example/post/{KEY}",
            f"at://did:plc:board/app.bsky.feed.post/{KEY}",
        ),
        ("bluesky", f"bsky.app/profile/did:plc:board/post/{KEY}/", f"at://did:plc:board/app.bsky.feed.post/{KEY}"),
    ],
)
def test_a_post_is_known_by_any_address_that_people_copy(network: str, typed: str, remote: str) -> None:
    assert found(network, typed) == remote


@pytest.mark.parametrize(
    ("network", "typed", "said"),
    [
        ("x", "", "such as https://x.com/Board/status/1234"),
        ("x", "1" * 20, "such as"),
        ("x", "https://evil.example/?https://x.com/board/status/19", "such as"),
        ("x", "https://x.com.evil.example/board/status/19", "such as"),
        ("x", "https://x.com/board", "such as"),
        ("x", "https://x.com/ada/status/19", "a post of ada, and not of @Board"),
        ("mastodon", "https://other.example/@board/117", "such as https://social.example/@board/1234"),
        ("mastodon", "https://social.example/@board", "such as"),
        ("mastodon", "https://social.example/@ada/117", "a post of ada"),
        ("bluesky", "12345", f"such as https://bsky.app/profile/board.example/post/{KEY}"),
        ("bluesky", f"at://did:plc:ada/app.bsky.feed.post/{KEY}", "a post of did:plc:ada"),
        ("bluesky", "at://did:plc:board/app.bsky.feed.post/3aaaaaaaaaaaa", f"has given this one the name {KEY}"),
        ("bluesky", f"at://did:plc:board/app.bsky.feed.like/{KEY}", "such as"),
    ],
)
def test_any_other_address_is_refused_with_what_to_give(network: str, typed: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        found(network, typed)
    assert said in refused.value.fields["remote"]
