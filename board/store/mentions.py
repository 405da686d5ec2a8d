"""Drafts made of mentions, private to staff; and how far the board has listened at each mirror."""

from dataclasses import dataclass
from typing import Any

from board.domain.mentions import DAY_MS, MOST, Mention
from board.domain.mirrors import NEVER_MS
from board.store.database import Tx

COLUMNS = "mirror, is_on, since_ms, heard, retry_ms, look_ms, look_below_ms, asked_ms, failures, said, dropped"
DRAFT_COLUMNS = (
    "mentions.id, mentions.mirror, mirrors.network, mentions.remote, mentions.author, mentions.text, mentions.url,"
    " mentions.said_ms, mentions.taken_ms"
)


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """How the board listens at a mirror: since when, where it goes on from (`heard`, None before the first answer), and
    when it asks next. Drafts that were last looked after before `look_below_ms` are looked after now.
    """

    mirror: int
    is_on: bool
    since_ms: int
    heard: str | None
    retry_ms: int
    look_ms: int
    look_below_ms: int
    asked_ms: int | None
    failures: int
    said: str | None
    dropped: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    id: int
    mirror: int
    network: str
    remote: str
    author: str
    text: str
    url: str
    said_ms: int
    taken_ms: int


async def begin(tx: Tx, mirror: int, now_ms: int) -> None:
    """Listens from now on, and takes nothing that is older."""
    await tx.run(
        "INSERT INTO hearings (mirror, is_on, since_ms, retry_ms) VALUES (:mirror, 1, :now, :now)"
        " ON CONFLICT (mirror) DO UPDATE SET is_on = 1, since_ms = excluded.since_ms, heard = NULL,"
        " retry_ms = excluded.retry_ms, failures = 0, said = NULL, dropped = 0",
        mirror=mirror,
        now=now_ms,
    )


async def end(tx: Tx, mirror: int) -> None:
    await tx.run("UPDATE hearings SET is_on = 0, said = NULL, failures = 0 WHERE mirror = :mirror", mirror=mirror)


async def forget(tx: Tx, mirror: int) -> None:
    """The mirror is gone, and with it what was heard there."""
    await tx.run("DELETE FROM mentions WHERE mirror = :mirror", mirror=mirror)
    await tx.run("DELETE FROM hearings WHERE mirror = :mirror", mirror=mirror)


async def hearing(tx: Tx, mirror: int) -> Hearing | None:
    row = await tx.row(f"SELECT {COLUMNS} FROM hearings WHERE mirror = :mirror", mirror=mirror)
    return Hearing(**{**row, "is_on": bool(row["is_on"])}) if row else None


async def hearings(tx: Tx) -> list[Hearing]:
    rows = await tx.rows(f"SELECT {COLUMNS} FROM hearings ORDER BY mirror")
    return [Hearing(**{**row, "is_on": bool(row["is_on"])}) for row in rows]


async def move_on(tx: Tx, before: Hearing, *, heard: str, now_ms: int, retry_ms: int) -> bool:
    """Whether we go on from there; not where somebody else has done so, or began anew, meanwhile.

    What was dropped is told until staff have dealt with all that was kept.
    """
    row = await tx.row(
        "UPDATE hearings SET heard = :heard, asked_ms = :now, retry_ms = :retry, failures = 0, said = NULL,"
        " dropped = CASE WHEN EXISTS (SELECT 1 FROM mentions WHERE mentions.mirror = hearings.mirror) THEN dropped"
        " ELSE 0 END"
        " WHERE mirror = :mirror AND is_on = 1 AND since_ms = :since AND COALESCE(heard, '-') = :before"
        " RETURNING mirror",
        heard=heard,
        now=now_ms,
        retry=retry_ms,
        mirror=before.mirror,
        since=before.since_ms,
        before="-" if before.heard is None else before.heard,
    )
    return row is not None


async def put_off(tx: Tx, mirror: int, *, said: str, now_ms: int, at_ms: int) -> None:
    """No answer that helps: asked again then, both for what is new and for what is gone."""
    await tx.run(
        "UPDATE hearings SET said = :said, failures = failures + 1, asked_ms = :now, retry_ms = :at, look_ms = :at"
        " WHERE mirror = :mirror",
        said=said,
        now=now_ms,
        at=at_ms,
        mirror=mirror,
    )


