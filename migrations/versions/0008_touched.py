"""What is shown without being an event: a version for each topic that it touched."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "ALTER TABLE head ADD COLUMN touched BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE touched (topic TEXT PRIMARY KEY, version BIGINT NOT NULL)",
    "CREATE INDEX touched_by_version ON touched (version)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
