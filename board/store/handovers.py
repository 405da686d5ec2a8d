"""The secret that the company's own sites sign with, and the references by which they know a customer, both sealed."""

from dataclasses import dataclass

from board.store.database import Tx


@dataclass(frozen=True)
class Secret:
    """The old one holds, too, until `old_until_ms`."""

    sealed: str
    old_sealed: str | None
    old_until_ms: int | None
    made_ms: int


async def secret(tx: Tx) -> Secret | None:
    row = await tx.row("SELECT sealed, old_sealed, old_until_ms, made_ms FROM widget_secret WHERE one = 1")
    return Secret(**row) if row else None


async def set_secret(tx: Tx, sealed: str, *, now_ms: int, old_until_ms: int) -> None:
    await tx.run(
        "INSERT INTO widget_secret (one, sealed, made_ms) VALUES (1, :sealed, :now)"
        " ON CONFLICT (one) DO UPDATE SET old_sealed = widget_secret.sealed, old_until_ms = :until,"
        " sealed = excluded.sealed, made_ms = excluded.made_ms",
        sealed=sealed,
        now=now_ms,
        until=old_until_ms,
    )


async def clear_old_secret(tx: Tx, now_ms: int) -> None:
    await tx.run(
        "UPDATE widget_secret SET old_sealed = NULL, old_until_ms = NULL WHERE old_until_ms <= :now", now=now_ms
    )


async def keep_reference(tx: Tx, issue: int, *, origin: str, sealed: str) -> None:
    await tx.run(
        "INSERT INTO customer_references (issue, origin, sealed) VALUES (:issue, :origin, :sealed)",
        issue=issue,
        origin=origin,
        sealed=sealed,
    )


async def reference(tx: Tx, issue: int) -> dict[str, str] | None:
    return await tx.row("SELECT origin, sealed FROM customer_references WHERE issue = :issue", issue=issue)


async def forget_settled(tx: Tx, before: str) -> None:
    """Deletes the references of issues that were settled before the time."""
    await tx.run(
        "DELETE FROM customer_references WHERE issue IN (SELECT number FROM issues JOIN customer_references"
        " ON customer_references.issue = issues.number WHERE settled_time < :before)",
        before=before,
    )
