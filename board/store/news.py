"""What feeds are made of: the newest events, each led to the entries that it put into a timeline or changed there.

Only what everybody may read. It costs what is shown, however long the record is.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from board.store import entries
from board.store.database import Tx
from board.store.projection import Row
from board.store.record import Redaction, by_place

MOST = 50  # entries of one feed
WINDOW, WINDOWS = 100, 10  # events that are read at once, and how often, until there are enough entries
END = 2**53 - 1  # behind every event
OF_COMMENTS = ("text.corrected", "comment.held", "comment.published", "comment.rejected")  # told at what they change
OF_ISSUES = ("issue.published", "issue.restored", "issue.removed")  # change every entry of the issue
EVENT = "entries.seq, entries.issue, entries.kind, entries.target, entries.time, filed_seq"
WITH_ISSUE = "FROM entries JOIN issues ON issues.number = entries.issue"
OF_ENTRY = ", ".join(f"entries.{name.strip()}" for name in entries.COLUMNS.split(","))

Walk = Callable[[int], Awaitable[list[Row]]]


@dataclass(frozen=True)
class News:
    """An entry as everybody reads it now. `changed` is when it became so, where that was not its own event.

    `entry` has its issue's `title`, `in_area` and `visibility`. Of a removed issue it has no words, but the decision,
    `removed`.
    """

    entry: Row
    redactions: Sequence[Redaction]
    changed: str | None


@dataclass(frozen=True)
class Told:
    """News, the newest change first; `before` is where the next ones begin, None where there are none."""

    news: list[News]
    before: int | None


async def of_board(tx: Tx, before: int = END) -> Told:
    return await told(tx, lambda place: newest(tx, place), before)


async def of_issue(tx: Tx, issue: int, before: int = END) -> Told:
    return await told(tx, lambda place: newest_of_issue(tx, issue, place), before)


async def of_issues(tx: Tx, numbers: Sequence[int], before: int = END) -> Told:
    """News of so many issues as one page of a list has."""
    return await told(tx, lambda place: newest_of_issues(tx, numbers, place), before) if numbers else Told([], None)


async def told(tx: Tx, walk: Walk, before: int) -> Told:
    found: dict[int, News] = {}
    since: dict[int, str] = {}  # when all of an issue changed last
    for _ in range(WINDOWS):
        events = await walk(before)
        about = {event["seq"]: await subjects(tx, event) for event in events}
        shown = await entered(tx, {seq for each in about.values() for seq in each} - found.keys())
        redacted = await redactions(tx, shown)
        for event in events:
            if len(found) >= MOST:
                return Told(list(found.values()), before)
            before = event["seq"]
            if changes_all(event):
                since.setdefault(event["issue"], event["time"])
            for seq in about[before]:
                if seq in shown and seq not in found:
                    changed = event["time"] if seq != before else None
                    newest_change = since.get(event["issue"], changed)
                    found[seq] = News(shown[seq], redacted.get(seq, ()), newest_change)
        if len(events) < WINDOW:
            return Told(list(found.values()), None)
    return Told(list(found.values()), before)


async def subjects(tx: Tx, event: Row) -> tuple[int, ...]:
    """The entries that are new or different with the event."""
    if event["kind"] in OF_COMMENTS:
        return (event["target"],)
    if event["kind"] == "text.redacted":
        return event["seq"], await entries.original(tx, event["target"])
    if changes_all(event):
        return event["seq"], event["filed_seq"]
    return (event["seq"],)


def changes_all(event: Row) -> bool:
    """Whether the event changes every entry of its issue; what is published with its filing was never anything else."""
    return event["kind"] in OF_ISSUES and event["seq"] != event["filed_seq"] + 1


async def newest(tx: Tx, before: int) -> list[Row]:
    return await tx.rows(
        f"SELECT {EVENT} {WITH_ISSUE} WHERE entries.seq < :before ORDER BY entries.seq DESC LIMIT {WINDOW}",
        before=before,
    )


async def newest_of_issue(tx: Tx, issue: int, before: int) -> list[Row]:
    return await tx.rows(
        f"SELECT {EVENT} {WITH_ISSUE} WHERE entries.issue = :issue AND entries.seq < :before"
        f" ORDER BY entries.seq DESC LIMIT {WINDOW}",
        issue=issue,
        before=before,
    )


async def newest_of_issues(tx: Tx, numbers: Iterable[int], before: int) -> list[Row]:
    """Of each issue the newest by its index, and of them the newest."""
    branches = " UNION ALL ".join(
        f"SELECT * FROM (SELECT seq FROM entries WHERE issue = {int(number)} AND seq < :before"
        f" ORDER BY seq DESC LIMIT {WINDOW}) AS of_issue_{int(number)}"
        for number in numbers
    )
    first = f"SELECT seq FROM ({branches}) AS firsts ORDER BY seq DESC LIMIT {WINDOW}"
    return await tx.rows(
        f"SELECT {EVENT} {WITH_ISSUE} WHERE entries.seq IN ({first}) ORDER BY entries.seq DESC", before=before
    )


async def entered(tx: Tx, seqs: Iterable[int]) -> dict[int, Row]:
    """The entries among these that everybody may see at their places, filings too; without words that nobody may read.

    Of an issue that is removed the places stay; of one that was never shown there are none.
    """
    listed = ", ".join(str(int(seq)) for seq in seqs)
    rows = await tx.rows(
        f"SELECT {OF_ENTRY}, title, issues.area AS in_area, visibility,"
        " CASE WHEN entries.status = 'public' AND visibility = 'public' THEN 1 ELSE 0 END AS is_seen"
        f" {WITH_ISSUE} WHERE entries.seq IN ({listed or 'NULL'}) AND entries.kind IN ('issue.filed', {entries.SHOWN})"
        " AND entries.status IN ('public', 'hidden') AND visibility IN ('public', 'removed')"
    )
    hiding = {row["issue"] for row in rows if row["status"] == "hidden" and row["visibility"] == "public"}
    against = {target: row for issue in hiding for target, row in (await entries.rejections(tx, issue)).items()}
    gone = {row["issue"] for row in rows if row["visibility"] == "removed"}
    removed = {issue: await removal(tx, issue) for issue in gone}
    placed = {row["seq"]: {**entries.placed(row, against), "removed": removed.get(row["issue"])} for row in rows}
    return {seq: without_title(row) for seq, row in placed.items() if row["removed"] or row["issue"] not in gone}


def without_title(row: Row) -> Row:
    return {**row, "title": None} if row["removed"] else row


async def removal(tx: Tx, issue: int) -> Row | None:
    """The decision by which an issue was removed that everybody could read before."""
    row = await tx.row(
        "SELECT seq, kind, at, role, reason FROM entries WHERE issue = :issue"
        " AND kind IN ('issue.removed', 'issue.rejected') ORDER BY seq DESC LIMIT 1",
        issue=issue,
    )
    return row if row and row["kind"] == "issue.removed" else None


async def redactions(tx: Tx, seqs: Iterable[int]) -> dict[int, list[Redaction]]:
    """The words of these entries that were taken out."""
    listed = ", ".join(str(int(seq)) for seq in seqs)
    return by_place(
        await tx.rows(
            f"SELECT seq, field, by_event, reason FROM redactions WHERE seq IN ({listed or 'NULL'}) ORDER BY seq, field"
        )
    )
