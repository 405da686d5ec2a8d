"""Fills a demonstration board: a made-up company with issues in every state, as if the last weeks had happened."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from board.actions import clock, customers, moderators, staff
from board.actions.acting import signed
from board.actions.company import publish_policy
from board.domain import decisions
from board.domain.clocks import Target
from board.domain.decisions import Then
from board.domain.leaf import later, milliseconds
from board.domain.people import Actor
from board.errors import Conflict
from board.store import company, intake, issues, people, record, wipe
from board.store.company import Area
from board.store.database import Database, WriteTx

SET = Path(__file__).parent.parent / "demo_set.json"
FILER = Actor(standing="filer")
OPENED_BEFORE = timedelta(days=1)  # the made-up record begins this long before its first issue


@dataclass(frozen=True)
class Step:
    """One thing that happened: at a time, to the issue at a place of the set."""

    at: datetime
    place: int
    act: dict[str, Any]


async def fill(db: Database, *, origin: str, vkey: str, now: datetime, tell: Callable[[int, int], None]) -> int:
    """Fills an empty board; `tell` hears how many of how many steps are done. Raises Conflict on any other board."""
    async with db.reading() as tx:
        if await issues.next_number(tx) > 1:
            raise Conflict("This board holds issues. A demonstration needs an empty board: use another database.")
    made = json.loads(SET.read_text(encoding="utf-8"))
    steps = sorted(steps_of(made, now), key=lambda step: step.at)
    await begin(db, made, origin=origin, vkey=vkey, at=steps[0].at - OPENED_BEFORE)
    numbers: dict[int, int] = {}
    for done, step in enumerate(steps, 1):
        await clock.tick(db, step.at)
        async with db.writing(step.at) as tx:
            await perform(tx, made, step, numbers)
        tell(done, len(steps))
    await clock.tick(db, now)
    return len(numbers)


def steps_of(made: dict[str, Any], now: datetime) -> list[Step]:
    steps = []
    for place, issue in enumerate(made["issues"]):
        filed = now - timedelta(days=issue["filed_days_ago"])
        steps.append(Step(filed, place, {"act": "file", **issue}))
        steps += [Step(filed + timedelta(hours=s["after_h"]), place, s) for s in issue["steps"] if s["act"] != "lapse"]
    return [step for step in steps if step.at <= now]


async def begin(db: Database, made: dict[str, Any], *, origin: str, vkey: str, at: datetime) -> None:
    """Starts the made-up record in the past, with the company and its areas."""
    await wipe.wipe(db)
    await record.found(db, origin=origin, vkey=vkey, at=at)
    async with db.writing(at) as tx:
        await company.save(tx, {**made["company"], "moderation": "open", "demo": True})
        for area in made["areas"]:
            target = Target(int(area["first_answer_h"] * 3600), int(area["resolve_h"] * 3600))
            await company.save_area(tx, Area(area["slug"], area["name"], target))
        await publish_policy(tx, None)


async def perform(tx: WriteTx, made: dict[str, Any], step: Step, numbers: dict[int, int]) -> None:
    if step.act["act"] == "file":
        numbers[step.place] = await file(tx, step)
        return
    await ACTS[step.act["act"]](tx, numbers[step.place], step, numbers)


async def file(tx: WriteTx, step: Step) -> int:
    made, number = step.act, await issues.next_number(tx)
    by = Actor(standing="filer", name=made["name"])
    words = signed(by, title=made["title"], body=made["body"])
    await record.append(tx, decisions.file(number, area=made["area"], via="web", words=words, publish=True))
    await intake.add_source(tx, source="demo", source_id=str(step.place), issue=number)
    await intake.add_filer(tx, issue=number, email=None)
    for voter in range(made["mine_too"]):
        await intake.add_mine_too(tx, number, b"demo" + voter.to_bytes(4, "big"))
    await issues.recount(tx, number)
    return number


async def colleague(tx: WriteTx, name: str, role: Literal["agent", "moderator"] = "agent") -> Actor:
    """A made-up colleague, who can never sign in."""
    person = await people.add(
        tx, email=f"{name.lower()}@northwind.invalid", name=name, role=role, now_ms=milliseconds(tx.at)
    )
    return Actor(standing=role, person=person.id, name=name)


async def update(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    made = step.act
    hours = made.get("promise_in_h")
    then = Then(
        state=made.get("state"),
        resolution=made.get("resolution"),
        promise_due=later(tx.at, int(hours * 3600)) if hours else None,
        whose=made.get("whose"),
        into=numbers.get(made.get("into", -1)),
    )
    by = await colleague(tx, made["by"])
    await staff.update(tx, number, by=by, body=made["body"], via="web", then=then)


async def comment(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    by = Actor(standing="anyone", name=step.act["by"])
    await customers.comment(tx, number, by=by, body=step.act["body"], via="web")


async def filer_comment(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    await customers.comment(tx, number, by=FILER, body=step.act["body"], via="web")


async def confirm(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    await customers.confirm(tx, number, by=FILER, body=step.act.get("body"), grade=step.act.get("grade"))


async def dispute(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    await customers.dispute(tx, number, by=FILER, body=step.act["body"])


async def withdraw(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    await customers.withdraw(tx, number, by=FILER, body=step.act.get("body"))


async def thank(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    by = await colleague(tx, step.act["by"]) if step.act["by"] else FILER
    await customers.thank(tx, number, by=by, body=step.act["body"])


async def move_promise(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    by = await colleague(tx, step.act["by"])
    await staff.promise(tx, number, by=by, due=later(tx.at, int(step.act["promise_in_h"] * 3600)))


async def merge(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    by = await colleague(tx, step.act["by"])
    await staff.merge(tx, number, by=by, into=numbers[step.act["into"]], body=step.act["body"], via="web")


async def reopen(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    await staff.reopen(tx, number, by=await colleague(tx, step.act["by"]), body=step.act["body"])


async def move(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    await staff.move(tx, number, by=await colleague(tx, step.act["by"]), area=step.act["area"])


async def assign(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    by = await colleague(tx, step.act["by"])
    assert by.person is not None
    await staff.assign(tx, number, by=by, person=by.person)


async def hide(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    by, target = await colleague(tx, step.act["by"], "moderator"), await newest_comment(tx, number)
    await moderators.hide_comment(tx, number, by=by, target=target, reason=step.act["reason"])


async def redact(tx: WriteTx, number: int, step: Step, numbers: dict[int, int]) -> None:
    by, target = await colleague(tx, step.act["by"], "moderator"), await newest_comment(tx, number)
    fields = tuple(step.act["fields"])
    await moderators.redact(tx, number, by=by, target=target, fields=fields, reason=step.act["reason"])


async def newest_comment(tx: WriteTx, number: int) -> int:
    return max(r.index for r in await record.of_issue(tx, number) if r.name == "comment.posted")


ACTS = {
    "hide": hide,
    "redact": redact,
    "update": update,
    "comment": comment,
    "filer_comment": filer_comment,
    "confirm": confirm,
    "dispute": dispute,
    "withdraw": withdraw,
    "thanks": thank,
    "promise_move": move_promise,
    "merge": merge,
    "reopen": reopen,
    "move": move,
    "assign": assign,
}


async def empty(db: Database) -> None:
    """Empties a demonstration board; raises Conflict where it is none, or where somebody filed a real issue."""
    async with db.reading() as tx:
        if not (await company.read(tx)).demo:
            raise Conflict("This is not a demonstration board. Nothing was wiped.")
        real = await wipe.real_issues(tx)
    if real:
        listed = ", ".join(f"#{number}" for number in real[:10])
        raise Conflict(
            f"{len(real)} issues were filed here by somebody else ({listed}). They are in the record, which is never"
            " emptied. Start with another database instead."
        )
    await wipe.wipe(db)
