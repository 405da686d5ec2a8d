"""Webhooks, what they were told and when; how far each got stands in `positions`. Times are integer milliseconds."""

import json
from dataclasses import dataclass
from typing import Any

from board.store.database import Tx

KEPT_TRIES = 200  # of each hook
COLUMNS = "id, url, shape, events, secret, old_secret, old_until_ms, why_off, created_ms"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """Secrets are sealed; the old one signs, too, until `old_until_ms`. Where `why_off` is set it is switched off."""

    id: int
    url: str
    shape: str
    events: tuple[str, ...]
    secret: str
    old_secret: str | None
    old_until_ms: int | None
    why_off: str | None
    created_ms: int


@dataclass(frozen=True, kw_only=True)
class Try:
    """`seq` is the event that was told, None for a test; `status` is the answer's, None where none came."""

    seq: int | None
    at_ms: int
    took_ms: int
    status: int | None
    error: str | None


async def add(tx: Tx, *, url: str, shape: str, events: tuple[str, ...], now_ms: int) -> int:
    """The number of the new hook, which has no secret yet: secrets are sealed for their number."""
    return int(
        await tx.value(
            "INSERT INTO hooks (url, shape, events, secret, created_ms) VALUES (:url, :shape, :events, '', :now)"
            " RETURNING id",
            url=url,
            shape=shape,
            events=json.dumps(events),
            now=now_ms,
        )
    )


async def change(tx: Tx, hook: int, *, url: str, shape: str, events: tuple[str, ...]) -> None:
    await tx.run(
        "UPDATE hooks SET url = :url, shape = :shape, events = :events WHERE id = :id",
        id=hook,
        url=url,
        shape=shape,
        events=json.dumps(events),
    )


async def set_secret(tx: Tx, hook: int, sealed: str, *, old_until_ms: int | None = None) -> None:
    """The new secret; the one before signs as well until the time, if one is given."""
    await tx.run(
        "UPDATE hooks SET old_secret = CASE WHEN CAST(:until AS BIGINT) IS NULL THEN NULL ELSE secret END,"
        " old_until_ms = :until, secret = :sealed WHERE id = :id",
        id=hook,
        sealed=sealed,
        until=old_until_ms,
    )


async def switch(tx: Tx, hook: int, why_off: str | None) -> None:
    await tx.run("UPDATE hooks SET why_off = :why WHERE id = :id", id=hook, why=why_off)


async def remove(tx: Tx, hook: int) -> None:
    await tx.run("DELETE FROM hook_asks WHERE hook = :id", id=hook)
    await tx.run("DELETE FROM hook_tries WHERE hook = :id", id=hook)
    await tx.run("DELETE FROM hooks WHERE id = :id", id=hook)


async def every(tx: Tx) -> list[Hook]:
    return [read(row) for row in await tx.rows(f"SELECT {COLUMNS} FROM hooks ORDER BY id")]


async def to_look_at(tx: Tx, *, limit: int) -> list[Hook]:
    """Those first that have stopped by themselves, then those that fail, then the others by age."""
    rows = await tx.rows(
        f"SELECT {COLUMNS} FROM hooks LEFT JOIN positions ON positions.follower = 'hook'"
        " AND positions.target = CAST(hooks.id AS TEXT)"
        " ORDER BY CASE WHEN why_off IN ('failing', 'gone') THEN 0 WHEN why_off IS NULL AND failures > 0 THEN 1"
        " ELSE 2 END, id LIMIT :limit",
        limit=limit,
    )
    return [read(row) for row in rows]


async def one(tx: Tx, hook: int) -> Hook | None:
    row = await tx.row(f"SELECT {COLUMNS} FROM hooks WHERE id = :id", id=hook)
    return read(row) if row else None


def read(row: dict[str, Any]) -> Hook:
    return Hook(**{**row, "events": tuple(json.loads(row["events"]))})


async def note_try(tx: Tx, hook: int, tried: Try) -> None:
    """Keeps the newest ones only."""
    await tx.run(
        "INSERT INTO hook_tries (hook, seq, at_ms, took_ms, status, error)"
        " VALUES (:hook, :seq, :at_ms, :took_ms, :status, :error)",
        hook=hook,
        seq=tried.seq,
        at_ms=tried.at_ms,
        took_ms=tried.took_ms,
        status=tried.status,
        error=tried.error,
    )
    await tx.run(
        "DELETE FROM hook_tries WHERE hook = :hook AND id <= (SELECT id FROM hook_tries WHERE hook = :hook"
        f" ORDER BY id DESC LIMIT 1 OFFSET {KEPT_TRIES})",
        hook=hook,
    )


async def tries(tx: Tx, hook: int, *, limit: int) -> list[Try]:
    """The newest first."""
    rows = await tx.rows(
        f"SELECT seq, at_ms, took_ms, status, error FROM hook_tries WHERE hook = :hook ORDER BY id DESC LIMIT {limit}",
        hook=hook,
    )
    return [Try(**row) for row in rows]


async def clear_old_secrets(tx: Tx, now_ms: int) -> None:
    await tx.run(
        "UPDATE hooks SET old_secret = NULL, old_until_ms = NULL WHERE old_until_ms <= :now",
        now=now_ms,
    )


async def ask(tx: Tx, hook: int, seq: int | None) -> None:
    """Asks that the event be told once more, out of turn; with None, a test."""
    await tx.run("INSERT INTO hook_asks (hook, seq) VALUES (:hook, :seq)", hook=hook, seq=seq)


async def asked(tx: Tx, hook: int) -> tuple[int, int | None] | None:
    """The number and the event of what was asked for first."""
    row = await tx.row("SELECT id, seq FROM hook_asks WHERE hook = :hook ORDER BY id LIMIT 1", hook=hook)
    return (row["id"], row["seq"]) if row else None


async def settle_ask(tx: Tx, number: int) -> None:
    await tx.run("DELETE FROM hook_asks WHERE id = :id", id=number)
