"""What moderators work from: who posted, why words wait, what was asked to be hidden, reports and appeals. All private.

Times are integer milliseconds.
"""

import json
from dataclasses import dataclass
from typing import Any

from board.store import touches
from board.store.database import Tx

Row = dict[str, Any]
AT_ONCE = 200  # what a queue shows of each sort


@dataclass(frozen=True)
class Hiding:
    """Words that somebody asked to take from view. `act` is remove (the issue), hide (a comment), redact or mask.

    `detail` is what it needs besides. `state`: asked (waits for a second person or until `due_ms`), done, refused; done
    at once: review, agreed, wrong.
    """

    id: int
    issue: int
    act: str
    target: int | None
    detail: dict[str, Any]
    reason: str
    person: int
    asked_ms: int
    due_ms: int | None
    state: str


HIDING = "SELECT id, issue, act, target, detail, reason, person, asked_ms, due_ms, state FROM hidings "


async def ask(
    tx: Tx,
    *,
    issue: int,
    act: str,
    target: int | None,
    detail: dict[str, Any],
    reason: str,
    person: int,
    asked_ms: int,
    due_ms: int | None,
) -> int:
    """Keeps what was asked; with `due_ms` it waits, without it is done and to be looked over."""
    return int(
        await tx.value(
            "INSERT INTO hidings (issue, act, target, detail, reason, person, asked_ms, due_ms, state)"
            " VALUES (:issue, :act, :target, :detail, :reason, :person, :asked, :due, :state) RETURNING id",
            issue=issue,
            act=act,
            target=target,
            detail=json.dumps(detail),
            reason=reason,
            person=person,
            asked=asked_ms,
            due=due_ms,
            state="review" if due_ms is None else "asked",
        )
    )


async def hiding(tx: Tx, number: int) -> Hiding | None:
    row = await tx.row(HIDING + "WHERE id = :id", id=number)
    return read_hiding(row) if row else None


async def hidings(tx: Tx, state: str, *, issue: int | None = None, limit: int = AT_ONCE) -> list[Hiding]:
    """The oldest first."""
    of_issue = "AND issue = :issue " if issue is not None else ""
    given = {"issue": issue} if issue is not None else {}
    statement = HIDING + f"WHERE state = :state {of_issue}ORDER BY id LIMIT :limit"
    rows = await tx.rows(statement, state=state, limit=limit, **given)
    return [read_hiding(row) for row in rows]


async def hidings_due(tx: Tx, now_ms: int, *, limit: int) -> list[Hiding]:
    rows = await tx.rows(
        HIDING + "WHERE state = 'asked' AND due_ms <= :now ORDER BY due_ms, id LIMIT :limit", now=now_ms, limit=limit
    )
    return [read_hiding(row) for row in rows]


def read_hiding(row: Row) -> Hiding:
    return Hiding(**{**row, "detail": json.loads(row["detail"])})


async def settle_hiding(tx: Tx, number: int, *, before: str, state: str, by: int | None, now_ms: int) -> bool:
    """Ends it, and forgets the words that were to be masked; whether it was still in the state `before`."""
    row = await tx.row(
        "UPDATE hidings SET state = :state, decided_by = :by, decided_ms = :now, detail = '{}'"
        " WHERE id = :id AND state = :before RETURNING id",
        id=number,
        before=before,
        state=state,
        by=by,
        now=now_ms,
    )
    return row is not None


async def took_part(tx: Tx, issue: int, *, target: int | None) -> set[int]:
    """Which colleagues asked to hide the issue, or the words at `target`, or agreed to it, where it was done."""
    rows = await tx.rows(
        "SELECT person, decided_by FROM hidings WHERE issue = :issue AND COALESCE(target, -1) = :target"
        " AND state IN ('done', 'review', 'agreed')",
        issue=issue,
        target=-1 if target is None else target,
    )
    return {person for row in rows for person in row.values() if person is not None}


async def note_post(tx: Tx, *, seq: int, issue: int, voter: bytes, email: str | None = None) -> None:
    """Whose browser posted the words at `seq`: an opaque mark, and the address that was signed in there."""
    await tx.run(
        "INSERT INTO posts (seq, issue, voter, email) VALUES (:seq, :issue, :voter, :email)",
        seq=seq,
        issue=issue,
        voter=voter,
        email=email,
    )


async def address_behind(tx: Tx, seq: int) -> str | None:
    """The address that was signed in where the words at `seq` came from."""
    found: str | None = await tx.value("SELECT email FROM posts WHERE seq = :seq", seq=seq)
    return found


async def has_been_public(tx: Tx, voter: bytes) -> bool:
    """Whether the public reads something that came from this browser."""
    return bool(
        await tx.value(
            "SELECT 1 FROM posts JOIN entries ON entries.seq = posts.seq JOIN issues ON issues.number = posts.issue"
            " WHERE voter = :voter AND entries.status = 'public' AND issues.visibility = 'public' LIMIT 1",
            voter=voter,
        )
    )


async def hold(tx: Tx, *, seq: int, issue: int, why: str) -> None:
    """Why the words at `seq` wait."""
    await tx.run("INSERT INTO holds (seq, issue, why) VALUES (:seq, :issue, :why)", seq=seq, issue=issue, why=why)


async def waiting(tx: Tx, *, limit: int = AT_ONCE) -> list[Row]:
    """Held issues and comments, oldest first: issue, seq, kind, name, body, title, at, why."""
    return await tx.rows(
        "SELECT entries.issue, entries.seq, entries.kind, entries.name, entries.body, issues.title, entries.at,"
        " holds.why FROM (SELECT seq FROM entries WHERE status = 'held' AND kind = 'comment.posted' UNION ALL"
        " SELECT filed_seq FROM issues WHERE stage = 'held' AND visibility = 'held') AS held"
        " JOIN entries ON entries.seq = held.seq JOIN issues ON issues.number = entries.issue"
        " LEFT JOIN holds ON holds.seq = entries.seq ORDER BY entries.seq LIMIT :limit",
        limit=limit,
    )


