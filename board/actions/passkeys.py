"""Passkeys: registering one, and signing in with one. Each challenge is answered once, by the browser that asked."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from board.domain.text import clean
from board.store import credentials, people
from board.store.database import Tx
from board.store.people import Person

MOST = 65_536  # characters of a browser's answer
NAME_LENGTH = 60
T = TypeVar("T")


@dataclass(frozen=True)
class Relying:
    """For whom passkeys are: the board's origin, and its host name. `key` makes the handles of people."""

    origin: str
    host: str
    key: bytes

    def handle(self, person: int) -> bytes:
        """Tells an authenticator whose passkey it is, and nobody else anything."""
        return hmac.digest(self.key, f"board-passkey-{person}".encode(), hashlib.sha256)


def relying(base_url: str, key: bytes) -> Relying | None:
    """None where the address of the board is a number: browsers bind passkeys to names only."""
    host = urlsplit(base_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Relying(base_url, host, key)
    return None


async def registration(tx: Tx, to: Relying, person: Person, *, company: str, browser: str, now_ms: int) -> str:
    """What the browser needs to make a passkey for a colleague: JSON."""
    known = await credentials.passkeys(tx, person.id)
    options = webauthn.generate_registration_options(
        rp_id=to.host,
        rp_name=company,
        user_name=person.email,
        user_display_name=person.name,
        user_id=to.handle(person.id),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    await credentials.keep_challenge(
        tx, options.challenge, browser=browser, purpose=f"passkey of {person.id}", now_ms=now_ms
    )
    return webauthn.options_to_json(options)


async def register(tx: Tx, to: Relying, person: Person, *, browser: str, answer: str, name: str, now_ms: int) -> bool:
    """Whether the browser's answer holds and the passkey is kept; the challenge is used up in any case."""
    challenge = await answered(tx, answer, browser=browser, purpose=f"passkey of {person.id}", now_ms=now_ms)
    if challenge is None:
        return False
    made = checked(
        lambda: webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=to.host,
            expected_origin=to.origin,
            require_user_verification=True,
        )
    )
    return made is not None and await credentials.add_passkey(
        tx,
        person=person.id,
        credential=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=clean(name, lines=False)[:NAME_LENGTH],
        now_ms=now_ms,
    )


async def question(tx: Tx, to: Relying, *, browser: str, now_ms: int) -> str:
    """What the browser needs to show a passkey, whosever it is: JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=to.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    await credentials.keep_challenge(tx, options.challenge, browser=browser, purpose="sign in", now_ms=now_ms)
    return webauthn.options_to_json(options)


async def use(tx: Tx, to: Relying, *, browser: str, answer: str, now_ms: int) -> Person | None:
    """Whose passkey was shown; None where it does not hold. The challenge is used up in any case."""
    challenge = await answered(tx, answer, browser=browser, purpose="sign in", now_ms=now_ms)
    known = await credentials.passkey(tx, bytes_in(answer, "rawId"))
    if challenge is None or known is None:
        return None
    if not hmac.compare_digest(bytes_in(answer, "response", "userHandle"), to.handle(known.person)):
        return None
    shown = checked(
        lambda: webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=to.host,
            expected_origin=to.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    )
    if shown is None:
        return None
    await credentials.note_passkey(tx, known.id, sign_count=shown.new_sign_count, now_ms=now_ms)
    return await people.by_id(tx, known.person)


async def answered(tx: Tx, answer: str, *, browser: str, purpose: str, now_ms: int) -> bytes | None:
    """The challenge that is answered, where this browser was asked it and has not answered before."""
    told = checked(lambda: parse_client_data_json(bytes_in(answer, "response", "clientDataJSON")))
    if told is None:
        return None
    kept = await credentials.take_challenge(tx, told.challenge, browser=browser, purpose=purpose, now_ms=now_ms)
    return told.challenge if kept is not None else None


def bytes_in(answer: str, *path: str) -> bytes:
    """The bytes at a place of the browser's answer; none where there are none."""

    def read() -> bytes:
        found: Any = json.loads(answer) if len(answer) <= MOST else {}
        for key in path:
            found = found[key]
        return base64url_to_bytes(str(found))

    return checked(read) or b""


def checked(read: Callable[[], T]) -> T | None:
    """What was read; None for whatever a stranger may send instead."""
    try:
        return read()
    except (WebAuthnException, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
