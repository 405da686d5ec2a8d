"""Sign-ins that were asked for by mail: each with its link and its code, as hashes, bound to the browser that asked."""

from dataclasses import dataclass

from board.store.database import Tx
from board.store.people import hashed

LASTS_MS = 10 * 60_000
WINDOW_MS = 15 * 60_000  # within which an address gets so many mails
MAILS = 3
TRIES = 5


@dataclass(frozen=True)
class Ask:
    """Whose sign-in it is: a colleague's, or that of a customer's address."""

    person: int | None
    email: str


async def add(
    tx: Tx, *, token: str, code: str, browser: str, address: str, person: int | None, email: str | None, now_ms: int
) -> None:
    """Notes an ask; without `email` (unknown, or too often) it opens nothing. Clears away what is over."""
    await tx.run("DELETE FROM asks WHERE created_ms <= :oldest", oldest=now_ms - WINDOW_MS)
    await tx.run(
        "INSERT INTO asks (token_hash, code_hash, browser, address, person, email, tries, created_ms)"
        " VALUES (:token_hash, :code_hash, :browser, :address, :person, :email, 0, :now)",
        token_hash=hashed(token),
        code_hash=code_hash(browser, code),
        browser=hashed(browser),
        address=hashed(address),
        person=person,
        email=email,
        now=now_ms,
    )


def code_hash(browser: str, code: str) -> bytes:
    """Short codes cannot be guessed from the database: what they are hashed with is in the browser only."""
    return hashed(f"{browser} {code}")


async def is_full(tx: Tx, address: str, now_ms: int) -> bool:
    """Whether the address has had all the mails that it gets for now."""
    sent = await tx.value(
        "SELECT COUNT(*) FROM asks WHERE address = :address AND created_ms > :oldest AND email IS NOT NULL",
        address=hashed(address),
        oldest=now_ms - WINDOW_MS,
    )
    return int(sent) >= MAILS


async def take(tx: Tx, *, browser: str, now_ms: int, token: str = "", code: str = "") -> Ask | None:
    """Uses up the ask of this link or this code, in the browser that asked; of two that come at once, one gets it."""
    row = await tx.row(
        "DELETE FROM asks WHERE (token_hash = :token_hash OR code_hash = :code_hash) AND browser = :browser"
        " AND created_ms > :oldest AND tries < :tries AND email IS NOT NULL RETURNING person, email",
        token_hash=hashed(token),
        code_hash=code_hash(browser, code),
        browser=hashed(browser),
        oldest=now_ms - LASTS_MS,
        tries=TRIES,
    )
    if row is None:
        return None
    await tx.run("DELETE FROM asks WHERE browser = :browser", browser=hashed(browser))
    return Ask(**row)


async def note_miss(tx: Tx, browser: str) -> None:
    """A wrong code counts against every ask of this browser."""
    await tx.run("UPDATE asks SET tries = tries + 1 WHERE browser = :browser", browser=hashed(browser))


async def is_of_another_browser(tx: Tx, token: str, now_ms: int) -> bool:
    """Whether the link is good, but was asked for elsewhere."""
    return bool(
        await tx.value(
            "SELECT 1 FROM asks WHERE token_hash = :token_hash AND created_ms > :oldest AND email IS NOT NULL",
            token_hash=hashed(token),
            oldest=now_ms - LASTS_MS,
        )
    )


async def is_waiting(tx: Tx, browser: str, now_ms: int) -> bool:
    """Whether this browser has asked, and may still type a code."""
    return bool(
        await tx.value(
            "SELECT 1 FROM asks WHERE browser = :browser AND created_ms > :oldest AND tries < :tries",
            browser=hashed(browser),
            oldest=now_ms - LASTS_MS,
            tries=TRIES,
        )
    )
