"""Sums that are kept instead of being counted at each reading: of issues by area and stage, of how long first answers
took, and of what moderators did.

They follow from the record like all of the read model, in the append's own transaction.
"""

from collections import Counter
from typing import Any

from board.domain.leaf import Recorded, format_time, parse_time
from board.domain.medians import step
from board.store.database import Tx
from board.store.projection import Row

MODERATION = (
    "issue.held",
    "issue.rejected",
    "issue.removed",
    "issue.restored",
    "comment.held",
    "comment.rejected",
    "text.redacted",
)


async def move(tx: Tx, before: Row | None, row: Row) -> None:
    """Counts the issue where it is now, and no longer where it was."""
    if before and place(before) == place(row):
        return
    gone = [{**place(before), "more": -1}] if before else []
    gone = [{**place(before), "more": -1}] if before else []
    await tx.run_each(
        "INSERT INTO tallies (area, stage, unanswered, number) VALUES (:area, :stage, :unanswered, :more)"
        " ON CONFLICT (area, stage, unanswered) DO UPDATE SET number = tallies.number + excluded.number",
        [*gone, {**place(row), "more": 1}],
    )
    await move_answer(tx, before, row)


def place(row: Row) -> dict[str, Any]:
    return {"area": row["area"], "stage": row["stage"], "unanswered": int(row["first_answer_at"] is None)}


async def move_answer(tx: Tx, before: Row | None, row: Row) -> None:
    """Counts the first answer where the issue is; it counts on when the issue is taken from view."""
    was, now = (answer(before) if before else None), answer(row)
    if was == now or now is None:
        return
    gone = [{**was, "more": -1}] if was else []
    await tx.run_each(
        "INSERT INTO first_answers (area, step, number) VALUES (:area, :step, :more)"
        " ON CONFLICT (area, step) DO UPDATE SET number = first_answers.number + excluded.number",
        [*gone, {**now, "more": 1}],
    )


def answer(row: Row) -> dict[str, Any] | None:
    if row["first_answer_at"] is None:
        return None
    waited = parse_time(row["first_answer_at"]) - parse_time(row["filed_at"])
    return {"area": row["area"], "step": step(int(waited.total_seconds()))}


async def by_stage(tx: Tx, *, unanswered: bool = False, area: str | None = None) -> Counter[str]:
    """How many issues (of the area) there are at each stage, or how many of them nobody has answered."""
    rows = await tx.rows(
        "SELECT stage, SUM(number) AS number FROM tallies WHERE unanswered >= :least"
        f"{' AND area = :area' if area else ''} GROUP BY stage",
        **{"least": int(unanswered), **({"area": area} if area else {})},
    )
    return Counter({row["stage"]: int(row["number"]) for row in rows})


async def first_answers(tx: Tx, area: str | None = None) -> dict[int, int]:
    """How many first answers (of the area) took as long as each step (`domain.medians`)."""
    rows = await tx.rows(
        f"SELECT step, SUM(number) AS number FROM first_answers{' WHERE area = :area' if area else ''} GROUP BY step",
        **({"area": area} if area else {}),
    )
    return {row["step"]: int(row["number"]) for row in rows}


async def count_moderation(tx: Tx, r: Recorded, *, is_again: bool = False) -> None:
    """Counts the event where a moderator, or a rule, took words from view or put them back.

    A public comment is hidden by two events, and counted by the one with the reason. `is_again`: it is shown again.
    """
    if is_again or (r.name in MODERATION and not is_counted_by_its_reason(r)):
        await tx.run(
            "INSERT INTO moderated (month, kind, reason, number) VALUES (:month, :kind, :reason, 1)"
            " ON CONFLICT (month, kind, reason) DO UPDATE SET number = moderated.number + 1",
            month=format_time(r.time)[:7],
            kind=r.name,
            reason=getattr(r.event, "reason", ""),
        )


def is_counted_by_its_reason(r: Recorded) -> bool:
    return r.name == "comment.held" and r.event.role == "moderator"


async def moderation(tx: Tx) -> list[Row]:
    """What moderators did, counted from the record: month (YYYY-MM), kind, reason, number."""
    return await tx.rows(
        "SELECT month, kind, NULLIF(reason, '') AS reason, number FROM moderated ORDER BY month DESC, kind, reason"
    )
