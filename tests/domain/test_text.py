"""People's words: what is kept of them, how Markdown becomes safe HTML, and how they are cut to a length."""

import json
import re
import sys
from bisect import bisect
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unicodedata import is_normalized

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from board.domain import text
from board.domain.text import clean, excerpt, first_sentence, slug, to_html, to_plain

ALLOWED = {tag: set[str]() for tag in ["p", "br", "em", "strong", "code", "pre", "ul", "li", "blockquote"]}
ALLOWED |= {"a": {"href", "rel"}, "ol": {"start"}}
REL = 'rel="nofollow ugc noopener"'
HIDING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u2060\ufeff"
PAYLOADS: list[str] = json.loads((Path(__file__).parents[1] / "vectors" / "xss.json").read_text())

anything = st.text(st.characters(exclude_categories=()), max_size=300)
marks = ["*", "**", "_", "`", "```\n", "[", "]", "](", "(", ")", "![", "<", ">", "> ", "- ", "1. ", "# ", "\n", "\n\n"]
marks += ["\\", "&", "&lt;", '"', "'", "http://", "https://a.b", "mailto:", "javascript:", "    ", " ", "a", "é", "漢"]
markup = st.lists(st.sampled_from(marks), max_size=60).map("".join)


class Tags(HTMLParser):
    """Collects every tag with its attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def assert_safe(html: str) -> None:
    for tag, attributes in Tags(html).found:
        assert tag in ALLOWED, html
        assert attributes.keys() <= ALLOWED[tag], html
        assert re.match("https?://|mailto:", attributes.get("href") or "http://", re.IGNORECASE), html
        assert tag != "a" or attributes["rel"] == "nofollow ugc noopener"
    assert not re.search("<(?!/?[a-z]+[ >])", html)


plain = st.text("abcxyzÄßéжあ09 ,;?!'()%-.:\u00a0\u0301", max_size=40)


@given(plain | st.tuples(plain, markup, plain).map("".join))
def test_plain_words_are_told_from_markup_without_parsing(typed: str) -> None:
    assert to_html.__wrapped__(typed) == text.parsed(clean(typed))


@pytest.mark.parametrize(
    "typed",
    ["1. first", "a. b", "x: y", "http://a.example", "www.a.example", "mail me: a@b.example", "a -- b", "(c) 2026",
     "it's", "a.b", "end.", "e.g. this", "a--b", "- no", "Title\n---", "50 % off!", "a&b", "so...", "a :-) b"],
)  # fmt: skip
def test_what_looks_plain_is_shown_as_the_parser_shows_it(typed: str) -> None:
    assert to_html.__wrapped__(typed) == text.parsed(clean(typed))


@given(st.one_of(anything, markup))
def test_html_of_anything_holds_allowed_tags_and_links_only(markdown: str) -> None:
    assert_safe(to_html(markdown))
    assert_safe(text.SAFE.clean(text.as_typed(clean(markdown))))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_becomes_harmless_text(payload: str) -> None:
    assert_safe(to_html(payload))
    assert_safe(to_html(f"[x]({payload})"))
    assert_safe(to_html(f"> - **{payload}**"))


def test_the_sanitizer_alone_stops_what_the_parser_would_let_through() -> None:
    for payload in PAYLOADS:
        assert_safe(text.SAFE.clean(payload))


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("*a* __b__ `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
        ("# Big\ntext", "<p><strong>Big</strong></p>\n<p>text</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("4. a\n5. b", '<ol start="4">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> said\n\nme", "<blockquote>\n<p>said</p>\n</blockquote>\n<p>me</p>"),
        ("```py\n<a>\n```", "<pre><code>&lt;a&gt;\n</code></pre>"),
        ("```Error: no\nmore\n```", "<pre><code>Error: no\nmore\n</code></pre>"),
        ("a\n---\nb", "<p>a<br>\n---<br>\nb</p>"),
        ("    not code", "<p>not code</p>"),
        ("a | b\n--|--\n1 | 2", "<p>a | b<br>\n--|--<br>\n1 | 2</p>"),
        ("<b>&copy;</b> &#8238;", "<p>&lt;b&gt;&amp;copy;&lt;/b&gt; &amp;#8238;</p>"),
        ("[a]: http://x", f'<p>[a]: <a href="http://x" {REL}>http://x</a></p>'),
        ("[*a*](https://x.y)", f'<p><a href="https://x.y" {REL}><em>a</em></a></p>'),
        ("![a](https://x.y)", f'<p>!<a href="https://x.y" {REL}>a</a></p>'),
        ("[m](mailto:a@b.c)", f'<p><a href="mailto:a@b.c" {REL}>m</a></p>'),
        ("<https://x.y>", f'<p><a href="https://x.y" {REL}>https://x.y</a></p>'),
        ("(https://x.y/a_b_(c)).", f'<p>(<a href="https://x.y/a_b_(c)" {REL}>https://x.y/a_b_(c)</a>).</p>'),
        ("**http://x.y**", f'<p><strong><a href="http://x.y" {REL}>http://x.y</a></strong></p>'),
        ("http://a?b&c=1", f'<p><a href="http://a?b&amp;c=1" {REL}>http://a?b&amp;c=1</a></p>'),
        ("見てhttp://x/aを", f'<p>見て<a href="http://x/a" {REL}>http://x/a</a>を</p>'),
        ("`http://x`", "<p><code>http://x</code></p>"),
        ("[x](javascript:alert)", "<p>[x](javascript:alert)</p>"),
        ("[ ](http://x)", f'<p>[ ](<a href="http://x" {REL}>http://x</a>)</p>'),
        ("[x](/signin)", "<p>[x](/signin)</p>"),
        ("http:// ://x xhttp://y", "<p>http:// ://x xhttp://y</p>"),
        ("", ""),
    ],
)
def test_markdown_is_shown_as_people_mean_it(markdown: str, html: str) -> None:
    assert to_html(markdown) == html


@given(st.lists(st.sampled_from(["> ", "- ", "* ", "1. ", "# ", "*", "`", "\n", "\n\n", "[", "](", "  "]), max_size=80))
def test_no_word_is_lost(pieces: list[str]) -> None:
    markdown = "".join(f"{piece}w{place}x" if place % 3 else piece for place, piece in enumerate(pieces))
    assert re.findall(r"w\d+x", Tags(to_html(markdown)).words) == re.findall(r"w\d+x", markdown)


HARD = ["[", "\u0301\u0316", "![[", "[a](", '[a](http://b "', "*", "_a", "a*", "*a **b ", "*_", "`", "`a``", "<"]
HARD += ["&", "\\", ">", "> a\nb\n", "> 1. \n**\n", "- ", "- a\n  ", "1. ", "a\n\n", "# a\n", "```\n", ":"]
HARD += ["<http://a ", "http://a ", "http://(("]


@pytest.mark.parametrize("unit", HARD)
def test_no_text_takes_long_to_parse(unit: str) -> None:
    hardest = bisect(range(20_000), text.EFFORT, key=lambda size: text.effort((unit * size)[:size])) - 1
    for size in (hardest, 20_000):
        assert lines_run(to_html.__wrapped__, (unit * size)[:size]) < 1_500_000


def lines_run(function: Callable[[str], str], argument: str) -> int:
    """How many lines of Python a call takes: a measure of time that is the same on every machine."""
    lines = 0

    def trace(frame: object, event: str, value: object) -> Callable[..., Any]:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(argument)
    finally:
        sys.settrace(before)
    return lines


def test_text_that_is_hard_to_parse_is_shown_as_it_was_typed() -> None:
    assert to_html("*a* <b>\n" * 2_500).startswith("<p>*a* &lt;b&gt;<br>\n*a*")
    assert to_html("> " * 30 + "deep http://x.y.") == (
        f'<p>{"&gt; " * 30}deep <a href="http://x.y" {REL}>http://x.y</a>.</p>'
    )
    assert to_html("w " * 20_000).count("w") == 20_000


@given(anything)
@example("\u0344" * 20)
@example("a \u200d\n\u200c")
@example("\r\x00\n\r\n\n\n")
def test_cleaning_twice_changes_nothing(value: str) -> None:
    for lines in (True, False):
        once = clean(value, lines=lines)
        assert clean(once, lines=lines) == once
        assert is_normalized("NFC", once)
        assert not set(once) & set(HIDING + "\x00\r\t\x85\u2028\ufffe")
        once.encode()


def test_cleaning_keeps_what_is_said() -> None:
    assert clean(" a\t\tb \r\nc\r\rd\x07\u202e \n") == "a  b\nc\n\nd"
    assert clean("a\n\n\n\n\n \nb") == "a\n\n\nb"
    assert clean(" a\n\u3000 b\u2028c ", lines=False) == "a b c"
    assert clean("e\u0301") == "é"
    assert clean("👩\u200d👧 می\u200cخواهم") == "👩\u200d👧 می\u200cخواهم"
    assert clean("\u200d \u200c\u200b") == ""
    assert clean("a" + "\u0301\u0316" * 9_000).count("\u0316") <= text.MARKS


def test_plain_text_is_the_words_on_one_line() -> None:
    assert to_plain("# A *b*\n\n- `c` & <d>\n- [e](http://f)\n\n> g\nh") == "A b c & <d> e g h"


def test_text_in_lines_keeps_paragraphs_items_and_addresses() -> None:
    said = "See [**our** form](https://x.example/?a=1&b=2), https://y.example.\n\n1. one\n2. two"
    lines = "See our form (https://x.example/?a=1&b=2), https://y.example.\n\n– one\n– two"
    assert text.in_lines(said) == lines
    assert text.cut(lines, 12) == "See our…"


@given(st.one_of(anything, markup), st.integers(1, 50))
def test_text_in_lines_is_clean_and_cut_as_asked(markdown: str, length: int) -> None:
    lines = text.in_lines(markdown)
    assert lines == text.clean(lines)
    assert len(text.cut(lines, length)) <= length


@given(st.one_of(anything, markup))
def test_plain_text_is_one_line(markdown: str) -> None:
    plain = to_plain(markdown)
    assert plain == clean(plain, lines=False)


@pytest.mark.parametrize(
    ("value", "length", "cut"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("a\n b", 3, "a b"),
        ("x" * 20, 5, "xxxx…"),
        ("漢字漢字漢字", 4, "漢字漢…"),
        ("ab👩\u200d👧 c", 5, "ab…"),
        ("🇩🇪🇫🇷🇮🇹", 4, "🇩🇪…"),
        ("xyq\u0323\u0307zz", 4, "xy…"),
        ("👍🏽👍🏽", 2, "…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_an_excerpt_ends_after_a_word_and_never_within_a_character(value: str, length: int, cut: str) -> None:
    assert excerpt(value, length) == cut


@given(anything, st.integers(1, 50))
def test_an_excerpt_is_never_longer_than_asked(value: str, length: int) -> None:
    assert len(excerpt(value, length)) <= length


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("@Northwind @Bo My parcel is gone. What now? https://t.co/a", "My parcel is gone"),
        ("Hello Northwind. My parcel is gone! Help.", "Hello Northwind. My parcel is gone!"),
        ("I waited approx. 5 days. Nothing came.", "I waited approx. 5 days"),
        ("Why is v2.1 so slow? https://a.b https://c.d", "Why is v2.1 so slow?"),
        ("It is gone https://t.co/a http://b", "It is gone"),
        ("荷物が届きません。三日も待っています。まだです。", "荷物が届きません。三日も待っています。"),
        ("مرحبا، أين طردي منذ أسبوع؟ لا جواب.", "مرحبا، أين طردي منذ أسبوع؟"),
        ("**Charged** twice\n\n- one", "Charged twice one"),
        ("@Northwind https://t.co/abc", "@Northwind https://t.co/abc"),
        ("word " * 40, "word " * 27 + "word…"),
        ("hi", "Untitled issue"),
        ("\u200d\u202e", "Untitled issue"),
        ("", "Untitled issue"),
    ],
)
def test_a_title_is_the_first_thing_that_the_customer_says(said: str, title: str) -> None:
    assert first_sentence(said) == title


@given(st.one_of(anything, markup))
def test_a_title_has_3_to_140_characters_on_one_line(said: str) -> None:
    title = first_sentence(said)
    assert 3 <= len(title) <= 140
    assert title == clean(title, lines=False)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Billing & Refunds", "billing-refunds"),
        ("Größe / Maß", "grosse-mass"),
        ("København", "kobenhavn"),
        ("-" * 5 + "a" * 60, "a" * 40),
        ("配送", "area-a662b954"),
        ("", "area-e3b0c442"),
    ],
)
def test_a_slug_is_made_of_the_name(name: str, address: str) -> None:
    assert slug(name) == address


@given(anything)
def test_a_slug_is_safe_in_an_address(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", slug(name))
