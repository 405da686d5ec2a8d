"""What comes into the mailbox is taken once and marked there; a mailbox that cannot be read loses nothing."""

import asyncio
from typing import Any

from board.followers import fetching
from board.followers.fetching import Wrong
from tests.imap import folder

ONE, TWO = b"Subject: one\r\n\r\nOne.\r\n", b"Subject: two\r\n\r\n)\r\n* 9 FETCH\r\n"


class Taken(list[bytes]):
    """What was handed over; the next one raises, if told so."""

    raises: Exception | None = None

    async def __call__(self, raw: bytes) -> str:
        if self.raises:
            raise self.raises
        self.append(raw)
        return "taken"


async def test_each_message_is_taken_once_and_marked_as_seen() -> None:
    taken = Taken()
    async with folder() as box:
        box.deliver(ONE)
        box.deliver(TWO)
        assert await fetching.look(box.url, taken) == 2
        assert await fetching.look(box.url, taken) == 0
        box.deliver(ONE)
        assert await fetching.look(box.url, taken) == 1
        assert box.flags == {uid: {"\\Seen"} for uid in (1, 2, 3)}
    assert taken == [ONE, TWO, ONE]


async def test_what_was_not_taken_comes_again(monkeypatch: Any) -> None:
    taken = Taken()
    async with folder() as box:
        box.deliver(ONE)
        taken.raises = ConnectionRefusedError("the database is away")
        await fetching.look(box.url, taken)
        assert box.flags[1] == set()
        taken.raises = None
        box.breaks_at = "UID STORE"
        assert isinstance(await fetching.look(box.url, taken), Wrong)
        box.breaks_at = None
        assert await fetching.look(box.url, taken) == 1
    assert taken == [ONE, ONE]  # whoever takes it knows what it knows already


async def test_a_message_at_which_we_fail_is_flagged_and_holds_up_no_other() -> None:
    taken = Taken()
    async with folder() as box:
        box.deliver(ONE)
        taken.raises = ZeroDivisionError()
        assert await fetching.look(box.url, taken) == 1
        taken.raises = None
        box.deliver(TWO)
        assert await fetching.look(box.url, taken) == 1
        assert box.flags == {1: {"\\Seen", "\\Flagged"}, 2: {"\\Seen"}}
    assert taken == [TWO]


async def test_a_mailbox_that_cannot_be_read_is_said_in_words() -> None:
    taken = Taken()
    async with folder() as box:
        assert await fetching.look(box.url.replace("s3cret", "wrong"), taken) == Wrong("wrong password")
        assert await fetching.look(box.url.replace("Answers", "Nowhere"), taken) == Wrong("no such folder")
        for command in ("LOGIN", "SELECT", "UID SEARCH"):
            box.breaks_at = command
            found = await fetching.look(box.url, taken)
            assert isinstance(found, Wrong)
            assert found.why
        secure = await fetching.look(box.url.replace("imap://", "imaps://"), taken)
        assert isinstance(secure, Wrong)
    gone = await fetching.look(box.url, taken)
    assert isinstance(gone, Wrong)


async def test_a_mailbox_is_asked_again_after_a_fault(monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr(fetching, "LOOK_EVERY_S", 0.01)
    taken = Taken()
    async with folder() as box:
        box.deliver(ONE)
        box.breaks_at = "SELECT"
        task = asyncio.create_task(fetching.run(box.url, taken, asyncio.Queue[str | None]().put))
        async with asyncio.timeout(10):
            while "the mailbox:" not in caplog.text:
                await asyncio.sleep(0.01)
            box.breaks_at = None
            while not taken:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert taken == [ONE]


async def test_what_is_wrong_is_told_when_it_begins_and_ends_and_once_at_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(fetching, "LOOK_EVERY_S", 0.01)
    taken, told = Taken(), asyncio.Queue[str | None]()
    is_away = [True]

    async def tell(wrong: str | None) -> None:
        if is_away and is_away.pop():
            raise ConnectionRefusedError("the database is away")
        await told.put(wrong)

    async with folder() as box, asyncio.timeout(20):
        task = asyncio.create_task(fetching.run(box.url, taken, tell))
        assert await told.get() is None
        box.breaks_at = "LOGIN"
        assert await told.get()
        box.breaks_at = None
        assert await told.get() is None
        await asyncio.sleep(0.05)
        assert told.empty()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
