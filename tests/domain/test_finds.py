"""Private words are found where they stand, little else is, and no text takes the finder long."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.finds import LABELS, LIMIT, MASKS, Find, example, find, folded, mask, pattern_problem, region_problem
from tests.domain.private_words import corpus

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "care-conversations.jsonl"
RECALL, FALSE_ALARMS = 0.95, 0.01
ORDER = "NP-########"


def found(text: str, order_pattern: str = "") -> list[tuple[str, str]]:
    """The kinds of the finds, each with its words."""
    return [(one.kind, text[one.start : one.end]) for one in find(text, order_pattern)]


def test_what_is_private_is_found_where_it_stands() -> None:
    assert found("Mail ada@example.org or +49 170 1234567, IBAN DE89 3704 0044 0532 0130 00.") == [
        ("email", "ada@example.org"),
        ("phone", "+49 170 1234567"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
    ]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("card", "4111 1111 1111 1111"),
        ("card", "3782-822463-10005"),
        ("card", "4111.1111.1111.1111"),
        ("phone", "+44 (0)20 7946 0958"),
        ("phone", "(0171) 2345678"),
        ("identity", "QQ123456C"),
        ("address", "221B Baker Street"),
        ("address", "350 Fifth Avenue"),
        ("address", "Hauptstr. 5"),
        ("secret", "Bearer abcdef1234567890abcdef"),
        ("iban", "GB82WEST12345698765432"),
        ("email", "ada (at) example (dot) com"),
        ("phone", "(555) 123-4567"),
        ("phone", "06.12.34.56.78"),
        ("identity", "536-22-8726"),
        ("identity", "12345678Z"),
        ("identity", "AB 12 34 56 C"),
        ("address", "12 Baker Street, London NW1 6XE"),
        ("address", "Birkenweg 12, 20095 Hamburg"),
        ("address", "Lange Straße 5a"),
        ("address", "5 rue de la Paix, 75002 Paris"),
        ("address", "Calle Mayor 12, 28013 Madrid"),
        ("address", "Via Roma 10, 00184 Roma"),
        ("address", "Keizersgracht 12, 1015 CN Amsterdam"),
        ("secret", "AKIAIOSFODNN7EXAMPLE"),
        ("secret", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("secret", "sk_live_abcdefghijklmnop"),
        ("secret", "xoxb-123456789012-abcdefghijkl"),
        ("secret", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
        ("secret", "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"),
    ],
)
def test_each_kind_is_known_by_its_shape(kind: str, words: str) -> None:
    assert found(f"It was {words}, I think.") == [(kind, words)]


def test_a_word_nearby_says_what_a_number_is() -> None:
    assert found("steuer-id 86095742719") == [("identity", "86095742719")]
    assert found("It has 86095742719 parts") == []
    assert found("card=4111111111111111 Visa4111111111111111") == [("card", "4111111111111111")] * 2
    assert found("call me on 9876543210") == [("phone", "9876543210")]
    assert found("order number 0171 5550100") == []


def test_a_password_is_found_and_a_complaint_about_one_is_not() -> None:
    assert found("password: hunter2") == [("secret", "hunter2")]
    assert found("The password is Xk3!9a, I fear.") == [("secret", "Xk3!9a")]
    assert found("My password is wrong. Password: reset never comes. The token is missing") == []


@pytest.mark.parametrize(
    "text",
    [
        "Ordered on 2026-11-14, paid 1.234,56 € on 12.11.2026 at 09:30-10:45.",
        "Version 10.0.19041.1237 at 192.168.100.200 says error 0x30005001.",
        "Tracking 00340434161094042557, ticket #10267422, case 1-9876543210.",
        "See https://shop.example/o/4111111111111111?phone=01715550100",
        "Franklin, Boston MA 02110-1301 USA; clause 252.227",
        "I waited 3 times 45 minutes, 24/7, in 2025 and 2026.",
        "@YouTube can you help? It worked on day 2 on the road.",
    ],
)
def test_dates_prices_codes_and_links_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_wide_figures_and_narrow_spaces_are_figures_and_spaces() -> None:
    wide = "４１１１\u202f１１１１\u00a0１１１１ １１１１, ada＠example.org"
    assert [kind for kind, _ in found(wide)] == ["card", "email"]
    assert len(folded(wide)) == len(wide)


def test_order_numbers_are_found_by_the_companys_own_pattern() -> None:
    assert found("NP-12345678, np 12345678 and NP12345678, not NP-1234567", ORDER) == [
        ("order", "NP-12345678"),
        ("order", "np 12345678"),
        ("order", "NP12345678"),
    ]
    assert found("(.*)+1234 AB1234", "(.*)+####") == [("order", "(.*)+1234")]
    assert found("NP-12345678") == []


def test_a_pattern_that_would_find_everything_is_refused() -> None:
    assert [pattern_problem(p) is None for p in (ORDER, "####", "@@##", "@@@@", "###", "#" * 41)] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert found(f"It is {example(ORDER)}.", ORDER) == [("order", "NP-77777777")]


def test_regions_are_codes_of_two_letters() -> None:
    assert region_problem("de GB us") is None
    assert region_problem("") is None
    assert region_problem("DE XX") == "Not a region: XX. Write codes of two letters, for example DE GB US."
    assert region_problem("DE " * 13) == "At most 12 regions fit."


def test_the_regions_say_which_national_numbers_are_found() -> None:
    british = "020 7946 0958 is where I am"
    assert [find(british), find(british, regions=("US",))] == [[Find(0, 13, "phone")], []]


def test_finds_that_overlap_become_one_and_nothing_is_left_over() -> None:
    text = "see https://ada:pa55@host.example/x"
    assert found(text) == [("secret", "pa55@host.example")]


def test_a_mask_says_what_stood_there_and_holds_nothing_private() -> None:
    text = "Ring 0171 5550100 or ada@example.org. password: hunter2 now"
    masked = mask(text, find(text))
    assert masked == "Ring [phone number removed] or [e-mail address removed]. password: [password or key removed] now"
    assert find(masked) == []
    assert mask(text, find(text)[:1], say=str.upper) == text.replace("0171 5550100", "[PHONE NUMBER REMOVED]")


def test_of_a_thousand_made_up_strings_nearly_all_are_found() -> None:
    missed, all_of = Counter[str](), Counter[str]()
    for text, kind, words in corpus(1_000):
        all_of[kind] += 1
        if (kind, words) not in found(text):
            missed[kind] += 1
    recall = {kind: 1 - missed[kind] / all_of[kind] for kind in all_of}
    assert all_of == dict.fromkeys(("email", "phone", "card", "iban"), 250)
    assert min(recall.values()) >= RECALL, recall


@pytest.mark.skipif(not REAL.exists(), reason="the real conversations are not here")
def test_in_real_conversations_hardly_anything_is_found_that_is_not_there() -> None:
    """In them mail addresses were replaced by such of example.com, phone-like figures by fives: these are no alarms."""
    lines = REAL.read_text(encoding="utf-8").splitlines()
    texts = [message["text"] for line in lines for message in json.loads(line)["messages"]]
    flagged = [[words for _, words in found(text, ORDER)] for text in texts]
    alarms = [words for words in flagged if any(not is_real(word) for word in words)]
    assert len(texts) > 1_000
    assert len(alarms) <= FALSE_ALARMS * len(texts), alarms


def is_real(word: str) -> bool:
    return word.endswith("@example.com") or set(word) <= set("5- ")


@given(st.text(max_size=200) | st.text("0123456789 +-.()/@AaDE:", max_size=200))
def test_any_text_has_finds_apart_from_each_other_within_it(text: str) -> None:
    places = [(one.start, one.end) for one in find(text, ORDER)]
    assert places == sorted(places)
    assert all(start < end for start, end in places)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    assert {one.kind for one in find(text)} <= LABELS.keys() == MASKS.keys()


HOSTILE = (
    "1", "1 ", "01 ", "+4", "a@", "a@a.", "a", "a.", "-", "(", "(1", "Aa ", "1 Aa ", "DE89 ", "4111 ", "0171 1234567 ",
    "+49 170 1234567 ", "password: ", "-----BEGIN PRIVATE KEY-----", "eyJ", "eyJaaaaaaaaa.", "http://a:",
    "Aa Aa Straße ", "Calle Aa ", "1 rue Aa ", "call 12 34 ", "(at) a dot ", "５ ", "NP-1", "12-", "0 1/", "1 7-",
    "1.1.1.1 ", "(1) ", "eyJ-", "DE89 Aa.", "Via Aa Aa ", "a@aa.aa",
)  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_text_of_eight_times_the_length_takes_no_time_squared(words: str) -> None:
    assert is_linear(words) or is_linear(words)  # the second try for a machine that stumbled


def is_linear(words: str) -> bool:
    """Eight times the time where it is linear, 64 times where it is squared."""
    return seconds(words, LIMIT) < 24 * seconds(words, LIMIT // 8) + 0.2


def seconds(words: str, length: int) -> float:
    """Of the processor: other work on the machine does not count."""
    text, started = (words * length)[:length], process_time()
    find(text, ORDER)
    return process_time() - started


def test_a_text_that_is_too_long_to_be_published_is_not_looked_at() -> None:
    assert find("ada@example.org" + " " * LIMIT) == []
