"""Fills an empty board with a consistent record of any length: real leaves and hashes, three years, most issues closed.

`python -m tests.bench.filling URL ISSUES`. Rows go in by the thousands, past the acts but through the same pure
functions; `board rebuild` finds no difference.
"""

import asyncio
import heapq
import json
import random
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from board.domain import events as e
from board.domain.clocks import Target
from board.domain.leaf import Recorded, encode, format_time, whole_second
from board.domain.proof import b64url, commitment, leaf_hash
from board.domain.text import excerpt, to_html, to_plain, without_tags
from board.store import entries, issues
from board.store.company import Area
from board.store.projection import WORD_LENGTH, Row, entry, project
from tests.bench.sinks import Sink, open_sink

ORIGIN = "board.example/log"
VKEY = "board.example/log+00000000+AAAA"
SEED = 20260302
MOST_DAYS, FILED_A_DAY = 3 * 365, 20
BATCH = 20_000
TEXTS, VOCABULARY = 20_000, 30_000
HOUR, DAY = 3_600, 86_400
SPELLER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
AREAS = [Area(f"area-{place}", f"Area {place}", Target(24 * HOUR, 14 * DAY)) for place in range(10)]
COMMON = ("parcel", "kettle", "refund", "never", "arrived", "broken", "delivery", "account", "answer", "please")
NAMES = ("Ada", "Grace", "Joan", "Mary", "Edith", "", "", "")
ROW = [
    name.strip() for name in f"{issues.COLUMNS}, {issues.WORD_COLUMNS}, owner_person, followers, mine_too".split(",")
]
COLUMNS = {
    "events": ["seq", "issue", "kind", "leaf", "leaf_hash"],
    "openings": ["seq", "field", "salt", "value"],
    "topics": ["topic", "seq", "prev"],
    "entries": [name.strip() for name in entries.COLUMNS.split(",")],
    "posts": ["seq", "issue", "voter"],
    "issues": ROW,
    "search": ["issue", "title", "body"],
    "filers": ["issue", "email"],
    "follows": ["issue", "email", "created_ms", "confirmed_ms", "came_from"],
    "mine_too": ["issue", "voter"],
}
# How often an issue goes this way, and what happens on it after the filing: (hours until then on average, what).
WAYS: tuple[tuple[float, tuple[tuple[float, str], ...]], ...] = (
    (25, ((0, "publish"), (8, "update"), (60, "resolve"), (48, "confirm"))),
    (20, ((0, "publish"), (8, "update"), (60, "resolve"), (336, "lapse"))),
    (20, ((0, "publish"), (12, "update"), (24, "close"))),
    (6, ((0, "publish"), (5, "comment"), (8, "update"), (0, "start"), (72, "update"), (0, "resolve"), (336, "lapse"))),
    (6, ((0, "publish"), (9, "update"), (0, "wait"), (60, "comment"), (0, "start"), (48, "resolve"), (24, "confirm"))),
    (
        4,
        ((0, "publish"), (9, "assign"), (5, "update"), (0, "promise"), (48, "update"), (0, "resolve"), (24, "confirm")),
    ),
    (
        3,
        (
            (0, "publish"),
            (8, "update"),
            (24, "resolve"),
            (24, "dispute"),
            (200, "update"),
            (0, "resolve"),
            (336, "lapse"),
        ),
    ),
    (13, ((0, "publish"), (48, "withdraw"))),
    (1, ((0, "publish"), (3, "comment"), (9, "redact"), (24, "close"))),
    (1, ((0, "publish"), (30, "remove"))),
    (1, ((0, "hold"), (20, "publish"), (30, "update"), (60, "resolve"))),
)


@dataclass
class Case:
    """An issue while things happen on it."""

    number: int
    area: Area
    title: str
    steps: list[tuple[float, str]]
    row: Row = field(default_factory=dict)
    filed: int = 0
    settled: int = 0
    promise: int = 0
    last_text: tuple[int, str] = (0, "")
    prev: tuple[int, str] | None = None
    texts: dict[int, str] = field(default_factory=dict)
    last_word: dict[str, Any] = field(default_factory=dict)


