"""What comes in with public acts and stays private: filers, follows, “mine too”, notes, answers once given."""

import json
from dataclasses import dataclass
from typing import Any

from board.store.database import Tx

KEEP_ANSWERS_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Filer:
    """`email` is what was typed. `is_owed`: the address has said yes, and has not heard yet what happened before."""

    issue: int
    email: str | None
    is_confirmed: bool
    is_owed: bool

    @property
    def mail(self) -> str | None:
        """Where letters about the issue go: nowhere until the address has said that it wants them."""
        return self.email if self.is_confirmed else None


@dataclass(frozen=True)
class Follow:
    """`came_from` is the merged issue through which the follower came here, else the issue itself.

    `since_ms` is when the address said yes, 0 where it has not.
    """

    id: int
    issue: int
    email: str
    confirmed: bool
    came_from: int
    since_ms: int


async def add_filer(tx: Tx, *, issue: int, email: str | None, confirmed_ms: int | None = None) -> None:
    await tx.run(
        "INSERT INTO filers (issue, email, confirmed_ms) VALUES (:issue, :email, :confirmed)",
        issue=issue,
        email=email,
        confirmed=confirmed_ms,
    )


async def filer(tx: Tx, issue: int) -> Filer | None:
    row = await tx.row("SELECT email, confirmed_ms, owed FROM filers WHERE issue = :issue", issue=issue)
    return Filer(issue, row["email"], row["confirmed_ms"] is not None, bool(row["owed"])) if row else None


async def confirm_filer(tx: Tx, issue: int, now_ms: int) -> None:
    """The address wants the answers; what was said until now is owed to it."""
    await tx.run(
        "UPDATE filers SET confirmed_ms = :now, owed = 1"
        " WHERE issue = :issue AND email IS NOT NULL AND confirmed_ms IS NULL",
        issue=issue,
        now=now_ms,
    )


async def owed(tx: Tx) -> list[int]:
    """The issues whose filers have not heard yet what happened before they said yes."""
    return [row["issue"] for row in await tx.rows("SELECT issue FROM filers WHERE owed = 1 ORDER BY issue")]


async def settle_owed(tx: Tx, issue: int) -> None:
    await tx.run("UPDATE filers SET owed = 0 WHERE issue = :issue", issue=issue)


async def knows_email(tx: Tx, email: str) -> bool:
    """Whether the address was given with an issue, or has said that it follows one: then it can sign in."""
    return bool(
        await tx.value(
            "SELECT 1 FROM filers WHERE email = :email UNION"
            " SELECT 1 FROM follows WHERE email = :email AND confirmed_ms IS NOT NULL",
            email=email,
        )
    )


async def follow(tx: Tx, *, issue: int, email: str, now_ms: int) -> Follow:
    """Notes the wish to follow; it counts once the address has confirmed it."""
    row = await tx.row(
        "INSERT INTO follows (issue, email, created_ms, came_from) VALUES (:issue, :email, :now, :issue)"
        " ON CONFLICT (issue, email) DO UPDATE SET email = excluded.email"
        " RETURNING id, issue, email, confirmed_ms, came_from",
        issue=issue,
        email=email,
        now=now_ms,
    )
    assert row
    return read_follow(row)


FOLLOW = "SELECT id, issue, email, confirmed_ms, came_from FROM follows "


async def follow_by_id(tx: Tx, follow_id: int) -> Follow | None:
    row = await tx.row(FOLLOW + "WHERE id = :id", id=follow_id)
    return read_follow(row) if row else None


async def confirm_follow(tx: Tx, follow_id: int, now_ms: int) -> None:
    await tx.run(
        "UPDATE follows SET confirmed_ms = COALESCE(confirmed_ms, :now), came_from = issue WHERE id = :id",
        id=follow_id,
        now=now_ms,
    )


