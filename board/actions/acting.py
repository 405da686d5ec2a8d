"""How every act on an issue goes: fold its chain, decide, append."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from board.domain.events import Event, UpdatePosted
from board.domain.issue import Issue
from board.domain.leaf import Recorded
from board.domain.people import Actor
from board.domain.phrase import no_issue
from board.errors import NotFound
from board.store import chains, record
from board.store.database import Tx, WriteTx


@dataclass(frozen=True)
class Done:
    """An act that is recorded: its issue and its events at their places."""

    issue: int
    events: tuple[Recorded, ...]

    @property
    def index(self) -> int | None:
        """The index of the event that carries the act's words, else of the first; None where nothing had to change."""
        spoken = next((r for r in self.events if isinstance(r.event, UpdatePosted)), None)
        first = spoken or next(iter(self.events), None)
        return first.index if first else None


async def load(tx: Tx, number: int) -> Issue:
    """The issue as its chain tells it; raises NotFound where there is none."""
    issue = await chains.issue(tx, number)
    if issue is None:
        raise NotFound(no_issue(number))
    return issue


async def act(tx: WriteTx, number: int, by: Actor, decide: Callable[[Issue, datetime], list[Event]]) -> Done:
    """Decides on the issue as it stands under the pen, and appends what follows."""
    issue = await load(tx, number)
    return Done(number, tuple(await record.append(tx, decide(issue, tx.at), by)))


def signed(by: Actor, **words: str | None) -> dict[str, str]:
    """The words of an event, with the name under which they are public, and without empty fields."""
    kept = {field.replace("_", "."): value for field, value in words.items() if value}
    return {**kept, "author.name": by.name} if by.name else kept
