"""Versions of the widget's module that this board has given out: other sites may have pinned their hashes."""

from board.store.database import Tx


async def keep(tx: Tx, digest: str, content: bytes) -> None:
    await tx.run(
        "INSERT INTO widget_bundles (digest, content) VALUES (:digest, :content) ON CONFLICT (digest) DO NOTHING",
        digest=digest,
        content=content.decode(),
    )


async def one(tx: Tx, digest: str) -> bytes | None:
    found: str | None = await tx.value("SELECT content FROM widget_bundles WHERE digest = :digest", digest=digest)
    return found.encode() if found is not None else None
