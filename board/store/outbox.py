"""Messages that go out by mail, or would: each is kept with what became of it. Times are integer milliseconds."""

import json
from dataclasses import asdict
from typing import Any

from board.domain.faults import Fault
from board.domain.letters import Letter, Part, in_thread, without_words
from board.store import own_data
from board.store.database import Tx

COLUMNS = "id, message_id, recipient, subject, letter, state, tries, unsure, retry_ms, error, created_ms"


# What goes first: what somebody waits for at the screen, then letters to one person, then those to many.
NOW, OF_ONE, OF_MANY = range(3)


IS_STOPPED = "FROM bounces WHERE email = :recipient AND stopped_ms IS NOT NULL"


async def put(tx: Tx, *, message_id: str, recipient: str, letter: Letter, now_ms: int, rank: int = NOW) -> None:
    """Queues a letter; one whose Message-ID is there already is not doubled, about issues none goes where none is
    wanted, and none at all to an address from which mail comes back.
    """
    if letter.issue is not None:
        if await own_data.is_quiet(tx, recipient, letter.issue):
            return
        letter = in_thread(letter, await first_subject(tx, recipient, letter.issue))
    row = await tx.row(
        "INSERT INTO outbox (message_id, recipient, subject, letter, issue, state, tries, retry_ms, error, created_ms,"
        " rank) VALUES (:message_id, :recipient, :subject, :letter, :issue,"
        f" CASE WHEN EXISTS (SELECT 1 {IS_STOPPED}) THEN 'failed' ELSE 'queued' END, 0, :now,"
        f" (SELECT CAST(:error AS TEXT) {IS_STOPPED}), :now, :rank) ON CONFLICT (message_id) DO NOTHING RETURNING id",
        message_id=message_id,
        recipient=recipient,
        subject=letter.subject,
        letter=json.dumps(asdict(letter)),
        issue=letter.issue,
        error=str(Fault("stopped")),
        now=now_ms,
        rank=rank,
    )
    for issue in {part.issue for part in letter.parts if row}:
        assert row
        await tx.run("INSERT INTO quoted (issue, message) VALUES (:issue, :message)", issue=issue, message=row["id"])


async def first_subject(tx: Tx, recipient: str, issue: int) -> str | None:
    """Of the first letter about the issue to the address, but for the question whether to follow."""
    found: str | None = await tx.value(
        "SELECT subject FROM outbox WHERE recipient = :recipient AND issue = :issue AND message_id NOT LIKE 'follow.%'"
        " AND subject <> '' ORDER BY id LIMIT 1",
        recipient=recipient,
        issue=issue,
    )
    return found


async def put_if(tx: Tx, goes_out: bool, *, message_id: str, recipient: str, letter: Letter, now_ms: int) -> None:
    """Queues a letter or does not, by the same statement: the time that it takes tells nobody which."""
    await tx.run(
        "INSERT INTO outbox (message_id, recipient, subject, letter, state, tries, retry_ms, created_ms)"
        " SELECT CAST(:message_id AS TEXT), CAST(:recipient AS TEXT), CAST(:subject AS TEXT), CAST(:letter AS TEXT),"
        " 'queued', 0, CAST(:now AS BIGINT), CAST(:now AS BIGINT) WHERE CAST(:goes_out AS INTEGER) = 1",
        message_id=message_id,
        recipient=recipient,
        subject=letter.subject,
        letter=json.dumps(asdict(letter)),
        now=now_ms,
        goes_out=int(goes_out),
    )


FAR_MS = 2 * 86_400_000  # further ahead than any next try: the clock was ahead when it was set
IS_DUE = "state = 'queued' AND (retry_ms <= :now OR retry_ms > :far)"


async def due(tx: Tx, now_ms: int, *, limit: int) -> list[dict[str, Any]]:
    """What goes out next: of each rank the oldest, by an index, so that a crowd of others costs nothing."""
    branches = [
        f"SELECT id FROM (SELECT id FROM outbox WHERE state = 'queued' AND rank = {rank} AND {when}"
        f" ORDER BY retry_ms, id LIMIT {limit}) AS first_of_rank"
        for rank in (NOW, OF_ONE, OF_MANY)
        for when in ("retry_ms <= :now", "retry_ms > :far")
    ]
    return await tx.rows(
        f"SELECT {COLUMNS} FROM outbox WHERE id IN ({' UNION ALL '.join(branches)})"
        f" ORDER BY rank, retry_ms, id LIMIT {limit}",
        now=now_ms,
        far=now_ms + FAR_MS,
    )


async def waiting(tx: Tx, rank: int, now_ms: int, *, most: int) -> int:
    """How many letters of this rank are due; counted no further than `most`."""
    return int(
        await tx.value(
            "SELECT COUNT(*) FROM (SELECT id FROM outbox WHERE state = 'queued' AND rank = :rank AND retry_ms <= :now"
            " LIMIT :most) AS first_ones",
            rank=rank,
            now=now_ms,
            most=most,
        )
    )


