"""What a growing board needs: one word for where lists look for an issue, sums that are kept, and fitting indexes."""

from alembic import op

revision = "0007"
down_revision = "0006"

OPEN = "stage IN ('company', 'company_disputed', 'customer', 'customer_disputed')"
STATEMENTS = f"""
DROP INDEX issues_by_activity;
DROP INDEX issues_by_state;
DROP INDEX issues_by_area;
DROP INDEX issues_by_filing;
DROP INDEX issues_by_too;
DROP INDEX issues_by_due;
DROP INDEX issues_by_promise;
DROP INDEX issues_by_owner;
DROP INDEX issues_by_merge;
ALTER TABLE issues ADD COLUMN stage TEXT NOT NULL DEFAULT '';
UPDATE issues SET stage = CASE
    WHEN visibility = 'removed' THEN 'removed'
    WHEN visibility <> 'public' THEN 'held'
    WHEN state = 'closed' AND confirmation = 'confirmed' THEN 'confirmed'
    WHEN state = 'closed' AND resolution IN ('fixed', 'made_right', 'answered', 'workaround') THEN 'cured'
    WHEN state IN ('closed', 'resolved') THEN state
    WHEN state = 'waiting_on_customer' AND confirmation = 'disputed' THEN 'customer_disputed'
    WHEN state = 'waiting_on_customer' THEN 'customer'
    WHEN confirmation = 'disputed' THEN 'company_disputed'
    ELSE 'company' END;
CREATE TABLE tallies (
    stage TEXT NOT NULL,
    unanswered INTEGER NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (stage, unanswered)
);
INSERT INTO tallies (stage, unanswered, number)
    SELECT stage, CASE WHEN first_answer_at IS NULL THEN 1 ELSE 0 END, COUNT(*) FROM issues GROUP BY 1, 2;
CREATE TABLE moderated (
    month TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (month, kind, reason)
);
INSERT INTO moderated (month, kind, reason, number)
    SELECT SUBSTR(time, 1, 7), kind, COALESCE(reason, ''), COUNT(*) FROM entries WHERE kind IN
    ('issue.held', 'issue.rejected', 'issue.removed', 'issue.restored', 'comment.held', 'comment.rejected',
    'text.redacted') GROUP BY 1, 2, 3;
DROP INDEX entries_of_moderation;
CREATE INDEX issues_active ON issues (stage, last_event, number, due_at);
CREATE INDEX issues_filed ON issues (stage, filed_at, number, due_at);
CREATE INDEX issues_shared ON issues (stage, mine_too, number, due_at);
CREATE INDEX issues_active_by_area ON issues (area, stage, last_event, number, due_at);
CREATE INDEX issues_filed_by_area ON issues (area, stage, filed_at, number, due_at);
CREATE INDEX issues_shared_by_area ON issues (area, stage, mine_too, number, due_at);
CREATE INDEX issues_due ON issues (stage, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX issues_with_company ON issues (area) WHERE turn = 'company';
CREATE INDEX issues_lapsing ON issues (settled_time, number)
    WHERE state = 'resolved' AND confirmation = 'asked' AND visibility <> 'removed';
CREATE INDEX issues_promised ON issues (promise_due, number) WHERE promise_missed = 0 AND promise_due IS NOT NULL;
CREATE INDEX issues_waiting ON issues (COALESCE(settled_time, turn_since))
    WHERE turn = 'customer' AND visibility = 'public' AND imported = 0;
CREATE INDEX issues_of_owner ON issues (owner_person, filed_at, number) WHERE {OPEN};
CREATE INDEX issues_unanswered ON issues (filed_at, number) WHERE first_answer_at IS NULL AND {OPEN};
CREATE INDEX issues_merged ON issues (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX answers_by_time ON answers (created_ms)
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
