"""The append-only record: the only writer of events, and every way to read them.

Each event gets the next index, is chained to its issue's previous one, and its words are kept as openings beside it.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from board.domain import events as e
from board.domain.events import Event, issue_of, words_of
from board.domain.leaf import Recorded, decode, encode, format_time, written
from board.domain.people import Actor
from board.domain.proof import b64url, commitment, leaf_hash
from board.store import issues, nodes
from board.store.database import Database, Tx, WriteTx

SPEC = "board-log-v1"
SALT_BYTES = 32


@dataclass(frozen=True)
class Opening:
    """The words behind one commitment."""

    field: str
    salt: bytes
    value: str


@dataclass(frozen=True)
class Redaction:
    """Words that were taken out: by which event, and why."""

    field: str
    by_event: int
    reason: str


async def found(db: Database, *, origin: str, vkey: str, at: Any) -> None:
    """Begins the record where there is none yet; the origin can never change afterwards."""
    epoch = secrets.token_hex(4)
    async with db.saving() as tx:
        await tx.run(
            "INSERT INTO head (one, seq, time, origin, epoch) VALUES (1, 0, :time, :origin, :epoch)"
            " ON CONFLICT (one) DO NOTHING",
            time=format_time(at),
            origin=origin,
            epoch=epoch,
        )
    async with db.writing(at) as pen:
        if pen.pen.seq == 0:
            await append(pen, [e.LogOpened(spec=SPEC, vkey=vkey)])


async def append(tx: WriteTx, events: Iterable[Event], by: Actor | None = None) -> list[Recorded]:
    """Writes the events at the end of the record, with the read model; returns them at their places."""
    async with tx.together():
        written = [await append_one(tx, event, by) for event in events]
        await issues.show_words(tx, written)
    return written


async def append_one(tx: WriteTx, event: Event, by: Actor | None) -> Recorded:
    index, words, issue = tx.pen.seq, words_of(event), issue_of(event)
    before = await issues.with_target(tx, issue)
    openings = [Opening(name, secrets.token_bytes(SALT_BYTES), value) for name, value in words.items()]
    place: dict[str, Any] = {
        "board": tx.pen.origin,
        "index": index,
        "time": tx.at,
        "commit": {o.field: commitment(o.salt, o.field, o.value) for o in openings},
        "prev": await end_of_chain(tx, issue),
    }
    leaf = encode(event, **place)
    recorded = written(event, leaf, leaf_hash(leaf.encode("ascii")), **place)
    await insert_event(tx, recorded)
    await nodes.grow(tx, index)
    if openings:
        await insert_openings(tx, index, openings)
    if by and by.person is not None:
        await tx.run("INSERT INTO actors (seq, person) VALUES (:seq, :person)", seq=index, person=by.person)
    tx.pen.seq += 1
    if recorded.issue is not None:
        tx.pen.ends[recorded.issue] = end(recorded)
    if isinstance(event, e.TextRedacted):
        await erase(tx, recorded, event)
    await derive(tx, recorded, words, before)
    return recorded


async def derive(tx: Tx, recorded: Recorded, words: e.Words, before: issues.Before) -> None:
    """What every event brings about beside the record: the read model, and its topics."""
    if topics := await issues.apply(tx, recorded, words, before):
        await insert_topics(tx, topics, recorded.index)


async def end_of_chain(tx: WriteTx, issue: int | None) -> tuple[int, str] | None:
    if issue is None or issue in tx.pen.ends:
        return tx.pen.ends.get(issue or -1)
    row = await tx.row("SELECT seq, leaf_hash FROM events WHERE issue = :issue ORDER BY seq DESC LIMIT 1", issue=issue)
    return (row["seq"], b64url(row["leaf_hash"])) if row else None


def end(recorded: Recorded) -> tuple[int, str]:
    return recorded.index, b64url(recorded.leaf_hash)


async def insert_event(tx: Tx, recorded: Recorded) -> None:
    await tx.run(
        "INSERT INTO events (seq, issue, kind, leaf, leaf_hash) VALUES (:seq, :issue, :kind, :leaf, :leaf_hash)",
        seq=recorded.index,
        issue=recorded.issue,
        kind=recorded.name,
        leaf=recorded.leaf,
        leaf_hash=recorded.leaf_hash,
    )


async def insert_openings(tx: Tx, seq: int, openings: Iterable[Opening]) -> None:
    await tx.run_each(
        "INSERT INTO openings (seq, field, salt, value) VALUES (:seq, :field, :salt, :value)",
        [{"seq": seq, "field": o.field, "salt": o.salt, "value": o.value} for o in openings],
    )


async def insert_topics(tx: Tx, topics: Iterable[str], seq: int) -> None:
    await tx.run_each(
        "INSERT INTO topics (topic, seq, prev) VALUES (CAST(:topic AS TEXT), CAST(:seq AS BIGINT),"
        " COALESCE((SELECT MAX(seq) FROM topics WHERE topic = CAST(:topic AS TEXT)), -1))",
        [{"topic": topic, "seq": seq} for topic in topics],
    )


async def erase(tx: Tx, recorded: Recorded, event: e.TextRedacted) -> None:
    """Deletes the openings that a redaction names; their commitments stay in the leaves."""
    for name in event.fields:
        await tx.run("DELETE FROM openings WHERE seq = :seq AND field = :field", seq=event.target, field=name)
        await tx.run(
            "INSERT INTO redactions (seq, field, by_event, reason) VALUES (:seq, :field, :by_event, :reason)"
            " ON CONFLICT (seq, field) DO NOTHING",
            seq=event.target,
            field=name,
            by_event=recorded.index,
            reason=event.reason,
        )


async def head(tx: Tx) -> tuple[str, int]:
    """The epoch and the index of the newest event (-1 where there is none)."""
    row = await tx.row("SELECT epoch, seq FROM head WHERE one = 1")
    return (row["epoch"], row["seq"] - 1) if row else ("", -1)


async def moment(tx: Tx) -> tuple[str, int, int]:
    """The head, and the version of what is shown without being an event."""
    row = await tx.row("SELECT epoch, seq, touched FROM head WHERE one = 1")
    return (row["epoch"], row["seq"] - 1, row["touched"]) if row else ("", -1, 0)


async def origin(tx: Tx) -> str:
    return str(await tx.value("SELECT origin FROM head WHERE one = 1") or "")


async def first(tx: Tx) -> Recorded | None:
    """The event that opened the log."""
    rows = await after(tx, -1, limit=1)
    return rows[0] if rows else None


async def after(tx: Tx, seq: int, *, limit: int) -> list[Recorded]:
    """The events behind `seq`, in order."""
    return read(
        await tx.rows(
            "SELECT leaf, leaf_hash FROM events WHERE seq > :seq ORDER BY seq LIMIT :limit", seq=seq, limit=limit
        )
    )


async def of_issue(tx: Tx, issue: int, *, since: int = 0) -> list[Recorded]:
    """The issue's whole chain, or from the event `since` on. Who holds the pen need not look for its end once more."""
    chain = read(
        await tx.rows(
            "SELECT leaf, leaf_hash FROM events WHERE issue = :issue AND seq >= :since ORDER BY seq",
            issue=issue,
            since=since,
        )
    )
    if chain and isinstance(tx, WriteTx):
        tx.pen.ends[issue] = end(chain[-1])
    return chain


