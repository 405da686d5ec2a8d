"""Empties a demonstration board. The only place where the record is ever deleted, and only if all of it was made up."""

from board.store.database import Database, Tx

EMPTIED = (
    "events",
    "nodes",
    "openings",
    "redactions",
    "topics",
    "actors",
    "policies",
    "issues",
    "tallies",
    "first_answers",
    "moderated",
    "entries",
    "search",
    "company",
    "areas",
    "grants",
    "filers",
    "follows",
    "ended_follows",
    "mine_too",
    "notes",
    "reminders",
    "sources",
    "answers",
    "outbox",
    "quoted",
    "digests",
    "bundles",
    "fan_outs",
    "wishes",
    "bounces",
    "received",
    "posts",
    "quiet",
    "private_words",
    "customer_references",
    "widget_secret",
    "readings",
    "holds",
    "hidings",
    "reports",
    "appeals",
    "positions",
    "mirrors",
    "mirror_posts",
    "mentions",
    "hearings",
    "unmirrored",
    "buckets",
    "touched",
    "head",
)


async def real_issues(tx: Tx) -> list[int]:
    """The issues that somebody else than the demonstration has filed."""
    rows = await tx.rows(
        "SELECT number FROM issues WHERE number NOT IN (SELECT issue FROM sources WHERE source = 'demo')"
        " ORDER BY number"
    )
    return [row["number"] for row in rows]


async def wipe(db: Database) -> None:
    """Deletes all but the staff and their sessions and tokens; the next record has another epoch."""
    async with db.saving() as tx:
        triggers = await disarm(tx)
        for table in EMPTIED:
            await tx.run(f"DELETE FROM {table}")
        await rearm(tx, triggers)


async def disarm(tx: Tx) -> list[str]:
    """Lifts the triggers that forbid it; returns how to put them back."""
    if not tx.sqlite:
        await tx.run("ALTER TABLE events DISABLE TRIGGER USER")
        return ["ALTER TABLE events ENABLE TRIGGER USER"]
    triggers = await tx.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'")
    for trigger in triggers:
        await tx.run(f"DROP TRIGGER {trigger['name']}")
    return [trigger["sql"] for trigger in triggers]


async def rearm(tx: Tx, triggers: list[str]) -> None:
    for statement in triggers:
        await tx.run(statement)
