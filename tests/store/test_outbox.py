"""However many letters and posts there are, whatever the outbox shows and does is found by indexes."""

import importlib.util
import re
from typing import Any

from board.domain.faults import LINE, WORDS, Fault
from board.store import bounces, mirrors, outbox, own_data
from board.store.database import Database, Tx, migrations_folder

MANY = 3_000


class Planned(Tx):
    """Notes of each query how the database would go about it, and answers nothing."""

    plans: list[str]

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        how = "EXPLAIN QUERY PLAN" if self.sqlite else "EXPLAIN"
        steps = await super().rows(f"{how} {sql}", **values)
        self.plans += [f"{step.get('detail') or step.get('QUERY PLAN')} ← {sql}" for step in steps]
        return []

    async def value(self, sql: str, **values: Any) -> Any:
        await self.rows(sql, **values)
        return 0


def planned(tx: Tx) -> Planned:
    plan = Planned.__new__(Planned)
    plan.__dict__ |= {**tx.__dict__, "plans": []}
    return plan


async def fill(tx: Tx) -> None:
    """Letters and posts in every state, most of them sent, some of which wait."""
    numbers = f"WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {MANY})"
    await tx.run(
        f"{numbers} INSERT INTO outbox (message_id, recipient, subject, letter, issue, state, tries, retry_ms, error,"
        " created_ms, rank, by_line) SELECT 'm' || n, 'to' || n, 'Hello', '{}', n,"
        " CASE WHEN n % 20 = 0 THEN 'failed' WHEN n % 7 = 0 THEN 'queued' ELSE 'sent' END, 1, n, NULL, n, n % 3,"
        " CASE WHEN n % 40 = 0 THEN 1 ELSE 0 END FROM n"
    )
    await tx.run(
        f"{numbers} INSERT INTO mirror_posts (mirror, issue, seq, kind, number, state, created_ms, retry_ms)"
        " SELECT n % 2, n, n, 'issue.published', 1, CASE WHEN n % 50 = 0 THEN 'queued' ELSE 'sent' END, n, n FROM n"
    )
    await tx.run(
        f"{numbers} INSERT INTO bounces (email, soft, why, last_ms, stopped_ms) SELECT 'to' || n, 0, '', n, n FROM n"
    )
    for table in ("outbox", "mirror_posts", "bounces"):
        await tx.run(f"ANALYZE {table}")


async def test_no_query_of_the_outbox_reads_a_whole_table(db: Database) -> None:
    async with db.saving() as tx:
        await fill(tx)
        if not tx.sqlite:
            await tx.run("SET LOCAL enable_seqscan = off")  # so few rows would be read as they are
        plan = planned(tx)
        await outbox.newest(plan, limit=51, before=MANY)
        for state in outbox.STATES:
            await outbox.newest(plan, limit=51, state=state)
            await outbox.newest(plan, limit=51, state=state, before=MANY)
        await outbox.counts_up_to(plan, 10_001)
        await outbox.oldest_waiting(plan)
        await outbox.due(plan, 9, limit=40)
        await outbox.hurry(plan, 9, limit=200)
        await outbox.ended_by_line(plan, 9, limit=200)
        await outbox.empty_old(plan, 9, limit=200)
        await outbox.give_up(plan, "to9", error="")
        await outbox.forget_words(plan, 9)
        await own_data.forget_filer(plan, 9)
        await bounces.all_stopped(plan, limit=50)
        await mirrors.newest(plan, 1, states=("queued", "sent"), limit=50)
        await mirrors.counts(plan, 1)
        await mirrors.spent(plan, 1, 9)
    assert len(plan.plans) > 30
    whole = re.compile(r"(SCAN|Seq Scan on) (outbox|mirror_posts|bounces)\b")
    assert [step for step in plan.plans if whole.search(step)] == []


async def test_lists_come_in_their_order_without_being_sorted(db: Database) -> None:
    async with db.saving() as tx:
        await fill(tx)
        plan = planned(tx)
        for state in (None, *outbox.STATES):
            await outbox.newest(plan, limit=51, state=state)
        await bounces.all_stopped(plan, limit=50)
        await outbox.ended_by_line(plan, 9, limit=200)
    assert [step for step in plan.plans if "B-TREE" in step or "Sort" in step.partition(" ← ")[0]] == []


async def test_letters_are_counted_by_state_up_to_a_number(db: Database) -> None:
    async with db.saving() as tx:
        await fill(tx)
        exact = await outbox.counts(tx)
        assert exact == await outbox.counts_up_to(tx, MANY)
        assert await outbox.counts_up_to(tx, 200) == {"queued": 200, "sent": 200, "failed": exact["failed"]}
        assert exact["failed"] == MANY // 20


def fill_of_migration() -> str:
    """The statement by which the migration marks what the line has ended before."""
    spec = importlib.util.spec_from_file_location("outbox", migrations_folder() / "versions" / "0018_outbox.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (statement,) = [one for one in str(module.STATEMENTS).split(";\n") if one.startswith("UPDATE")]
    return statement


async def test_the_migration_marks_what_the_line_has_ended_before(db: Database) -> None:
    faults = {kind: str(Fault(kind, "no")) for kind in WORDS} | {"none": None}
    async with db.saving() as tx:
        for kind, error in faults.items():
            await tx.run(
                "INSERT INTO outbox (message_id, recipient, subject, letter, state, tries, retry_ms, error, created_ms)"
                " VALUES (:kind, 'ada@home.example', '', '{}', 'failed', 8, 7, :error, 7)",
                kind=kind,
                error=error,
            )
        await tx.run("UPDATE outbox SET state = 'queued' WHERE message_id = 'lost'")
        await tx.run(fill_of_migration())
        marked = {row["message_id"] for row in await tx.rows("SELECT message_id FROM outbox WHERE by_line = 1")}
    assert marked == {*LINE} - {"lost"}
