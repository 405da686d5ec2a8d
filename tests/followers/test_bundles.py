"""What happens soon after a letter waits a little and comes as one letter; each event is told once, whatever breaks."""

import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from board.actions import customers, moderators, staff
from board.actions import wishes as acts
from board.domain.decisions import Then
from board.domain.leaf import milliseconds
from board.errors import Refused
from board.followers import digests, mail
from board.followers.writing import Post, as_text
from board.store import bundles as kept
from board.store import intake, outbox
from board.store.database import Database, Tx
from tests.cast import ADA, BO, CY, LINKS, MO, NOON, answer, do, do_at, file_issue, later, move_in, say, want_mail

POST = Post(None, "board@board.example", LINKS, say)
ADAS, EVE = "ada@home.example", "eve@home.example"


async def scene(db: Database) -> int:
    """Ada has filed an issue and wants the answers, Eve follows it; nobody has heard anything yet."""
    number = await file_issue(db, email=ADAS)
    await want_mail(db, number)
    await told(db)
    await follow(db, number)
    return number


async def follow(db: Database, number: int, *, since: datetime = NOON, email: str = EVE) -> None:
    async with db.saving() as tx:
        wish = await intake.follow(tx, issue=number, email=email, now_ms=0)
        await intake.confirm_follow(tx, wish.id, milliseconds(since))


async def told(db: Database, at: datetime = NOON) -> list[tuple[str, str]]:
    """To whom the letters go that are written by then and were not before, and what they say."""
    before = len(await letters(db))
    await write(db, at)
    return (await letters(db))[before:]


async def write(db: Database, at: datetime) -> None:
    await mail.write_letters(db, POST, at)
    for work in (mail.write_bundle, mail.fan_out, digests.write_next):
        while await work(db, POST, at):
            pass


async def letters(db: Database) -> list[tuple[str, str]]:
    async with db.reading() as tx:
        rows = await outbox.newest(tx, limit=1_000)
    return [(row["recipient"], as_text(outbox.letter_of(row), say)) for row in reversed(rows)]


def counted(found: list[tuple[str, str]], *words: str) -> dict[str, list[int]]:
    """How often each reader is told each of the words, in all letters together."""
    everything = {to: "\n".join(text for one, text in found if one == to) for to, _ in found}
    return {to: [text.count(word) for word in words] for to, text in everything.items()}


async def test_what_is_said_soon_after_a_letter_comes_ten_minutes_later_as_one(db: Database) -> None:
    number = await scene(db)
    await answer(db, number, body="First.")
    assert counted(await told(db), "First.") == {ADAS: [1], EVE: [1]}
    for minutes, body in ((1, "Second."), (8, "Third.")):
        await answer(db, number, body=body, at=later(minutes=minutes))
        assert await told(db, later(minutes=minutes)) == []
    assert await told(db, later(minutes=9, seconds=59)) == []
    found = await told(db, later(minutes=10))
    assert (len(found), counted(found, "First.", "Second.", "Third.")) == (2, {ADAS: [0, 1, 1], EVE: [0, 1, 1]})
    await answer(db, number, body="Fourth.", at=later(minutes=19))
    assert await told(db, later(minutes=19)) == []
    assert counted(await told(db, later(minutes=20)), "Fourth.") == {ADAS: [1], EVE: [1]}
    assert await told(db, later(days=1)) == []
    await answer(db, number, body="Fifth.", at=later(days=1))
    assert counted(await told(db, later(days=1)), "Fifth.") == {ADAS: [1], EVE: [1]}


async def test_a_question_to_who_filed_comes_at_once_and_brings_what_waited(db: Database) -> None:
    number = await scene(db)
    await answer(db, number, body="First.")
    await told(db)
    await answer(db, number, body="Second.")
    assert await told(db) == []
    await answer(db, number, body="Which one?", state="waiting_on_customer")
    assert counted(await told(db), "Second.", "Which one?") == {ADAS: [1, 1]}
    assert counted(await told(db, later(minutes=10)), "Second.", "Which one?") == {EVE: [1, 1]}
    assert await told(db, later(days=1)) == []