async def claim(tx: Tx, message: int, *, now_ms: int, until_ms: int) -> bool:
    """Whether this process may try the message now; if it dies on the way, the message is due again at `until_ms`,
    and nobody knows whether it arrived.
    """
    row = await tx.row(
        f"UPDATE outbox SET retry_ms = :until, unsure = unsure + 1 WHERE id = :id AND {IS_DUE} RETURNING id",
        id=message,
        now=now_ms,
        far=now_ms + FAR_MS,
        until=until_ms,
    )
    return row is not None


async def settle(
    tx: Tx,
    message: int,
    *,
    state: str,
    tries: int,
    unsure: int,
    retry_ms: int,
    error: str | None,
    by_line: bool = False,
    until_ms: int,
) -> None:
    """What became of a try: sent, failed for good (`by_line`: by no fault of the letter), or queued for the next one.

    Whoever comes back with a failure after its claim `until_ms` has passed on says nothing about a message that is
    somebody else's now.
    """
    await tx.run(
        "UPDATE outbox SET state = :state, tries = :tries, unsure = :unsure, retry_ms = :retry_ms,"
        " error = :error, by_line = :by_line WHERE id = :id"
        " AND (CAST(:state AS TEXT) = 'sent' OR (state = 'queued' AND retry_ms = :until))",
        id=message,
        state=state,
        tries=tries,
        unsure=unsure,
        retry_ms=retry_ms,
        error=error,
        by_line=int(by_line),
        until=until_ms,
    )


async def rewrite(tx: Tx, message: int, letter: Letter) -> None:
    await tx.run("UPDATE outbox SET letter = :letter WHERE id = :id", id=message, letter=json.dumps(asdict(letter)))


async def try_now(tx: Tx, message: int, now_ms: int) -> bool:
    """Whether it has a turn now: not what was sent, and nothing without words."""
    row = await tx.row(
        "UPDATE outbox SET state = 'queued', retry_ms = :now, unsure = 0, by_line = 0"
        " WHERE id = :id AND state <> 'sent' AND letter <> '' RETURNING id",
        id=message,
        now=now_ms,
    )
    return row is not None


SOON_MS = 180_000  # whose turn comes so soon may be on its way now, and needs no hurry
# Those that wait for a later try, and those that the line has ended since then.
LATER = "state = 'queued' AND rank IN (0, 1, 2) AND retry_ms > :soon"
ENDED = "by_line = 1 AND retry_ms >= :since"


async def putting_off(tx: Tx, now_ms: int, *, since_ms: int, most: int) -> tuple[int, int]:
    """How many wait for a later try, and how many the line has ended since then; counted no further than `most`."""
    row = await tx.row(
        f"SELECT (SELECT COUNT(*) FROM (SELECT id FROM outbox WHERE {LATER} LIMIT :most) AS first_ones) AS waiting,"
        f" (SELECT COUNT(*) FROM (SELECT id FROM outbox WHERE {ENDED} LIMIT :most) AS others) AS ended",
        soon=now_ms + SOON_MS,
        since=since_ms,
        most=most,
    )
    assert row
    return row["waiting"], row["ended"]


async def hurry(tx: Tx, now_ms: int, *, limit: int) -> int:
    """Those that wait for a later try have their turn now, the first first; returns how many."""
    rows = await tx.rows(
        f"UPDATE outbox SET retry_ms = :now WHERE id IN (SELECT id FROM outbox WHERE {LATER} ORDER BY rank, retry_ms"
        " LIMIT :limit) AND state = 'queued' RETURNING id",
        now=now_ms,
        soon=now_ms + SOON_MS,
        limit=limit,
    )
    return len(rows)


async def ended_by_line(tx: Tx, since_ms: int, *, limit: int) -> list[dict[str, Any]]:
    """What the line has ended since then, the oldest first."""
    return await tx.rows(
        f"SELECT {COLUMNS} FROM outbox WHERE {ENDED} ORDER BY retry_ms LIMIT :limit", since=since_ms, limit=limit
    )


async def begin_again(tx: Tx, message: int, now_ms: int) -> None:
    """What the line has ended is tried as if for the first time."""
    await tx.run(
        "UPDATE outbox SET state = 'queued', tries = 0, retry_ms = :now, by_line = 0 WHERE id = :id AND by_line = 1",
        id=message,
        now=now_ms,
    )


async def leave(tx: Tx, message: int) -> None:
    """What the line has ended stays as it is, also when all others are tried again."""
    await tx.run("UPDATE outbox SET by_line = 0 WHERE id = :id", id=message)