async def of_topic(tx: Tx, topic: str, seq: int, *, limit: int) -> list[tuple[Recorded, int]]:
    """The topic's events behind `seq`, each with the index of the topic's previous one; by an index on the topic."""
    rows = await tx.rows(
        "SELECT leaf, leaf_hash, prev FROM topics JOIN events ON events.seq = topics.seq"
        " WHERE topic = :topic AND topics.seq > :seq ORDER BY topics.seq LIMIT :limit",
        topic=topic,
        seq=seq,
        limit=limit,
    )
    return list(zip(read(rows), [row["prev"] for row in rows], strict=True))


async def topics_between(tx: Tx, first: int, last: int) -> dict[int, dict[str, int]]:
    """For each event from `first` to `last`: its topics, each with the index of the topic's previous event."""
    rows = await tx.rows(
        "SELECT topic, seq, prev FROM topics WHERE seq >= :first AND seq <= :last", first=first, last=last
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["seq"], {})[row["topic"]] = row["prev"]
    return found


PUBLIC_WORDS = """
    SELECT openings.seq, openings.field, openings.salt, openings.value FROM openings
    JOIN entries ON entries.seq = openings.seq JOIN issues ON issues.number = entries.issue
    WHERE issues.visibility = 'public' AND entries.status = 'public' AND """


async def openings(tx: Tx, first: int, last: int) -> dict[int, list[Opening]]:
    """The words that the public may read, by event. The gate: a public issue, and words not held or rejected."""
    return by_event(
        await tx.rows(
            PUBLIC_WORDS + "openings.seq >= :first AND openings.seq <= :last ORDER BY openings.seq, openings.field",
            first=first,
            last=last,
        )
    )


async def openings_of_issue(tx: Tx, issue: int) -> dict[int, list[Opening]]:
    """The words of one issue that the public may read, by event; through the same gate."""
    return by_event(
        await tx.rows(
            PUBLIC_WORDS + "entries.issue = :issue ORDER BY openings.seq, openings.field",
            issue=issue,
        )
    )


async def all_openings(tx: Tx, first: int, last: int) -> dict[int, list[Opening]]:
    """Every word that is kept, public or not: for rebuilding and for the private export only."""
    return by_event(
        await tx.rows(
            "SELECT seq, field, salt, value FROM openings WHERE seq >= :first AND seq <= :last ORDER BY seq, field",
            first=first,
            last=last,
        )
    )


def by_event(rows: Sequence[dict[str, Any]]) -> dict[int, list[Opening]]:
    found: dict[int, list[Opening]] = {}
    for row in rows:
        found.setdefault(row["seq"], []).append(Opening(row["field"], bytes(row["salt"]), row["value"]))
    return found


async def redactions(tx: Tx, first: int, last: int) -> dict[int, list[Redaction]]:
    return by_place(
        await tx.rows(
            "SELECT seq, field, by_event, reason FROM redactions WHERE seq >= :first AND seq <= :last"
            " ORDER BY seq, field",
            first=first,
            last=last,
        )
    )


async def redactions_of_issue(tx: Tx, issue: int) -> dict[int, list[Redaction]]:
    return by_place(
        await tx.rows(
            "SELECT redactions.seq, field, by_event, redactions.reason FROM entries"
            " JOIN redactions ON redactions.seq = entries.seq WHERE issue = :issue ORDER BY redactions.seq, field",
            issue=issue,
        )
    )


def by_place(rows: Sequence[dict[str, Any]]) -> dict[int, list[Redaction]]:
    found: dict[int, list[Redaction]] = {}
    for row in rows:
        found.setdefault(row["seq"], []).append(Redaction(row["field"], row["by_event"], row["reason"]))
    return found


def read(rows: Sequence[dict[str, Any]]) -> list[Recorded]:
    return [decode(row["leaf"], bytes(row["leaf_hash"])) for row in rows]
