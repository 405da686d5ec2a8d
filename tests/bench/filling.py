"""Fills an empty board with a consistent record of any length: real hashes, three years, most issues closed.

`python -m tests.bench.filling URL … ISSUES`. Rows are copies of what the real acts wrote once (`lives`), in other
words, at other times, chained and hashed anew; `board rebuild` finds no difference. Each database has a process.
"""

import asyncio
import gc
import heapq
import multiprocessing
import random
import secrets
import sys
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import Any

from board.domain import events as e
from board.domain.leaf import encode
from board.domain.proof import COMMIT_DOMAIN, leaf_hash
from board.domain.tree import above
from board.domain.tree import filled as filled_nodes
from board.store import record, search
from board.store.company import Area
from board.store.projection import due
from tests.bench.lives import AREA, ISSUE, MARKS, PROMISED, TABLES, Happening, Key, Life, Step, forms, lived
from tests.bench.sinks import Late, Sink, open_sink
from tests.cast import ORIGIN, VKEY

SEED = 20260302
MOST_DAYS, FILED_A_DAY = 3 * 365, 20
BATCH = 10_000  # events
TEXTS, VOCABULARY = 10_000, 30_000
HOUR, DAY = 3_600, 86_400
AREAS = [Area(f"area-{place}", f"Area {place}", AREA.target) for place in range(10)]
COMMON = ("parcel", "kettle", "refund", "never", "arrived", "broken", "delivery", "account", "answer", "please")
ROW = [*ISSUE, "followers", "mine_too"]
PAUSED, DUE = ISSUE.index("paused_s"), ISSUE.index("due_at")
COLUMNS = {
    **TABLES,
    "issues": ROW,
    "search": ["issue", "title", "body"],
    "filers": ["issue", "email", "confirmed_ms"],
    "follows": ["issue", "email", "created_ms", "confirmed_ms", "came_from"],
    "mine_too": ["issue", "voter"],
    "nodes": ["level", "place", "hash"],
}
CLOCK = [f"T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z" for second in range(DAY)]

Rows = dict[str, list[Any]]


class Author:
    """Writes texts in a skewed vocabulary; the same ones again and again, so that each is rendered once."""

    def __init__(self, chance: random.Random, number: int) -> None:
        letters = "abcdefghijklmnopqrstuvwxyz"
        made = ["".join(chance.choices(letters, k=chance.randint(4, 9))) for _ in range(VOCABULARY)]
        words = [*COMMON, *made]
        drawn = iter(chance.choices(words, [1 / (place + 3) for place in range(len(words))], k=number * 45))
        texts = (" ".join(next(drawn) for _ in range(chance.randint(15, 40))) for _ in range(number))
        self.forms = [forms(text) for text in texts]
        self.subjects = [" ".join(form[0].split()[:5]) for form in self.forms]


@dataclass
class Case:
    """An issue while things happen on it: `known` is what stands in the places of its pattern."""

    life: Life
    area: str
    known: dict[Key, Any]
    moments: dict[str, int] = field(default_factory=dict)
    done: int = 0


