"""What people want to hear of by mail, and what waits for their next digest."""

import json
from dataclasses import dataclass
from typing import Any

from board.domain.wishes import Wishes
from board.store.database import Tx

NONE = Wishes()


@dataclass(frozen=True)
class Waiting:
    """What happened on an issue since the last digest; `follow` is None for who filed it."""

    email: str
    issue: int
    follow: int | None
    first: int
    last: int


async def read(tx: Tx, email: str) -> Wishes:
    return (await of(tx, [email])).get(email, NONE)


async def of(tx: Tx, emails: list[str]) -> dict[str, Wishes]:
    """The wishes of those who have said any."""
    if not emails:
        return {}
    names = {f"e{place}": email for place, email in enumerate(emails)}
    places = ", ".join(f":{name}" for name in names)
    rows = await tx.rows(f"SELECT email, pace, zone, unwanted, areas FROM wishes WHERE email IN ({places})", **names)
    return {row["email"]: read_row(row) for row in rows}


def read_row(row: dict[str, Any]) -> Wishes:
    unwanted, areas = frozenset(json.loads(row["unwanted"])), frozenset(json.loads(row["areas"]))
    return Wishes(row["pace"], row["zone"], unwanted, areas)


async def number(tx: Tx, email: str) -> int:
    """Under which number the wishes of the address are kept."""
    found: int = await tx.value("SELECT id FROM wishes WHERE email = :email", email=email)
    return found


async def whose(tx: Tx, number: int) -> str | None:
    """The address whose wishes have this number."""
    found: str | None = await tx.value("SELECT email FROM wishes WHERE id = :id", id=number)
    return found


async def save(tx: Tx, email: str, said: Wishes, *, next_ms: int | None) -> None:
    """`next_ms`: when the next digest goes out, if something waits."""
    await tx.run(
        "INSERT INTO wishes (email, pace, zone, unwanted, areas, next_ms)"
        " VALUES (:email, :pace, :zone, :unwanted, :areas, :next)"
        " ON CONFLICT (email) DO UPDATE SET pace = excluded.pace, zone = excluded.zone,"
        " unwanted = excluded.unwanted, areas = excluded.areas, next_ms = excluded.next_ms",
        email=email,
        pace=said.pace,
        zone=said.zone,
        unwanted=json.dumps(sorted(said.unwanted)),
        areas=json.dumps(sorted(said.areas)),
        next=next_ms,
    )


async def wait(tx: Tx, one: Waiting, *, next_ms: int) -> None:
    """Keeps for the next digest where to read on; that goes out at `next_ms`, if none was due before."""
    await tx.run(
        "INSERT INTO digests (email, issue, follow, first_seq, last_seq)"
        " VALUES (:email, :issue, :follow, :first, :last)"
        " ON CONFLICT (email, issue) DO UPDATE SET follow = excluded.follow,"
        " first_seq = CASE WHEN excluded.first_seq < digests.first_seq THEN excluded.first_seq"
        " ELSE digests.first_seq END, last_seq = CASE WHEN excluded.last_seq > digests.last_seq"
        " THEN excluded.last_seq ELSE digests.last_seq END",
        email=one.email,
        issue=one.issue,
        follow=one.follow,
        first=one.first,
        last=one.last,
    )
    await tx.run(
        "UPDATE wishes SET next_ms = COALESCE(next_ms, :next) WHERE email = :email", email=one.email, next=next_ms
    )


async def due(tx: Tx, now_ms: int) -> str | None:
    """An address whose digest is due."""
    found: str | None = await tx.value(
        "SELECT email FROM wishes WHERE next_ms <= :now ORDER BY next_ms, email LIMIT 1", now=now_ms
    )
    return found


async def take(tx: Tx, email: str, now_ms: int) -> list[Waiting]:
    """What waits for the address, which waits no more; of many processes, one gets it."""
    taken = await tx.row(
        "UPDATE wishes SET next_ms = NULL WHERE email = :email AND next_ms <= :now RETURNING email",
        email=email,
        now=now_ms,
    )
    if taken is None:
        return []
    rows = await tx.rows(
        "DELETE FROM digests WHERE email = :email RETURNING email, issue, follow, first_seq, last_seq", email=email
    )
    return sorted(map(read_waiting, rows), key=lambda one: one.issue)


async def take_of_issue(tx: Tx, email: str, issue: int) -> Waiting | None:
    """What waits for the address about this issue, which is told now."""
    row = await tx.row(
        "DELETE FROM digests WHERE email = :email AND issue = :issue"
        " RETURNING email, issue, follow, first_seq, last_seq",
        email=email,
        issue=issue,
    )
    return read_waiting(row) if row else None


def read_waiting(row: dict[str, Any]) -> Waiting:
    return Waiting(row["email"], row["issue"], row["follow"], row["first_seq"], row["last_seq"])


async def has_waiting(tx: Tx, email: str) -> bool:
    return bool(await tx.value("SELECT 1 FROM digests WHERE email = :email LIMIT 1", email=email))


async def forget(tx: Tx, email: str) -> None:
    for table in ("digests", "wishes"):
        await tx.run(f"DELETE FROM {table} WHERE email = :email", email=email)


async def move(tx: Tx, *, old: str, new: str) -> None:
    """The wishes of the old address hold for the new one, unless that has said its own."""
    await tx.run(
        "UPDATE wishes SET email = :new WHERE email = :old AND NOT EXISTS"
        " (SELECT 1 FROM wishes AS own WHERE own.email = :new)",
        old=old,
        new=new,
    )
    await tx.run(
        "UPDATE digests SET email = :new WHERE email = :old AND issue NOT IN"
        " (SELECT issue FROM digests WHERE email = :new)",
        old=old,
        new=new,
    )
    await forget(tx, old)
