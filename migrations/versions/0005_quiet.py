"""Addresses that want no mail about issues; kept as hashes."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    blob = "BLOB" if op.get_bind().dialect.name == "sqlite" else "BYTEA"
    op.execute(f"CREATE TABLE quiet (address_hash {blob} PRIMARY KEY)")