async def stop_following(tx: Tx, follow_id: int) -> None:
    """Nothing is left of it but its issue, without the address, for whoever uses its link once more."""
    await tx.run(
        "INSERT INTO ended_follows (follow, issue) SELECT id, issue FROM follows WHERE id = :id"
        " ON CONFLICT (follow) DO NOTHING",
        id=follow_id,
    )
    await tx.run("DELETE FROM follows WHERE id = :id", id=follow_id)


async def issue_of_ended(tx: Tx, follow_id: int) -> int | None:
    found: int | None = await tx.value("SELECT issue FROM ended_follows WHERE follow = :id", id=follow_id)
    return found


async def followers(tx: Tx, issue: int) -> list[Follow]:
    rows = await tx.rows(FOLLOW + "WHERE issue = :issue AND confirmed_ms IS NOT NULL ORDER BY id", issue=issue)
    return [read_follow(row) for row in rows]


async def is_followed(tx: Tx, issue: int) -> bool:
    """Whether any address hears of the issue because it follows it."""
    found = await tx.value(
        "SELECT 1 FROM follows WHERE issue = :issue AND confirmed_ms IS NOT NULL LIMIT 1", issue=issue
    )
    return found is not None


async def heard(tx: Tx, first: int, last: int) -> set[int]:
    """Of the issues of these events: those of which somebody wants to hear by mail."""
    here = "confirmed_ms IS NOT NULL AND issue IN (SELECT issue FROM events WHERE seq >= :first AND seq <= :last)"
    rows = await tx.rows(
        f"SELECT issue FROM filers WHERE {here} UNION SELECT issue FROM follows WHERE {here}", first=first, last=last
    )
    return {row["issue"] for row in rows}


async def follows_of(tx: Tx, email: str) -> list[Follow]:
    rows = await tx.rows(FOLLOW + "WHERE email = :email AND confirmed_ms IS NOT NULL ORDER BY id DESC", email=email)
    return [read_follow(row) for row in rows]


def read_follow(row: dict[str, Any]) -> Follow:
    since_ms = row["confirmed_ms"]
    return Follow(row["id"], row["issue"], row["email"], since_ms is not None, row["came_from"], since_ms or 0)


async def bring_followers(tx: Tx, *, source: int, into: int, now_ms: int) -> None:
    """A merge: the followers of `source` follow `into` as well, marked by where they came from."""
    await tx.run(
        "INSERT INTO follows (issue, email, created_ms, confirmed_ms, came_from)"
        " SELECT CAST(:into AS BIGINT), email, CAST(:now AS BIGINT), CAST(:now AS BIGINT), CAST(:source AS BIGINT)"
        " FROM follows WHERE issue = :source AND confirmed_ms IS NOT NULL ON CONFLICT (issue, email) DO UPDATE"
        " SET confirmed_ms = excluded.confirmed_ms, came_from = excluded.came_from WHERE follows.confirmed_ms IS NULL",
        into=into,
        now=now_ms,
        source=source,
    )


async def send_followers_back(tx: Tx, *, source: int, into: int) -> None:
    """A split: those who came by the merge leave again."""
    await tx.run("DELETE FROM follows WHERE issue = :into AND came_from = :source", into=into, source=source)


async def let_go_along(tx: Tx, *, source: int, into: int) -> None:
    """After a split at `source`: those who left it leave where they came from there, too."""
    await tx.run(
        "DELETE FROM follows WHERE issue = :into AND came_from = :source"
        " AND email NOT IN (SELECT email FROM follows WHERE issue = :source)",
        into=into,
        source=source,
    )


async def add_mine_too(tx: Tx, issue: int, voter: bytes) -> None:
    await tx.run(
        "INSERT INTO mine_too (issue, voter) VALUES (:issue, :voter) ON CONFLICT (issue, voter) DO NOTHING",
        issue=issue,
        voter=voter,
    )


async def add_note(tx: Tx, *, issue: int, person: int | None, body: str, now_ms: int) -> None:
    await tx.run(
        "INSERT INTO notes (issue, person, body, created_ms) VALUES (:issue, :person, :body, :now)",
        issue=issue,
        person=person,
        body=body,
        now=now_ms,
    )


