"""The timeline's rows: one for each event of an issue, with the newest wording that is left of its words."""

from collections.abc import Iterable
from typing import Literal

from board.domain import events as e
from board.domain.events import Words
from board.domain.leaf import Recorded, format_time
from board.domain.text import to_html
from board.store import tallies
from board.store.database import Tx
from board.store.projection import Row, outcome

COLUMNS = (
    "seq, issue, kind, role, via, by_filer, at, time, name, body, body_html, grade, corrected, status, resolution,"
    " due, area, into_issue, whose, reason, target, outcome, outcome_at"
)
SHOWN = (
    "'issue.held', 'issue.rejected', 'issue.removed', 'issue.restored', 'issue.acknowledged', 'issue.started',"
    " 'issue.waiting', 'issue.resolved', 'issue.closed', 'issue.reopened', 'issue.confirmed', 'issue.disputed',"
    " 'issue.lapsed', 'issue.withdrawn', 'issue.assigned', 'issue.moved', 'issue.merged', 'issue.split',"
    " 'update.posted', 'comment.posted', 'promise.made', 'promise.moved', 'promise.missed', 'thanks.given',"
    " 'text.redacted'"
)
NO_WORDS: Row = dict.fromkeys(("name", "body", "body_html", "grade", "whose"))
Reader = Literal["anyone", "filer", "staff"]
# Asked for each entry that not everybody reads, by the key: no index of all posts knows addresses.
OWN = "EXISTS (SELECT 1 FROM posts WHERE posts.seq = entries.seq AND (voter = :mark OR email = :email))"
SEEN: dict[Reader, str] = {
    "anyone": f"(status = 'public' OR {OWN})",
    "filer": f"(status = 'public' OR by_filer = 1 OR {OWN})",
    "staff": "1 = 1",
}
INSERT = f"INSERT INTO entries ({COLUMNS}) VALUES ({', '.join(':' + name.strip() for name in COLUMNS.split(','))})"


async def apply(tx: Tx, row: Row, r: Recorded, words: Words, made: Row) -> None:
    """Adds the event's own entry and changes those of older events that it speaks of."""
    event = r.event
    await tx.run(INSERT, **made)
    await tallies.count_moderation(tx, r, is_again=await is_shown_again(tx, event))
    if result := outcome(event):
        await settle_promise(tx, row["number"], r, result)
    match event:
        case e.CommentHeld(role="moderator"):
            await set_status(tx, event.target, "hidden")
        case e.CommentHeld():
            await set_status(tx, event.target, "held")
        case e.CommentPublished():
            await set_status(tx, event.target, "public")
        case e.CommentRejected():
            await set_status(tx, event.target, "rejected", but="hidden")
        case e.TextCorrected():
            await inherit_status(tx, r.index, event.target)
            await show_newest(tx, event.target, words)
            if event.role != "moderator":  # whose marks put nothing anew
                await tx.run("UPDATE entries SET corrected = 1 WHERE seq = :seq", seq=event.target)
        case e.TextRedacted():
            await show_newest(tx, await original(tx, event.target), event.fields)


async def settle_promise(tx: Tx, issue: int, r: Recorded, result: str) -> None:
    """Marks the promise that is open: the newest `promise.made` or `promise.moved` before the event."""
    await tx.run(
        "UPDATE entries SET outcome = :outcome, outcome_at = :at WHERE issue = :issue AND outcome = 'open'"
        " AND seq < :seq",
        outcome=result,
        at=format_time(r.at),
        issue=issue,
        seq=r.index,
    )


async def set_status(tx: Tx, seq: int, status: str, *, but: str = "") -> None:
    """Of every wording of the words at `seq`; not of those with the status `but`."""
    for wording in (seq, *await versions(tx, seq)):
        await tx.run(
            "UPDATE entries SET status = :status WHERE seq = :seq AND status <> :but",
            status=status,
            seq=wording,
            but=but,
        )


