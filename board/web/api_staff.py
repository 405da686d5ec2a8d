"""The API's writes by which staff work on an issue."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from board.actions import hiding, mirrors, moderators, staff
from board.actions.acting import Done
from board.domain import masking
from board.domain.decisions import Then
from board.domain.people import Actor
from board.domain.words import person_name, text
from board.errors import Invalid
from board.store.database import WriteTx
from board.web import bodies


async def update(tx: WriteTx, number: int, by: Actor, given: bodies.NewUpdate) -> Done:
    then = Then(
        state=given.state,
        resolution=given.resolution,
        promise_due=moment(given.promise_due),
        whose=named(given.whose),
        into=given.duplicate_of,
    )
    return await staff.update(tx, number, by=by, body=text(given.body), via="api", then=then)


async def resolve(tx: WriteTx, number: int, by: Actor, given: bodies.NewResolution) -> Done:
    then = Then(resolution=given.resolution, whose=named(given.whose), into=given.duplicate_of)
    return await staff.update(tx, number, by=by, body=text(given.body), via="api", then=then)


def named(whose: str | None) -> str | None:
    try:
        return person_name(whose or "")
    except Invalid as wrong:
        raise Invalid({"whose": wrong.detail}) from None


def moment(value: str | None) -> datetime | None:
    """An RFC 3339 time; raises Invalid for anything else."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid({"promise_due": "Give a time with its zone, for example 2026-12-24T18:00:00Z."}) from None


async def reopen(tx: WriteTx, number: int, by: Actor, given: bodies.NewWords) -> Done:
    return await staff.reopen(tx, number, by=by, body=text(given.body))


async def promise(tx: WriteTx, number: int, by: Actor, given: bodies.NewPromise) -> Done:
    due = moment(given.promise_due)
    assert due
    return await staff.promise(tx, number, by=by, due=due)


async def assign(tx: WriteTx, number: int, by: Actor, given: bodies.NewOwner) -> Done:
    return await staff.assign(tx, number, by=by, person=given.person)


async def move(tx: WriteTx, number: int, by: Actor, given: bodies.NewArea) -> Done:
    return await staff.move(tx, number, by=by, area=given.area)


async def merge(tx: WriteTx, number: int, by: Actor, given: bodies.NewMerge) -> Done:
    try:
        return await staff.merge(tx, number, by=by, into=given.into, body=text(given.body), via="api")
    except Invalid as wrong:
        raise Invalid({{"duplicate_of": "into"}.get(k, k): v for k, v in wrong.fields.items()}) from None


async def split(tx: WriteTx, number: int, by: Actor, given: bodies.NewWords) -> Done:
    return await staff.split(tx, number, by=by, body=text(given.body))


async def note(tx: WriteTx, number: int, by: Actor, given: bodies.NewNote) -> Done:
    await staff.note(tx, number, by=by, body=text(given.body))
    return Done(number, ())


async def keep_out(tx: WriteTx, number: int, by: Actor, given: bodies.NewMirroring) -> Done:
    await mirrors.keep_out(tx, number, by=by, is_out=given.is_out)
    return Done(number, ())


async def publish(tx: WriteTx, number: int, by: Actor, given: bodies.Place) -> Done:
    if given.target is None:
        return await moderators.publish(tx, number, by=by)
    return await moderators.judge_comment(tx, number, by=by, target=given.target, reason=None)


async def reject(tx: WriteTx, number: int, by: Actor, given: bodies.NewRejection) -> Done:
    if given.target is None:
        return await moderators.reject(tx, number, by=by, reason=given.reason)
    return await moderators.judge_comment(tx, number, by=by, target=given.target, reason=given.reason)


async def restore(tx: WriteTx, number: int, by: Actor, given: bodies.Place) -> Done:
    if given.target is None:
        return await moderators.restore(tx, number, by=by)
    return await moderators.show_comment_again(tx, number, by=by, target=given.target)


async def remove(tx: WriteTx, number: int, by: Actor, given: bodies.NewRemoval, request: Request) -> Done:
    return await hide(tx, number, by, given.reason, request, how="remove")


async def hide_comment(tx: WriteTx, number: int, by: Actor, given: bodies.NewHiding, request: Request) -> Done:
    return await hide(tx, number, by, given.reason, request, how="hide", target=given.target)


async def redact(tx: WriteTx, number: int, by: Actor, given: bodies.NewRedaction, request: Request) -> Done:
    """Whole fields, or some words with the mark that takes their place."""
    if given.words:
        words, mark = list(masking.phrases("\n".join(given.words))), masking.mark_named(given.mark)
        detail: dict[str, Any] = {"how": "mask", "words": words, "mark": mark}
    elif given.fields:
        detail = {"how": "redact", "fields": given.fields}
    else:
        raise Invalid({"fields": "Choose what to take out, and where."})
    return await hide(tx, number, by, given.reason, request, target=given.target, **detail)


async def hide(tx: WriteTx, number: int, by: Actor, reason: str, request: Request, **detail: Any) -> Done:
    """At once, or asked for until a second person agrees: then there is no event yet."""
    board = request.app.state.board
    return await hiding.hide(tx, number, by=by, reason=reason, links=board.links, say=board.renderer.say, **detail)
