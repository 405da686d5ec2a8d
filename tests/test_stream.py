"""Following the record: everything once and in order, from any place, whatever is lost on the way."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from board import stream as streams
from board.actions import customers
from board.domain.events import PolicyChanged
from board.store import record
from board.store.database import Database
from board.stream import OutOfReach, Progress, Stream
from tests.cast import CY, NOON, ORIGIN, VKEY, answer, do, file_issue, head
from tests.postgres import throw_out

TOPICS = ("issue:1", "issue:2", "area:service", "area:returns", "board")


END = 16  # where `some_life` ends


@asynccontextmanager
async def pumping(db: Database) -> AsyncIterator[Stream]:
    """A stream that reads on by itself."""
    stream = Stream(db)
    await stream.start()
    pump = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


async def still(db: Database) -> Stream:
    """A stream that knows the head and nothing else, as after a start."""
    stream = Stream(db)
    await stream.start()
    return stream


async def some_life(db: Database) -> None:
    """Two issues in two areas, with a merge and a move: 16 events."""
    first, second = await file_issue(db), await file_issue(db, area="returns")
    for number in (first, second, first):
        await do(db, customers.comment, number, by=CY, body="Mine too.", via="web")
    await answer(db, second, resolution="duplicate", into=first)
    await answer(db, first, state="waiting_on_customer")
    await answer(db, first, resolution="fixed")
    await do(db, customers.comment, second, by=CY, body="Still?", via="web")
    await answer(db, second)


async def of_topic(db: Database, topic: str) -> list[int]:
    async with db.reading() as tx:
        if topic == "board":
            return [r.index for r in await record.after(tx, -1, limit=1_000)]
        return [r.index for r, _ in await record.of_topic(tx, topic, -1, limit=1_000)]


async def collect(stream: Stream, seq: int, topics: frozenset[str], until: int) -> list[Progress]:
    found = []
    async with asyncio.timeout(30):
        async for progress in stream.follow(seq, topics):
            found.append(progress)
            if progress.upto >= until:
                break
    return found


def seqs(found: list[Progress]) -> list[int]:
    return [happening.seq for progress in found for happening in progress.happenings]


@pytest.mark.parametrize("topic", TOPICS)
async def test_a_reader_is_given_what_it_missed_from_any_place(db: Database, topic: str) -> None:
    await some_life(db)
    stream, whole, end = await still(db), await of_topic(db, topic), await head(db)
    assert len(whole) > 5
    for place in range(-1, end):
        found = await collect(stream, place, frozenset({topic}), end)
        assert seqs(found) == [seq for seq in whole if seq > place]


async def test_a_reader_is_given_nothing_that_the_pump_has_not_reached(db: Database) -> None:
    await file_issue(db)
    stream = await still(db)
    await answer(db, 1)
    topics = frozenset({"issue:1", "area:service"})
    assert seqs(await collect(stream, -1, topics, 2)) == [1, 2]
    await stream.read_on()
    assert seqs(await collect(stream, 2, topics, 4)) == [3, 4]


async def test_a_reader_of_several_topics_is_given_each_event_once(db: Database) -> None:
    await some_life(db)
    stream, end = await still(db), await head(db)
    topics = frozenset({"issue:1", "issue:2", "area:service"})
    whole = sorted({seq for topic in topics for seq in await of_topic(db, topic)})
    assert seqs(await collect(stream, -1, topics, end)) == whole
    assert seqs(await collect(stream, -1, topics | {"board"}, end)) == list(range(end + 1))


@pytest.mark.parametrize("seed", range(3))
async def test_a_reader_that_is_cut_off_again_and_again_misses_and_repeats_nothing(db: Database, seed: int) -> None:
    chance = random.Random(seed)
    await some_life(db)
    last = END + 40
    writing = asyncio.create_task(talk(db, chance, 40))
    async with AsyncExitStack() as processes:
        stream = await processes.enter_async_context(pumping(db))
        seen, cursor = list[int](), f"{stream.epoch}:{END}"
        while (place := stream.place(cursor)) < last:
            found = await collect(
                stream, place, frozenset({"issue:1", "issue:2"}), min(last, place + chance.randrange(6))
            )
            seen += seqs(found)
            cursor = f"{stream.epoch}:{found[-1].upto}"
            if chance.random() < 0.3:  # another process goes on, and remembers nothing
                stream = await processes.enter_async_context(pumping(db))
        await writing
    assert seen == list(range(END + 1, last + 1))


async def talk(db: Database, chance: random.Random, comments: int) -> None:
    for place in range(comments):
        await do(db, customers.comment, 1 + place % 2, by=CY, body=f"{place}", via="web")
        await asyncio.sleep(chance.random() / 50)


async def test_what_comes_live_is_what_a_later_reader_is_given(db: Database) -> None:
    async with pumping(db) as stream:
        live = asyncio.create_task(collect(stream, 0, frozenset(TOPICS), END))
        await some_life(db)
        assert await head(db) == END
        late = await collect(await still(db), 0, frozenset(TOPICS), END)
        remembered = await collect(stream, 0, frozenset(TOPICS), END)
        each = [[h for progress in found for h in progress.happenings] for found in (await live, late, remembered)]
    assert [h.recorded for h in each[0]] == [h.recorded for h in each[1]] == [h.recorded for h in each[2]]
    for topic in TOPICS:
        chains = [[(h.seq, h.prev(topic)) for h in found if h.belongs_to(topic)] for found in each]
        assert chains[0] == chains[1] == chains[2]


@pytest.mark.parametrize("topic", TOPICS)
async def test_each_event_of_a_topic_names_the_one_before(db: Database, topic: str) -> None:
    await some_life(db)
    stream, end = await still(db), await head(db)
    for place in (-1, 3, 9):
        found = [h for p in await collect(stream, place, frozenset({topic}), end) for h in p.happenings]
        before = max((seq for seq in await of_topic(db, topic) if seq <= place), default=-1)
        assert [h.prev(topic) for h in found] == [before, *[h.seq for h in found]][:-1]


async def test_whoever_is_too_far_behind_is_told_to_load_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BEHIND", 5)
    await some_life(db)
    stream, end = await still(db), await head(db)
    events = await of_topic(db, "issue:2")
    for topic, place in [("issue:2", events[-6]), ("board", end - 5)]:
        assert len(seqs(await collect(stream, place, frozenset({topic}), end))) == 5
        with pytest.raises(OutOfReach) as refused:
            await collect(stream, place - 1, frozenset({topic}), end)
        assert refused.value.reason == "behind"


async def test_a_quiet_topic_is_never_behind(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BEHIND", 5)
    quiet = await file_issue(db, area="returns")
    await some_life(db)
    stream = await still(db)
    assert seqs(await collect(stream, 0, frozenset({f"issue:{quiet}"}), await head(db)))[:2] == [1, 2]


async def test_the_memory_is_bounded_and_the_record_serves_what_is_older(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "TAIL", 4)
    monkeypatch.setattr(streams, "BATCH", 3)
    async with pumping(db) as stream:
        await some_life(db)
        end = await head(db)
        assert seqs(await collect(stream, 0, frozenset({"board"}), end)) == list(range(1, end + 1))


@pytest.mark.parametrize("cursor", [":", "x", "", "{}:", "{}:x", "{}:1.5", "{}:+1", "{}:١", "{}: 1", "{}:" + "9" * 20])
async def test_what_is_no_cursor_is_refused(db: Database, cursor: str) -> None:
    stream = await still(db)
    with pytest.raises(ValueError, match=r"."):
        stream.place(cursor.format(stream.epoch) or "-")


async def test_a_cursor_of_another_epoch_is_out_of_reach(db: Database) -> None:
    stream = await still(db)
    assert stream.place(stream.cursor) == 0
    assert stream.place(f"{stream.epoch}:-1") == -1
    with pytest.raises(OutOfReach) as refused:
        stream.place("elsewhere:0")
    assert refused.value.reason == "epoch"


async def test_whoever_follows_a_database_that_is_restored_learns_it(db: Database) -> None:
    await some_life(db)
    async with pumping(db) as stream:
        waiting = asyncio.create_task(collect(stream, stream.head, frozenset({"board"}), 99))
        await asyncio.sleep(0.05)
        async with db.saving() as tx:
            await tx.run("UPDATE head SET epoch = 'restored'")
        with pytest.raises(OutOfReach) as refused:
            await waiting
        assert refused.value.reason == "epoch"
        assert stream.cursor == f"restored:{await head(db)}"


async def test_whoever_follows_a_database_that_lost_its_end_learns_it(db: Database) -> None:
    async with pumping(db) as stream:
        await some_life(db)
        await collect(stream, 0, frozenset({"board"}), await head(db))
        waiting = asyncio.create_task(collect(stream, stream.head, frozenset({"board"}), 99))
        await asyncio.sleep(0.05)
        async with db.saving() as tx:
            await tx.run("UPDATE head SET seq = 3")
        with pytest.raises(OutOfReach):
            await waiting


async def test_a_page_that_was_read_before_the_pump_looked_is_not_told_to_load_again(db: Database) -> None:
    stream = await still(db)
    await some_life(db)
    end = await head(db)
    assert stream.head < end
    place = stream.place(f"{stream.epoch}:{end}")
    following = asyncio.create_task(collect(stream, place, frozenset({"issue:1"}), end + 1))
    await asyncio.sleep(0.1)
    await do(db, customers.comment, 1, by=CY, body="And now.", via="web")
    while await stream.read_on():
        pass
    assert seqs(await following) == [end + 1]


async def test_a_place_that_the_record_has_not_reached_is_out_of_reach(db: Database) -> None:
    async with pumping(db) as stream:
        with pytest.raises(OutOfReach) as refused:
            await collect(stream, stream.place(f"{stream.epoch}:99"), frozenset({"board"}), 100)
    assert refused.value.reason == "epoch"


async def test_reading_on_by_many_at_once_tells_each_event_once(db: Database) -> None:
    stream = await still(db)
    await some_life(db)
    await asyncio.gather(*[stream.read_on() for _ in range(5)])
    end = await head(db)
    assert stream.head == end
    assert seqs(await collect(stream, 0, frozenset({"board"}), end)) == list(range(1, end + 1))


async def test_a_hint_that_is_lost_costs_about_a_second(postgres_url: str) -> None:
    db, silent = Database(postgres_url), Database(postgres_url)
    await db.connect()
    await silent.connect()
    await record.found(db, origin=ORIGIN, vkey=VKEY, at=NOON)
    async with pumping(db) as stream:
        waiting = asyncio.create_task(collect(stream, 0, frozenset({"board"}), 1))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        async with silent.writing(NOON) as tx:  # nobody listens in that process, so it tells nobody
            await record.append(tx, [PolicyChanged(sha256="0" * 64)])
        await waiting
    assert time.monotonic() - began < 2.5
    await silent.disconnect()
    await db.disconnect()


async def test_a_hint_is_quicker(db: Database) -> None:
    async with pumping(db) as stream:
        waiting = asyncio.create_task(collect(stream, 0, frozenset({"board"}), 2))
        await asyncio.sleep(0.3)
        await file_issue(db)
        await asyncio.wait_for(waiting, 0.5)


async def test_the_pump_outlives_a_database_that_is_away(postgres_url: str) -> None:
    db, other = Database(postgres_url), Database(postgres_url)
    await db.connect()
    await record.found(db, origin=ORIGIN, vkey=VKEY, at=NOON)
    async with pumping(db) as stream:
        waiting = asyncio.create_task(collect(stream, 0, frozenset({"board"}), 3))
        await asyncio.sleep(0.2)
        for _ in range(3):
            await throw_out(postgres_url)
            await asyncio.sleep(0.2)
            await other.connect()
            async with other.writing(NOON) as tx:
                await record.append(tx, [PolicyChanged(sha256="0" * 64)])
            await other.disconnect()
        assert seqs(await waiting) == [1, 2, 3]
    await db.disconnect()


async def test_a_slow_reader_keeps_nobody_waiting(db: Database) -> None:
    async with pumping(db) as stream:
        slow = stream.follow(0, frozenset({"board"}))
        quick = asyncio.create_task(collect(stream, 0, frozenset({"board"}), END))
        await some_life(db)
        assert seqs(await quick) == list(range(1, END + 1))
        late = [await anext(slow)]
        while late[-1].upto < END:
            late.append(await anext(slow))
        assert seqs(late) == list(range(1, END + 1))


async def test_followers_come_to_an_end_when_the_stream_is_closed(db: Database) -> None:
    async with pumping(db) as stream:
        waiting = asyncio.create_task(collect(stream, 0, frozenset({"board"}), 99))
        await asyncio.sleep(0.05)
        stream.close()
        assert seqs(await asyncio.wait_for(waiting, 5)) == []
