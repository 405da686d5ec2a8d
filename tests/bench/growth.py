"""What reading and acting cost against the number of issues, uncached, on both databases.

`python -m tests.bench.growth [ISSUES …]`, by default 1,000 and 30,000. Each cost is a median in milliseconds of the
processor, the database's included, measured in turns with the other sizes in one run; its ratio is to the smallest
board. BOARD_GROWTH_DIR keeps the databases for the next time. BOARD_GROWTH_DATABASE_URL names a PostgreSQL server,
BOARD_GROWTH_DATABASE_PID its first process; else one is started.
"""

import asyncio
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import asyncpg
import httpx

from board import app, serving, stream
from board.actions import moderators
from board.domain import limits as rules
from board.domain.leaf import format_time
from board.domain.people import Actor
from board.followers import reminders
from board.store import company, issues, moderation, record
from board.store.database import Database
from board.store.migrate import migrate
from board.web.session import now_ms
from tests.bench import boards
from tests.bench.boards import comment
from tests.bench.filling import make
from tests.postgres import tell, with_name
from tests.test_serving import free_port
from tests.web.site import SECRET, Site, file_issue, opened, settings_for

SIZES = (1_000, 30_000)
ROUNDS, TIMES = 24, 10
BO = Actor(standing="admin", person=1, name="Bo")
MO = Actor(standing="moderator", person=2, name="Mo")
STATES = ("open", "company", "customer", "overdue", "cured", "confirmed", "disputed", "closed", "all")
PAGES = {
    "list": "/",
    **{f"list, {state}": f"/?state={state}" for state in STATES},
    **{f"list, by {sort}": f"/?state=all&sort={sort}" for sort in ("new", "oldest", "too")},
    "list, an area": "/?area=area-1",
    "list, an area's cures by votes": "/?area=area-1&state=cured&sort=too",
    "search, a common word": "/?q=parcel",
    "search, two common words": "/?q=parcel+kettle",
    "search, the common word in open issues": "/?q=parcel&state=open",
    "search, the oldest": "/?q=parcel&sort=oldest",
    "search, a beginning": "/?q=parce",
    "search, a word of one issue": "/?q=ref{size}",
    "similar issues while typing": "/similar?q=my+parcel+never+arrived+please+answer+about+the+broken+kettle",
    "moderation report": "/moderation",
    "about": "/about",
    "feed": "/feed.atom",
    "feed, an area": "/areas/area-1/feed.atom",
    "feed, a search": "/feed.json?q=parcel",
    "feed, a later page": "/feed.atom?before=1000",
    "open data": "/data/",
    "API, list": "/api/v1/issues",
    "API, search": "/api/v1/issues?q=parcel",
    "API, the record's beginning": "/api/v1/events",
}
DESK = {
    **{f"queue, {queue}": f"/staff?queue={queue}" for queue in issues.QUEUES},
    "desk, search": "/staff?q=parcel",
    "moderators' queue": "/staff/moderation",
}

Act = Callable[[], Awaitable[Any]]
Figures = dict[str, Any]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Measured:
    """A board of one size, and what each thing cost there, in milliseconds."""

    size: int
    site: Site
    acts: dict[str, Act] = field(default_factory=dict)
    costs: dict[str, list[float]] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)

    async def once(self, name: str) -> None:
        start = spent_ns()
        answer = await self.acts[name]()
        if isinstance(answer, httpx.Response):
            self.bytes[name] = len(answer.content)
        self.costs.setdefault(name, []).append((spent_ns() - start) / 1e6)


def spent_ns() -> int:
    """Processor time of this process and of the servers of PostgreSQL: other programs on the machine do not count."""
    return time.process_time_ns() + sum(on_processor(pid) for pid in servers())


def on_processor(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=1)
def parents() -> set[int]:
    """The processes under which PostgreSQL serves; filled by `postgres`."""
    return set()


def servers() -> list[int]:
    """PostgreSQL forks one for each connection."""
    tasks = [Path(f"/proc/{pid}/task/{pid}/children") for pid in parents()]
    return [int(child) for task in tasks for child in task.read_text().split()]