async def empty_old(tx: Tx, before_ms: int, *, limit: int) -> int:
    """Deletes the words of the oldest that do not wait, and were written before then; returns of how many.

    What became of each stays, and its Message-ID, so that none is written twice.
    """
    rows = await tx.rows(
        "UPDATE outbox SET subject = '', letter = '', by_line = 0 WHERE id IN (SELECT id FROM outbox"
        " WHERE state <> 'queued' AND letter <> '' AND created_ms < :before ORDER BY created_ms LIMIT :limit)"
        " AND state <> 'queued' RETURNING id",
        before=before_ms,
        limit=limit,
    )
    for row in rows:
        await tx.run("DELETE FROM quoted WHERE message = :message", message=row["id"])
    tx.has_erased = tx.has_erased or bool(rows)
    return len(rows)


async def one(tx: Tx, message: int) -> dict[str, Any] | None:
    return await tx.row(f"SELECT {COLUMNS} FROM outbox WHERE id = :id", id=message)


async def fail(tx: Tx, message: int, *, error: str) -> None:
    """It was sent, and came back."""
    await tx.run("UPDATE outbox SET state = 'failed', error = :error WHERE id = :id", id=message, error=error)


async def end(tx: Tx, message: int, *, error: str) -> bool:
    """One that waits is not sent; whether it did wait."""
    row = await tx.row(
        "UPDATE outbox SET state = 'failed', error = :error WHERE id = :id AND state = 'queued' RETURNING id",
        id=message,
        error=error,
    )
    return row is not None


async def give_up(tx: Tx, recipient: str, *, error: str) -> None:
    """Nothing that still waits is sent to the address."""
    await tx.run(
        "UPDATE outbox SET state = 'failed', error = :error WHERE state = 'queued' AND recipient = :recipient",
        error=error,
        recipient=recipient,
    )


async def give_up_about(tx: Tx, issue: int, recipient: str, *, error: str) -> None:
    """Nothing about the issue that still waits is sent to the address."""
    await tx.run(
        "UPDATE outbox SET state = 'failed', error = :error"
        " WHERE state = 'queued' AND recipient = :recipient AND issue = :issue",
        error=error,
        recipient=recipient,
        issue=issue,
    )


STATES = ("queued", "sent", "failed", "kept")


async def newest(tx: Tx, *, limit: int, before: int | None = None, state: str | None = None) -> list[dict[str, Any]]:
    """The newest messages; `before` is the id where the page before ended."""
    given = {name: value for name, value in {"before": before, "state": state}.items() if value is not None}
    conditions = [{"before": "id < :before", "state": "state = :state"}[name] for name in given] or ["1 = 1"]
    return await tx.rows(
        f"SELECT {COLUMNS} FROM outbox WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT :limit",
        **given,
        limit=limit,
    )


async def counts(tx: Tx) -> dict[str, int]:
    rows = await tx.rows("SELECT state, COUNT(*) AS number FROM outbox GROUP BY state")
    return {row["state"]: row["number"] for row in rows}


async def counts_up_to(tx: Tx, most: int) -> dict[str, int]:
    """How many letters are in each state, counted no further than `most`: what nobody waits long for."""
    counted = ", ".join(
        f"(SELECT COUNT(*) FROM (SELECT id FROM outbox WHERE state = '{state}' LIMIT :most) AS {state}_ones) AS {state}"
        for state in STATES
    )
    row = await tx.row(f"SELECT {counted}", most=most)
    return {state: number for state, number in (row or {}).items() if number}


async def oldest_waiting(tx: Tx) -> int | None:
    """Since when the oldest of those that wait does so."""
    found: int | None = await tx.value("SELECT MIN(created_ms) FROM outbox WHERE state = 'queued'")
    return found


async def forget_words(tx: Tx, issue: int) -> None:
    """Leaves no words in the issue's letters, sent or not: only the link and what makes them one thread."""
    rows = await tx.rows(
        "SELECT id, letter FROM outbox WHERE letter <> '' AND id IN (SELECT id FROM outbox WHERE issue = :issue"
        " UNION SELECT message FROM quoted WHERE issue = :issue)",
        issue=issue,
    )
    for row in rows:
        letter = without_words(letter_of(row), issue)
        await tx.run(
            "UPDATE outbox SET subject = :subject, letter = :letter WHERE id = :id",
            id=row["id"],
            subject=letter.subject,
            letter=json.dumps(asdict(letter)),
        )


def unkept(letter: Letter) -> dict[str, Any]:
    """A message as a row that stands in no table."""
    return {"id": 0, "letter": json.dumps(asdict(letter)), "tries": 0, "unsure": 0}


def letter_of(row: dict[str, Any]) -> Letter:
    """The letter, without a word where they were deleted."""
    if not row["letter"]:
        return Letter(subject="", paragraphs=())
    kept = json.loads(row["letter"])
    parts = tuple(map(part_of, kept.get("parts", ())))
    return Letter(**{**kept, "paragraphs": tuple(kept["paragraphs"]), "parts": parts})


def part_of(kept: dict[str, Any]) -> Part:
    """In letters that were written before lines were kept apart, all of them are one text."""
    lines = kept["lines"] if "lines" in kept else filter(None, (kept["text"],))
    return Part(kept["issue"], kept["title"], kept["link"], tuple(lines))