class Author:
    """Writes texts in a skewed vocabulary; the same ones again and again, so that each is rendered once."""

    def __init__(self, chance: random.Random) -> None:
        letters = "abcdefghijklmnopqrstuvwxyz"
        made = ["".join(chance.choices(letters, k=chance.randint(4, 9))) for _ in range(VOCABULARY)]
        self.words = [*COMMON, *made]
        weights = [1 / (place + 3) for place in range(len(self.words))]
        drawn = iter(chance.choices(self.words, weights, k=TEXTS * 45))
        self.texts = [" ".join(next(drawn) for _ in range(chance.randint(15, 40))) for _ in range(TEXTS)]
        self.html = {text: to_html(text) for text in self.texts}
        self.plain = {text: without_tags(html) for text, html in self.html.items()}
        self.short = {text: excerpt(to_plain(text), WORD_LENGTH) for text in self.texts}
        self.chance = chance

    def text(self) -> str:
        return self.chance.choice(self.texts)

    def title(self, number: int) -> str:
        return f"{' '.join(self.text().split()[:5])} ref{number}"  # by which the one issue is found


class Past:
    """What has happened so far: hands out rows by table, batch after batch."""

    def __init__(self, count: int, now: datetime) -> None:
        self.chance = random.Random(SEED + count)
        self.author = Author(self.chance)
        self.count, self.now = count, whole_second(now)
        self.start = self.now - timedelta(days=min(MOST_DAYS, count / FILED_A_DAY))
        self.seq = 0
        self.time = self.start
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
        self.ends: dict[str, int] = {}
        self.late: list[tuple[str, dict[str, Any]]] = []

    def batches(self) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        """In the order of time: each issue's next step is the earliest of all."""
        self.record(e.LogOpened(spec="board-log-v1", vkey=VKEY), None)
        ways, weights = [way for _, way in WAYS], [weight for weight, _ in WAYS]
        waiting: list[tuple[datetime, int, Case]] = []
        span = (self.now - self.start) / self.count
        filed = 0
        while filed < self.count or waiting:
            at = self.start + span * filed
            if filed < self.count and (not waiting or at <= waiting[0][0]):
                filed += 1
                way = self.chance.choices(ways, weights)[0]
                case = Case(filed, self.chance.choice(AREAS), self.author.title(filed), list(way))
                self.at(at)
                self.file(case)
            else:
                at, _, case = heapq.heappop(waiting)
                self.at(at)
                self.step(case, case.steps.pop(0)[1])
            if case.steps:
                hours = case.steps[0][0]
                next_at = at + timedelta(hours=hours if hours in (0, 336) else self.chance.expovariate(1 / hours))
                if next_at < self.now:
                    heapq.heappush(waiting, (next_at, case.number, case))
                    case = None  # type: ignore[assignment]
            if case:
                self.end(case)
            if len(self.rows["events"]) >= BATCH:
                yield self.taken()
        yield self.taken()

    def taken(self) -> dict[str, list[tuple[Any, ...]]]:
        rows, self.rows = self.rows, {table: [] for table in COLUMNS}
        return rows

    def at(self, at: datetime) -> None:
        self.time = max(self.time, whole_second(at))

    def file(self, case: Case) -> None:
        words = {"title": case.title, "body": self.author.text()}
        if name := self.chance.choice(NAMES):
            words["author.name"] = name
        case.filed = self.seq
        self.record(e.IssueFiled(issue=case.number, area=case.area.slug, via="web", words=words), case)
        self.rows["posts"].append((case.filed, case.number, secrets.token_bytes(16)))

    def step(self, case: Case, what: str) -> None:
        for event in STEPS[what](self, case):
            self.record(event, case)
        if what == "resolve":
            case.settled = self.seq - 1

    def record(self, event: e.Event, case: Case | None) -> None:
        words = e.words_of(event)
        salts = {name: secrets.token_bytes(32) for name in words}
        commit = {name: commitment(salts[name], name, value) for name, value in words.items()}
        place = Place(self.seq, self.time, commit, case.prev if case else None)
        leaf = spelled(event, place)
        if self.seq % 1_000 == 0:
            assert leaf == checked(event, place)
        r = Recorded(
            index=self.seq, time=self.time, event=event, board=ORIGIN, leaf=leaf, leaf_hash=leaf_hash(leaf.encode()),
            commit=commit,
        )  # fmt: skip
        self.rows["events"].append((r.index, r.issue, r.name, leaf, r.leaf_hash))
        self.rows["openings"] += [(r.index, name, salts[name], value) for name, value in words.items()]
        if case:
            case.prev = r.index, b64url(r.leaf_hash)
            self.derive(r, words, case)
        self.seq += 1

    def derive(self, r: Recorded, words: e.Words, case: Case) -> None:
        body = words.get("body", "")
        case.row = project(case.row or None, r, words, case.area.target)
        made = entry(case.row, r, {name: value for name, value in words.items() if name != "body"})
        if body:
            made |= {"body": body, "body_html": self.author.html[body]}
            case.texts[r.index] = body
            case.last_text = r.index, body
            case.last_word = {
                "last_word": self.author.short[body],
                "last_word_seq": r.index,
                "last_word_role": made["role"],
                "last_word_name": made["name"],
                "last_word_at": made["at"],
            }
        self.rows["entries"].append(tuple(made.values()))
        for topic in (f"area:{case.area.slug}", f"issue:{case.number}"):
            self.rows["topics"].append((topic, r.index, self.ends.get(topic, -1)))
            self.ends[topic] = r.index

    def end(self, case: Case) -> None:
        """Nothing more happens on the issue: its row, and what is private of it."""
        self.ends.pop(f"issue:{case.number}", None)
        too = int(self.chance.paretovariate(1)) - 1 if self.chance.random() < 0.1 else 0
        follows = int(self.chance.random() < 0.1)
        private = {"owner_person": 1 if case.row["owner"] else None, "followers": follows, "mine_too": min(too, 500)}
        row = {**dict.fromkeys(ROW), **case.row, **case.last_word, **private}
        number, email = case.number, f"{case.number}@example.com"
        is_public = row["visibility"] == "public"
        self.rows["issues"].append(tuple(row[name] for name in ROW))
        if is_public:
            text = " ".join(self.author.plain[body] for body in case.texts.values())
            self.rows["search"].append((number, case.title, text[:100_000]))
        self.rows["filers"].append((number, email if number % 3 == 0 else None))
        self.rows["follows"] += [(number, f"f{email}", 0, 1, number)] * follows
        self.rows["mine_too"] += [(number, secrets.token_bytes(16)) for _ in range(min(too, 500))]

    def comment(self, case: Case) -> Iterator[e.Event]:
        self.rows["posts"].append((self.seq, case.number, secrets.token_bytes(16)))
        words = {"body": self.author.text()}
        yield e.CommentPosted(issue=case.number, via="web", target=case.filed, words=words)

    def update(self, case: Case) -> Iterator[e.Event]:
        keeps = case.row["promise_seq"] is not None
        yield e.UpdatePosted(issue=case.number, via="web", words={"body": self.author.text(), "author.name": "Bo"})
        if keeps:
            self.keep(case)
            yield e.PromiseKept(issue=case.number, target=case.promise)
        elif case.row["state"] == "new":
            yield e.IssueAcknowledged(issue=case.number)

    def promise(self, case: Case) -> Iterator[e.Event]:
        case.promise = self.seq
        yield e.PromiseMade(issue=case.number, due=format_time(self.time + timedelta(days=30)))

    def keep(self, case: Case) -> None:
        self.late.append(
            (
                "UPDATE entries SET outcome = 'kept', outcome_at = :at WHERE seq = :seq",
                {"seq": case.promise, "at": format_time(self.time)},
            )
        )

    def dispute(self, case: Case) -> Iterator[e.Event]:
        words = {"body": self.author.text()}
        yield e.IssueDisputed(issue=case.number, target=case.settled, words=words)
        yield e.IssueReopened(issue=case.number, role="customer")

    def redact(self, case: Case) -> Iterator[e.Event]:
        seq, _ = case.last_text
        del case.texts[seq]
        given = {"seq": seq, "by": self.seq}
        self.late += [
            ("DELETE FROM openings WHERE seq = :seq AND field = 'body'", {"seq": seq}),
            (
                "INSERT INTO redactions (seq, field, by_event, reason) VALUES (:seq, 'body', :by, 'privacy_request')",
                given,
            ),
            ("UPDATE entries SET body = NULL, body_html = NULL WHERE seq = :seq", {"seq": seq}),
        ]
        first = case.filed
        case.last_word |= {
            "last_word": self.author.short[case.texts[first]],
            "last_word_seq": first,
            "last_word_role": "customer",
            "last_word_name": case.row["author"],
            "last_word_at": case.row["filed_at"],
        }
        yield e.TextRedacted(issue=case.number, target=seq, fields=("body",), reason="privacy_request")


