"""Taking from the token buckets before an act: all of them give, or none does and the act is refused."""

import hashlib
import hmac
from dataclasses import dataclass

from board.domain import limits as rules
from board.domain.limits import Act, Bucket, Limit, Sender, Share
from board.domain.people import Actor, require
from board.domain.phrase import Phrase, phrase
from board.errors import Invalid, TooMany
from board.store import company, limits
from board.store.company import Company
from board.store.database import Database, Tx


@dataclass(frozen=True)
class Taken:
    """How many tokens the sender's emptiest bucket still holds, and, where that of everybody is empty, the refusal.

    Whose words are welcome all the same is for the door to say. `shares` are what is left in the buckets of the place
    or the member: those of an address and of everybody say nothing about who sends.
    """

    left: int
    crowd: TooMany | None = None
    shares: tuple[Share, ...] = ()


async def take(tx: Tx, setup: Company, act: Act, sender: Sender, *, secret: bytes, now_ms: int) -> Taken:
    """One token from each bucket of the act.

    Raises TooMany, with which the transaction gives back what the other buckets gave. A taken token is never
    given back: the act's own transaction comes afterwards.
    """
    left, shares = rules.MOST, list[Share]()
    for bucket in rules.buckets(act, sender, setup.limits):
        full = await limits.take(tx, hashed(secret, bucket.name), bucket.limit, now_ms)
        if full is None:
            refused = await refusal(tx, bucket, secret=secret, now_ms=now_ms)
            if bucket.window == "board":
                return Taken(left, refused, tuple(shares))
            raise refused
        if bucket.window != "board":
            left = min(left, bucket.limit.left(full, now_ms))
        if bucket.window in ("burst", "day"):
            shares.append(bucket.share(full, now_ms))
    return Taken(left, shares=tuple(shares))


async def take_once(tx: Tx, name: str, limit: Limit, *, secret: bytes, now_ms: int) -> bool:
    """Whether a bucket that belongs to no act, such as that of a spent challenge, had a token."""
    return await limits.take(tx, hashed(secret, name), limit, now_ms) is not None


async def refusal(tx: Tx, bucket: Bucket, *, secret: bytes, now_ms: int) -> TooMany:
    full = await limits.full_ms(tx, hashed(secret, bucket.name))
    wait = max(1, bucket.limit.wait_s(full, now_ms))
    of_place, reached = bucket.window in ("burst", "day"), (bucket.window, bucket.limit.count, bucket.limit.seconds)
    return TooMany(sentence(bucket, wait), wait, is_of_place=of_place, limit=reached)


def sentence(bucket: Bucket, wait_s: int) -> Phrase:
    minutes = -(-wait_s // 60)
    match bucket.window:
        case "burst":
            return phrase(
                "That is a lot at once from one place. Please wait {minutes} min, then send it.", minutes=minutes
            )
        case "day":
            return phrase("One place can send no more today. Please wait {minutes} min, then send it.", minutes=minutes)
        case "mail":
            return phrase(
                "This address was given often enough. Please wait {minutes} min, then send it.", minutes=minutes
            )
        case "board":
            return phrase("More comes in than we can read. Please wait {minutes} min, then send it.", minutes=minutes)


def hashed(secret: bytes, name: str) -> bytes:
    return hmac.digest(secret, b"bucket " + name.encode("utf-8", "replace"), hashlib.sha256)


async def clear(db: Database, now_ms: int) -> None:
    """Forgets full buckets; where there are none, nothing is locked."""
    async with db.reading() as tx:
        if not await limits.any_to_clear(tx, now_ms):
            return
    async with db.saving() as tx:
        await limits.clear(tx, now_ms)


async def settle(tx: Tx, typed: dict[str, str], *, by: Actor) -> None:
    """The company's own limits; those that are not named go back to what the board came with."""
    require(by, "run_board")
    await company.save(tx, {"limits": read_counts(typed)})


def read_counts(typed: dict[str, str]) -> dict[str, int]:
    """The limits as typed, by key; raises Invalid with every one that is no number or out of bounds."""
    known = rules.counts({})
    given = {name: value.strip() for name, value in typed.items() if name in known}
    wrong = {name: WRONG for name, value in given.items() if not is_count(value)}
    if wrong:
        raise Invalid(dict(wrong))
    return {name: int(value) for name, value in given.items() if int(value) != known[name]}


def is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(rules.MOST)) and 1 <= int(text) <= rules.MOST


WRONG = phrase("Give a whole number from {least} to {most}.", least=1, most=rules.MOST)
