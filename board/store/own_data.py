"""What the board keeps of one person: to be handed out, moved to another address, or forgotten."""

import hashlib
from typing import Any

from board.store import bounces, touches, wishes
from board.store.database import Tx


def address_hash(email: str) -> bytes:
    return hashlib.sha256(email.encode()).digest()


async def own_texts(tx: Tx, issue: int, mark: bytes, *, is_filer: bool) -> list[dict[str, Any]]:
    """What came from the browser of this mark, and where it is the filer's all that they wrote: shown or not."""
    return await tx.rows(
        "SELECT entries.issue, entries.seq, entries.kind, entries.at, entries.status, openings.field, openings.value"
        " FROM entries JOIN openings ON openings.seq = entries.seq WHERE entries.issue = :issue AND"
        " (entries.by_filer = :filer OR entries.seq IN (SELECT seq FROM posts WHERE voter = :mark))"
        " ORDER BY entries.seq, openings.field",
        issue=issue,
        mark=mark,
        filer=1 if is_filer else -1,
    )


async def appeals_about(tx: Tx, issue: int) -> list[dict[str, Any]]:
    """What the filer has said against decisions about the issue."""
    return await tx.rows(
        "SELECT words, created_ms, outcome, answer FROM appeals WHERE issue = :issue AND voter IS NULL ORDER BY id",
        issue=issue,
    )


async def appeals_of(tx: Tx, mark: bytes) -> list[dict[str, Any]]:
    """What the browser of this mark has said against decisions about its own words."""
    return await tx.rows(
        "SELECT issue, words, created_ms, outcome, answer FROM appeals WHERE voter = :mark ORDER BY id", mark=mark
    )


async def reports_of(tx: Tx, mark: bytes) -> list[dict[str, Any]]:
    """What the browser of this mark has reported."""
    return await tx.rows(
        "SELECT issue, seq, reason, words, created_ms FROM reports WHERE voter = :mark ORDER BY id", mark=mark
    )


async def mine_too_of(tx: Tx, mark: bytes) -> list[int]:
    rows = await tx.rows("SELECT issue FROM mine_too WHERE voter = :mark ORDER BY issue", mark=mark)
    return [row["issue"] for row in rows]


async def issues_posted_to(tx: Tx, mark: bytes) -> list[int]:
    rows = await tx.rows("SELECT DISTINCT issue FROM posts WHERE voter = :mark ORDER BY issue", mark=mark)
    return [row["issue"] for row in rows]


async def posts_of(tx: Tx, mark: bytes) -> list[int]:
    """The indices of the words that came from this browser."""
    rows = await tx.rows("SELECT seq FROM posts WHERE voter = :mark", mark=mark)
    return [row["seq"] for row in rows]


async def posted_by(tx: Tx, mark: bytes, email: str | None) -> frozenset[int]:
    """The indices of the words that came from this browser, or from another one in which the address was signed in."""
    rows = await tx.rows("SELECT seq FROM posts WHERE voter = :mark OR email = :email", mark=mark, email=email or "")
    return frozenset(row["seq"] for row in rows)


async def is_quiet(tx: Tx, email: str, issue: int | None = None) -> bool:
    """Whether the address wants no mail about issues, or none about this one."""
    found = await tx.value(
        "SELECT 1 FROM quiet WHERE address_hash = :all OR address_hash = :one LIMIT 1",
        all=address_hash(email),
        one=address_hash(about(email, issue)),
    )
    return found is not None


def about(email: str, issue: int | None) -> str:
    return email if issue is None else f"{email} {issue}"


async def be_quiet(tx: Tx, email: str, issue: int | None = None) -> None:
    """No more mail about issues, or about this one, goes to the address."""
    await tx.run(
        "INSERT INTO quiet (address_hash) VALUES (:hash) ON CONFLICT (address_hash) DO NOTHING",
        hash=address_hash(about(email, issue)),
    )