@dataclass(frozen=True)
class Place:
    """Where an event stands in the record."""

    index: int
    time: datetime
    commit: dict[str, str]
    prev: tuple[int, str] | None


def checked(event: e.Event, place: Place) -> str:
    """The leaf as the board makes it."""
    return encode(event, board=ORIGIN, **vars(place))


def spelled(event: e.Event, place: Place) -> str:
    """The same text in a third of the time, for what is known to be plain."""
    leaf = {name: value for name, value in vars(event).items() if name != "words" and value is not None}
    leaf |= {"v": 1, "board": ORIGIN, "index": place.index, "time": format_time(place.time), "event": e.name_of(event)}
    if place.commit:
        leaf["commit"] = place.commit
    if place.prev:
        leaf["prev"], leaf["prev_hash"] = place.prev
    return SPELLER.encode(leaf)


Step = Callable[[Past, Case], Any]
STEPS: dict[str, Step] = {
    "publish": lambda past, case: [e.IssuePublished(issue=case.number)],
    "hold": lambda past, case: [e.IssueHeld(issue=case.number)],
    "start": lambda past, case: [e.IssueStarted(issue=case.number)],
    "wait": lambda past, case: [e.IssueWaiting(issue=case.number)],
    "resolve": lambda past, case: [e.IssueResolved(issue=case.number, resolution=past.chance.choice(e.CURES))],
    "confirm": lambda past, case: [e.IssueConfirmed(issue=case.number, target=case.settled)],
    "lapse": lambda past, case: [e.IssueLapsed(issue=case.number, target=case.settled)],
    "close": lambda past, case: [e.IssueClosed(issue=case.number, resolution="declined")],
    "withdraw": lambda past, case: [e.IssueWithdrawn(issue=case.number)],
    "remove": lambda past, case: [e.IssueRemoved(issue=case.number, reason="spam")],
    "assign": lambda past, case: [e.IssueAssigned(issue=case.number, words={"owner.name": "Bo"})],
    "comment": Past.comment,
    "update": Past.update,
    "promise": Past.promise,
    "dispute": Past.dispute,
    "redact": Past.redact,
}


