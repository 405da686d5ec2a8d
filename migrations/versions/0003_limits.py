"""Token buckets, and why something public was doubted: both private, both without an address in the clear."""

from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE buckets (
    key_hash {blob} PRIMARY KEY,
    full_ms BIGINT NOT NULL
);
CREATE INDEX buckets_by_time ON buckets (full_ms);
CREATE TABLE doubts (
    seq BIGINT PRIMARY KEY,
    reasons TEXT NOT NULL
);
"""


def upgrade() -> None:
    blob = "BLOB" if op.get_bind().dialect.name == "sqlite" else "BYTEA"
    for statement in TABLES.format(blob=blob).split(";\n"):
        if statement.strip():
            op.execute(statement)
