"""Mentions are kept as plain words within their limits, and networks are asked again neither too soon nor too late."""

import time

import pytest

from board.domain import mentions as rules
from board.domain.mentions import Heard, Mention
from board.domain.mirrors import Later, Outcome, Rejected, Stopped, Unknown
from board.domain.text import to_html


def told(**changes: str | int) -> Mention | None:
    given = {"remote": "1", "author": "@ada", "text": "Words.", "url": "https://x.com/1", "said_ms": 0, "came_ms": 0}
    return rules.mention(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ('One<br />two<br class="x">three', "One\ntwo\nthree"),
        (
            '<p><span class="h-card"><a href="https://x">@<span>board</span></a></span> &lt;3 &amp;amp;</p>',
            "@board <3 &amp;",
        ),
    ],
)
def test_html_becomes_plain_words(html: str, words: str) -> None:
    assert rules.plain(html) == words


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//x.com/1", "data:text/html,x", "https://x.com/\n1", "https://" + "x" * 999]
)
def test_only_an_address_of_the_web_is_kept_as_a_link(url: str) -> None:
    kept = told(url=url)
    assert kept
    assert kept.url == ""


@pytest.mark.parametrize("changes", [{"remote": "../1"}, {"remote": ""}, {"text": " \u200b "}, {"remote": "1" * 41}])
def test_what_has_no_name_or_says_nothing_is_no_mention(changes: dict[str, str]) -> None:
    assert told(**changes) is None


def test_a_mention_is_cut_to_what_is_kept() -> None:
    kept = told(text="x" * 9_999, author="@" + "y" * 999)
    assert kept
    assert (len(kept.text), len(kept.author)) == (rules.TEXT, rules.AUTHOR)


def test_of_what_is_heard_the_new_is_taken_the_oldest_first() -> None:
    heard = [one for remote in ("3", "2", "1") if (one := told(remote=remote, came_ms=int(remote)))]
    assert [one.remote for one in rules.new_ones(Heard(tuple(heard), "3"), 2)] == ["2", "3"]


def test_a_network_is_asked_again_neither_too_soon_nor_too_late() -> None:
    answers: list[Outcome] = [
        Later("", 0),
        Later("", 40_000),
        Later("", 2**60),
        Later(""),
        Stopped("login", ""),
        Unknown(""),
        Rejected(""),
    ]
    waits = [rules.again_ms(answer, 0, 0) for answer in answers]
    assert waits == [15_000, 40_000, 86_400_000, 15_000, 3_600_000, 15_000, 15_000]
    assert rules.again_ms(Unknown(""), 99, 0) == 3_600_000


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (
            '<p>See <a href="https://kettles.example/a?b=1&amp;c=2" rel="nofollow"><span class="invisible">https://</span>'
            '<span class="ellipsis">kettles.example/a</span><span class="invisible">?b=1&amp;c=2</span></a>.</p>',
            "See https://kettles.example/a?b=1&c=2.",
        ),
        (
            '<a href="https://evil.example/">https://bank.example/</a>',
            "https://bank.example/ (https://evil.example/)",
        ),
        ("<a class='x' href='https://evil.example/'>here</a>", "here (https://evil.example/)"),
        ("<a href=https://evil.example/>here</a>", "here (https://evil.example/)"),
        ('<a href="https://evil.example/"><img src="x"></a>', "https://evil.example/"),
        ('<a href="https://s.example/@ada" class="u-url mention">@<span>ada</span></a> hi', "@ada hi"),
        ('<a href="https://s.example/tags/tea" rel="tag">#<span>tea</span></a>', "#tea"),
        ('<a href="javascript:alert(1)">here</a> <a>there</a>', "here there"),
        ('<a href="https://e.example/&lt;b&gt;">x</a>', "x (https://e.example/<b>)"),
    ],
)
def test_a_link_says_where_it_leads(html: str, words: str) -> None:
    assert rules.plain(html) == words


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Social.example/@ada/1", "social.example"),
        ("https://social.example:8443/x", "social.example:8443"),
        ("https://sоcial.example/", "xn--scial-jye.example"),
        ("https://bank.example@evil.example/", ""),
        ("https://a b.example/", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_the_host_of_a_link_is_told_as_it_goes_over_the_wire(address: str, host: str) -> None:
    assert rules.host_of(address) == host


@pytest.mark.parametrize("piece", ["<a ", "<a href='", "<", "</p>", "<br ", "<a href=x>", "https://t.co/"])
def test_no_post_takes_long_to_read(piece: str) -> None:
    began = time.process_time()
    rules.plain(piece * (1_000_000 // len(piece)))
    rules.expanded(piece * 50_000, {})
    assert time.process_time() - began < 5


def test_in_an_issue_a_mention_hides_no_address_behind_words() -> None:
    said = "[https://bank.example](https://evil.example/x)"
    assert ">https://bank.example</a>" in to_html(said)
    shown = to_html(rules.unlabelled(said))
    assert ">https://evil.example/x</a>" in shown
    assert 'href="https://evil.example/x"' in shown
