"""Brings conversations from elsewhere in as issues. What happened when is kept apart from when it was recorded."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Literal

from board.actions.acting import Done, act, load, signed
from board.actions.company import make_area
from board.domain import decisions
from board.domain.conversations import Conversation, Message, masked, private_in, read
from board.domain.decisions import Then
from board.domain.finds import find, region_codes
from board.domain.issue import Issue
from board.domain.leaf import format_time
from board.domain.people import Actor
from board.errors import Invalid
from board.store import company, intake, issues, moderation, record
from board.store.database import Database, WriteTx

Finds = Literal["mask", "hold", "publish"]
BECAME: dict[Finds, str] = {
    "mask": "Marks stand in their place.",
    "hold": "The customers' texts wait for a moderator; in the company's, marks stand in their place.",
    "publish": "Everybody reads them.",
}


@dataclass(frozen=True)
class Brought:
    """What an import has added: the messages that were new, by their `source_id`."""

    issue: int
    new: tuple[str, ...]


@dataclass
class Tally:
    """How an import goes: what it has added, and in which issues new messages held what looks private."""

    conversations: int = 0
    messages: int = 0
    texts: int = 0
    issues: set[int] = field(default_factory=set)

    def add(self, brought: Brought, private: frozenset[str]) -> None:
        found = private.intersection(brought.new)
        self.conversations += bool(brought.new)
        self.messages += len(brought.new)
        self.texts += len(found)
        self.issues |= {brought.issue} if found else set()

    def of_finds(self, finds: Finds) -> str | None:
        """What was found and what became of it; None where nothing was."""
        told = f"{self.texts} texts hold what looks private. {BECAME[finds]}"
        return f"{told} Issues: {', '.join(f'#{number}' for number in sorted(self.issues))}." if self.texts else None


async def bring_line(
    db: Database, line: bytes, tally: Tally, *, at: datetime, until: datetime | None, finds: Finds
) -> None:
    """One line of a file; of what looks private in it becomes what `finds` says. Raises ValueError and Refused."""
    said = read(line.decode("utf-8"), until=until) if line.strip() else None
    if said is None:
        return
    async with db.reading() as tx:
        setup = await company.read(tx)
    look = partial(find, order_pattern=setup.order_pattern, regions=region_codes(setup.phone_regions))
    private = private_in(said, look)
    shown = said if finds == "publish" or not private else masked(said, look, only_staff=finds == "hold")
    held = private if finds == "hold" else frozenset[str]()
    async with db.writing(at) as tx:
        tally.add(await bring_in(tx, shown, held=held), private)


async def bring_in(tx: WriteTx, said: Conversation, *, held: frozenset[str] = frozenset()) -> Brought:
    """Records what is new of the conversation; what customers said in `held` messages waits for a moderator's look."""
    if said.messages[-1].at > tx.at:
        raise Invalid({"at": "A message is from a time that is still to come."})
    number = await intake.issue_of_source(tx, said.source, said.source_id)
    is_new = number is None
    number = number or await file(tx, said, hold=said.filing.source_id in held)
    known = await intake.ids_of_issue(tx, source=said.source, issue=number)
    new = [message for message in said.replies if message_id(said, message) not in known]
    if any(message.by_other for message in new) and (await load(tx, number)).visibility != "public":
        # Others speak where they can read; the rest comes with the next import, once the issue is published.
        new = list(takewhile(lambda message: not message.by_other, new))
    for message in new:
        await speak(tx, number, said, message, hold=message.source_id in held)
    return Brought(number, tuple(m.source_id for m in ([said.filing] if is_new else []) + new))


async def file(tx: WriteTx, said: Conversation, *, hold: bool) -> int:
    number = await issues.next_number(tx)
    filing = said.filing
    events = decisions.file(
        number,
        area=await make_area(tx, said.area),
        via="import",
        words=signed(customer(filing), title=said.title, body=filing.text),
        occurred=format_time(filing.at),
        publish=not hold,
    )
    recorded = await record.append(tx, events)
    if hold:
        await moderation.hold(tx, seq=recorded[0].index, issue=number, why="finds")
    await intake.add_source(tx, source=said.source, source_id=said.source_id, issue=number)
    await note_message(tx, said, filing, number)
    return number


async def note_message(tx: WriteTx, said: Conversation, message: Message, number: int) -> None:
    await intake.add_source(tx, source=said.source, source_id=message_id(said, message), issue=number)


def message_id(said: Conversation, message: Message) -> str:
    """A message is known within its conversation: the same one may stand in two of them. No id holds a line break."""
    return f"{said.source_id}\n{message.source_id}"


async def speak(tx: WriteTx, number: int, said: Conversation, message: Message, *, hold: bool) -> None:
    """One later message: a comment by the filer, or an update; the company's last word resolves."""
    occurred = format_time(message.at)
    if message.by_staff:
        by = Actor(standing="agent", name=message.name)
        words = signed(by, body=message.text)
        await act(
            tx,
            number,
            by,
            lambda i, at: decisions.update(
                i, by=by, words=words, via="import", then=after(i, said, message), at=at, occurred=occurred
            ),
        )
    else:
        by = customer(message)
        words = signed(by, body=message.text)
        done = await act(
            tx,
            number,
            by,
            lambda i, at: decisions.comment(i, by=by, words=words, via="import", at=at, occurred=occurred),
        )
        if hold:
            await hold_comment(tx, done)
    await note_message(tx, said, message, number)


async def hold_comment(tx: WriteTx, said: Done) -> None:
    seq = said.events[0].index
    await record.append(tx, decisions.hold_comment(await load(tx, said.issue), seq))
    await moderation.hold(tx, seq=seq, issue=said.issue, why="finds")


def after(issue: Issue, said: Conversation, message: Message) -> Then:
    """What the company's word has changed; where the source says nothing of it, the last one resolves."""
    if not issue.is_open:
        return Then()
    if message.resolution or message.state:
        return Then(resolution=message.resolution, state=None if message.resolution else message.state)
    is_end = message is said.messages[-1] and not said.is_open
    return Then(resolution=said.resolution or "answered") if is_end else Then()


def customer(message: Message) -> Actor:
    return Actor(standing="anyone" if message.by_other else "filer", name=message.name)