async def test_nobody_waits_because_others_talk_about_another_issue(db: Database) -> None:
    one, other = await scene(db), await scene(db)
    await answer(db, one, body="First.")
    await told(db)
    await answer(db, other, body="Second.")
    assert counted(await told(db), "Second.") == {ADAS: [1], EVE: [1]}


async def test_what_nobody_is_told_makes_nobody_wait(db: Database) -> None:
    number = await scene(db)
    done = await do(db, customers.comment, number, by=CY, body="Buy watches.", via="web")
    await do(db, moderators.redact, number, by=MO, target=done.events[0].index, fields=("body",), reason="spam")
    await told(db, later(hours=1))
    await do_at(later(hours=2), db, customers.comment, number, by=ADA, body="Anybody?", via="web")
    assert counted(await told(db, later(hours=2)), "Anybody?") == {EVE: [1]}
    await answer(db, number, body="We look.", at=later(hours=2))
    assert counted(await told(db, later(hours=2)), "We look.") == {ADAS: [1]}  # and Eve has just had a letter


async def test_whoever_follows_meanwhile_hears_of_what_comes_after(db: Database) -> None:
    number = await scene(db)
    for minutes, body in ((0, "First."), (1, "Second."), (3, "Third.")):
        await answer(db, number, body=body, at=later(minutes=minutes))
        await told(db, later(minutes=minutes))
        if minutes == 1:
            await follow(db, number, since=later(minutes=2), email="di@home.example")
    found = counted(await told(db, later(minutes=10)), "First.", "Second.", "Third.")
    assert found == {ADAS: [0, 1, 1], EVE: [0, 1, 1], "di@home.example": [0, 0, 1]}


async def test_what_waits_while_an_issue_is_hidden_is_told_once_it_is_shown_again(db: Database) -> None:
    number = await scene(db)
    await answer(db, number, body="First.")
    await told(db)
    await answer(db, number, body="Second.")
    await told(db)
    await do(db, moderators.remove, number, by=MO, reason="spam")
    assert counted(await told(db), "Second.", "Removed from view") == {ADAS: [1, 1]}
    assert await told(db, later(days=1)) == []
    await do_at(later(days=2), db, moderators.restore, number, by=MO)
    assert counted(await told(db, later(days=2)), "Second.", "shown again") == {ADAS: [0, 1], EVE: [1, 1]}


async def test_words_that_are_taken_out_while_they_wait_are_told_to_nobody(db: Database) -> None:
    number = await scene(db)
    await answer(db, number, body="First.")
    await told(db)
    done = await answer(db, number, body="Call Jane Doe.")
    await told(db)
    assert done.index is not None
    await do(db, moderators.redact, number, by=MO, target=done.index, fields=("body",), reason="privacy_request")
    found = await told(db, later(minutes=10))
    assert counted(found, "Jane Doe", "wrote an update") == {ADAS: [0, 1], EVE: [0, 1]}


async def test_a_clock_that_was_a_year_ahead_makes_nobody_wait_for_a_year(db: Database) -> None:
    number = await scene(db)
    await answer(db, number, body="First.")
    await told(db, later(days=365))
    await answer(db, number, body="Second.", at=later(minutes=1))
    assert counted(await told(db, later(minutes=1)), "Second.") == {ADAS: [1], EVE: [1]}
    await answer(db, number, body="Third.", at=later(minutes=1))
    assert await told(db, later(minutes=1)) == []
    async with db.saving() as tx:
        for reader in ("filer", "followers"):
            found = await kept.find(tx, number, reader)
            assert found
            await kept.save(tx, kept.Bundle(number, reader, found.first, found.last, milliseconds(later(days=365))))
    assert counted(await told(db, later(minutes=2)), "Third.") == {ADAS: [1], EVE: [1]}


async def test_nothing_is_kept_once_the_time_has_passed(db: Database) -> None:
    number = await scene(db)
    await answer(db, number)
    await told(db)
    await told(db, later(minutes=10))
    async with db.reading() as tx:
        assert [await kept.find(tx, number, reader) for reader in ("filer", "followers")] == [None, None]


class Killed(Exception):
    """What a worker of these tests dies of."""