async def prepared(site: Site, size: int) -> Measured:
    """The board with all that is measured on it, its limits lifted."""
    async with site.db.saving() as tx:
        await company.save(tx, {"limits": dict.fromkeys(rules.counts({}), rules.MOST), "moderation": "open"})
        await tx.run("UPDATE positions SET seq = :seq WHERE follower = 'mail'", seq=site.board.stream.head)
    anybody, staff = site.browser(), await site.staff(BO)
    measured = Measured(size, site)
    numbers = await alike(site.db, size)
    draw = random.Random(size)

    def some() -> int:
        return draw.choice(numbers)

    measured.acts |= {name: get(anybody, path.format(size=size)) for name, path in PAGES.items()}
    measured.acts |= {name: get(staff, path) for name, path in DESK.items()}
    for name, path in (("list, second page", "/?state=all"), ("search, second page", "/?q=parcel")):
        measured.acts[name] = get(anybody, await second(anybody, path))
    measured.acts |= {
        "issue": lambda: seen(anybody, f"/issues/{some()}"),
        "issue at the desk": lambda: seen(staff, f"/staff/issues/{some()}"),
        "API, an issue": lambda: seen(anybody, f"/api/v1/issues/{some()}"),
        "filing": lambda: file_issue(site.browser(), title="A parcel never arrived", area="area-1"),
        "comment": lambda: sent(anybody, f"/issues/{some()}/comments", body="Mine never arrived, too."),
        "mine too": lambda: sent(site.browser(), f"/issues/{some()}/mine-too"),
        "follow": lambda: sent(anybody, f"/issues/{some()}/follow", email=f"cy{draw.random()}@example.com"),
        "redaction": await redaction(site, draw.choices(numbers, k=ROUNDS + 3)),
        **beneath(site, numbers[0]),
    }
    return measured


async def redaction(site: Site, numbers: list[int]) -> Act:
    """Takes out one comment after the other; what a large index has to do behind it is not in it."""
    said = [(number, await comment(site.db, number, "A word too many.")) for number in numbers]

    async def act() -> None:
        number, seq = said.pop()
        async with site.db.writing(now()) as tx:
            await moderators.redact(tx, number, by=MO, target=seq, fields=("body",), reason="privacy_request")

    return act


def beneath(site: Site, number: int) -> dict[str, Act]:
    """What runs without a page: the stream and the clock."""
    board = site.board

    async def catch_up(topic: str) -> None:
        async with board.db.reading() as tx:
            seq = board.stream.head - 200 if topic == "board" else 0
            try:
                await stream.catch_up(tx, seq, board.stream.head, frozenset({topic}))
            except stream.OutOfReach:
                return

    async def read_on() -> None:
        for _ in range(TIMES):  # once is too quick to be measured
            board.stream.head -= 1
            await board.stream.read_on()

    async def due() -> None:
        async with board.db.reading() as tx:
            await issues.due_for_missing(tx, format_time(now()), limit=100)
            await issues.due_for_lapse(tx, format_time(now() - timedelta(days=14)), limit=100)
            await moderation.hidings_due(tx, now_ms(), limit=100)

    async def remind() -> None:
        async with board.db.reading() as tx:
            await reminders.newly_due(tx, datetime.fromtimestamp(now().timestamp() - 60, UTC), now())

    return {
        "live head, ten times": read_on,
        "catching up, an issue": lambda: catch_up(f"issue:{number}"),
        "catching up, the board": lambda: catch_up("board"),
        "catching up, an area too far behind": lambda: catch_up("area:area-1"),
        "clock": due,
        "reminders": remind,
    }


def get(client: httpx.AsyncClient, path: str) -> Act:
    return lambda: seen(client, path)


async def seen(client: httpx.AsyncClient, path: str) -> httpx.Response:
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
    return answer


async def sent(client: httpx.AsyncClient, path: str, **typed: str) -> None:
    answer = await client.post(path, data={**typed, "name": "Cy"} if typed else None)
    assert answer.status_code == 303, (path, answer.status_code, answer.text[:500])


async def second(client: httpx.AsyncClient, path: str) -> str:
    """The address of the page behind this one."""
    page = (await seen(client, path)).text
    after = page.partition("after=")[2].partition('"')[0].replace("&amp;", "&")
    return f"{path}&after={parse_qs(f'after={after}')['after'][0]}" if after else path


async def alike(db: Database, size: int) -> list[int]:
    """Public issues with as many events each, from everywhere in the record."""
    draw, found = random.Random(0), list[int]()
    async with db.reading() as tx:
        while len(found) < ROUNDS:
            number = draw.randint(1, size)
            row = await issues.find(tx, number)
            if row and row["visibility"] == "public" and len(await record.of_issue(tx, number)) == 5:
                found.append(number)
    return found


