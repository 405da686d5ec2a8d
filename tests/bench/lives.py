"""The ways that issues go, each gone once by the real acts; what these wrote is a pattern, to be copied in other words.

A copy has its own numbers, times, words and hashes. Whatever else a row says, the acts have said it.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from board.actions import clock, customers, moderators, staff
from board.domain.clocks import Target
from board.domain.leaf import format_time
from board.domain.people import Poster
from board.domain.text import excerpt, to_html, without_tags
from board.store import company, entries, issues
from board.store.company import Area
from board.store.database import Database, Tx
from board.store.migrate import migrate
from board.store.projection import WORD_LENGTH
from tests.cast import ADA, BO, CY, LINKS, MO, NOON, ORIGIN, answer, do_at, move_in, say, words_of_ada

FIRST = 10**9  # the index at which the patterns begin: it is in no other column
AREA = Area("area-of-the-pattern", "Area", Target(24 * 3_600, 14 * 86_400))
PROMISED = timedelta(days=30)
MARKS = {"filer": b"the filer's mark", "other": b"another one's mark"}
CURES = ("fixed", "made_right", "answered", "workaround")
# How often an issue goes this way, and what happens on it after the filing: (hours until then on average, what).
WAYS: tuple[tuple[float, tuple[tuple[float, str], ...]], ...] = (
    (22, ((24, "cure"), (48, "confirm"))),
    (22, ((24, "cure"), (336, "lapse"))),
    (18, ((24, "close"),)),
    (14, ((48, "withdraw"),)),
    (6, ((8, "answer"), (60, "cure"), (48, "confirm"))),
    (4, ((5, "comment"), (8, "start"), (72, "cure"), (336, "lapse"))),
    (4, ((9, "wait"), (60, "reply"), (48, "cure"), (24, "confirm"))),
    (3, ((9, "assign"), (5, "promise"), (48, "cure"), (24, "confirm"))),
    (2, ((24, "cure"), (24, "dispute"), (200, "cure"), (336, "lapse"))),
    (1, ((3, "comment"), (9, "redact"), (24, "close"))),
    (1, ((30, "remove"),)),
    (1, ((20, "publish"), (30, "answer"), (60, "cure"))),  # the one way that begins with being held
)
TABLES = {
    "events": ["seq", "issue", "kind", "leaf", "leaf_hash"],
    "openings": ["seq", "field", "salt", "value"],
    "topics": ["topic", "seq", "prev"],
    "entries": [name.strip() for name in entries.COLUMNS.split(",")],
    "actors": ["seq", "person"],
    "posts": ["seq", "issue", "voter"],
    "holds": ["seq", "issue", "why"],
    "redactions": ["seq", "field", "by_event", "reason"],
}
ISSUE = [name.strip() for name in f"{issues.COLUMNS}, {issues.WORD_COLUMNS}, owner_person".split(",")]
BESIDE = ("actors", "posts", "holds", "redactions")  # tables whose rows are copied as they are

Key = Any
Rows = dict[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Copy:
    """A row some of whose places are filled anew: (place, the key of what belongs there)."""

    row: list[Any]
    places: list[tuple[int, Key]]

    def of(self, known: Mapping[Key, Any]) -> list[Any]:
        row = self.row.copy()
        for place, key in self.places:
            row[place] = known[key]
        return row


@dataclass(frozen=True)
class Happening:
    """An event: its leaf with `%s` in the places of `keys`, the words that it commits to, and its entry."""

    seq: int
    kind: str
    leaf: str
    words: list[tuple[str, Key]]
    keys: list[Key]
    entry: Copy


@dataclass(frozen=True)
class Change:
    """What an act did to an older row: a statement and its values, which are keys or stand for themselves."""

    statement: str
    values: Mapping[str, Any]

    def of(self, known: Mapping[Key, Any]) -> dict[str, Any]:
        return {name: known.get(value, value) for name, value in self.values.items()}


@dataclass(frozen=True)
class Step:
    """An act and how the issue stands after it. `hours` pass before it, on average; `search` are plain texts."""

    hours: float
    what: str
    time: str
    promised: str
    happenings: list[Happening]
    beside: list[tuple[str, list[Copy]]]
    changes: list[Change]
    texts: list[tuple[str, str, str, str]]
    issue: Copy
    paused: tuple[str, str] | None
    is_due: bool
    search: list[str] | None


@dataclass
class Life:
    """A way, gone by an issue whose filer has a name or none."""

    number: int
    is_named: bool
    keys: set[Key] = field(default_factory=lambda: {AREA.slug, *MARKS.values()})
    times: list[datetime] = field(default_factory=list)
    seen: dict[str, Rows] = field(default_factory=lambda: {table: {} for table in TABLES})
    steps: list[Step] = field(default_factory=list)


def body(place: int) -> str:
    """Words whose Markdown, HTML, plain text and excerpt are four different texts."""
    return f"Words **number {place}** of the pattern{' and more of them' * 20}."


def forms(text: str) -> tuple[str, str, str, str]:
    """A text as it is typed, shown, indexed and quoted in a list."""
    html = to_html(text)
    plain = without_tags(html)
    return text, html, plain, excerpt(plain, WORD_LENGTH)


async def lived() -> list[tuple[float, list[Life]]]:
    """For each way how often it is gone, and its lives: of a filer with a name, and of one without."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'board.db'}"
        await migrate(url)
        db = Database(url)
        await db.connect()
        try:
            await begin(db)
            at, found = NOON, list[tuple[float, list[Life]]]()
            for often, way in WAYS:
                lives = list[Life]()
                for is_named in (True, False):
                    at += timedelta(days=365)
                    lives.append(await live(db, way, at, number=2 * len(found) + len(lives) + 1, is_named=is_named))
                found.append((often, lives))
            return found
        finally:
            await db.disconnect()