class Dying:
    """A database whose user dies before the commit."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.reading = db.reading

    @asynccontextmanager
    async def saving(self) -> AsyncIterator[Tx]:
        async with self._db.saving() as tx:
            yield tx
            raise Killed


WORKS: tuple[Callable[..., Coroutine[Any, Any, object]], ...] = (
    mail.write_letters,
    mail.write_bundle,
    mail.fan_out,
    digests.write_next,
    mail.catch_up,
)
SAID = ("update", "update", "comment", "own", "question", "cure", "hide", "show")
ACT = st.tuples(st.sampled_from(SAID), st.integers(1, 2))
WAIT = st.tuples(st.just("wait"), st.sampled_from((1, 240, 600, 86_400)))
WORK = st.tuples(st.sampled_from(("work", "work", "die")), st.integers(0, len(WORKS) - 1))
PACE = st.tuples(st.sampled_from(("each", "daily")), st.sampled_from((ADAS, EVE)))
STEP = st.one_of(ACT, ACT, WAIT, WORK, WORK, st.just(("all", 0)), PACE)


class Play:
    """Two issues that Ada has filed and Eve follows; each word that is said is known by its number."""

    def __init__(self, db: Database) -> None:
        self.db, self.now = db, NOON
        self.said: dict[str, int] = {}  # the issue of each word
        self.by_ada: set[str] = set()
        self.hidden: set[int] = set()  # the issues that were hidden once

    async def step(self, what: str, which: Any) -> None:
        match what:
            case "wait":
                self.now += timedelta(seconds=which)
            case "all":
                await write(self.db, self.now)
            case "work":
                await WORKS[which](self.db, POST, self.now)
            case "die":
                with suppress(Killed):
                    await WORKS[which](Dying(self.db), POST, self.now)
            case "each" | "daily":
                typed = {"pace": what, "zone": "UTC", "kinds": "answers states promises comments"}
                await do_at(self.now, self.db, acts.save, which, {**typed, "areas": "service returns"}, is_staff=False)
            case _:
                with suppress(Refused):
                    await self.act(what, which)

    async def act(self, what: str, number: int) -> None:
        word = f"word {len(self.said)}."
        then = {"question": Then(state="waiting_on_customer"), "cure": Then(resolution="fixed")}
        match what:
            case "hide":
                await do_at(self.now, self.db, moderators.remove, number, by=MO, reason="spam")
                self.hidden.add(number)
                return
            case "show":
                await do_at(self.now, self.db, moderators.restore, number, by=MO)
                return
            case "comment" | "own":
                by = CY if what == "comment" else ADA
                await do_at(self.now, self.db, customers.comment, number, by=by, body=word, via="web")
                self.by_ada |= {word} if by is ADA else set()
            case _:
                by_them = then.get(what, Then())
                await do_at(self.now, self.db, staff.update, number, by=BO, body=word, via="web", then=by_them)
        self.said[word] = number


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=15, max_size=40))
async def test_each_word_is_told_once_to_each_who_wants_it_whatever_is_killed(
    sqlite_template: Path, tmp_path: Path, steps: list[tuple[str, Any]]
) -> None:
    async with fresh(sqlite_template, tmp_path) as db:
        await check(db, steps)


@asynccontextmanager
async def fresh(template: Path, folder: Path) -> AsyncIterator[Database]:
    db = Database(f"sqlite:///{shutil.copy(template, folder / f'{uuid4().hex}.db')}")
    await db.connect()
    try:
        await move_in(db)
        yield db
    finally:
        await db.disconnect()


async def check(db: Database, steps: list[tuple[str, Any]]) -> None:
    play = Play(db)
    note(repr(steps))
    for _ in range(2):
        await scene(db)
    for what, which in steps:
        await play.step(what, which)
    for days in range(16):
        await write(db, play.now + timedelta(days=days))
    found = counted(await letters(db), *play.said)
    adas, eves = (dict(zip(play.said, found.get(who, [0] * len(play.said)), strict=True)) for who in (ADAS, EVE))
    assert adas == {word: 0 if word in play.by_ada else 1 for word in play.said}
    assert {w: n for w, n in eves.items() if play.said[w] not in play.hidden} == {
        w: 1 for w, number in play.said.items() if number not in play.hidden
    }
    assert all(number <= 1 for number in eves.values())
