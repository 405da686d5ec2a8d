"""What must be true of every board at every moment; every act's test ends with `assert_sound`."""

import json
from collections.abc import Sequence
from typing import Any

from board.domain import clocks, leaf, tree
from board.domain.clocks import Clock
from board.domain.issue import Issue, fold
from board.domain.leaf import Recorded, format_time
from board.domain.proof import b64url, commitment, leaf_hash
from board.store import issues, nodes, rebuild, record
from board.store.database import Database
from board.store.record import Opening, Redaction
from tests.cast import NOON

FOLLOWED = """
    SELECT number, (SELECT COUNT(*) FROM follows WHERE issue = number AND confirmed_ms IS NOT NULL) AS followers,
    (SELECT COUNT(*) FROM mine_too WHERE issue = number) AS mine_too FROM issues ORDER BY number
"""


class TakenBack(Exception):
    """Ends a transaction without a trace."""


async def assert_sound(db: Database) -> None:
    """The record verifies, both derivations of its state agree, and making it anew changes nothing."""
    assert await rebuilt_differently(db) == []
    async with db.reading() as tx:
        _, head = await record.head(tx)
        events = await record.after(tx, -1, limit=head + 10)
        openings = await record.all_openings(tx, 0, head)
        redactions = await record.redactions(tx, 0, head)
        rows = {row["number"]: row for row in await issues.behind(tx, 0, limit=1_000)}
        counts = await tx.rows(FOLLOWED)
        statuses = {row["seq"]: row["status"] for row in await tx.rows("SELECT seq, status FROM entries")}
    assert [r.index for r in events] == list(range(head + 1))
    assert counts == [{name: row[name] for name in ("number", "followers", "mine_too")} for row in rows.values()]
    assert_chained(events)
    await assert_in_a_tree(db, events)
    for recorded in events:
        assert_opened(recorded, openings.get(recorded.index, []), redactions.get(recorded.index, []))
    chains = by_issue(events)
    assert chains.keys() == rows.keys()
    for number, chained in chains.items():
        folded = fold(chained)
        assert_same_state(folded, rows[number])
        assert_same_clock(clocks.read(chained), rows[number])
        assert_same_words(folded, openings, statuses)


async def assert_comments_counted(db: Database) -> None:
    """Each issue counts the comments that everybody reads: no held one, no hidden one, and each shown again once."""
    async with db.reading() as tx:
        rows = await issues.behind(tx, 0, limit=1_000)
        chains = [fold(await record.of_issue(tx, row["number"])) for row in rows]
    said = [[text for text in issue.texts.values() if text.kind == "comment.posted"] for issue in chains]
    assert [row["comments"] for row in rows] == [sum(t.status == "public" for t in texts) for texts in said]


async def rebuilt_differently(db: Database) -> list[str]:
    """What `board rebuild` would find; nothing is changed."""
    found: list[str] = []
    try:
        async with db.writing(NOON) as tx:
            found = await rebuild.compare(tx)
            raise TakenBack
    except TakenBack:
        return found


def by_issue(events: Sequence[Recorded]) -> dict[int, list[Recorded]]:
    chains: dict[int, list[Recorded]] = {}
    for recorded in events:
        if recorded.issue is not None:
            chains.setdefault(recorded.issue, []).append(recorded)
    return chains


async def assert_in_a_tree(db: Database, events: Sequence[Recorded]) -> None:
    """The nodes that are kept are those over the events, and none is missing."""
    kept: dict[tuple[int, int], bytes] = {(0, r.index): r.leaf_hash for r in events}

    def node(level: int, place: int) -> bytes:
        return kept[level, place]

    for r in events:
        for level, place in tree.filled(r.index):
            kept[level, place] = tree.above([kept[level - 1, place * 256 + each] for each in range(256)])
    async with db.reading() as tx:
        assert await nodes.root(tx, len(events)) == tree.root(len(events), node)
        rows = await tx.rows("SELECT level, place, hash FROM nodes")
    assert {(row["level"], row["place"]): bytes(row["hash"]) for row in rows} == {
        at: each for at, each in kept.items() if at[0]
    }


def assert_chained(events: Sequence[Recorded]) -> None:
    """Every leaf is canonical and hashed, time does not go back, and each issue's events form one chain."""
    ends: dict[int | None, Recorded] = {}
    for before, recorded in zip([None, *events], events, strict=False):
        leaf.check(recorded.leaf)
        assert recorded.leaf_hash == leaf_hash(recorded.leaf.encode("ascii"))
        assert recorded.board == events[0].board
        assert before is None or before.time <= recorded.time
        end = ends.get(recorded.issue) if recorded.issue is not None else None
        assert recorded.prev == (end.index if end else None)
        assert recorded.prev_hash == (b64url(end.leaf_hash) if end else None)
        ends[recorded.issue] = recorded


def assert_opened(recorded: Recorded, openings: Sequence[Opening], redactions: Sequence[Redaction]) -> None:
    """Every commitment is either opened rightly or redacted; nothing else is kept."""
    assert json.loads(recorded.leaf).get("commit", {}) == recorded.commit
    opened = {o.field: commitment(o.salt, o.field, o.value) for o in openings}
    redacted = {redaction.field for redaction in redactions}
    assert opened == {field: made for field, made in recorded.commit.items() if field not in redacted}
    assert redacted <= recorded.commit.keys()


def assert_same_state(folded: Issue, row: dict[str, Any]) -> None:
    promise = folded.promise
    assert {
        "number": folded.number,
        "area": folded.area,
        "filed_seq": folded.filed,
        "state": folded.state,
        "resolution": folded.resolution,
        "confirmation": folded.confirmation,
        "visibility": folded.visibility,
        "last_event": folded.last,
        "last_hash": folded.last_hash,
        "settled_time": format_time(folded.settled_at) if folded.settled_at else None,
        "reopened": folded.reopened,
        "merged_into": folded.merged_into,
        "promise_seq": promise.index if promise else None,
        "promise_due": format_time(promise.due) if promise else None,
        "promise_missed": int(promise.missed) if promise else 0,
    }.items() <= {**row, "last_hash": bytes(row["last_hash"])}.items()


def assert_same_clock(clock: Clock, row: dict[str, Any]) -> None:
    first, settled, due = clock.first_answer_at, clock.settled_at, clock.promise_due
    assert {
        "turn": clock.turn,
        "turn_since": format_time(clock.since),
        "filed_at": format_time(clock.filed_at),
        "first_answer_at": format_time(first) if first else None,
        "settled_at": format_time(settled) if settled else None,
        "promise_due": format_time(due) if due else None,
        "paused_since": format_time(clock.since) if clock.is_paused else None,
        "paused_s": clock.paused_s(clock.since),
    }.items() <= row.items()


def assert_same_words(folded: Issue, openings: dict[int, list[Opening]], statuses: dict[int, str]) -> None:
    """The fields that the fold takes to be there are those that are kept, and both know what is held."""
    kept = {index: frozenset(opening.field for opening in openings.get(index, [])) for index in folded.texts}
    assert {index: text.fields for index, text in folded.texts.items()} == kept
    assert {index: text.status for index, text in folded.texts.items()}.items() <= statuses.items()
