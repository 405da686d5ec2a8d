"""Codes of an app (TOTP, RFC 6238), each good once, and the recovery codes for the day when the app is lost."""

import hmac
import secrets

import pyotp

from board.actions.accounts import SIGNS
from board.domain.text import clean
from board.sealing import Box
from board.store import credentials
from board.store.credentials import CodeKey
from board.store.database import Tx
from board.store.people import Person

STEP_S = 30
TRIES = 5
LOCKED_MS = 15 * 60_000
RECOVERY_CODES, RECOVERY_LENGTH = 10, 10


async def begin(tx: Tx, person: int, *, box: Box) -> None:
    """Makes a new key for an app; it counts once its first code was typed."""
    await credentials.set_code_key(tx, person, box.seal(pyotp.random_base32(), about(person)))


async def address(tx: Tx, person: Person, *, box: Box, company: str) -> str | None:
    """The key as apps read it (otpauth://), while it is not confirmed; nobody sees it afterwards."""
    kept = await credentials.code_key(tx, person.id)
    if kept is None or kept.confirmed_ms is not None:
        return None
    return totp(kept, box).provisioning_uri(name=person.email, issuer_name=company)


async def confirm(tx: Tx, person: int, typed: str, *, box: Box, now_ms: int) -> list[str] | None:
    """The recovery codes, shown this once; None where the code does not fit."""
    kept = await credentials.code_key(tx, person)
    if kept is None or kept.confirmed_ms is not None or not await check(tx, person, typed, box=box, now_ms=now_ms):
        return None
    await credentials.confirm_code_key(tx, person, now_ms)
    codes = ["".join(secrets.choice(SIGNS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    await credentials.set_recovery_codes(tx, person, [box.mark(f"{person} {code}") for code in codes])
    return [f"{code[:5]}-{code[5:]}" for code in codes]


async def check(tx: Tx, person: int, typed: str, *, box: Box, now_ms: int) -> bool:
    """Whether this is the app's code of now, or a recovery code; used up then. Five misses close it for a while."""
    kept = await credentials.code_key(tx, person)
    if kept is None:
        return False
    tries = kept.tries if kept.tried_ms > now_ms - LOCKED_MS else 0
    if tries >= TRIES:
        return False
    given = "".join(sign for sign in clean(typed, lines=False).upper() if sign not in " -")[:20]
    if await fits(tx, kept, given, box, now_ms):
        return True
    await credentials.count_try(tx, person, tries=tries + 1, now_ms=now_ms)
    return False


async def fits(tx: Tx, kept: CodeKey, given: str, box: Box, now_ms: int) -> bool:
    now = now_ms // 1000 // STEP_S
    app = totp(kept, box)
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), given.encode()):
            return await credentials.use_step(tx, kept.person, step)
    if kept.confirmed_ms is None or len(given) != RECOVERY_LENGTH:
        return False
    return await credentials.use_recovery_code(tx, kept.person, box.mark(f"{kept.person} {given}"))


def totp(kept: CodeKey, box: Box) -> pyotp.TOTP:
    key = box.open(kept.sealed, about(kept.person))
    if key is None:
        raise RuntimeError("a code key was sealed under another secret: restore secret.key from a backup")
    return pyotp.TOTP(key)


def about(person: int) -> str:
    return f"code key of {person}"
