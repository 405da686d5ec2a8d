"""What a widget shows of an area at a glance: sums of each area, and how long first answers took, by steps of time.

Beside it the versions of its module that other sites may have pinned, and what hands a site's customers over.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alembic import op
from sqlalchemy import text

revision = "0020"
down_revision = "0018"

OPEN = "stage IN ('company', 'company_disputed', 'customer', 'customer_disputed')"
STATEMENTS = f"""
DROP TABLE tallies;
CREATE TABLE tallies (
    area TEXT NOT NULL,
    stage TEXT NOT NULL,
    unanswered INTEGER NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (area, stage, unanswered)
);
INSERT INTO tallies (area, stage, unanswered, number)
    SELECT area, stage, CASE WHEN first_answer_at IS NULL THEN 1 ELSE 0 END, COUNT(*) FROM issues GROUP BY 1, 2, 3;
CREATE TABLE first_answers (
    area TEXT NOT NULL,
    step INTEGER NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (area, step)
);
CREATE TABLE widget_bundles (
    digest TEXT PRIMARY KEY,
    content TEXT NOT NULL
);
CREATE TABLE widget_secret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sealed TEXT NOT NULL,
    old_sealed TEXT,
    old_until_ms BIGINT,
    made_ms BIGINT NOT NULL
);
CREATE TABLE customer_references (
    issue BIGINT PRIMARY KEY,
    origin TEXT NOT NULL,
    sealed TEXT NOT NULL
);
CREATE INDEX issues_unanswered_by_area ON issues (area, filed_at, number) WHERE first_answer_at IS NULL AND {OPEN}
"""
ANSWERED = "SELECT area, filed_at, first_answer_at FROM issues WHERE first_answer_at IS NOT NULL"
COUNT = "INSERT INTO first_answers (area, step, number) VALUES (:area, :step, :number)"


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
    for values in counted(op.get_bind().execute(text(ANSWERED))):
        op.get_bind().execute(text(COUNT), values)


def counted(answered: Iterable[Any]) -> list[dict[str, Any]]:
    """The rows of `first_answers`, from the area and the two times of each issue."""
    kept: dict[tuple[str, int], int] = {}
    for area, filed_at, first_answer_at in answered:
        place = (area, step(filed_at, first_answer_at))
        kept[place] = kept.get(place, 0) + 1
    return [{"area": area, "step": place, "number": number} for (area, place), number in kept.items()]


def step(filed_at: str, first_answer_at: str) -> int:
    """Eight steps to each doubling of the seconds in between."""
    span = datetime.fromisoformat(first_answer_at) - datetime.fromisoformat(filed_at)
    seconds = max(0, int(span.total_seconds()))
    doublings = max(0, seconds.bit_length() - 4)
    return (doublings << 3) + (seconds >> doublings)
