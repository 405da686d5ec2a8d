"""The roots of full tiles of the tree over the record, so that no proof needs to read all of it."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"

WIDTH = 256
TABLE = """
CREATE TABLE nodes (
    level BIGINT NOT NULL,
    place BIGINT NOT NULL,
    hash {blob} NOT NULL,
    PRIMARY KEY (level, place)
)
"""
BLOB = {"sqlite": "BLOB", "postgresql": "BYTEA"}


def upgrade() -> None:
    connection = op.get_bind()
    op.execute(TABLE.format(blob=BLOB[connection.dialect.name]))
    size = connection.scalar(sa.text("SELECT COUNT(*) FROM events"))
    level, count = 1, size // WIDTH
    while count:
        for place in range(count):
            below = hashes(connection, level - 1, place * WIDTH)
            connection.execute(
                sa.text("INSERT INTO nodes (level, place, hash) VALUES (:level, :place, :hash)"),
                {"level": level, "place": place, "hash": over(below)},
            )
        level, count = level + 1, count // WIDTH


def hashes(connection: sa.Connection, level: int, first: int) -> list[bytes]:
    """Of a full tile: leaf hashes, or the nodes of the level."""
    found = (
        "SELECT leaf_hash FROM events WHERE seq >= :first AND seq < :behind ORDER BY seq"
        if level == 0
        else "SELECT hash FROM nodes WHERE level = :level AND place >= :first AND place < :behind ORDER BY place"
    )
    values = {"first": first, "behind": first + WIDTH} | ({"level": level} if level else {})
    return [bytes(row[0]) for row in connection.execute(sa.text(found), values)]


def over(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes[0]
