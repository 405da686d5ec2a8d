"""What waits for moderators, for their programs, and their decisions on it: by the rules of the page."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from board.actions import hiding, objections
from board.actions.acting import Done
from board.domain.people import Actor, require
from board.domain.words import optional_text
from board.errors import NotFound
from board.store import moderation, people
from board.store.database import Tx, WriteTx
from board.web import bodies, session
from board.web.api_desk import at, to_reader
from board.web.json import actor, body, once, permit, read, read_number
from board.web.moderation import words_of


async def queue(request: Request) -> Response:
    await permit(request, None, "see_moderation")
    async with request.app.state.board.db.reading() as tx:
        by = await actor(tx, request, None)
        names = {person.id: person.name for person in await people.all_staff(tx)}
        content = {
            "waiting": [waiting_json(row) for row in await moderation.waiting(tx)],
            "asked": [await hiding_json(tx, one, names, by) for one in await moderation.hidings(tx, "asked")],
            "review": [await hiding_json(tx, one, names, by) for one in await moderation.hidings(tx, "review")],
            "appeals": [appeal_json(row) for row in await moderation.appeals(tx)],
            "reports": [report_json(row) for row in await moderation.reports(tx)],
            "counts": await moderation.counts(tx),
        }
    return read(request, to_reader(by, content))


def waiting_json(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("name", "title", "body", "at", "why")}
    return {"number": row["issue"], "index": row["seq"], "event": row["kind"], **kept}


def report_json(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("reason", "words", "title", "body")}
    return {"number": row["issue"], "index": row["seq"], **kept, "at": at(row["created_ms"])}


def appeal_json(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("id", "reason", "words")}
    return {"number": row["issue"], "index": row["seq"], "event": row["kind"], **kept, "at": at(row["created_ms"])}


async def hiding_json(tx: Tx, asked: moderation.Hiding, names: dict[int, str], by: Actor) -> dict[str, Any]:
    return {
        "id": asked.id,
        "number": asked.issue,
        "act": asked.act,
        "target": asked.target,
        "words": await words_of(tx, asked),
        "reason": asked.reason,
        "by": names.get(asked.person, "?"),
        "is_own": asked.person == by.person,
        "at": at(asked.asked_ms),
        "due": at(asked.due_ms) if asked.due_ms else None,
    }


Decide = Callable[[WriteTx, int, Actor, Any, Request], Awaitable[Done]]


def decision(kind: type[msgspec.Struct], decide: Decide, right: str) -> Callable[[Request], Awaitable[Response]]:
    """The door of a decision; its answer holds no words, so that none are kept with it."""

    async def door(request: Request) -> Response:
        await permit(request, None, right)
        number, given = read_number(request, "id"), await body(request, kind)

        async def write(tx: WriteTx, by: Actor, _: Any) -> tuple[int, dict[str, Any]]:
            done = await decide(tx, number, by, given, request)
            return 201, {"number": done.issue, "index": done.index}

        return await once(request, None, write)

    return door


async def decide_hiding(tx: WriteTx, number: int, by: Actor, given: bodies.Agreement, _: Request) -> Done:
    """A second person agrees to what a moderator asked for or did, or refuses it."""
    act = hiding.second if given.decision == "agree" else hiding.refuse
    return await act(tx, number, by=by)


async def judge_appeal(tx: WriteTx, number: int, by: Actor, given: bodies.Judgement, request: Request) -> Done:
    board, words = request.app.state.board, optional_text(given.answer or "", field="answer")
    upheld = given.decision == "uphold"
    return await objections.judge_appeal(
        tx, number, by=by, upheld=upheld, words=words, links=board.links, say=board.renderer.say
    )


async def settle_reports(tx: WriteTx, number: int, by: Actor, _: bodies.Nothing, request: Request) -> Done:
    """All that was reported about the words at this index is looked at."""
    require(by, "publish")
    issue = await moderation.issue_reported(tx, number)
    if issue is None:
        raise NotFound("There are no words at this place.")
    await moderation.settle_reports(tx, seq=number, now_ms=session.now_ms())
    return Done(issue, ())