async def hear_of(tx: Tx, email: str, issue: int | None) -> None:
    """Mail about this issue goes to the address again, unless it wants none at all; without an issue, that ends."""
    await tx.run("DELETE FROM quiet WHERE address_hash = :hash", hash=address_hash(about(email, issue)))


async def be_heard(tx: Tx, email: str) -> None:
    """Mail goes to the address again, about each issue that it has filed or follows too."""
    rows = await tx.rows(
        "SELECT issue FROM filers WHERE email = :email UNION SELECT issue FROM follows WHERE email = :email",
        email=email,
    )
    for issue in (None, *(row["issue"] for row in rows)):
        await tx.run("DELETE FROM quiet WHERE address_hash = :hash", hash=address_hash(about(email, issue)))


async def move_address(tx: Tx, *, old: str, new: str) -> None:
    """Everything that belonged to the old address belongs to the new one, but for its sessions: they end.

    Whoever asked need not be who said yes, and the new address may have issues of its own.
    """
    await tx.run(
        "DELETE FROM follows WHERE email = :old AND issue IN (SELECT issue FROM follows WHERE email = :new)",
        old=old,
        new=new,
    )
    for table in ("follows", "filers", "posts"):
        await tx.run(f"UPDATE {table} SET email = :new WHERE email = :old", old=old, new=new)
    await tx.run("DELETE FROM grants WHERE session IN (SELECT token_hash FROM sessions WHERE email = :old)", old=old)
    await tx.run("DELETE FROM sessions WHERE email = :old", old=old)
    await wishes.move(tx, old=old, new=new)
    await bounces.forget(tx, old)
    if await is_quiet(tx, old):
        await be_quiet(tx, new)


async def followed_by(tx: Tx, email: str) -> list[int]:
    rows = await tx.rows("SELECT issue FROM follows WHERE email = :email", email=email)
    return [row["issue"] for row in rows]


async def forget_address(tx: Tx, email: str) -> None:
    """Nothing is left of the address but, where it wants no mail, its hash."""
    await tx.run("DELETE FROM quoted WHERE message IN (SELECT id FROM outbox WHERE recipient = :email)", email=email)
    await wishes.forget(tx, email)
    await bounces.forget(tx, email)
    for table, column in (("follows", "email"), ("sign_ins", "email"), ("sessions", "email"), ("outbox", "recipient")):
        await tx.run(f"DELETE FROM {table} WHERE {column} = :email", email=email)
    for table in ("filers", "posts"):
        await tx.run(f"UPDATE {table} SET email = NULL WHERE email = :email", email=email)
    tx.has_erased = True


async def forget_filer(tx: Tx, issue: int) -> None:
    """Address, private words, appeals and letters of whoever filed the issue."""
    await tx.run(
        "DELETE FROM outbox WHERE issue = :issue AND recipient IN (SELECT email FROM filers WHERE issue = :issue)",
        issue=issue,
    )
    await tx.run("UPDATE filers SET email = NULL WHERE issue = :issue", issue=issue)
    await tx.run("DELETE FROM private_words WHERE issue = :issue", issue=issue)
    await tx.run("DELETE FROM appeals WHERE issue = :issue AND voter IS NULL", issue=issue)
    await touches.touch(tx, "reports")
    tx.has_erased = True


async def pass_marks_on(tx: Tx, *, old: bytes, new: bytes) -> None:
    """The browser has another mark from now on: its words, reports and votes stay its own."""
    for table in ("posts", "reports", "mine_too", "appeals"):
        await tx.run(f"UPDATE {table} SET voter = :new WHERE voter = :old", old=old, new=new)


async def forget_marks(tx: Tx, mark: bytes) -> None:
    """Which words and reports came from the browser; its votes stay counted, and are of nobody any more."""
    await tx.run("DELETE FROM posts WHERE voter = :mark", mark=mark)
    await tx.run("DELETE FROM reports WHERE voter = :mark", mark=mark)
    await tx.run("DELETE FROM appeals WHERE voter = :mark", mark=mark)
    await touches.touch(tx, "reports")