async def fill(sinks: list[Sink], count: int, now: datetime) -> int:
    """Fills migrated, empty databases with `count` issues; returns the number of events."""
    past = Past(count, now)
    for sink in sinks:
        await sink.begin()
    for rows in past.batches():
        for sink in sinks:
            for table, columns in COLUMNS.items():
                await sink.add(table, columns, rows[table])
    for sink in sinks:
        await sink.add("areas", ["slug", "name", "first_answer_s", "resolve_s", "position"], areas())
        await sink.add("people", ["email", "name", "role", "created_ms"], [("bo@board.example", "Bo", "admin", 0)])
        head = (1, past.seq, format_time(past.time), ORIGIN, secrets.token_hex(4))
        await sink.add("head", ["one", "seq", "time", "origin", "epoch"], [head])
        place = ("mail", "", past.seq - 1, 0, 0)
        await sink.add("positions", ["follower", "target", "seq", "failures", "retry_ms"], [place])
        await sink.end(past.late)
    return past.seq


def areas() -> list[tuple[Any, ...]]:
    return [
        (area.slug, area.name, area.target.first_answer_s, area.target.resolve_s, place)
        for place, area in enumerate(AREAS)
    ]


async def make(urls: list[str], count: int, now: datetime) -> int:
    sinks = [await open_sink(url) for url in urls]
    try:
        return await fill(sinks, count, now)
    finally:
        for sink in sinks:
            await sink.close()


if __name__ == "__main__":
    *where, number = sys.argv[1:]
    print(asyncio.run(make(where, int(number), datetime.now(UTC))))
