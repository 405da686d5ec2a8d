"""Mail: what nobody knows the fate of, addresses that send mail back, what people wish to hear, what came in."""

from alembic import op

revision = "0014"
down_revision = "0012"

STATEMENTS = """
ALTER TABLE outbox ADD COLUMN unsure BIGINT NOT NULL DEFAULT 0;
CREATE TABLE bounces (
    email TEXT PRIMARY KEY,
    soft BIGINT NOT NULL,
    why TEXT NOT NULL,
    last_ms BIGINT NOT NULL,
    stopped_ms BIGINT
);
CREATE TABLE wishes (
    email TEXT PRIMARY KEY,
    pace TEXT NOT NULL,
    zone TEXT NOT NULL,
    unwanted TEXT NOT NULL,
    areas TEXT NOT NULL,
    next_ms BIGINT
);
CREATE INDEX wishes_due ON wishes (next_ms) WHERE next_ms IS NOT NULL;
CREATE TABLE digests (
    email TEXT NOT NULL,
    issue BIGINT NOT NULL,
    follow BIGINT,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (email, issue)
);
CREATE TABLE quoted (
    issue BIGINT NOT NULL,
    message BIGINT NOT NULL,
    PRIMARY KEY (issue, message)
);
CREATE INDEX quoted_by_message ON quoted (message);
CREATE TABLE received (
    message_hash {blob} PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX received_by_time ON received (at_ms)
"""


def upgrade() -> None:
    blob = "BLOB" if op.get_bind().dialect.name == "sqlite" else "BYTEA"
    for statement in STATEMENTS.format(blob=blob).split(";\n"):
        op.execute(statement)
