"""Mirrors what happens to social networks: queues posts from the record, sends each once, and hears what is said back.

That a post is being sent is committed before the call. Whatever became of it that is not known is looked for by its
marker before anything is sent again; so neither lost answers nor killed processes make two of one.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from board.domain import letters
from board.domain import mirrors as rules
from board.domain.events import TextRedacted
from board.domain.leaf import Recorded, milliseconds
from board.domain.links import Links
from board.domain.mirrors import NEVER_MS, Later, Outcome, Post, Sent, Size, Stopped
from board.domain.wording import Say
from board.followers import mentions
from board.followers.bluesky import Bluesky
from board.followers.calls import About, Line, Network, Thread
from board.followers.mastodon import Mastodon
from board.followers.turns import CLAIM_MS, Kind, Turns, wake_for_ever
from board.followers.x import X
from board.outbound import Outbound
from board.sealing import Box
from board.store import company, issues, mirrors, outbox, people, positions, record
from board.store.database import Database, Tx
from board.store.mirrors import Mirror
from board.store.positions import IDLE, Position
from board.stream import Stream

NAME = "mirror"
BATCH = 200
PROMPT_S = CLAIM_MS / 3_000  # who was stopped for longer leaves the sending to whoever has the turn by then
NETWORKS: dict[str, Callable[[Line], Network]] = {"x": X, "mastodon": Mastodon, "bluesky": Bluesky}
TITLES = {"x": "X", "mastodon": "Mastodon", "bluesky": "Bluesky"}
LONGEST_MS = positions.FAR_MS // 2
HEARD = {*rules.WORDS, *rules.HIDES}


@dataclass(frozen=True)
class Mirroring:
    """What mirroring takes: the way out, the box of the secrets, the links and the language of the board."""

    out: Outbound
    box: Box
    links: Links
    say: Say


@dataclass(frozen=True)
class Ready:
    """A post that is about to go out, with what it answers and the link in it."""

    post: Post
    thread: Thread | None
    link: str | None


async def run(db: Database, stream: Stream, mirroring: Mirroring, clock: Callable[[], datetime]) -> None:
    """Until cancelled."""

    async def host(target: str) -> str:
        async with db.reading() as tx:
            mirror = await mirrors.one(tx, int(target))
        return urlsplit(mirror.address).hostname or "" if mirror else ""

    async def turn(target: str, place: Position) -> Position:
        return await take_turn(db, int(target), place, mirroring, clock)

    async def wake(names: set[str] | None) -> None:
        if names is None or names & HEARD:
            async with db.saving() as tx:
                for mirror in await mirrors.every(tx):
                    await positions.wake(tx, NAME, str(mirror.id), milliseconds(clock()))

    turns = Turns(db, Kind(NAME, host, turn), clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(turns.run())
        group.create_task(wake_for_ever(stream, turns, wake))


async def take_turn(
    db: Database, number: int, place: Position, mirroring: Mirroring, clock: Callable[[], datetime]
) -> Position:
    """Reads on, then does one thing at the network: asks who we are, sends, looks for or takes down."""
    began = time.monotonic()
    async with db.reading() as tx:
        mirror = await mirrors.one(tx, number)
        found = await record.after(tx, place.seq, limit=BATCH)
    if mirror is None:
        return replace(place, retry_ms=IDLE)
    now = milliseconds(clock())
    await take_in(db, mirror, found, now)
    seq = found[-1].index if found else place.seq
    if len(found) == BATCH:
        return Position(seq, 0, now)
    if mirror.test_asked:
        return Position(seq, 0, await test(db, mirror, mirroring, clock))
    if mirror.why_paused in ("login", "setup"):
        return Position(seq, 0, IDLE)
    hears_ms = await listen(db, mirror, mirroring, clock)
    async with db.reading() as tx:
        may, opens_ms = await room(tx, mirror, clock())
        post = await mirrors.due(tx, number, now, may)
        following = await mirrors.next_due(tx, number, may)
    if post is None or hears_ms <= now:
        return Position(seq, 0, next_look(min(max(following, now), opens_ms, hears_ms), now))
    await handle(db, mirror, post, mirroring, clock, began=began)
    return Position(seq, 0, milliseconds(clock()))


async def listen(db: Database, mirror: Mirror, mirroring: Mirroring, clock: Callable[[], datetime]) -> int:
    """Hears what is said back, if it is time; returns when it is again, and a time that is over where it was."""
    async with db.reading() as tx:
        due = await mentions.due(tx, mirror, milliseconds(clock()))
    if due is None:
        return IDLE
    hearing, at_ms = due
    network = speak(db, mirror, mirroring)
    if at_ms <= milliseconds(clock()) and isinstance(network, X | Mastodon | Stopped):
        await mentions.listen(db, mirror, hearing, network, clock)
    return at_ms


def next_look(at_ms: int, now_ms: int) -> int:
    """That time, or in a day: of a turn that is further ahead one would think that a clock was wrong."""
    return IDLE if at_ms >= IDLE else min(at_ms, now_ms + LONGEST_MS)


async def take_in(db: Database, mirror: Mirror, found: list[Recorded], now_ms: int) -> None:
    """Queues what is to be mirrored, and takes back what the public is not to read any more."""
    async with db.saving() as tx:
        await mirrors.find_strays(tx, mirror.id, now_ms)
        for r in found:
            if r.issue is None:
                continue
            if r.name in rules.WORDS and mirror.is_on and await is_mirrored(tx, r):
                await mirrors.queue(tx, mirror.id, issue=r.issue, seq=r.index, kind=r.name, now_ms=now_ms)
            if r.name in rules.HIDES and not (isinstance(r.event, TextRedacted) and "title" not in r.event.fields):
                await mirrors.unwant(tx, r.issue, mirror.id, now_ms)


async def is_mirrored(tx: Tx, r: Recorded) -> bool:
    """Not what staff keep out, nor the beginning of an issue that was brought along from elsewhere."""
    assert r.issue is not None
    row = await issues.find(tx, r.issue)
    is_old = row is not None and row["imported"] and r.name == "issue.published"
    return row is not None and not is_old and not await mirrors.is_kept_out(tx, r.issue)


async def room(tx: Tx, mirror: Mirror, now: datetime) -> tuple[str, int]:
    """What may be done now, and when a post may be sent again if not now; `IDLE` where that is not known."""
    now_ms = milliseconds(now)
    if mirror.why_paused:
        return "take_down", IDLE
    if not mirror.is_on:
        return "settle", IDLE
    if mirror.wait_until_ms > now_ms:
        return "settle", mirror.wait_until_ms
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if mirror.is_dry or await mirrors.spent(tx, mirror.id, milliseconds(month)) < mirror.budget:
        return "send", IDLE
    return "settle", milliseconds(month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1))


async def handle(
    db: Database, mirror: Mirror, post: Post, mirroring: Mirroring, clock: Callable[[], datetime], *, began: float
) -> None:
    network = speak(db, mirror, mirroring)
    if post.state == "queued":
        async with db.saving() as tx:
            ready = await begin(tx, mirror, post, mirroring, milliseconds(clock()))
        if ready is None:
            return
        post, outcome = ready.post, await send(network, ready, began)
        after = rules.after_sending(post, outcome, milliseconds(clock()))
    elif post.state == "unknown":
        outcome = await network.find(post) if not isinstance(network, Stopped) else network
        after = rules.after_looking(post, outcome, milliseconds(clock()))
    else:
        outcome = await network.delete(post) if not isinstance(network, Stopped) else network
        after = rules.after_deleting(post, outcome, milliseconds(clock()))
    async with db.saving() as tx:
        if not await mirrors.keep(tx, post, after) and isinstance(outcome, Sent):
            await mirrors.keep_sent(tx, after)
        await heed(tx, mirror, outcome, mirroring, milliseconds(clock()), is_sending=post.state == "sending")


async def begin(tx: Tx, mirror: Mirror, post: Post, mirroring: Mirroring, now_ms: int) -> Ready | None:
    """The post as it goes out, noted as being sent; None where it is not sent, because nobody wants it any more."""
    row = await issues.find(tx, post.issue)
    is_wanted = post.is_wanted and not await mirrors.is_kept_out(tx, post.issue)
    if not is_wanted or row is None or row["visibility"] != "public" or not row["title"]:
        await mirrors.keep(tx, post, replace(post, state="given_up", text=None, retry_ms=NEVER_MS))
        return None
    link = mirroring.links.issue(post.issue) if mirror.links else None
    if post.text is None or post.rounds == 0:  # if one was there all the same, the same words would not be taken again
        post = replace(post, text=await compose(tx, mirror, post, row["title"], link, mirroring.say))
    if mirror.is_dry:
        await mirrors.keep(tx, post, replace(post, state="dry", retry_ms=NEVER_MS))
        return None
    thread = await thread_of(tx, post) if mirror.threads and not post.is_alone else None
    since = post.since or await mirrors.last_remote(tx, mirror.id)
    parent = thread.parent.id if thread else None
    sending = replace(post, state="sending", parent=parent, since=since, started_ms=now_ms)
    return Ready(sending, thread, link) if await mirrors.keep(tx, post, sending) else None


async def compose(tx: Tx, mirror: Mirror, post: Post, title: str, link: str | None, say: Say) -> str:
    (r,) = await record.after(tx, post.seq - 1, limit=1)
    return rules.compose(
        post.kind,
        {"resolution": getattr(r.event, "resolution", "")},
        title=title,
        mark=post.marker,
        link=link,
        network=mirror.network,
        size=Size(most=mirror.most or rules.SIZES[mirror.network], link=mirror.link_counts),
        say=say,
    )


async def thread_of(tx: Tx, post: Post) -> Thread | None:
    """The newest post of the issue that is there, with the first one of its thread.

    At Bluesky an answer names the content of what it answers, which is not known where a person has found the post.
    """
    around = {one.id: one for one in await mirrors.of_issue(tx, post.mirror, post.issue)}
    known = [one for one in around.values() if one.remote and (one.mark or not one.remote.startswith("at://"))]
    there = [one for one in known if one.id < post.id and one.state == "sent" and one.is_wanted]
    if not there:
        return None
    root = there[-1]
    while root.parent is not None and root.parent in around:
        root = around[root.parent]
    return Thread(root, there[-1])


async def send(network: Network | Stopped, ready: Ready, began: float) -> Outcome:
    if isinstance(network, Stopped):
        return network
    if time.monotonic() - began > PROMPT_S:
        return Later("The board stood still for a while.")
    return await network.send(ready.post, ready.thread, ready.link)


async def test(db: Database, mirror: Mirror, mirroring: Mirroring, clock: Callable[[], datetime]) -> int:
    """Asks the network who we are; returns when the next turn comes."""
    network = speak(db, mirror, mirroring)
    found = network if isinstance(network, Stopped) else await network.test()
    now_ms = milliseconds(clock())
    async with db.saving() as tx:
        if isinstance(found, About):
            known = {"account": found.account, "name": found.name, "most": found.most, "link_counts": found.link_counts}
            mended = {"why_paused": None, "said": None, "failures": 0}
            await mirrors.change(tx, mirror.id, test_asked=False, tested_ms=now_ms, **known, **mended)
            return now_ms
        said = getattr(found, "said", "It answers with something else.")
        if isinstance(found, Stopped):
            await pause(tx, mirror, found, mirroring, now_ms)
            return now_ms
        is_new = mirror.account is None
        await mirrors.change(
            tx, mirror.id, test_asked=is_new, tested_ms=now_ms, said=said, failures=mirror.failures + 1
        )
        return now_ms + rules.backoff_ms(mirror.failures) if is_new else now_ms


async def heed(
    tx: Tx, mirror: Mirror, outcome: Outcome, mirroring: Mirroring, now_ms: int, *, is_sending: bool
) -> None:
    """What an outcome means for the mirror as a whole."""
    match outcome:
        case Stopped():
            await pause(tx, mirror, outcome, mirroring, now_ms)
        case Later(said, at_ms) if is_sending:
            until_ms = max(at_ms or 0, now_ms + (0 if at_ms else rules.backoff_ms(mirror.failures)))
            await mirrors.change(tx, mirror.id, wait_until_ms=until_ms, failures=mirror.failures + 1, said=said)
        case _ if is_sending and (mirror.failures or mirror.said):
            await mirrors.change(tx, mirror.id, failures=0, said=None, wait_until_ms=0)


async def pause(tx: Tx, mirror: Mirror, stopped: Stopped, mirroring: Mirroring, now_ms: int) -> None:
    """Nothing goes out until an admin has mended it; admins are told once."""
    await mirrors.change(tx, mirror.id, why_paused=stopped.why, said=stopped.said, test_asked=False, tested_ms=now_ms)
    if mirror.why_paused or not mirror.is_on:
        return
    letter = letters.mirror_paused(
        network=TITLES[mirror.network],
        error=stopped.said,
        company=(await company.read(tx)).name,
        url=f"{mirroring.links.base}/staff/mirrors/{mirror.id}",
        say=mirroring.say,
    )
    for person in await people.all_staff(tx):
        if person.role == "admin":
            message_id = f"mirror.{mirror.id}.{now_ms}.{person.id}"
            await outbox.put(tx, message_id=message_id, recipient=person.email, letter=letter, now_ms=now_ms)


def speak(db: Database, mirror: Mirror, mirroring: Mirroring) -> Network | Stopped:
    """The network in its own language; Stopped where the secrets cannot be read any more."""
    about = f"mirror {mirror.id}"
    opened = mirroring.box.open(mirror.secrets, about) if mirror.secrets else None
    if opened is None:
        return Stopped("login", "The secrets cannot be read any more. Please type them again.")

    async def keep(session: str) -> None:
        async with db.saving() as tx:
            await mirrors.change(tx, mirror.id, session=mirroring.box.seal(session, about))

    session = mirroring.box.open(mirror.session, about) if mirror.session else None
    line = Line(mirroring.out, mirror.address, json.loads(opened), mirror.account or "", keep, session)
    return NETWORKS[mirror.network](line)
