"""The secrets in private links: one for each purpose and issue, made again when needed, never guessed."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.links import Links, inside
from tests.cast import LINKS


def test_the_boards_addresses() -> None:
    secret = LINKS.filer_secret(12)
    assert LINKS.issue(12) == "https://board.example/issues/12"
    assert LINKS.private(12) == f"https://board.example/mine/{secret}"
    assert LINKS.follow(3) == f"https://board.example/follows/{LINKS.secret('follow', 3)}"
    assert LINKS.sign_in("abc") == "https://board.example/signin/abc"


@given(st.integers(0, 10**15 - 1))
def test_a_secret_opens_what_it_was_made_for(number: int) -> None:
    assert LINKS.opened("filer", LINKS.filer_secret(number)) == number


def test_a_secret_opens_nothing_else() -> None:
    secret = LINKS.filer_secret(12)
    assert LINKS.opened("follow", secret) is None
    assert Links(LINKS.base, b"another key").opened("filer", secret) is None
    assert LINKS.opened("filer", secret.replace("12-", "13-")) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s + "A",
        lambda s: s[:-1],
        lambda s: s.upper(),
        lambda s: "0" + s,
        lambda s: " " + s,
        lambda s: s.replace("-", ""),
        lambda s: s.split("-", 1)[0],
        lambda s: "١٢-" + s.split("-", 1)[1],
        lambda s: "",
    ],
)
def test_a_changed_secret_opens_nothing(change: "type[str]") -> None:
    assert LINKS.opened("filer", change(LINKS.filer_secret(12))) is None


@given(st.text(st.characters(exclude_categories=())))
def test_anything_else_opens_nothing(secret: str) -> None:
    assert LINKS.opened("filer", secret) is None
    assert LINKS.opened("filer", f"12-{secret}") is None


@pytest.mark.parametrize(
    "place", ["/", "/staff/issues/12?queue=all&q=tea", "/me#data", "/issues/1?next=//evil.example"]
)
def test_a_path_of_the_board_stays_as_it_is(place: str) -> None:
    assert inside(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "", "staff", "//evil.example", "/\\evil.example", "\\\\evil.example", "/staff\\..\\evil", "https://evil.example",
        "https:/evil.example", "javascript:a(1)", "data:,x", " /staff", "/staff ", "/\t/evil.example", "/\n/evil",
        "/a\r\nSet-Cookie: x=y", "/\0", "/\x7f", "/\u2028", "/\uff0fevil.example", "@evil.example", "?x", "#x",
        "/" * 600, "/" + "x" * 501,
    ],
)  # fmt: skip
def test_what_might_lead_elsewhere_is_no_path_of_the_board(place: str) -> None:
    assert inside(place) is None


@given(st.text(st.sampled_from("/\\:@?#. \t\r\n\0ahttps"), max_size=12))
def test_a_path_of_the_board_is_read_as_its_own_by_whoever_joins_it(place: str) -> None:
    if inside(place):
        assert urlsplit(urljoin("https://board.example/signin", place)).netloc == "board.example"


@given(st.sampled_from(["bounce", "filed", "follow"]), st.integers(0, 10**14))
def test_a_tag_of_a_mail_address_is_read_in_any_case_and_cannot_be_made_elsewhere(purpose: str, identity: int) -> None:
    tag = LINKS.tag(purpose, identity)
    assert LINKS.untagged(tag) == LINKS.untagged(tag.upper()) == (purpose, identity)
    assert len(f"{'x' * 20}+{tag}") <= 64  # what a local part may have
    assert Links(LINKS.base, b"another key").untagged(tag) is None
    assert LINKS.untagged(LINKS.tag("other", identity).replace("other", purpose)) is None
    assert LINKS.untagged(f"{tag}a") is None


@given(st.text())
def test_no_text_is_a_tag_by_chance(text: str) -> None:
    assert LINKS.untagged(text) is None
