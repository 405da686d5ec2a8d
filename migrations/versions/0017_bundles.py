"""News that wait a little after a letter; of which issue a follow was that has ended; how a thread of letters began."""

from alembic import op

revision = "0017"
down_revision = "0016"

STATEMENTS = """
CREATE TABLE bundles (
    issue BIGINT NOT NULL,
    reader TEXT NOT NULL,
    first_seq BIGINT,
    last_seq BIGINT,
    next_ms BIGINT,
    PRIMARY KEY (issue, reader)
);
CREATE INDEX bundles_by_turn ON bundles (next_ms);
CREATE TABLE ended_follows (
    follow BIGINT PRIMARY KEY,
    issue BIGINT NOT NULL
);
CREATE INDEX outbox_by_thread ON outbox (recipient, issue, id)
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
