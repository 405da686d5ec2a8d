"""What moderators do: show or withhold, hide and restore, and take words out. Each is a public event."""

from collections.abc import Sequence

from board.actions.acting import Done, act, load
from board.domain import decisions, finds, judging, masking
from board.domain.events import Event
from board.domain.finds import Find
from board.domain.issue import Issue
from board.domain.people import Actor
from board.errors import Invalid, NotFound
from board.store import company, entries, intake, outbox, record
from board.store.company import Company
from board.store.database import Tx, WriteTx

MASKABLE = frozenset({"title", "body"})


async def publish(tx: WriteTx, number: int, *, by: Actor) -> Done:
    return await act(tx, number, by, lambda i, at: judging.publish(i, by=by, at=at))


async def reject(tx: WriteTx, number: int, *, by: Actor, reason: str) -> Done:
    return await act(tx, number, by, lambda i, at: judging.reject(i, by=by, reason=reason, at=at))


async def remove(tx: WriteTx, number: int, *, by: Actor, reason: str) -> Done:
    return await act(tx, number, by, lambda i, at: judging.remove(i, by=by, reason=reason, at=at))


async def restore(tx: WriteTx, number: int, *, by: Actor) -> Done:
    return await act(tx, number, by, lambda i, at: judging.restore(i, by=by, at=at))


async def judge_comment(tx: WriteTx, number: int, *, by: Actor, target: int, reason: str | None) -> Done:
    """Shows a held comment, or rejects it for the reason."""
    return await act(tx, number, by, lambda i, at: judging.judge_comment(i, by=by, target=target, reason=reason, at=at))


async def hide_comment(tx: WriteTx, number: int, *, by: Actor, target: int, reason: str) -> Done:
    """Takes a public comment from view; the issue's letters, which may quote it, lose their words with it."""
    done = await act(tx, number, by, lambda i, at: judging.hide_comment(i, by=by, target=target, reason=reason, at=at))
    await outbox.forget_words(tx, number)
    return done


async def show_comment_again(tx: WriteTx, number: int, *, by: Actor, target: int) -> Done:
    return await act(tx, number, by, lambda i, at: judging.show_comment_again(i, by=by, target=target, at=at))


async def redact(tx: WriteTx, number: int, *, by: Actor, target: int, fields: Sequence[str], reason: str) -> Done:
    """Takes the words at `target` out, in every wording they had."""
    events = await redaction(tx, number, by=by, target=target, fields=fields, reason=reason)
    return await erase(tx, number, events, by)


async def redaction(
    tx: WriteTx, number: int, *, by: Actor, target: int, fields: Sequence[str], reason: str
) -> list[Event]:
    """The events that would take the words out; raises what redacting would."""
    issue = await with_words(tx, number, target)
    versions = await entries.versions(tx, target)
    return decisions.redact(
        issue, by=by, target=target, fields=tuple(fields), reason=reason, versions=versions, at=tx.at
    )


async def mask(
    tx: WriteTx, number: int, *, by: Actor, target: int, words: Sequence[str], mark: str, reason: str
) -> Done:
    """Puts the mark in the place of the words wherever they stand at `target`, and takes every earlier wording out."""
    issue = await with_words(tx, number, target)
    anew = await masked(tx, number, target=target, words=words, mark=mark)
    versions = await entries.versions(tx, target)
    events = decisions.mask(issue, by=by, target=target, masked=anew, reason=reason, versions=versions, at=tx.at)
    return await erase(tx, number, events, by)


async def masked(tx: WriteTx, number: int, *, target: int, words: Sequence[str], mark: str) -> dict[str, str]:
    """The fields at `target` that hold the words, with the mark in their place; raises Invalid where none does."""
    issue = await with_words(tx, number, target)
    now = await entries.wording(tx, target, sorted(issue.fields_left(target) & MASKABLE))
    rules = await company.read(tx)
    anew = {field: masking.mask(text, words, mark, found(text, rules)) for field, text in now.items() if text}
    changed = {field: text for field, text in anew.items() if text != now[field]}
    if not changed:
        raise Invalid({"words": "These words do not stand there. Copy them from the text as they are."})
    return changed


async def are_finds(tx: WriteTx, number: int, *, target: int, words: Sequence[str]) -> bool:
    """Whether the words at `target` are what the finder recognises as private, and nothing beside it."""
    issue, rules = await with_words(tx, number, target), await company.read(tx)
    now = await entries.wording(tx, target, sorted(issue.fields_left(target) & MASKABLE))
    return all(masking.are_finds(text, words, found(text, rules)) for text in now.values() if text)


def found(text: str, rules: Company) -> list[Find]:
    return finds.find(text, rules.order_pattern, finds.region_codes(rules.phone_regions))


async def count(tx: Tx, number: int, words: Sequence[str]) -> dict[int, int]:
    """In how many places of each text of the issue the words stand."""
    issue, counts = await load(tx, number), dict[int, int]()
    for index, text in issue.texts.items():
        if text.original is None:
            now = await entries.wording(tx, index, sorted(issue.fields_left(index) & MASKABLE))
            counts[index] = sum(len(masking.places(value, words)) for value in now.values() if value)
    return counts


async def with_words(tx: WriteTx, number: int, target: int) -> Issue:
    issue = await load(tx, number)
    if target not in issue.texts:
        raise NotFound("There are no words at this place.")
    return issue


async def erase(tx: WriteTx, number: int, events: list[Event], by: Actor) -> Done:
    """Appends the redaction; letters and kept answers that quote the issue lose their words with it."""
    done = Done(number, tuple(await record.append(tx, events, by)))
    await outbox.forget_words(tx, number)
    await intake.forget_answers(tx, number)
    return done
