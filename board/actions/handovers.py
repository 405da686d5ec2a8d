"""Customers whom the company's own site hands over: its secret, what its tokens say, and what is kept of that."""

import json
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta

from board.actions.limits import take_once
from board.domain import handover
from board.domain.handover import Handover
from board.domain.leaf import format_time
from board.domain.limits import Limit
from board.domain.people import Actor, require
from board.sealing import Box
from board.store import company, handovers
from board.store.database import Tx

PURPOSE = "handover"
ROTATION_MS = 24 * 3_600_000  # for so long the secret before holds, too
FORM_S = 2 * 3_600  # so long somebody may take to fill the form
ONCE = Limit(1, 3 * 3_600)  # longer than any token or form is good for


async def rotate(tx: Tx, *, by: Actor, box: Box, now_ms: int) -> str:
    """A new secret, which is shown this once."""
    require(by, "run_board")
    secret = f"board_{secrets.token_urlsafe(32)}"
    await handovers.set_secret(tx, box.seal(secret, "the secret"), now_ms=now_ms, old_until_ms=now_ms + ROTATION_MS)
    return secret


async def valid_secrets(tx: Tx, box: Box, now_ms: int) -> list[str]:
    kept = await handovers.secret(tx)
    if kept is None:
        return []
    old = kept.old_sealed if kept.old_until_ms and kept.old_until_ms > now_ms else None
    opened = [box.open(sealed, "the secret") for sealed in (kept.sealed, old) if sealed]
    return [secret for secret in opened if secret]


async def take(tx: Tx, token: str, *, board: str, box: Box, key: bytes, now_ms: int) -> Handover:
    """What the token says, this once; raises Invalid."""
    setup = await company.read(tx)
    known = await valid_secrets(tx, box, now_ms)
    origins = setup.widget_origins.split()
    given = handover.read(token, known, board=board, origins=origins, now_s=now_ms // 1000)
    if not await take_once(tx, f"token {given.id}", ONCE, secret=key, now_ms=now_ms):
        raise handover.refusal(handover.USED)
    return given


def voucher(given: Handover, box: Box, now_ms: int) -> str:
    """What the form carries, so that what the site has said is known when it is sent."""
    return box.seal(json.dumps({**asdict(given), "until_ms": now_ms + FORM_S * 1000}), "a voucher")


def redeemed(text: str, box: Box, now_ms: int) -> Handover | None:
    """What the site has said; None where the form carries nothing that holds."""
    try:
        opened = box.open(text, "a voucher") if text else None
    except ValueError:
        opened = None
    said = json.loads(opened) if opened else {"until_ms": 0}
    return Handover(**said) if said.pop("until_ms") > now_ms else None


async def is_first(tx: Tx, given: Handover, *, key: bytes, now_ms: int) -> bool:
    """Whether nothing was filed with it yet."""
    return await take_once(tx, f"voucher {given.id}", ONCE, secret=key, now_ms=now_ms)


async def keep_reference(tx: Tx, number: int, given: Handover, box: Box) -> None:
    if given.reference:
        await handovers.keep_reference(tx, number, origin=given.origin, sealed=box.seal(given.reference, about(number)))


async def reference(tx: Tx, number: int, box: Box) -> tuple[str, str] | None:
    """By what the site knows the customer, and which site that is; for staff alone."""
    kept = await handovers.reference(tx, number)
    opened = box.open(kept["sealed"], about(number)) if kept else None
    return (opened, kept["origin"]) if kept and opened else None


def about(number: int) -> str:
    return f"the reference of issue {number}"


async def forget_old(tx: Tx, at: datetime, now_ms: int) -> None:
    """The secret that holds no more, and references of issues that are settled for as long as the company chose."""
    await handovers.clear_old_secret(tx, now_ms)
    days = (await company.read(tx)).private_days
    if days:
        await handovers.forget_settled(tx, format_time(at - timedelta(days=days)))
