"""Brings conversations from elsewhere in as issues. What happened when is kept apart from when it was recorded."""

from board.actions.acting import act, signed
from board.actions.company import make_area
from board.domain import decisions
from board.domain.conversations import Conversation, Message
from board.domain.decisions import Then
from board.domain.issue import Issue
from board.domain.leaf import format_time
from board.domain.people import Actor
from board.errors import Invalid
from board.store import intake, issues, record
from board.store.database import WriteTx


async def bring_in(tx: WriteTx, said: Conversation) -> int:
    """Records what is new of the conversation; returns how many messages that were, 0 where all were there."""
    if said.messages[-1].at > tx.at:
        raise Invalid({"at": "A message is from a time that is still to come."})
    number = await intake.issue_of_source(tx, said.source, said.source_id)
    is_new = number is None
    number = number or await file(tx, said)
    known = await intake.ids_of_issue(tx, source=said.source, issue=number)
    new = [message for message in said.replies if message_id(said, message) not in known]
    for message in new:
        await speak(tx, number, said, message)
    return is_new + len(new)


async def file(tx: WriteTx, said: Conversation) -> int:
    number = await issues.next_number(tx)
    filing = said.filing
    events = decisions.file(
        number,
        area=await make_area(tx, said.area),
        via="import",
        words=signed(customer(filing), title=said.title, body=filing.text),
        occurred=format_time(filing.at),
        publish=True,
    )
    await record.append(tx, events)
    await intake.add_source(tx, source=said.source, source_id=said.source_id, issue=number)
    await note_message(tx, said, filing, number)
    return number


async def note_message(tx: WriteTx, said: Conversation, message: Message, number: int) -> None:
    await intake.add_source(tx, source=said.source, source_id=message_id(said, message), issue=number)


def message_id(said: Conversation, message: Message) -> str:
    """A message is known within its conversation: the same one may stand in two of them. No id holds a line break."""
    return f"{said.source_id}\n{message.source_id}"


async def speak(tx: WriteTx, number: int, said: Conversation, message: Message) -> None:
    """One later message: a comment by the filer, or an update; the company's last word resolves."""
    occurred = format_time(message.at)
    if message.by_staff:
        by = Actor(standing="agent", name=message.name)
        words = signed(by, body=message.text)
        is_last = message is said.messages[-1]
        await act(
            tx,
            number,
            by,
            lambda i, at: decisions.update(
                i, by=by, words=words, via="import", then=ending(i, said, is_last), at=at, occurred=occurred
            ),
        )
    else:
        by = customer(message)
        words = signed(by, body=message.text)
        await act(
            tx,
            number,
            by,
            lambda i, at: decisions.comment(i, by=by, words=words, via="import", at=at, occurred=occurred),
        )
    await note_message(tx, said, message, number)


def ending(issue: Issue, said: Conversation, is_last: bool) -> Then:
    """The company's last word resolves."""
    return Then(resolution=said.resolution or "answered") if is_last and issue.is_open else Then()


def customer(message: Message) -> Actor:
    return Actor(standing="filer", name=message.name)
