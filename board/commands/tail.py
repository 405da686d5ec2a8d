"""`board tail`: follows a board as `tail -f` follows a log; each event is one line, in order and once."""

import asyncio
import json
import os
import re
import select
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import click

from board.commands import tell
from board.commands.calls import Board, Refusal, Unreachable, origin
from board.commands.follow import Behind, Follower, Frame, Replaced, Stopped
from board.commands.running import fail
from board.domain import following

PAGE = 100
LOOK_S = 1.0  # how soon it is seen that nobody reads any more
MOST_TOPICS = 20
SHORT_TRIES = 3  # after so many in vain it says since when, and then no more
INTERRUPTED = 130
ISSUE = re.compile(r"/issues/(\d{1,15})/?$")


@click.command()
@click.argument("url")
@click.option(
    "--issue", "issues", type=click.IntRange(1, 10**15), multiple=True, help="Only this issue; may be repeated."
)
@click.option("--area", "areas", multiple=True, help="Only this area, by its short name; may be repeated.")
@click.option("--json", "is_json", is_flag=True, help="Each line one event, as in GET /api/v1/events.")
@click.option("--since", type=click.IntRange(-1, 10**15), metavar="SEQ", help="Begin behind this entry of the record.")
@click.option("--from-start", is_flag=True, help="Begin with the first entry.")
def tail(
    url: str, issues: tuple[int, ...], areas: tuple[str, ...], is_json: bool, since: int | None, from_start: bool
) -> None:
    """Follow a board's events live. Without --since or --from-start it begins with what happens next.

    What becomes of the link is told on stderr. A line is never lost or doubled, however often it breaks. Ends with 0
    when nobody reads its lines any more, with 130 at Ctrl-C.
    """
    where = origin(url)
    if where is None:
        raise click.UsageError(f"{url!r} is not the address of a board, such as https://issues.example.com")
    if since is not None and from_start:
        raise click.UsageError("--since and --from-start say two different things")
    if not (issues or areas) and (found := ISSUE.search(url)):
        issues = (int(found[1]),)
    if len(issues) + len(areas) > MOST_TOPICS:
        raise click.UsageError(f"at most {MOST_TOPICS} issues and areas can be followed at once")
    tailing = Tailing(Board(where), issues, areas, is_json=is_json, start=-1 if from_start else since)
    try:
        asyncio.run(tailing.run())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except NobodyReads:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # what is left over must not fail again at the end
        sys.exit(0)
    except Stopped as stopped:
        fail(f"the board wants to be followed no more: {stopped}")
    except Replaced:
        fail(f"the record at {where} is another one than before; the last line shown was entry {tailing.printed}")
    except Refusal as refused:
        fail(str(refused))
    except Unreachable as lost:
        fail(f"{where} cannot be reached: {lost}")


class NobodyReads(Exception):
    """Whoever read the lines has gone."""


async def heard() -> None:
    """Raises NobodyReads once the other end of a pipe is gone, also where nothing happens that could be written."""
    with suppress(OSError, AttributeError):  # no file, or a system that cannot be asked
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLERR)
        while not any(state & select.POLLERR for _, state in poll.poll(0)):  # noqa: ASYNC110  (no event tells of it)
            await asyncio.sleep(LOOK_S)
        raise NobodyReads
    await asyncio.Event().wait()


