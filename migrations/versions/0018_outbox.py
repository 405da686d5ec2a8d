"""What the outbox needs as it grows: letters by state, address and age; what the line has ended; what is broken."""

from alembic import op

revision = "0018"
down_revision = "0017"

# The kinds of `domain/faults.LINE` as they were when this was written.
LINE = ("absent", "silent", "strange", "insecure", "sign_in", "sender", "later", "lost")
STATEMENTS = f"""
ALTER TABLE outbox ADD COLUMN by_line BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET by_line = 1 WHERE state = 'failed' AND ({" OR ".join(f"error LIKE '{kind}: %'" for kind in LINE)});
CREATE INDEX outbox_by_line ON outbox (retry_ms) WHERE by_line = 1;
CREATE INDEX outbox_newest ON outbox (state, id);
CREATE INDEX outbox_waiting ON outbox (created_ms) WHERE state = 'queued';
CREATE INDEX outbox_with_words ON outbox (created_ms) WHERE state <> 'queued' AND letter <> '';
CREATE INDEX outbox_of_recipient ON outbox (recipient);
CREATE INDEX bounces_stopped ON bounces (stopped_ms, email) WHERE stopped_ms IS NOT NULL;
CREATE INDEX mirror_posts_by_state ON mirror_posts (mirror, state, id);
CREATE TABLE troubles (
    name TEXT PRIMARY KEY,
    since_ms BIGINT NOT NULL,
    said TEXT NOT NULL
)
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