async def begin(db: Database) -> None:
    async with db.saving() as tx:
        await tx.run(
            "INSERT INTO head (one, seq, time, origin, epoch) VALUES (1, :seq, :time, :origin, 'pattern')",
            seq=FIRST,
            time=format_time(NOON),
            origin=ORIGIN,
        )
    await move_in(db)
    async with db.saving() as tx:
        await company.save_area(tx, AREA)


async def live(db: Database, way: tuple[tuple[float, str], ...], at: datetime, *, number: int, is_named: bool) -> Life:
    life = Life(number, is_named)
    for place, (hours, what) in enumerate(((0.0, "hold" if way[0][1] == "publish" else "file"), *way)):
        now = at + timedelta(days=20 * place, seconds=place * place)
        life.times.append(now)
        life.keys |= {format_time(now), format_time(now + PROMISED)}
        for text in forms(body(place)):
            life.keys.add(text)
        await act(db, life, what, now, place)
        async with db.reading() as tx:
            life.steps.append(await step(tx, life, hours, what))
    return life


async def act(db: Database, life: Life, what: str, at: datetime, place: int) -> None:
    """One act as the people of the board do it."""
    number, words = life.number, body(place)
    filer, other = (Poster(mark=mark) for mark in MARKS.values())
    then: dict[str, dict[str, Any]] = {
        "start": {"state": "in_progress"},
        "wait": {"state": "waiting_on_customer"},
        "answer": {},
    }
    then |= {"promise": {"promise_due": at + PROMISED}, "close": {"resolution": "declined"}}
    then |= {"cure": {"resolution": CURES[number // 2 % 4]}}
    match what:
        case "file" | "hold":
            filed = words_of_ada(title="A title", body=words, area=AREA.slug, name="Ada" if life.is_named else "")
            poster = Poster(mark=MARKS["filer"], doubts=("newcomer_links",) if what == "hold" else ())
            await do_at(at, db, customers.file, filed, via="web", links=LINKS, say=say, poster=poster)
        case "comment":
            await do_at(at, db, customers.comment, number, by=CY, body=words, via="web", poster=other)
        case "reply":
            await do_at(at, db, customers.comment, number, by=ADA, body=words, via="web", poster=filer)
        case "confirm":
            await do_at(at, db, customers.confirm, number, by=ADA)
        case "dispute":
            await do_at(at, db, customers.dispute, number, by=ADA, body=words)
        case "withdraw":
            await do_at(at, db, customers.withdraw, number, by=ADA)
        case "lapse":
            assert await clock.lapse(db, [number], at)
        case "assign":
            await do_at(at, db, staff.assign, number, by=BO, person=BO.person or 0)
        case "publish":
            await do_at(at, db, moderators.publish, number, by=MO)
        case "remove":
            await do_at(at, db, moderators.remove, number, by=MO, reason="spam")
        case "redact":
            said = next(h.seq for h in life.steps[-1].happenings if h.kind == "comment.posted")
            await do_at(
                at, db, moderators.redact, number, by=MO, target=said, fields=("body",), reason="author_request"
            )
        case _:
            await answer(db, number, at=at, body=words, **then[what])


async def step(tx: Tx, life: Life, hours: float, what: str) -> Step:
    """What the newest act has written, and how the issue stands now."""
    before, life.seen = life.seen, {table: await read(tx, table, life.number) for table in TABLES}
    new = {table: [row for key, row in rows.items() if key not in before[table]] for table, rows in life.seen.items()}
    life.keys |= {row["seq"] for row in new["events"]}
    issue = await tx.row(f"SELECT {', '.join(ISSUE)} FROM issues WHERE number = :number", number=life.number)
    found = await tx.row("SELECT title, body FROM search WHERE rowid = :number", number=life.number)
    assert issue
    shown = {row["seq"]: row for row in new["entries"]}
    spoken = {row["value"] for row in new["openings"]}
    return Step(
        hours=hours,
        what=what,
        time=format_time(life.times[-1]),
        promised=format_time(life.times[-1] + PROMISED),
        happenings=[happening(life, row, shown[row["seq"]]) for row in new["events"]],
        beside=[(table, [copied(life, row, TABLES[table]) for row in new[table]]) for table in BESIDE if new[table]],
        changes=changes(life, before),
        texts=[forms(text) for place in range(len(life.times)) if (text := body(place)) in spoken],
        issue=copied(life, issue, ISSUE),
        paused=paused(life, issue["paused_s"]),
        is_due=issue["due_at"] is not None,
        search=[line for line in found["body"].split("\n") if line] if found else None,
    )


async def read(tx: Tx, table: str, number: int) -> Rows:
    """The table's rows of the issue by what they are of: an event, and a field or topic."""
    by_issue = {"events", "entries", "posts", "holds"}
    which = "issue = :number" if table in by_issue else "seq IN (SELECT seq FROM events WHERE issue = :number)"
    rows = await tx.rows(f"SELECT * FROM {table} WHERE {which} ORDER BY 1, 2", number=number)
    return {(row["seq"], row.get("field"), row.get("topic")): row for row in rows}


def copied(life: Life, row: Mapping[str, Any], columns: list[str]) -> Copy:
    """The row with the places that differ from issue to issue."""
    places: list[tuple[int, Key]] = []
    for place, name in enumerate(columns):
        value = row[name]
        if name in ("issue", "number"):
            places.append((place, "number"))
        elif name == "title" and value is not None:
            places.append((place, "title"))
        elif name == "last_hash":
            places.append((place, ("hash", row["last_event"])))
        elif value in life.keys:
            places.append((place, value))
    return Copy([row[name] for name in columns], places)


def happening(life: Life, row: Mapping[str, Any], entry: Mapping[str, Any]) -> Happening:
    """The event's leaf, whose places are found by their names."""
    leaf = json.loads(row["leaf"])
    special = {"issue": "number", "prev_hash": ("spelled", leaf.get("prev"))}
    openings = sorted((key[1], row["value"]) for key, row in life.seen["openings"].items() if key[0] == leaf["index"])
    words = [(field, "title" if field == "title" else value) for field, value in openings]
    keys: list[Key] = []
    for name in sorted(leaf):
        value = leaf[name]
        if name == "commit":
            keys += [("commit", field) for field, _ in words]
            leaf[name] = dict.fromkeys(value, "%s")
        elif name in special or (isinstance(value, int | str) and value in life.keys):
            keys.append(special.get(name, value))
            leaf[name] = "%s" if isinstance(value, str) else "%d"
    text = json.dumps(leaf, sort_keys=True, separators=(",", ":")).replace('"%d"', "%d")
    return Happening(row["seq"], row["kind"], text, words, keys, copied(life, entry, TABLES["entries"]))


def changes(life: Life, before: dict[str, Rows]) -> list[Change]:
    """What is no longer as it was before the act."""
    found = []
    for key, old in before["entries"].items():
        now = life.seen["entries"][key]
        if changed := sorted(name for name in old if old[name] != now[name]):
            sets = ", ".join(f"{name} = :{name}" for name in changed)
            values = {"seq": old["seq"], **{name: now[name] for name in changed}}
            found.append(Change(f"UPDATE entries SET {sets} WHERE seq = :seq", values))
    for key in before["openings"].keys() - life.seen["openings"].keys():
        values = {"seq": key[0], "field": key[1]}
        found.append(Change("DELETE FROM openings WHERE seq = :seq AND field = :field", values))
    return found


def paused(life: Life, seconds: int) -> tuple[str, str] | None:
    """Between which acts the clock stood still."""
    pairs = ((since, until) for since in life.times for until in life.times if since < until)
    spans = {int((until - since).total_seconds()): (format_time(since), format_time(until)) for since, until in pairs}
    return spans[seconds] if seconds else None
