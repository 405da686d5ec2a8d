"""What moderators do: show or withhold, remove and restore, and take words out. Each is a public event."""

from board.actions.acting import Done, act, load
from board.domain import decisions
from board.domain.people import Actor
from board.errors import NotFound
from board.store import entries, record
from board.store.database import WriteTx


async def publish(tx: WriteTx, number: int, *, by: Actor) -> Done:
    return await act(tx, number, by, lambda i, at: decisions.publish(i, by=by, at=at))


async def reject(tx: WriteTx, number: int, *, by: Actor, reason: str) -> Done:
    return await act(tx, number, by, lambda i, at: decisions.reject(i, by=by, reason=reason, at=at))


async def remove(tx: WriteTx, number: int, *, by: Actor, reason: str) -> Done:
    return await act(tx, number, by, lambda i, at: decisions.remove(i, by=by, reason=reason, at=at))


async def restore(tx: WriteTx, number: int, *, by: Actor) -> Done:
    return await act(tx, number, by, lambda i, at: decisions.restore(i, by=by, at=at))


async def judge_comment(tx: WriteTx, number: int, *, by: Actor, target: int, reason: str | None) -> Done:
    """Shows a held comment, or rejects it for the reason."""
    return await act(
        tx, number, by, lambda i, at: decisions.judge_comment(i, by=by, target=target, reason=reason, at=at)
    )


async def redact(tx: WriteTx, number: int, *, by: Actor, target: int, fields: tuple[str, ...], reason: str) -> Done:
    """Takes the words at `target` out, in every wording they had."""
    issue = await load(tx, number)
    if target not in issue.texts:
        raise NotFound("There are no words at this place.")
    versions = await entries.versions(tx, target)
    events = decisions.redact(issue, by=by, target=target, fields=fields, reason=reason, versions=versions, at=tx.at)
    return Done(number, tuple(await record.append(tx, events, by)))
