"""Whose words are whose is asked at each page that is read with a cookie: by an index on the address as well."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("CREATE INDEX posts_by_email ON posts (email) WHERE email IS NOT NULL")
