"""How far the outlets lag behind the record, and what waits in them. Times are integer milliseconds."""

from dataclasses import dataclass

from board.store import outbox, troubles
from board.store.database import Tx
from board.store.positions import IDLE

MOST = 10_000  # letters that are counted, so that to look costs the same with any number of them
BY_TIME = ("overdue", "reminders")  # how far these have looked is a time, in seconds
LISTED = ", ".join(f"'{name}'" for name in BY_TIME)


@dataclass(frozen=True)
class Lag:
    """Of all targets of one follower: events that the slowest has not read, how many have a turn to come, how many
    failed last.
    """

    behind: int
    waiting: int
    failing: int


@dataclass(frozen=True)
class Mail:
    """How many letters are in each state, of none more than `MOST`, and since when the oldest that waits does so."""

    letters: dict[str, int]
    oldest_ms: int | None


async def of_followers(tx: Tx, head: int) -> dict[str, Lag]:
    """By name, of those that read events. Whoever has nothing to do has read what it wants to, and is not behind."""
    rows = await tx.rows(
        "SELECT follower, MIN(seq) AS slowest, COUNT(*) AS waiting,"
        " SUM(CASE WHEN failures > 0 THEN 1 ELSE 0 END) AS failing"
        f" FROM positions WHERE retry_ms < :idle AND follower NOT IN ({LISTED}) GROUP BY follower ORDER BY follower",
        idle=IDLE,
    )
    return {row["follower"]: Lag(max(0, head - row["slowest"]), row["waiting"], int(row["failing"])) for row in rows}


async def in_seconds(tx: Tx, now_ms: int, *, has_mailbox: bool) -> dict[str, int]:
    """How many seconds ago each of those looked that look at a span of time, and since when no mail can be read."""
    rows = await tx.rows(f"SELECT follower, seq FROM positions WHERE follower IN ({LISTED}) ORDER BY follower")
    late = {row["follower"]: max(0, now_ms // 1000 - row["seq"]) for row in rows}
    if has_mailbox:
        trouble = await troubles.one(tx, troubles.MAILBOX)
        late["mailbox"] = max(0, now_ms - trouble.since_ms) // 1000 if trouble else 0
    return late


async def of_mail(tx: Tx) -> Mail:
    return Mail(await outbox.counts_up_to(tx, MOST), await outbox.oldest_waiting(tx))
