"""The big boards of the benches are what the acts would have written, in the same schema."""

from datetime import UTC, datetime

from board.store.database import Database
from tests.bench.filling import filled
from tests.soundness import assert_sound

ISSUES = 120
INDEXES = {
    True: "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
    False: "SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
    " SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY name",
}


async def schema(db: Database) -> list[dict[str, str]]:
    async with db.reading() as tx:
        return await tx.rows(INDEXES[tx.sqlite])


async def test_a_board_that_was_filled_is_as_its_record_says_and_has_the_migrated_schema(url: str) -> None:
    db = Database(url)
    await db.connect()
    before = await schema(db)
    await db.disconnect()
    events = await filled(url, ISSUES, datetime.now(UTC))
    await db.connect()
    assert await schema(db) == before
    async with db.reading() as tx:
        kept = await tx.row("SELECT (SELECT COUNT(*) FROM events) AS events, (SELECT COUNT(*) FROM issues) AS issues")
    assert kept == {"events": events, "issues": ISSUES}
    await assert_sound(db)
    await db.disconnect()
