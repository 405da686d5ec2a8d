"""Mirrors, their posts and how far each has come; how far each mirror has read the record stands in `positions`.

Whose turn among the posts it is follows from `retry_ms`; it is `NEVER_MS` where nothing is to be done.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from board.domain.mirrors import NEVER_MS, WORDS, Post
from board.store.database import Tx

COLUMNS = (
    "id, network, address, secrets, session, account, name, most, link_counts, is_on, is_dry, threads, links, budget,"
    " why_paused, said, failures, wait_until_ms, test_asked, tested_ms, created_ms"
)
POST_COLUMNS = (
    "id, mirror, issue, seq, kind, number, state, text, is_wanted, is_alone, parent, remote, mark, since, rounds,"
    " looks, failures, created_ms, started_ms, retry_ms, error"
)
SWITCHES = ("is_on", "is_dry", "threads", "links", "test_asked")
STRAY = "It was being sent when the board stopped."
# What may be done just now: everything; all but to send; nothing but to take down.
LEFT = {"send": "", "settle": " AND state <> 'queued'", "take_down": " AND state = 'sent'"}
# Another post of its issue is before it: of those, one is sent after the other.
BLOCKED = (
    "EXISTS (SELECT 1 FROM mirror_posts AS before WHERE before.issue = mirror_posts.issue"
    " AND before.mirror = mirror_posts.mirror AND before.id < mirror_posts.id AND mirror_posts.state = 'queued'"
    " AND before.state IN ('queued', 'sending', 'unknown'))"
)


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """`secrets` and `session` are sealed. `account` and `name` are what the network calls us, None until it was asked;
    `most` and `link_counts` how long a post may be. Where `why_paused` is set, nothing goes out until it is mended.
    """

    id: int
    network: str
    address: str
    secrets: str
    session: str | None
    account: str | None
    name: str | None
    most: int | None
    link_counts: int | None
    is_on: bool
    is_dry: bool
    threads: bool
    links: bool
    budget: int
    why_paused: str | None
    said: str | None
    failures: int
    wait_until_ms: int
    test_asked: bool
    tested_ms: int | None
    created_ms: int


async def add(tx: Tx, *, network: str, address: str, budget: int, now_ms: int) -> int:
    """The number of the new mirror, which has no secrets yet: they are sealed for their number."""
    return int(
        await tx.value(
            "INSERT INTO mirrors (network, address, secrets, budget, created_ms)"
            " VALUES (:network, :address, '', :budget, :now) RETURNING id",
            network=network,
            address=address,
            budget=budget,
            now=now_ms,
        )
    )


async def change(tx: Tx, mirror: int, **changes: Any) -> None:
    """Sets some columns of a mirror."""
    values = {name: int(value) if name in SWITCHES else value for name, value in changes.items()}
    await tx.run(
        f"UPDATE mirrors SET {', '.join(f'{name} = :{name}' for name in values)} WHERE id = :id", id=mirror, **values
    )


async def remove(tx: Tx, mirror: int) -> None:
    await tx.run("DELETE FROM mirror_posts WHERE mirror = :id", id=mirror)
    await tx.run("DELETE FROM mirrors WHERE id = :id", id=mirror)


async def every(tx: Tx) -> list[Mirror]:
    return [read(row) for row in await tx.rows(f"SELECT {COLUMNS} FROM mirrors ORDER BY id")]


async def one(tx: Tx, mirror: int) -> Mirror | None:
    row = await tx.row(f"SELECT {COLUMNS} FROM mirrors WHERE id = :id", id=mirror)
    return read(row) if row else None


def read(row: dict[str, Any]) -> Mirror:
    return Mirror(**{**row, **{name: bool(row[name]) for name in SWITCHES}})


async def queue(tx: Tx, mirror: int, *, issue: int, seq: int, kind: str, now_ms: int) -> None:
    """One post about the event, however often it is asked for."""
    kinds = ", ".join(f"'{name}'" for name in WORDS)
    await tx.run(
        "INSERT INTO mirror_posts (mirror, issue, seq, kind, number, state, created_ms, retry_ms)"
        " SELECT CAST(:mirror AS BIGINT), CAST(:issue AS BIGINT), CAST(:seq AS BIGINT), CAST(:kind AS TEXT), COUNT(*),"
        " 'queued', CAST(:now AS BIGINT), CAST(:now AS BIGINT)"
        f" FROM events WHERE issue = :issue AND seq <= :seq AND kind IN ({kinds})"
        " ON CONFLICT (mirror, seq) DO NOTHING",
        mirror=mirror,
        issue=issue,
        seq=seq,
        kind=kind,
        now=now_ms,
    )


async def unwant(tx: Tx, issue: int, mirror: int, now_ms: int) -> None:
    """The posts of the issue: those that are there are to be taken down, those that are not are not sent.

    None of them keeps its words; to find it and to take it down its marker and its name there are enough.
    """
    await tx.run(
        "UPDATE mirror_posts SET is_wanted = 0,"
        " retry_ms = CASE WHEN state = 'sent' THEN CAST(:now AS BIGINT)"
        f" WHEN state IN ('queued', 'rejected') THEN {NEVER_MS} ELSE retry_ms END,"
        " state = CASE WHEN state IN ('queued', 'rejected') THEN 'given_up' ELSE state END, text = NULL"
        " WHERE issue = :issue AND mirror = :mirror",
        issue=issue,
        mirror=mirror,
        now=now_ms,
    )


async def unwant_one(tx: Tx, post: int, now_ms: int) -> None:
    await tx.run(
        "UPDATE mirror_posts SET is_wanted = 0, retry_ms = :now, error = NULL WHERE id = :id AND state = 'sent'",
        id=post,
        now=now_ms,
    )


async def give_up_queued(tx: Tx, issue: int) -> None:
    await tx.run(
        f"UPDATE mirror_posts SET state = 'given_up', retry_ms = {NEVER_MS} WHERE issue = :issue AND state = 'queued'",
        issue=issue,
    )


async def find_strays(tx: Tx, mirror: int, now_ms: int) -> None:
    """What somebody was sending who is not there any more: nobody knows whether it has arrived."""
    await tx.run(
        "UPDATE mirror_posts SET state = 'unknown', looks = 0, retry_ms = :now, error = :said"
        " WHERE mirror = :mirror AND state = 'sending'",
        mirror=mirror,
        now=now_ms,
        said=STRAY,
    )


async def due(tx: Tx, mirror: int, now_ms: int, may: str) -> Post | None:
    """The post whose turn it is: first what is to be taken down, then by age. `may` is a key of `LEFT`."""
    row = await tx.row(
        f"SELECT {POST_COLUMNS} FROM mirror_posts WHERE mirror = :mirror AND retry_ms <= :now AND NOT {BLOCKED}"
        f"{LEFT[may]} ORDER BY is_wanted, id LIMIT 1",
        mirror=mirror,
        now=now_ms,
    )
    return read_post(row) if row else None


async def next_due(tx: Tx, mirror: int, may: str) -> int:
    """When the next turn comes; `NEVER_MS` where nothing waits."""
    found = await tx.value(
        f"SELECT MIN(retry_ms) FROM mirror_posts WHERE mirror = :mirror AND retry_ms < {NEVER_MS} AND NOT {BLOCKED}"
        f"{LEFT[may]}",
        mirror=mirror,
    )
    return NEVER_MS if found is None else int(found)


async def keep(tx: Tx, before: Post, after: Post) -> bool:
    """Whether the post could be brought up to date: nobody else has changed its state meanwhile."""
    values = asdict(after)
    row = await tx.row(
        "UPDATE mirror_posts SET state = CAST(:state AS TEXT),"
        " text = CASE WHEN is_wanted = 0 THEN NULL ELSE CAST(:text AS TEXT) END,"
        " is_alone = :is_alone, parent = :parent, remote = :remote, mark = :mark, since = :since,"
        " rounds = :rounds, looks = :looks, failures = :failures, started_ms = :started_ms, error = :error,"
        " retry_ms = CASE WHEN is_wanted = 0 AND CAST(:state AS TEXT) = 'sent' AND state <> 'sent' THEN 0"
        " ELSE CAST(:retry_ms AS BIGINT) END"
        " WHERE id = :id AND state = :was RETURNING id",
        **{name: values[name] for name in KEPT},
        is_alone=int(after.is_alone),
        was=before.state,
    )
    return row is not None


async def keep_sent(tx: Tx, post: Post) -> None:
    """Notes that a post is there, though somebody else has taken it for lost meanwhile."""
    await tx.run(
        "UPDATE mirror_posts SET state = 'sent', remote = :remote, mark = :mark, error = NULL,"
        f" retry_ms = CASE WHEN is_wanted = 0 THEN 0 ELSE {NEVER_MS} END"
        " WHERE id = :id AND state IN ('sending', 'unknown', 'needs_human', 'queued')",
        id=post.id,
        remote=post.remote,
        mark=post.mark,
    )


KEPT = (
    "id",
    "state",
    "text",
    "parent",
    "remote",
    "mark",
    "since",
    "rounds",
    "looks",
    "failures",
    "started_ms",
    "retry_ms",
    "error",
)


async def post(tx: Tx, number: int) -> Post | None:
    row = await tx.row(f"SELECT {POST_COLUMNS} FROM mirror_posts WHERE id = :id", id=number)
    return read_post(row) if row else None


async def of_issue(tx: Tx, mirror: int, issue: int) -> list[Post]:
    rows = await tx.rows(
        f"SELECT {POST_COLUMNS} FROM mirror_posts WHERE mirror = :mirror AND issue = :issue ORDER BY id",
        mirror=mirror,
        issue=issue,
    )
    return [read_post(row) for row in rows]


async def newest(tx: Tx, mirror: int, *, states: Sequence[str], limit: int) -> list[Post]:
    of_each = [
        f"SELECT id FROM (SELECT id FROM mirror_posts WHERE mirror = :mirror AND state = '{state}'"
        f" ORDER BY id DESC LIMIT {int(limit)}) AS newest_of_state"
        for state in states
    ]
    rows = await tx.rows(
        f"SELECT {POST_COLUMNS} FROM mirror_posts WHERE id IN ({' UNION ALL '.join(of_each)})"
        f" ORDER BY id DESC LIMIT {int(limit)}",
        mirror=mirror,
    )
    return [read_post(row) for row in rows]


async def counts(tx: Tx, mirror: int) -> dict[str, int]:
    """How many posts are in each state."""
    rows = await tx.rows(
        "SELECT state, COUNT(*) AS many FROM mirror_posts WHERE mirror = :mirror GROUP BY state", mirror=mirror
    )
    return {row["state"]: int(row["many"]) for row in rows}


async def spent(tx: Tx, mirror: int, since_ms: int) -> int:
    """How many posts were sent since then, or may have been."""
    return int(
        await tx.value(
            "SELECT COUNT(*) FROM mirror_posts WHERE mirror = :mirror AND started_ms >= :since"
            " AND state IN ('sending', 'unknown', 'needs_human', 'sent', 'deleted')",
            mirror=mirror,
            since=since_ms,
        )
    )


async def last_remote(tx: Tx, mirror: int) -> str | None:
    """What the network calls the newest post that is known to be there, or to have been."""
    found: str | None = await tx.value(
        "SELECT remote FROM mirror_posts WHERE mirror = :mirror AND remote IS NOT NULL ORDER BY id DESC LIMIT 1",
        mirror=mirror,
    )
    return found


def read_post(row: dict[str, Any]) -> Post:
    return Post(**{**row, "is_wanted": bool(row["is_wanted"]), "is_alone": bool(row["is_alone"])})


async def keep_out(tx: Tx, issue: int) -> None:
    await tx.run("INSERT INTO unmirrored (issue) VALUES (:issue) ON CONFLICT (issue) DO NOTHING", issue=issue)


async def let_in(tx: Tx, issue: int) -> None:
    await tx.run("DELETE FROM unmirrored WHERE issue = :issue", issue=issue)


async def is_kept_out(tx: Tx, issue: int) -> bool:
    return bool(await tx.value("SELECT COUNT(*) FROM unmirrored WHERE issue = :issue", issue=issue))