async def report(tx: Tx, *, issue: int, seq: int, reason: str, words: str | None, voter: bytes, now_ms: int) -> None:
    """Keeps a report; a second one by the same browser about the same words changes nothing."""
    await tx.run(
        "INSERT INTO reports (issue, seq, reason, words, voter, created_ms)"
        " VALUES (:issue, :seq, :reason, :words, :voter, :now) ON CONFLICT (seq, voter) DO NOTHING",
        issue=issue,
        seq=seq,
        reason=reason,
        words=words,
        voter=voter,
        now=now_ms,
    )
    await touches.touch(tx, "reports")


async def reports(tx: Tx, *, limit: int = AT_ONCE) -> list[Row]:
    """Reports that nobody has settled, oldest first, with the words that they are about."""
    return await tx.rows(
        "SELECT reports.id, reports.issue, reports.seq, reports.reason, reports.words, reports.created_ms,"
        " issues.title, entries.body, entries.name FROM reports JOIN issues ON issues.number = reports.issue"
        " LEFT JOIN entries ON entries.seq = reports.seq WHERE settled_ms IS NULL ORDER BY reports.id LIMIT :limit",
        limit=limit,
    )


async def issue_reported(tx: Tx, seq: int) -> int | None:
    """The issue of words that somebody reported."""
    found: int | None = await tx.value("SELECT issue FROM reports WHERE seq = :seq LIMIT 1", seq=seq)
    return found


async def settle_reports(tx: Tx, *, seq: int, now_ms: int) -> None:
    """All that was reported about the words at `seq` is looked at."""
    await tx.run("UPDATE reports SET settled_ms = :now WHERE seq = :seq AND settled_ms IS NULL", seq=seq, now=now_ms)


async def count_reports(tx: Tx) -> int:
    """How many came in, ever, for the public figures: whoever reported is not in the record."""
    return int(await tx.value("SELECT COUNT(*) FROM reports"))


async def appeal(tx: Tx, *, issue: int, seq: int, words: str, voter: bytes | None, now_ms: int) -> bool:
    """Keeps the word of the filer, or of the browser marked `voter`, against the decision at `seq`; if it is first."""
    await touches.touch(tx, "reports")
    row = await tx.row(
        "INSERT INTO appeals (issue, seq, words, voter, created_ms) VALUES (:issue, :seq, :words, :voter, :now)"
        " ON CONFLICT (seq) DO NOTHING RETURNING id",
        issue=issue,
        seq=seq,
        words=words,
        voter=voter,
        now=now_ms,
    )
    return row is not None


APPEAL = "SELECT id, issue, seq, words, voter, created_ms, settled_ms, outcome, answer FROM appeals "


async def appeals(tx: Tx, *, limit: int = AT_ONCE) -> list[Row]:
    """Those that nobody has judged, oldest first: each with the decision's kind and reason, and what it is about."""
    return await tx.rows(
        "SELECT appeals.id, appeals.issue, appeals.seq, appeals.words, appeals.created_ms, decision.kind,"
        " decision.reason, about.body FROM appeals LEFT JOIN entries decision ON decision.seq = appeals.seq"
        " LEFT JOIN entries about ON about.seq = decision.target"
        " WHERE settled_ms IS NULL ORDER BY appeals.id LIMIT :limit",
        limit=limit,
    )


async def count_appeals(tx: Tx) -> dict[str, int]:
    """How many there were, ever, and how many were right, for the public figures."""
    row = await tx.row("SELECT COUNT(*) AS made, COUNT(CASE WHEN outcome = 'upheld' THEN 1 END) AS upheld FROM appeals")
    assert row
    return row


async def appeal_against(tx: Tx, seq: int) -> Row | None:
    return await tx.row(APPEAL + "WHERE seq = :seq", seq=seq)


async def appeal_by_id(tx: Tx, number: int) -> Row | None:
    return await tx.row(APPEAL + "WHERE id = :id", id=number)


async def settle_appeal(tx: Tx, number: int, *, outcome: str, answer: str | None, now_ms: int) -> bool:
    await touches.touch(tx, "reports")
    row = await tx.row(
        "UPDATE appeals SET outcome = :outcome, answer = :answer, settled_ms = :now"
        " WHERE id = :id AND settled_ms IS NULL RETURNING id",
        id=number,
        outcome=outcome,
        answer=answer,
        now=now_ms,
    )
    return row is not None


async def person_behind(tx: Tx, seq: int) -> int | None:
    """Which colleague brought the event about."""
    found: int | None = await tx.value("SELECT person FROM actors WHERE seq = :seq", seq=seq)
    return found


async def counts(tx: Tx) -> dict[str, int]:
    """How much waits for moderators, by sort."""
    row = await tx.row(
        "SELECT (SELECT COUNT(*) FROM issues WHERE stage = 'held' AND visibility = 'held')"
        " + (SELECT COUNT(*) FROM entries WHERE status = 'held' AND kind = 'comment.posted') AS held,"
        " (SELECT COUNT(*) FROM reports WHERE settled_ms IS NULL) AS reports,"
        " (SELECT COUNT(*) FROM appeals WHERE settled_ms IS NULL) AS appeals,"
        " (SELECT COUNT(*) FROM hidings WHERE state = 'asked') AS asked,"
        " (SELECT COUNT(*) FROM hidings WHERE state = 'review') AS review"
    )
    assert row
    return row
