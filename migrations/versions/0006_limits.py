"""Token buckets: private, and without an address in the clear."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
CREATE TABLE buckets (
    key_hash {blob} PRIMARY KEY,
    full_ms BIGINT NOT NULL
);
CREATE INDEX buckets_by_time ON buckets (full_ms);
"""


def upgrade() -> None:
    blob = "BLOB" if op.get_bind().dialect.name == "sqlite" else "BYTEA"
    for statement in TABLES.format(blob=blob).split(";\n"):
        if statement.strip():
            op.execute(statement)