async def notes(tx: Tx, issue: int) -> list[dict[str, Any]]:
    return await tx.rows(
        "SELECT notes.id, notes.body, notes.created_ms, people.name FROM notes"
        " LEFT JOIN people ON people.id = notes.person WHERE issue = :issue ORDER BY notes.id",
        issue=issue,
    )


async def add_source(tx: Tx, *, source: str, source_id: str, issue: int) -> None:
    await tx.run(
        "INSERT INTO sources (source, source_id, issue) VALUES (:source, :source_id, :issue)",
        source=source,
        source_id=source_id,
        issue=issue,
    )


async def issue_of_source(tx: Tx, source: str, source_id: str) -> int | None:
    found: int | None = await tx.value(
        "SELECT issue FROM sources WHERE source = :source AND source_id = :source_id",
        source=source,
        source_id=source_id,
    )
    return found


async def ids_of_issue(tx: Tx, *, source: str, issue: int) -> set[str]:
    """What is known of the issue at its source: its own id there, and those of its messages."""
    rows = await tx.rows(
        "SELECT source_id FROM sources WHERE issue = :issue AND source = :source", issue=issue, source=source
    )
    return {row["source_id"] for row in rows}


async def source_of_issue(tx: Tx, issue: int) -> str | None:
    found: str | None = await tx.value(
        "SELECT source FROM sources WHERE issue = :issue ORDER BY source LIMIT 1", issue=issue
    )
    return found


async def answer(tx: Tx, key_hash: bytes) -> dict[str, Any] | None:
    """What was answered to the request with this Idempotency-Key before: body_hash, status, body."""
    return await tx.row("SELECT body_hash, status, body FROM answers WHERE key_hash = :key", key=key_hash)


async def keep_answer(
    tx: Tx, *, key_hash: bytes, body_hash: bytes, issue: int | None, status: int, body: str, now_ms: int
) -> None:
    await tx.run(
        "INSERT INTO answers (key_hash, body_hash, issue, status, body, created_ms)"
        " VALUES (:key, :body_hash, :issue, :status, :body, :now)",
        key=key_hash,
        body_hash=body_hash,
        issue=issue,
        status=status,
        body=body,
        now=now_ms,
    )


async def forget_old_answers(tx: Tx, now_ms: int) -> None:
    """Forgets those that were old at the last look already, and marks those that are old now.

    A clock that is a year ahead for a while, here or on another host, makes each of them look old: between two looks,
    an hour apart by a clock that does not jump, a request that was not heard to be answered still finds its answer.
    """
    await drop_marked_answers(tx)
    await tx.run(
        "UPDATE answers SET created_ms = 0 WHERE created_ms < :oldest OR created_ms > :newest",
        oldest=now_ms - KEEP_ANSWERS_MS,
        newest=now_ms + KEEP_ANSWERS_MS,
    )


async def drop_marked_answers(tx: Tx) -> None:
    await tx.run("DELETE FROM answers WHERE created_ms = 0")


async def forget_answers(tx: Tx, issue: int) -> None:
    """Leaves no words in what was answered about the issue; whoever repeats a request still gets its index."""
    for row in await tx.rows("SELECT key_hash, body FROM answers WHERE issue = :issue", issue=issue):
        kept = json.loads(row["body"])
        kept["issue"] = {**kept["issue"], "title": None, "body": None}
        await tx.run(
            "UPDATE answers SET body = :body WHERE key_hash = :key", key=row["key_hash"], body=json.dumps(kept)
        )


async def remind_once(tx: Tx, *, issue: int, kind: str, seq: int) -> bool:
    """Whether this reminder about the event at `seq` is due for the first time."""
    row = await tx.row(
        "INSERT INTO reminders (issue, kind, seq) VALUES (:issue, :kind, :seq)"
        " ON CONFLICT (issue, kind, seq) DO NOTHING RETURNING issue",
        issue=issue,
        kind=kind,
        seq=seq,
    )
    return row is not None