class Past:
    """What has happened so far: hands out rows by table, batch after batch, in the order of the record."""

    def __init__(self, count: int, now: int, lives: list[tuple[float, list[Life]]]) -> None:
        self.chance = random.Random(SEED + count)
        self.author = Author(self.chance, min(TEXTS, 3 * count))
        self.count, self.now = count, now
        self.start = now - DAY * min(MOST_DAYS, count // FILED_A_DAY)
        self.lives = lives
        self.seq, self.time = 0, self.start
        self.rows: Rows = {table: [] for table in COLUMNS}
        self.areas: dict[str, int] = defaultdict(lambda: -1)
        self.over: dict[int, Case] = {}
        self.told = 0
        self.late: Late = defaultdict(list)
        self.leaves, self.tiles = 0, defaultdict[int, list[bytes]](list)

    def batches(self) -> Iterator[Rows]:
        """In the order of time: each issue's next step is the earliest of all."""
        self.rows["events"].append(opened(self.time))
        self.seq = 1
        ways, weights = [lives for _, lives in self.lives], [often for often, _ in self.lives]
        drawn = self.chance.choices(ways, weights, k=self.count)
        span = (self.now - self.start) / self.count
        waiting: list[tuple[float, int, Case]] = []
        filed = 0
        while filed < self.count or waiting:
            if filed < self.count and (not waiting or self.start + span * filed <= waiting[0][0]):
                at = self.start + span * filed
                case = self.filed(filed + 1, drawn[filed])
                filed += 1
            else:
                at, _, case = heapq.heappop(waiting)
            self.time = max(self.time, int(at))
            self.go(case)
            if (after := self.next_at(case, at)) is None:
                self.end(case)
            else:
                heapq.heappush(waiting, (after, case.known["number"], case))
            if len(self.rows["events"]) >= BATCH:
                yield self.taken()
        yield self.taken()

    def taken(self) -> Rows:
        rows, self.rows = self.rows, {table: [] for table in COLUMNS}
        rows["nodes"] = [node for *_, hashed in rows["events"] for node in self.grown(hashed)]
        return rows

    def grown(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        """The nodes of the tree that are whole with this leaf."""
        self.tiles[0].append(leaf)
        for level, place in filled_nodes(self.leaves):
            full, self.tiles[level - 1] = self.tiles[level - 1], []
            self.tiles[level].append(above(full))
            yield level, place, self.tiles[level][-1]
        self.leaves += 1

    def filed(self, number: int, lives: list[Life]) -> Case:
        area = AREAS[int(self.chance.random() * len(AREAS))].slug
        title = f"{self.author.subjects[int(self.chance.random() * len(self.author.subjects))]} ref{number}"
        marks = secrets.token_bytes(32)
        known: dict[Key, Any] = {"number": number, "title": title, AREA.slug: area}
        known |= {MARKS["filer"]: marks[:16], MARKS["other"]: marks[16:]}
        return Case(lives[self.chance.random() < 0.4], area, known)

    def next_at(self, case: Case, at: float) -> float | None:
        """When the next thing happens on the issue, if that is not still to come."""
        if case.done == len(case.life.steps):
            return None
        hours = case.life.steps[case.done].hours
        after = at + HOUR * (hours if hours == 336 else self.chance.expovariate(1 / hours))
        return after if after < self.now else None

    def moment(self, after: int = 0) -> str:
        """The time as the record spells it."""
        days, second = divmod(self.time + after, DAY)
        return day(days) + CLOCK[second]

    def go(self, case: Case) -> None:
        """The issue's next step, with a row for each that its pattern has."""
        step, known, rows = case.life.steps[case.done], case.known, self.rows
        case.done += 1
        known[step.time], known[step.promised] = self.moment(), self.moment(PROMISED.days * DAY)
        case.moments[step.time] = self.time
        for forms_ in step.texts:
            known.update(
                zip(forms_, self.author.forms[int(self.chance.random() * len(self.author.forms))], strict=True)
            )
        for happening in step.happenings:
            self.record(case, happening)
        for table, copies in step.beside:
            rows[table] += [copy.of(known) for copy in copies]
        for change in step.changes:
            self.late[change.statement].append(change.of(known))

    def record(self, case: Case, happening: Happening) -> None:
        seq, known, rows = self.seq, case.known, self.rows
        number = known["number"]
        known[happening.seq] = seq
        if happening.words:
            salts = secrets.token_bytes(32 * len(happening.words))
            for place, (name, key) in enumerate(happening.words):
                salt, value = salts[32 * place : 32 * place + 32], str(known.get(key, key))
                message = b"\0".join((COMMIT_DOMAIN, name.encode(), value.encode()))
                known["commit", name] = spelled(digest(salt, message, "sha256"))
                rows["openings"].append((seq, name, salt, value))
        leaf = happening.leaf % tuple([known[key] for key in happening.keys])
        hashed = sha256(b"\0" + leaf.encode()).digest()
        known["hash", happening.seq] = hashed
        known["spelled", happening.seq] = spelled(hashed)
        rows["events"].append((seq, number, happening.kind, leaf, hashed))
        rows["entries"].append(happening.entry.of(known))
        topic = f"area:{case.area}"
        rows["topics"] += [(topic, seq, self.areas[topic]), (f"issue:{number}", seq, known.get("last", -1))]
        self.areas[topic] = known["last"] = seq
        self.seq = seq + 1

    def end(self, case: Case) -> None:
        """Nothing more happens on the issue; rows of issues go in by number, as they were filed."""
        self.over[case.known["number"]] = case
        while ready := self.over.pop(self.told + 1, None):
            self.told += 1
            self.tell(ready)

    def tell(self, case: Case) -> None:
        """The issue's row, what is found of it, and what is private of it."""
        step, known, rows = case.life.steps[case.done - 1], case.known, self.rows
        number, email = self.told, f"{self.told}@example.com"
        chance = self.chance.random()
        too = min(int(self.chance.paretovariate(1)) - 1, 500) if chance < 0.1 else 0
        follows = int(0.05 < chance < 0.15)
        rows["issues"].append([*standing(step, case), follows, too])
        if step.search is not None:
            text = "".join([f"{known[line]}\n" for line in step.search])
            rows["search"].append((number, known["title"], text[: search.INDEX_LENGTH]))
        rows["filers"].append((number, email, 0) if number % 3 == 0 else (number, None, None))
        rows["follows"] += [(number, f"f{email}", 0, 1, number)] * follows
        rows["mine_too"] += [(number, secrets.token_bytes(16)) for _ in range(too)]


def opened(at: int) -> tuple[Any, ...]:
    """The first event of the record."""
    event, time = e.LogOpened(spec=record.SPEC, vkey=VKEY), datetime.fromtimestamp(at, UTC)
    leaf = encode(event, board=ORIGIN, index=0, time=time, commit={}, prev=None)
    return 0, None, e.name_of(event), leaf, leaf_hash(leaf.encode())


def standing(step: Step, case: Case) -> list[Any]:
    """The issue's row after the step; what follows from spans of time is counted anew."""
    row = step.issue.of(case.known)
    if step.paused:
        since, until = step.paused
        row[PAUSED] = case.moments[until] - case.moments[since]
    if step.is_due:
        row[DUE] = due(dict(zip(ISSUE, row, strict=True)), AREA.target)
    return row


@lru_cache(maxsize=1000)
def day(days: int) -> str:
    """The date so many days after 1970 began."""
    return datetime.fromtimestamp(days * DAY, UTC).date().isoformat()


def spelled(raw: bytes) -> str:
    """32 bytes in base64url without padding."""
    return urlsafe_b64encode(raw)[:43].decode()


async def fill(sink: Sink, count: int, now: datetime) -> int:
    """Fills a migrated, empty database with `count` issues; returns the number of events."""
    past = Past(count, int(now.timestamp()), await lived())
    await sink.begin()
    for rows in past.batches():
        for table, columns in COLUMNS.items():
            await sink.add(table, columns, rows[table])
    for table, (columns, made) in company(past).items():
        await sink.add(table, columns, made)
    await sink.end(past.late)
    return past.seq


def company(past: Past) -> dict[str, tuple[list[str], list[Any]]]:
    """The head, the areas, and those who work here."""
    targets = [(area.slug, area.name, area.target.first_answer_s, area.target.resolve_s) for area in AREAS]
    staff = [(f"{name.lower()}@board.example", name, role, 0) for name, role in (("Bo", "admin"), ("Mo", "moderator"))]
    head = (1, past.seq, past.moment(), ORIGIN, secrets.token_hex(4))
    return {
        "areas": (
            ["slug", "name", "first_answer_s", "resolve_s", "position"],
            [(*target, place) for place, target in enumerate(targets)],
        ),
        "people": (["email", "name", "role", "created_ms"], staff),
        "head": (["one", "seq", "time", "origin", "epoch"], [head]),
        "positions": (["follower", "target", "seq", "failures", "retry_ms"], [("mail", "", past.seq - 1, 0, 0)]),
    }


async def make(urls: list[str], count: int, now: datetime) -> int:
    """Fills the databases beside each other, each in a process of its own; returns the number of events."""
    with ProcessPoolExecutor(len(urls), multiprocessing.get_context("spawn")) as apart:
        loop = asyncio.get_running_loop()
        return max(await asyncio.gather(*[loop.run_in_executor(apart, fill_alone, url, count, now) for url in urls]))


def fill_alone(url: str, count: int, now: datetime) -> int:
    gc.disable()  # hundreds of thousands of issues are under way, and none of them is a circle
    return asyncio.run(filled(url, count, now))


async def filled(url: str, count: int, now: datetime) -> int:
    sink = await open_sink(url)
    try:
        return await fill(sink, count, now)
    finally:
        await sink.close()


if __name__ == "__main__":
    *where, number = sys.argv[1:]
    print(asyncio.run(make(where, int(number), datetime.now(UTC))))