async def put(tx: Tx, mirror: int, one: Mention, now_ms: int) -> None:
    """A draft of the mention; one, however often it comes."""
    await tx.run(
        "INSERT INTO mentions (mirror, remote, author, text, url, said_ms, taken_ms, checked_ms)"
        " VALUES (:mirror, :remote, :author, :text, :url, :said, :now, :now) ON CONFLICT (mirror, remote) DO NOTHING",
        mirror=mirror,
        remote=one.remote,
        author=one.author,
        text=one.text,
        url=one.url,
        said=one.said_ms,
        now=now_ms,
    )


async def drop_oldest(tx: Tx, mirror: int) -> int:
    """Deletes what is more than is kept; returns how many."""
    rows = await tx.rows(
        "DELETE FROM mentions WHERE mirror = :mirror AND id <= (SELECT id FROM mentions WHERE mirror = :mirror"
        f" ORDER BY id DESC LIMIT 1 OFFSET {MOST}) RETURNING id",
        mirror=mirror,
    )
    return len(rows)


async def note_dropped(tx: Tx, mirror: int, count: int) -> None:
    await tx.run("UPDATE hearings SET dropped = dropped + :count WHERE mirror = :mirror", mirror=mirror, count=count)


async def to_look_after(tx: Tx, mirror: int, below_ms: int, *, limit: int) -> list[str]:
    """What the network calls the drafts whose posts nobody has looked for since then."""
    rows = await tx.rows(
        "SELECT remote FROM mentions WHERE mirror = :mirror AND checked_ms <= :below ORDER BY checked_ms, id"
        " LIMIT :limit",
        mirror=mirror,
        below=below_ms,
        limit=limit,
    )
    return [row["remote"] for row in rows]


async def next_look(tx: Tx, found: Hearing) -> int:
    """When posts are to be looked for next: a day after the last time, or as soon as staff have opened the list."""
    oldest = await tx.value("SELECT MIN(checked_ms) FROM mentions WHERE mirror = :mirror", mirror=found.mirror)
    if oldest is None:
        return NEVER_MS
    return max(found.look_ms, 0 if int(oldest) <= found.look_below_ms else int(oldest) + DAY_MS)


async def look_on(tx: Tx, mirror: int, look_ms: int) -> None:
    await tx.run("UPDATE hearings SET look_ms = :at WHERE mirror = :mirror", mirror=mirror, at=look_ms)


async def ask_to_look(tx: Tx, mirror: int, below_ms: int) -> None:
    await tx.run("UPDATE hearings SET look_below_ms = :below WHERE mirror = :mirror", mirror=mirror, below=below_ms)


async def note_looked(tx: Tx, mirror: int, remote: str, now_ms: int) -> None:
    await tx.run(
        "UPDATE mentions SET checked_ms = :now WHERE mirror = :mirror AND remote = :remote",
        mirror=mirror,
        remote=remote,
        now=now_ms,
    )


async def purge(tx: Tx, mirror: int, remote: str) -> None:
    await tx.run("DELETE FROM mentions WHERE mirror = :mirror AND remote = :remote", mirror=mirror, remote=remote)


async def forget_old(tx: Tx, before_ms: int) -> None:
    await tx.run("DELETE FROM mentions WHERE taken_ms <= :before", before=before_ms)


async def newest(tx: Tx, *, limit: int, before: int | None = None) -> list[Draft]:
    rows = await tx.rows(
        f"SELECT {DRAFT_COLUMNS} FROM mentions JOIN mirrors ON mirrors.id = mentions.mirror"
        " WHERE mentions.id < :before ORDER BY mentions.id DESC LIMIT :limit",
        before=NEVER_MS if before is None else before,
        limit=limit,
    )
    return [Draft(**row) for row in rows]


async def one(tx: Tx, number: int) -> Draft | None:
    row = await tx.row(
        f"SELECT {DRAFT_COLUMNS} FROM mentions JOIN mirrors ON mirrors.id = mentions.mirror WHERE mentions.id = :id",
        id=number,
    )
    return Draft(**row) if row else None


async def take_out(tx: Tx, number: int) -> bool:
    """Whether the draft was still there."""
    return await tx.row("DELETE FROM mentions WHERE id = :id RETURNING id", id=number) is not None


async def counts(tx: Tx) -> dict[int, int]:
    """How many drafts wait, by mirror."""
    rows: list[dict[str, Any]] = await tx.rows("SELECT mirror, COUNT(*) AS many FROM mentions GROUP BY mirror")
    return {row["mirror"]: int(row["many"]) for row in rows}