async def is_shown_again(tx: Tx, event: e.Event) -> bool:
    """Whether the event, which is not applied yet, shows a comment that was public before."""
    if not isinstance(event, e.CommentPublished):
        return False
    return bool(await tx.value("SELECT status = 'hidden' FROM entries WHERE seq = :seq", seq=event.target))


async def inherit_status(tx: Tx, seq: int, target: int) -> None:
    await tx.run(
        "UPDATE entries SET status = (SELECT status FROM entries WHERE seq = :target) WHERE seq = :seq",
        seq=seq,
        target=target,
    )


async def original(tx: Tx, seq: int) -> int:
    """The event whose words these are: a correction's target, else the event itself."""
    target = await tx.value("SELECT target FROM entries WHERE seq = :seq AND kind = 'text.corrected'", seq=seq)
    return seq if target is None else int(target)


async def versions(tx: Tx, seq: int) -> tuple[int, ...]:
    """The corrections of the words at `seq`, oldest first."""
    rows = await tx.rows(
        "SELECT c.seq FROM entries o JOIN entries c ON c.issue = o.issue AND c.kind = 'text.corrected'"
        " AND c.target = o.seq WHERE o.seq = :seq ORDER BY c.seq",
        seq=seq,
    )
    return tuple(row["seq"] for row in rows)


async def show_newest(tx: Tx, seq: int, fields: Iterable[str]) -> None:
    """Puts the newest wording that is left of the fields where readers look for it."""
    for field, value in (await wording(tx, seq, fields)).items():
        await place(tx, seq, field, value)


async def wording(tx: Tx, seq: int, fields: Iterable[str]) -> dict[str, str | None]:
    """The newest words that are left of an event's fields."""
    candidates = (*reversed(await versions(tx, seq)), seq)
    return {field: await newest(tx, candidates, field) for field in fields}


async def newest(tx: Tx, candidates: Iterable[int], field: str) -> str | None:
    for seq in candidates:
        value = await tx.value("SELECT value FROM openings WHERE seq = :seq AND field = :field", seq=seq, field=field)
        if value is not None:
            return str(value)
    return None


async def place(tx: Tx, seq: int, field: str, value: str | None) -> None:
    match field:
        case "title":
            await tx.run("UPDATE issues SET title = :value WHERE filed_seq = :seq", seq=seq, value=value)
        case "body":
            await tx.run(
                "UPDATE entries SET body = :value, body_html = :html WHERE seq = :seq",
                seq=seq,
                value=value,
                html=to_html(value) if value else None,
            )
        case "author.name":
            await tx.run("UPDATE entries SET name = :value WHERE seq = :seq", seq=seq, value=value)
            await tx.run("UPDATE issues SET author = :value WHERE filed_seq = :seq", seq=seq, value=value)
        case "owner.name":
            await tx.run("UPDATE entries SET name = :value WHERE seq = :seq", seq=seq, value=value)
            await tx.run(
                "UPDATE issues SET owner = :value WHERE number = (SELECT issue FROM entries WHERE seq = :seq)"
                " AND :seq = (SELECT MAX(seq) FROM entries WHERE issue = number AND kind = 'issue.assigned')",
                seq=seq,
                value=value,
            )
        case "whose":  # the code that stands in the record where the name is gone
            await tx.run("UPDATE entries SET whose = :value WHERE seq = :seq", seq=seq, value=value or "other")
        case "grade":
            grade = int(value) if value else None
            await tx.run("UPDATE entries SET grade = :grade WHERE seq = :seq", seq=seq, grade=grade)


async def last_word(tx: Tx, issue: int) -> Row | None:
    """The newest public words of an issue: seq, role, name, at, body_html."""
    return await tx.row(
        "SELECT seq, role, name, at, body_html FROM entries WHERE issue = :issue AND status = 'public'"
        " AND body_html IS NOT NULL ORDER BY seq DESC LIMIT 1",
        issue=issue,
    )


