"""Whose token it is: the colleague who made it, in whose name it may do what takes two people."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE tokens ADD COLUMN person BIGINT")
