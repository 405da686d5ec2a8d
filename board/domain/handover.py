"""Who a customer is, as the company's own site says it: a signed token (JWT, HS256) that is short-lived and for once.

The token says nothing about the board's record and opens nothing. It fills a form, and may vouch for an address.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from board.domain.phrase import phrase
from board.domain.text import clean
from board.domain.words import NAME, address
from board.errors import Invalid

LASTS_S = 5 * 60
SKEW_S = 10  # by so much the site's clock may differ from ours
LENGTH = 4_000
REFERENCE = 80
ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
MALFORMED = "This is no token: make a JWT with HS256, in three parts with dots between."
UNSIGNED = "The token was not signed with the secret that this board has for your site."
LATE = "The token has expired. Make a new one for each visit to the form."
LONG = phrase("The token lives too long: “exp” may be at most {minutes} minutes ahead.", minutes=LASTS_S // 60)
ELSEWHERE = "The token is for another board: “aud” has to be this board’s address."
UNKNOWN_SITE = "The token comes from a site that is not listed here: “iss” has to be its origin, as in the settings."
NO_ID = "The token needs a “jti”: 16 to 64 letters, figures, hyphens or underscores, another one each time."
WRONG_CLAIM = "“name”, “email” and “ref” of the token have to be short texts, and “email_verified” true or false."
USED = "This token was used before. Make a new one for each visit to the form."


@dataclass(frozen=True, kw_only=True)
class Handover:
    """`is_vouched`: the site says that the address is the customer's. `reference` is for staff alone."""

    origin: str
    name: str = ""
    email: str = ""
    is_vouched: bool = False
    reference: str = ""
    id: str


def read(token: str, secrets: Sequence[str], *, board: str, origins: Sequence[str], now_s: int) -> Handover:
    """What the token says; raises Invalid with what is wrong with it, in words for whoever makes it."""
    claims = opened(token, secrets)
    expires = claims.get("exp")
    if not isinstance(expires, int) or isinstance(expires, bool) or expires <= now_s - SKEW_S:
        raise refusal(LATE)
    if expires > now_s + LASTS_S + SKEW_S:
        raise refusal(LONG)
    if claims.get("aud") != board:
        raise refusal(ELSEWHERE)
    if claims.get("iss") not in origins:
        raise refusal(UNKNOWN_SITE)
    if not isinstance(claims.get("jti"), str) or not ID.fullmatch(claims["jti"]):
        raise refusal(NO_ID)
    return said(claims)


def opened(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    """The claims of a token that one of the secrets has signed."""
    parts = token.strip().split(".")
    if len(parts) != 3 or len(token) > LENGTH or not token.isascii():
        raise refusal(MALFORMED)
    header, claims, signature = (decoded(part) for part in parts)
    if as_object(header).get("alg") != "HS256":
        raise refusal(MALFORMED)
    signed = f"{parts[0]}.{parts[1]}".encode()
    made = [hmac.digest(secret.encode(), signed, hashlib.sha256) for secret in secrets]
    if not any(hmac.compare_digest(one, signature) for one in made):
        raise refusal(UNSIGNED)
    return as_object(claims)


def decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise refusal(MALFORMED) from None


def as_object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise refusal(MALFORMED)
    return found


def said(claims: dict[str, Any]) -> Handover:
    name, email, reference = (claims.get(key) or "" for key in ("name", "email", "ref"))
    vouched = claims.get("email_verified", False)
    if not all(isinstance(text, str) for text in (name, email, reference)) or not isinstance(vouched, bool):
        raise refusal(WRONG_CLAIM)
    named, referred = clean(name, lines=False), clean(reference, lines=False)
    try:
        known = address(email) or ""
    except Invalid:
        raise refusal(WRONG_CLAIM) from None
    if len(named) > NAME[1] or len(referred) > REFERENCE:
        raise refusal(WRONG_CLAIM)
    return Handover(
        origin=claims["iss"],
        name=named,
        email=known,
        is_vouched=vouched and bool(known),
        reference=referred,
        id=claims["jti"],
    )


def refusal(why: str) -> Invalid:
    return Invalid({"token": why})