async def compare(urls: dict[int, str], folder: Path) -> dict[str, dict[str, Any]]:
    """Costs by name: of each size, and the ratio of each to the smallest."""
    app.CLOCK_EVERY_S = app.SCRUB_EVERY_S = 3_600  # what time does by itself is measured, and disturbs nothing else
    async with AsyncExitStack() as stack:
        boards = []
        for size, url in urls.items():
            site = await stack.enter_async_context(opened(settings_for(url, folder, page_memory_mib=0)))
            boards.append(await prepared(site, size))
        serving.look_over_less()
        for turn in range(ROUNDS + 3):
            for name in boards[0].acts:
                for board in boards:
                    await board.once(name)
            if turn == 2:  # warm by now
                for board in boards:
                    board.costs.clear()
        return {name: summed(name, boards) for name in boards[0].acts}


def summed(name: str, boards: list[Measured]) -> dict[str, Any]:
    costs = {board.size: round(statistics.median(board.costs[name]), 3) for board in boards}
    first = costs[boards[0].size]
    return {
        "ms": costs,
        "bytes": {board.size: board.bytes.get(name) for board in boards},
        "ratio": {size: round(cost / first, 2) for size, cost in costs.items()},
    }


async def weigh(url: str, folder: Path) -> Figures:
    """Seconds until a board of this size serves, by the clock and of the processor, and its memory after some pages."""
    port = free_port()
    environment = {
        **os.environ, "BOARD_DATABASE_URL": url, "BOARD_DATA_DIR": str(folder), "BOARD_SECRET_KEY": SECRET,
        "BOARD_BASE_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "board", "serve", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            while True:
                try:
                    await client.get("/healthz")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
            started, worked = time.perf_counter() - start, processor_s(server.pid)
            for place in range(100):
                await client.get(("/", "/?q=parcel", "/?state=all&sort=too", "/moderation")[place % 4])
            memory = round(resident(server.pid) / 2**20, 1)
            return {"start_s": round(started, 2), "start_processor_s": worked, "memory_mib": memory}
    finally:
        server.terminate()
        server.wait()


def processor_s(pid: int) -> float:
    """Seconds that the process has spent on the processor, in all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory that the process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


async def filled(sizes: list[int], folder: Path, server: str | None) -> dict[str, dict[int, str]]:
    """The databases by kind and size; one that was kept is not made again."""
    urls: dict[str, dict[int, str]] = {"sqlite": {}, **({"postgres": {}} if server else {})}
    for size in sizes:
        file = folder / f"growth{size}.db"
        urls["sqlite"][size] = f"sqlite:///{file}"
        missing = [] if file.exists() else [urls["sqlite"][size]]
        if server:
            urls["postgres"][size] = with_name(server, f"growth{size}")
            missing += [urls["postgres"][size]] if await is_made(server, f"growth{size}") else []
        start = time.perf_counter()
        if missing:
            events = await make(missing, size, datetime.now(UTC))
            print(f"{size:,} issues, {events:,} events in {time.perf_counter() - start:.0f} s", file=sys.stderr)
        for kind in urls.values():
            await migrate(kind[size])  # what was kept may be older than this program
    return urls


async def is_made(server: str, name: str) -> bool:
    """Makes the database; whether it was not there yet."""
    try:
        await tell(server, f"CREATE DATABASE {name}")
    except asyncpg.DuplicateDatabaseError:
        return False
    return True


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """A PostgreSQL server: the one that is named, or one of this run; None where there is none."""
    if given := os.environ.get("BOARD_GROWTH_DATABASE_URL"):
        if pid := os.environ.get("BOARD_GROWTH_DATABASE_PID"):
            parents().add(int(pid))
        yield given
        return
    with boards.postgres(folder) as url:
        if url:
            parents().add(int((folder / "pg" / "postmaster.pid").read_text().split()[0]))
        yield url


async def measure(folder: Path, server: str | None, sizes: list[int]) -> Figures:
    found: Figures = {"sizes": sizes}
    for database, urls in (await filled(sizes, folder, server)).items():
        found[database] = {
            "costs": await compare(urls, folder),
            "process": {size: await weigh(url, folder) for size, url in urls.items()},
        }
    return found


def growth(sizes: list[int] | None = None) -> Figures:
    """The figures as JSON holds them."""
    kept = os.environ.get("BOARD_GROWTH_DIR")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(kept or made)
        with postgres(folder) as server:
            return asyncio.run(measure(folder, server, sizes or list(SIZES)))


def main() -> None:
    print(json.dumps(growth([int(size) for size in sys.argv[1:]]), indent=2))


if __name__ == "__main__":
    main()
