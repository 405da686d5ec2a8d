"""The transparency report: all that moderators did, counted from the record by month and reason, with a chart."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.domain import wording
from board.domain.phrase import phrase
from board.store import moderation, tallies
from board.web.page import frame, page

MOST, FEWEST = 24, 12  # columns: at most, and how narrow they are at least
WIDTH, HEIGHT, GAP = 640, 160, 4  # the chart's units
GROUPS = {
    "issue.held": "held",
    "comment.held": "held",
    "issue.rejected": "hidden",
    "comment.rejected": "hidden",
    "issue.removed": "hidden",
    "text.redacted": "erased",
    "issue.restored": "restored",
    "comment.published": "restored",
}
NAMES = {
    "held": phrase("Held for a look"),
    "hidden": phrase("Not shown, or removed"),
    "erased": phrase("Words erased"),
    "restored": phrase("Shown again"),
}
DRAWN = ("hidden", "erased", "held", "restored")


@dataclass(frozen=True)
class Bar:
    """A part of a month's column, in the chart's units."""

    group: str
    x: float
    y: float
    width: float
    height: float


async def show(request: Request) -> Response:
    """`/moderation`: the same figures that anybody can count in the record; only reports and appeals are private."""
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        rows = await tallies.moderation(tx)
        reported = await moderation.count_reports(tx)
        appeals = await moderation.count_appeals(tx)
    counts = by_month(rows)
    months = sorted(counts, reverse=True)
    say = around.names.say
    return page(
        request,
        around,
        "moderation.html",
        nav="moderation",
        totals={group: sum(counts[month][group] for month in months) for group in NAMES},
        months=[{"at": first_of(month), **{group: counts[month][group] for group in NAMES}} for month in months],
        reasons=by_reason(rows, say),
        by_both=[
            {"at": first_of(month), "reasons": reasons}
            for month in months
            if (reasons := by_reason([row for row in rows if row["month"] == month], say))
        ],
        reports=reported,
        appeals=appeals,
        bars=bars(counts, months[:MOST][::-1]),
        labels=labels(months[:MOST][::-1]),
        size={"width": WIDTH, "height": HEIGHT},
        groups=[(group, say(NAMES[group])) for group in DRAWN],
    )


def by_month(rows: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(row["month"], Counter())[GROUPS[row["kind"]]] += row["number"]
    return found


def by_reason(rows: list[dict[str, Any]], say: wording.Say) -> list[dict[str, Any]]:
    """How often words went for each reason, the most frequent first."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        if row["reason"]:
            found.setdefault(row["reason"], Counter())[GROUPS[row["kind"]]] += row["number"]
    listed = [
        {"reason": wording.reason(code, say), "hidden": c["hidden"], "erased": c["erased"]} for code, c in found.items()
    ]
    return sorted(listed, key=lambda row: -(row["hidden"] + row["erased"]))


def bars(counts: dict[str, Counter[str]], months: list[str]) -> list[Bar]:
    """The columns of the months, oldest first; each group stands on the one before."""
    highest = max((sum(counts[month].values()) for month in months), default=0)
    if not highest:
        return []
    step, drawn = WIDTH / max(len(months), FEWEST), []
    for place, month in enumerate(months):
        y = float(HEIGHT)
        for group in DRAWN:
            height = counts[month][group] * HEIGHT / highest
            y -= height
            if height:
                drawn.append(Bar(group, round(place * step, 1), round(y, 1), round(step - GAP, 1), round(height, 1)))
    return drawn


def labels(months: list[str]) -> list[dict[str, Any]]:
    step = WIDTH / max(len(months), FEWEST)
    every = max(2, -(-len(months) // 6))
    return [
        {"x": round(place * step, 1), "at": first_of(month)} for place, month in enumerate(months) if place % every == 0
    ]


def first_of(month: str) -> datetime:
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC)
