"""Sums that are kept instead of being counted at each reading: of issues by stage, and of what moderators did.

They follow from the record like all of the read model, in the append's own transaction.
"""

from collections import Counter
from typing import Any

from board.domain.leaf import Recorded, format_time
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
    await tx.run_each(
        "INSERT INTO tallies (stage, unanswered, number) VALUES (:stage, :unanswered, :more)"
        " ON CONFLICT (stage, unanswered) DO UPDATE SET number = tallies.number + excluded.number",
        [*gone, {**place(row), "more": 1}],
    )


def place(row: Row) -> dict[str, Any]:
    return {"stage": row["stage"], "unanswered": int(row["first_answer_at"] is None)}


async def by_stage(tx: Tx, *, unanswered: bool = False) -> Counter[str]:
    """How many issues there are at each stage, or how many of them nobody has answered."""
    rows = await tx.rows(
        "SELECT stage, SUM(number) AS number FROM tallies WHERE unanswered >= :least GROUP BY stage",
        least=int(unanswered),
    )
    return Counter({row["stage"]: int(row["number"]) for row in rows})


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
