"""What somebody wants to hear of by mail, about which areas and how often; and when a digest goes out. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

KINDS = {
    "answers": ("update.posted", "thanks.given", "issue.acknowledged"),
    "states": (
        "issue.published",
        "issue.started",
        "issue.waiting",
        "issue.resolved",
        "issue.closed",
        "issue.reopened",
        "issue.confirmed",
        "issue.disputed",
        "issue.lapsed",
        "issue.withdrawn",
        "issue.merged",
        "issue.split",
        "issue.removed",
        "issue.rejected",
        "issue.restored",
    ),
    "promises": ("promise.made", "promise.moved", "promise.missed"),
    "comments": ("comment.posted", "comment.published"),
}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}
WORK = ("assigned", "disputed", "overdue")  # what colleagues hear of
PACES = ("each", "daily", "weekly")
# Whoever filed the issue hears of these in any case and at once: somebody waits for their word, or a moderator decided.
URGENT = (
    "issue.waiting",
    "issue.resolved",
    "issue.removed",
    "issue.rejected",
    "issue.restored",
    "comment.rejected",
    "text.redacted",
)
AT = time(8)
MONDAY = 0


@dataclass(frozen=True)
class Wishes:
    """`unwanted` are kinds, `areas` the areas of which nothing is wanted. Nothing said means everything, at once."""

    pace: str = "each"
    zone: str = "UTC"
    unwanted: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()

    def wants(self, name: str, area: str) -> bool:
        return area not in self.areas and KIND_OF.get(name) not in self.unwanted

    def wants_work(self, kind: str) -> bool:
        return kind not in self.unwanted


def is_zone(name: str) -> bool:
    return name == "UTC" or name in zones()


@cache
def zones() -> tuple[str, ...]:
    """The names that people know: a continent and a city."""
    return tuple(
        name for name in sorted(available_timezones()) if "/" in name and not name.startswith(("Etc/", "posix/"))
    )


def next_digest(wishes: Wishes, after: datetime) -> datetime:
    """The first eight o'clock in the morning after this moment, where the person lives; weekly on a Monday."""
    zone = ZoneInfo(wishes.zone)
    day = after.astimezone(zone).date()
    while True:
        at = datetime.combine(day, AT, zone).astimezone(UTC)
        if at > after and (wishes.pace != "weekly" or day.weekday() == MONDAY):
            return at
        day += timedelta(days=1)
