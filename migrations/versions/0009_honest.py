"""Who has said that they want answers by mail, appeals against any decision, and who invited whom."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Addresses from before have got letters with a link that stops them; they are not asked again.
STATEMENTS = """
ALTER TABLE filers ADD COLUMN confirmed_ms BIGINT;
ALTER TABLE filers ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;
UPDATE filers SET confirmed_ms = 0 WHERE email IS NOT NULL;
CREATE INDEX filers_owed ON filers (issue) WHERE owed = 1;
ALTER TABLE posts ADD COLUMN email TEXT;
ALTER TABLE appeals ADD COLUMN voter {blob};
ALTER TABLE appeals ADD COLUMN answer TEXT;
ALTER TABLE people ADD COLUMN invited_by BIGINT
"""


def upgrade() -> None:
    blob = "BLOB" if op.get_bind().dialect.name == "sqlite" else "BYTEA"
    for statement in STATEMENTS.format(blob=blob).split(";\n"):
        op.execute(statement)