async def either(*works: Coroutine[Any, Any, None]) -> None:
    """Runs them together, until one of them fails."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Tailing:
    """`printed` is the newest entry that needs no line any more."""

    board: Board
    issues: tuple[int, ...]
    areas: tuple[str, ...]
    is_json: bool
    start: int | None
    printed: int = -1
    epoch: str = ""
    lost_at: float | None = None
    area_of: dict[int, str] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)  # as the frames told them last

    @property
    def topics(self) -> list[str]:
        chosen = [f"issue:{number}" for number in self.issues] + [f"area:{slug}" for slug in self.areas]
        return list(dict.fromkeys(chosen)) or ["board"]

    @property
    def is_whole(self) -> bool:
        return not (self.issues or self.areas)

    async def run(self) -> None:
        """Until it is interrupted. What is wrong at the beginning is told; later, whatever fails is tried again."""
        try:
            await self.begin()
            follower = Follower(
                self.board, self.epoch, following.start_at(self.topics, self.printed), self.take, self.tell_state
            )
            await either(self.follow(follower), heard())
        finally:
            await self.board.close()

    async def follow(self, follower: Follower) -> None:
        while True:
            try:
                await follower.run()
            except Behind:
                follower.cursors = following.start_at(self.topics, await self.catch_up_patiently(follower))

    async def begin(self) -> None:
        first = await self.board.get("/api/v1/events", after=-1, limit=1)
        if not {"epoch", "head"} <= first.keys():
            raise Refusal(404, {"detail": f"at {self.board.url} there is no board"}, None)
        self.epoch, newest = str(first["epoch"]), int(first["head"]) - 1
        await self.look()
        self.printed = newest if self.start is None else self.start
        if self.printed > newest:
            raise Refusal(
                404, {"detail": f"the newest entry of this record is {newest}: --since must not be later"}, None
            )

    async def look(self) -> None:
        """Whether what is to be followed is there."""
        for number in self.issues:
            await self.board.get(f"/api/v1/issues/{number}")
        known = (
            {str(area["slug"]) for area in (await self.board.get("/api/v1/areas"))["areas"]} if self.areas else set()
        )
        if missing := [slug for slug in self.areas if slug not in known]:
            there = ", ".join(sorted(known)) or "none"
            raise Refusal(404, {"detail": f"there is no area “{missing[0]}” on this board; there are: {there}"}, None)

    async def take(self, frame: Frame) -> None:
        """The event of a frame is read from the record and shown; of the whole board, all up to it."""
        seq, issue = int(frame["seq"]), frame.get("issue") or {}
        self.titles[int(issue.get("number") or 0)] = str(issue.get("title") or "")
        while self.printed < seq:
            after = self.printed if self.is_whole else seq - 1
            page = await self.page(after, limit=PAGE if self.is_whole else 1)
            if not page:
                raise Unreachable(f"entry {seq} is not there yet")
            for event, leaf in page:
                self.show(event, leaf)

    async def page(self, after: int, *, limit: int = PAGE) -> list[tuple[Any, Any]]:
        """Events behind `after`, each with its leaf."""
        try:
            found = await self.board.get("/api/v1/events", after=after, limit=limit)
        except Refusal as refused:
            raise Unreachable(str(refused)) from None
        if found["epoch"] != self.epoch:
            raise Replaced
        return [(event, json.loads(event["leaf"])) for event in found["events"]]

    async def catch_up_patiently(self, follower: Follower) -> int:
        while True:
            try:
                return await self.catch_up()
            except Unreachable:
                await follower.wait()

    async def catch_up(self) -> int:
        """Shows what was missed, page by page from the record; returns how far it has come."""
        # Which area an issue is in says its filing, which may be long ago.
        at = -1 if self.areas else self.printed
        async for event, leaf in self.behind(at):
            at = int(leaf["index"])
            is_meant = self.is_meant(leaf)
            if is_meant and at > self.printed:
                self.show(event, leaf)
        return max(at, self.printed)

    async def behind(self, at: int) -> AsyncIterator[tuple[Any, Any]]:
        while page := await self.page(at):
            for event, leaf in page:
                at = int(leaf["index"])
                yield event, leaf

    def is_meant(self, leaf: Any) -> bool:
        """Whether the event belongs to what is followed; an issue that is moved, to both areas."""
        number = leaf.get("issue")
        areas = {self.area_of.get(number), leaf.get("area")}
        if "area" in leaf:
            self.area_of[number] = leaf["area"]
        return self.is_whole or number in self.issues or bool(areas & set(self.areas))

    def show(self, event: Any, leaf: Any) -> None:
        if int(leaf["index"]) <= self.printed:
            return
        title = self.titles.get(leaf.get("issue"), "")
        line = tell.as_json(event) if self.is_json else tell.as_line(event, leaf, title)
        try:
            click.echo(line, color=False if os.environ.get("NO_COLOR") else None)
        except BrokenPipeError:
            raise NobodyReads from None
        self.printed = int(leaf["index"])

    def tell_state(self, failures: int, seconds: float) -> None:
        if not failures:
            self.lost_at = None
            click.echo("live", err=True)
            return
        self.lost_at = self.lost_at or time.time()
        if failures <= SHORT_TRIES:
            click.echo(f"reconnecting in {seconds:.0f} s", err=True)
        elif failures == SHORT_TRIES + 1:
            click.echo(f"offline since {time.strftime('%H:%M:%S', time.localtime(self.lost_at))}", err=True)
