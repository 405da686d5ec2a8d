"""Anybody does anything to anything in any order: what comes of it is sound, and a refusal changes nothing."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from board.actions import clock, company, customers, hiding, importing, moderators, objections, staff
from board.domain import events as e
from board.domain.conversations import Conversation, Message
from board.domain.decisions import Then
from board.domain.people import Actor
from board.errors import Refused
from board.store.database import Database
from tests.cast import ADA, BO, CY, LINKS, MO, NOON, ROOT, chain, do_at, file_issue, head, move_in, say, words_of_ada
from tests.postgres import tell, with_name
from tests.soundness import assert_comments_counted, assert_sound

T = TypeVar("T")
ISSUES = 4

anyone = st.sampled_from([ADA, CY, ADA, BO])
filer = st.sampled_from([ADA, ADA, ADA, CY, BO])
agent = st.sampled_from([BO, BO, MO, ROOT, ADA, CY])
moderator = st.sampled_from([MO, MO, ROOT, BO, CY])
admin = st.sampled_from([ROOT, ROOT, MO])
numbers = st.integers(1, ISSUES)
places = st.integers(0, 30)
bodies = st.sampled_from(["One word.", "**Two** words", "Xylophone", "1 < 2 & 3 > 2", "é 漢 " * 30])
spans = st.sampled_from(
    [timedelta(), timedelta(minutes=5), timedelta(hours=30), timedelta(days=15), timedelta(days=61)]
)
reasons = st.sampled_from([*e.REASONS[:2], "no reason"])
resolutions = st.sampled_from([None, None, *e.RESOLUTIONS, "solved"])
emails = st.sampled_from(["x@example.com", "y@example.com", "z@example.com"])


class Board(RuleBasedStateMachine):
    """A board with up to four issues; `now` only goes on. Everybody tries what is theirs, and sometimes what is not."""

    make: Callable[[], Coroutine[Any, Any, str]]  # the URL of a new database

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now = NOON
        self.steps = 0
        self.db = self.run(self.begin())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def begin(self) -> Database:
        db = Database(await self.make())
        await db.connect()
        await move_in(db)
        for _ in range(ISSUES - 1):
            await file_issue(db)
        return db

    def do(self, act: Any, *args: Any, **given: Any) -> None:
        """The act, or its refusal; a refused act leaves the record as it was."""
        before = self.run(head(self.db))
        try:
            self.run(do_at(self.now, self.db, act, *args, **given))
        except Refused:
            assert self.run(head(self.db)) == before
        self.steps += 1
        if self.steps % 6 == 0:
            self.run(assert_sound(self.db))

    def spoken(self, number: int, place: int) -> tuple[int, tuple[str, ...]]:
        """One of the events of the issue that hold words, or once held some, and the names of these."""
        events = [r for r in self.run(chain(self.db, number)) if r.commit]
        return (events[place % len(events)].index, tuple(events[place % len(events)].commit)) if events else (99, ())

    def comment(self, number: int, place: int) -> int:
        """The place of one of the comments on the issue."""
        said = [r.index for r in self.run(chain(self.db, number)) if r.name == "comment.posted"]
        return said[place % len(said)] if said else 99

    def teardown(self) -> None:
        self.run(assert_sound(self.db))
        self.run(assert_comments_counted(self.db))
        self.run(self.db.disconnect())
        self.runner.close()

    @rule(span=spans)
    def time_goes_on(self, span: timedelta) -> None:
        self.now += span

    @rule()
    def clock_ticks(self) -> None:
        self.run(clock.tick(self.db, self.now))

    @precondition(lambda self: self.run(self.issues()) < ISSUES)
    @rule(body=bodies, name=st.sampled_from(["", "Ada"]), email=st.sampled_from(["", "ada@example.com"]))
    def somebody_files(self, body: str, name: str, email: str) -> None:
        words = words_of_ada(body=body, name=name, email=email)
        self.do(customers.file, words, via="web", links=LINKS, say=say)

    async def issues(self) -> int:
        async with self.db.reading() as tx:
            return int(await tx.value("SELECT COUNT(*) FROM issues"))

    @precondition(lambda self: self.run(self.issues()) < ISSUES)
    @rule(
        staff_first=st.booleans(), said=st.lists(st.booleans(), max_size=3), resolution=st.sampled_from([None, "fixed"])
    )
    def a_conversation_comes_in(self, staff_first: bool, said: list[bool], resolution: str | None) -> None:
        sides = [staff_first, False, *said]
        at = NOON - timedelta(days=300)
        messages = [
            Message(by_staff, "Eve", at + timedelta(hours=hour), f"Word {hour}", str(hour))
            for hour, by_staff in enumerate(sides)
        ]
        known = f"conversation {len(said)}"
        self.do(importing.bring_in, Conversation("chat", known, "Chat", "A talk", tuple(messages), resolution))

    @rule(by=anyone, number=numbers, body=bodies)
    def somebody_comments(self, by: Actor, number: int, body: str) -> None:
        self.do(customers.comment, number, by=by, body=body, via="web")

    @rule(by=filer, number=numbers, body=bodies)
    def somebody_thanks(self, by: Actor, number: int, body: str) -> None:
        self.do(customers.thank, number, by=by, body=body)

    @rule(by=filer, number=numbers, body=st.none() | bodies, grade=st.none() | st.integers(1, 5))
    def somebody_confirms(self, by: Actor, number: int, body: str | None, grade: int | None) -> None:
        self.do(customers.confirm, number, by=by, body=body, grade=grade)

    @rule(by=filer, number=numbers, body=bodies)
    def somebody_disputes(self, by: Actor, number: int, body: str) -> None:
        self.do(customers.dispute, number, by=by, body=body)

    @rule(by=filer, number=numbers, body=st.none() | bodies)
    def somebody_withdraws(self, by: Actor, number: int, body: str | None) -> None:
        self.do(customers.withdraw, number, by=by, body=body)

    @rule(by=st.sampled_from([ADA, BO]), number=numbers, place=places, text=bodies, title=st.booleans())
    def somebody_corrects(self, by: Actor, number: int, place: int, text: str, title: bool) -> None:
        target, names = self.spoken(number, place)
        words = {name: text for name in ("title", "body") if name in names and (title or name == "body")}
        self.do(customers.correct, number, by=by, target=target, words=words)

    @rule(number=numbers, email=emails)
    def somebody_follows(self, number: int, email: str) -> None:
        self.do(customers.follow, number, email=email, links=LINKS, say=say)

    @rule(follow=st.integers(1, 8), stops=st.booleans())
    def a_follower_answers(self, follow: int, stops: bool) -> None:
        if stops:
            self.do(customers.stop_following, follow)
        else:
            self.do(customers.confirm_follow, follow, 1)

    @rule(number=numbers, voter=st.sampled_from([b"one", b"two"]))
    def somebody_says_mine_too(self, number: int, voter: bytes) -> None:
        self.do(customers.mine_too, number, voter=voter)

    @rule(
        by=agent,
        number=numbers,
        body=bodies,
        state=st.sampled_from([None, "acknowledged", "in_progress", "waiting_on_customer", "closed"]),
        resolution=resolutions,
        due=st.none() | spans,
        whose=st.sampled_from([None, "carrier", "Acme"]),
        into=st.none() | numbers,
    )
    def somebody_answers(self, by: Actor, number: int, body: str, due: timedelta | None, **then: Any) -> None:
        promised = Then(promise_due=self.now + due if due is not None else None, **then)
        self.do(staff.update, number, by=by, body=body, via="api", then=promised)

    @rule(by=agent, number=numbers, state=st.sampled_from(["in_progress", "waiting_on_customer"]), body=bodies)
    def somebody_goes_on(self, by: Actor, number: int, state: str, body: str) -> None:
        self.do(staff.update, number, by=by, body=body, via="web", then=Then(state=state))

    @rule(by=agent, number=numbers, resolution=st.sampled_from(e.CURES), body=bodies)
    def somebody_resolves(self, by: Actor, number: int, resolution: str, body: str) -> None:
        self.do(staff.update, number, by=by, body=body, via="web", then=Then(resolution=resolution))

    @rule(by=agent, number=numbers, into=numbers)
    def somebody_merges(self, by: Actor, number: int, into: int) -> None:
        self.do(staff.merge, number, by=by, into=into, body="The same.", via="web")

    @rule(by=agent, number=numbers, act=st.sampled_from([staff.split, staff.reopen]))
    def somebody_takes_up_again(self, by: Actor, number: int, act: Any) -> None:
        self.do(act, number, by=by, body="Once more.")

    @rule(by=agent, number=numbers, due=spans)
    def somebody_promises(self, by: Actor, number: int, due: timedelta) -> None:
        self.do(staff.promise, number, by=by, due=self.now + due)

    @rule(by=agent, number=numbers, person=st.integers(1, 4))
    def somebody_assigns(self, by: Actor, number: int, person: int) -> None:
        self.do(staff.assign, number, by=by, person=person)

    @rule(by=agent, number=numbers, area=st.sampled_from(["service", "returns", "nowhere"]))
    def somebody_moves(self, by: Actor, number: int, area: str) -> None:
        self.do(staff.move, number, by=by, area=area)

    @rule(by=agent, number=numbers)
    def somebody_notes(self, by: Actor, number: int) -> None:
        self.do(staff.note, number, by=by, body="Between us.")

    @rule(by=moderator, number=numbers, act=st.sampled_from([moderators.publish, moderators.restore]))
    def somebody_shows(self, by: Actor, number: int, act: Any) -> None:
        self.do(act, number, by=by)

    @rule(by=moderator, number=numbers, reason=reasons, act=st.sampled_from([moderators.reject, moderators.remove]))
    def somebody_hides(self, by: Actor, number: int, reason: str, act: Any) -> None:
        self.do(act, number, by=by, reason=reason)

    @rule(by=moderator, number=numbers, place=places, reason=st.none() | reasons)
    def somebody_judges(self, by: Actor, number: int, place: int, reason: str | None) -> None:
        held = [r.event.target for r in self.run(chain(self.db, number)) if isinstance(r.event, e.CommentHeld)]
        target = held[place % len(held)] if held else place
        self.do(moderators.judge_comment, number, by=by, target=target, reason=reason)

    @rule(by=moderator, number=numbers, place=places, some=st.integers(1, 3), reason=reasons)
    def somebody_redacts(self, by: Actor, number: int, place: int, some: int, reason: str) -> None:
        target, names = self.spoken(number, place)
        self.do(moderators.redact, number, by=by, target=target, fields=names[:some], reason=reason)

    @rule(by=moderator, number=numbers, place=places, word=st.sampled_from(["word", "e", "Xylophone"]), reason=reasons)
    def somebody_masks(self, by: Actor, number: int, place: int, word: str, reason: str) -> None:
        target, _ = self.spoken(number, place)
        self.do(moderators.mask, number, by=by, target=target, words=[word], mark="[words removed]", reason=reason)

    @rule(by=filer, number=numbers, place=places, word=st.sampled_from([(), ("word",)]), mark=st.sampled_from(["name"]))
    def somebody_takes_out(self, by: Actor, number: int, place: int, word: tuple[str, ...], mark: str) -> None:
        target, names = self.spoken(number, place)
        self.do(objections.take_out, number, by=by, target=target, fields=names[:1], words=word, mark=mark)

    @rule(by=moderator, number=numbers, reason=st.sampled_from(["threat", "spam"]))
    def somebody_asks_to_remove(self, by: Actor, number: int, reason: str) -> None:
        self.do(hiding.hide, number, by=by, how="remove", reason=reason, links=LINKS, say=say)

    @rule(by=moderator, number=numbers, place=places, reason=st.sampled_from(["threat", "spam"]))
    def somebody_asks_to_hide_a_comment(self, by: Actor, number: int, place: int, reason: str) -> None:
        given: dict[str, Any] = {"target": self.comment(number, place), "links": LINKS, "say": say}
        self.do(hiding.hide, number, by=by, how="hide", reason=reason, **given)

    @rule(by=moderator, number=numbers, place=places)
    def somebody_shows_a_comment_again(self, by: Actor, number: int, place: int) -> None:
        self.do(moderators.show_comment_again, number, by=by, target=self.comment(number, place))

    @rule(by=moderator, place=st.integers(1, 8), act=st.sampled_from([hiding.second, hiding.refuse]))
    def somebody_decides_on_hiding(self, by: Actor, place: int, act: Any) -> None:
        self.do(act, place, by=by)

    @rule(by=filer, number=numbers)
    def somebody_appeals(self, by: Actor, number: int) -> None:
        self.do(objections.appeal, number, by=by, words="It is true.")

    @rule(by=moderator, place=st.integers(1, 5), upheld=st.booleans())
    def somebody_judges_an_appeal(self, by: Actor, place: int, upheld: bool) -> None:
        self.do(objections.judge_appeal, place, by=by, upheld=upheld, links=LINKS, say=say)

    @rule(by=admin, moderation=st.sampled_from(["open", "first", "hold"]))
    def somebody_sets_the_policy(self, by: Actor, moderation: str) -> None:
        self.do(company.set_up, {"moderation": moderation}, by=by)

    @rule(by=admin, hours=st.sampled_from(["", "1", "30"]))
    def somebody_sets_a_target(self, by: Actor, hours: str) -> None:
        self.do(company.save_area, by=by, name="Service", first_answer_h=hours, resolve_h=hours, area="service")


def play(url: Callable[[], Coroutine[Any, Any, str]], *, examples: int, steps: int) -> None:
    class NewBoard(Board):
        make = staticmethod(url)

    run_state_machine_as_test(
        NewBoard,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_anything_that_people_do_is_sound_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    names = count()

    async def make() -> str:
        return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{next(names)}.db')}"

    play(make, examples=25, steps=50)


def test_anything_that_people_do_is_sound_on_postgresql(postgres_server: str, postgres_template: str) -> None:
    names: list[str] = []

    async def make() -> str:
        names.append(f"board_{uuid4().hex}")
        await tell(postgres_server, f"CREATE DATABASE {names[-1]} TEMPLATE {postgres_template} STRATEGY file_copy")
        return with_name(postgres_server, names[-1])

    play(make, examples=6, steps=40)
    for name in names:
        asyncio.run(tell(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))
