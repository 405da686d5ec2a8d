"""The secrets in private links: one for each purpose and issue, made again when needed, never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.links import Links
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
