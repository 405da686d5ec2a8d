"""Who a customer is, as the company's site says it: only what is signed, new, for this board and from a listed site."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain import handover
from board.domain.handover import Handover, read
from board.errors import Invalid

NOW, SECRET, SHOP, BOARD = 1_800_000_000, "board_secret", "https://shop.example", "https://board.example"
CLAIMS: dict[str, Any] = {
    "iss": SHOP,
    "aud": BOARD,
    "exp": NOW + 240,
    "jti": "0123456789abcdef",
    "name": "Ada",
    "email": "Ada@Home.example",
    "email_verified": True,
    "ref": "C-4711",
}


def token(claims: Any, *, secret: str = SECRET, header: Any = None, method: str = "sha256") -> str:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    named = header if header is not None else {"alg": "HS256", "typ": "JWT"}
    signed = f"{part(json.dumps(named).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.digest(secret.encode(), signed.encode(), getattr(hashlib, method)))}"


def taken(text: str, *secrets: str) -> Handover:
    return read(text, secrets or (SECRET,), board=BOARD, origins=[SHOP], now_s=NOW)


def why(text: str) -> str:
    with pytest.raises(Invalid) as refused:
        taken(text)
    assert set(refused.value.fields) == {"token"}
    return str(refused.value.fields["token"])


def test_a_good_token_says_who_the_customer_is() -> None:
    assert taken(token(CLAIMS)) == Handover(
        origin=SHOP, name="Ada", email="ada@home.example", is_vouched=True, reference="C-4711", id="0123456789abcdef"
    )


def test_what_is_not_said_is_empty_and_an_address_that_is_not_checked_is_not_vouched_for() -> None:
    few = {key: CLAIMS[key] for key in ("iss", "aud", "exp", "jti")}
    assert taken(token(few)) == Handover(origin=SHOP, id="0123456789abcdef")
    assert not taken(token({**CLAIMS, "email_verified": False})).is_vouched
    assert not taken(token({**few, "email_verified": True})).is_vouched


def test_while_the_secret_changes_both_hold() -> None:
    assert taken(token(CLAIMS), "new", SECRET).name == "Ada"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"exp": NOW - 11}, handover.LATE),
        ({"exp": None}, handover.LATE),
        ({"exp": True}, handover.LATE),
        ({"exp": "soon"}, handover.LATE),
        ({"exp": NOW + 311}, str(handover.LONG)),
        ({"aud": "https://other.example"}, handover.ELSEWHERE),
        ({"aud": [BOARD]}, handover.ELSEWHERE),
        ({"iss": "https://evil.example"}, handover.UNKNOWN_SITE),
        ({"iss": None}, handover.UNKNOWN_SITE),
        ({"jti": "short"}, handover.NO_ID),
        ({"jti": 12345678901234567890}, handover.NO_ID),
        ({"name": ["Ada"]}, handover.WRONG_CLAIM),
        ({"name": "A" * 81}, handover.WRONG_CLAIM),
        ({"email": "no address"}, handover.WRONG_CLAIM),
        ({"email_verified": "yes"}, handover.WRONG_CLAIM),
        ({"ref": "4" * 81}, handover.WRONG_CLAIM),
    ],
)
def test_each_wrong_claim_is_refused_in_words_for_whoever_makes_it(changes: dict[str, Any], refusal: str) -> None:
    assert why(token({**CLAIMS, **changes})) == refusal


def test_only_the_secret_and_its_method_open_a_token() -> None:
    assert why(token(CLAIMS, secret="another")) == handover.UNSIGNED
    assert why(token(CLAIMS, method="sha512")) == handover.UNSIGNED
    assert why(token(CLAIMS, header={"alg": "none"})) == handover.MALFORMED
    head, claims, _ = token(CLAIMS).split(".")
    assert why(f"{head}.{claims}.") == handover.UNSIGNED
    with pytest.raises(Invalid):
        read(token(CLAIMS), [], board=BOARD, origins=[SHOP], now_s=NOW)


@given(st.one_of(st.text(max_size=200), st.lists(st.text(max_size=40), min_size=3, max_size=3).map(".".join)))
def test_whatever_comes_as_a_token_is_refused_and_breaks_nothing(text: str) -> None:
    assert why(text) in (handover.MALFORMED, handover.UNSIGNED)


@pytest.mark.parametrize("claims", [[], "x", 1, None])
def test_signed_nonsense_is_no_token(claims: Any) -> None:
    assert why(token(claims)) == handover.MALFORMED