async def of_issue(
    tx: Tx, issue: int, *, reader: Reader = "anyone", mark: bytes = b"", email: str | None = None
) -> list[Row]:
    """The timeline behind the filing, oldest first; held and rejected words for their authors and for staff.

    `mark` is the browser, and `email` the address signed in there, that may have posted some of them. A comment that
    was public once keeps its place for everybody, without its words. `rejected` and `hidden` are the decisions
    against it.
    """
    rows = await tx.rows(
        f"SELECT {COLUMNS}, CASE WHEN {SEEN[reader]} THEN 1 ELSE 0 END AS is_seen FROM entries WHERE issue = :issue"
        f" AND kind IN ({SHOWN}) AND (status = 'hidden' OR {SEEN[reader]}) ORDER BY seq",
        issue=issue,
        **({} if reader == "staff" else {"mark": mark, "email": email or ""}),
    )
    is_judged = any(row["status"] in ("rejected", "hidden") for row in rows)
    against = await rejections(tx, issue) if is_judged else {}
    return [placed(row, against) for row in rows]


async def shown(tx: Tx, seq: int) -> Row | None:
    """One entry of the timeline as everybody reads it; None where it has none."""
    row = await tx.row(
        f"SELECT {COLUMNS}, CASE WHEN status = 'public' THEN 1 ELSE 0 END AS is_seen FROM entries WHERE seq = :seq"
        f" AND kind IN ({SHOWN}) AND status IN ('public', 'hidden')",
        seq=seq,
    )
    if row is None:
        return None
    return placed(row, await rejections(tx, row["issue"]) if row["status"] == "hidden" else {})


async def promises(tx: Tx, issue: int) -> dict[str, int]:
    """How many of the issue's promises were kept, missed, moved, and are still open."""
    rows = await tx.rows(
        "SELECT outcome, COUNT(*) AS number FROM entries WHERE issue = :issue AND outcome IS NOT NULL GROUP BY outcome",
        issue=issue,
    )
    return {"kept": 0, "missed": 0, "moved": 0, "open": 0, **{row["outcome"]: row["number"] for row in rows}}


async def moved_promises(tx: Tx, issue: int) -> list[int]:
    rows = await tx.rows(
        "SELECT seq FROM entries WHERE issue = :issue AND outcome IS NOT NULL AND kind = 'promise.moved' ORDER BY seq",
        issue=issue,
    )
    return [row["seq"] for row in rows]


def placed(row: Row, against: dict[int, Row]) -> Row:
    words: Row = {} if row.pop("is_seen") else NO_WORDS
    judged = against.get(row["seq"])
    rejected, hidden = (judged if row["status"] == status else None for status in ("rejected", "hidden"))
    return {**row, **words, "rejected": rejected, "hidden": hidden}


async def rejections(tx: Tx, issue: int) -> dict[int, Row]:
    """The newest decision against each comment: target, seq, at, role, reason."""
    rows = await tx.rows(
        "SELECT target, seq, at, role, reason FROM entries WHERE issue = :issue AND kind = 'comment.rejected'"
        " ORDER BY seq",
        issue=issue,
    )
    return {row["target"]: row for row in rows}


async def one(tx: Tx, seq: int) -> Row | None:
    return await tx.row(f"SELECT {COLUMNS} FROM entries WHERE seq = :seq", seq=seq)


async def briefs(tx: Tx, seqs: Iterable[int]) -> dict[int, Row]:
    """When each of these events was, and its words where everybody reads them: seq, at, body_html."""
    listed = ", ".join(str(int(seq)) for seq in seqs) or "-1"
    rows = await tx.rows(
        "SELECT entries.seq, entries.at, CASE WHEN entries.status = 'public' AND issues.visibility = 'public'"
        " THEN entries.body_html END AS body_html FROM entries JOIN issues ON issues.number = entries.issue"
        f" WHERE entries.seq IN ({listed})"
    )
    return {row["seq"]: row for row in rows}


async def public_texts(tx: Tx, issue: int) -> list[str]:
    """Every public text of an issue as HTML, for the search index."""
    rows = await tx.rows(
        "SELECT body_html FROM entries WHERE issue = :issue AND status = 'public' AND body_html IS NOT NULL"
        " ORDER BY seq",
        issue=issue,
    )
    return [row["body_html"] for row in rows]
