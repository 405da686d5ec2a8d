"""What became of an issue's promises is asked at each answer and each live frame: by an index on the few there are."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("CREATE INDEX entries_promised ON entries (issue, outcome) WHERE outcome IS NOT NULL")
