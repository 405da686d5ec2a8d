"""The private words between the filer and the company, sealed, and who read them. Times are integer milliseconds."""

from typing import Any

from board.store.database import Tx


async def add(tx: Tx, *, issue: int, by_filer: bool, person: int | None, sealed: str, now_ms: int) -> None:
    await tx.run(
        "INSERT INTO private_words (issue, by_filer, person, sealed, created_ms)"
        " VALUES (:issue, :by_filer, :person, :sealed, :now)",
        issue=issue,
        by_filer=int(by_filer),
        person=person,
        sealed=sealed,
        now=now_ms,
    )


async def of_issue(tx: Tx, issue: int) -> list[dict[str, Any]]:
    """The words as they are sealed, oldest first, with the names of colleagues."""
    return await tx.rows(
        "SELECT by_filer, sealed, private_words.created_ms, read_ms, people.name FROM private_words"
        " LEFT JOIN people ON people.id = private_words.person WHERE issue = :issue ORDER BY private_words.id",
        issue=issue,
    )


async def note_reading(tx: Tx, *, issue: int, person: int, now_ms: int) -> None:
    """A colleague reads what the customer told the company alone."""
    await tx.run(
        "INSERT INTO readings (issue, person, read_ms) VALUES (:issue, :person, :now)",
        issue=issue,
        person=person,
        now=now_ms,
    )
    await tx.run(
        "UPDATE private_words SET read_ms = :now WHERE issue = :issue AND by_filer = 1 AND read_ms IS NULL",
        issue=issue,
        now=now_ms,
    )


async def readings(tx: Tx, issue: int) -> list[dict[str, Any]]:
    """Who has read them: name, how often, and when last."""
    return await tx.rows(
        "SELECT people.name, COUNT(*) AS times, MAX(readings.read_ms) AS last_ms FROM readings"
        " JOIN people ON people.id = readings.person WHERE issue = :issue GROUP BY people.id, people.name"
        " ORDER BY last_ms DESC",
        issue=issue,
    )


async def forget(tx: Tx, issue: int) -> None:
    await tx.run("DELETE FROM private_words WHERE issue = :issue", issue=issue)


async def forget_settled(tx: Tx, before: str) -> None:
    """Deletes what was told about issues that were settled before the time."""
    await tx.run(
        "DELETE FROM private_words WHERE issue IN (SELECT private_words.issue FROM private_words JOIN issues"
        " ON issues.number = private_words.issue WHERE issues.settled_time < :before)",
        before=before,
    )
