"""The record, the read model, and what is kept privately beside them."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq BIGINT NOT NULL,
    time TEXT NOT NULL,
    origin TEXT NOT NULL,
    epoch TEXT NOT NULL
);
CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    issue BIGINT,
    kind TEXT NOT NULL,
    leaf TEXT NOT NULL,
    leaf_hash {blob} NOT NULL
);
CREATE INDEX events_of_issue ON events (issue, seq);
CREATE TABLE openings (
    seq BIGINT NOT NULL,
    field TEXT NOT NULL,
    salt {blob} NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (seq, field)
);
CREATE TABLE redactions (
    seq BIGINT NOT NULL,
    field TEXT NOT NULL,
    by_event BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (seq, field)
);
CREATE TABLE topics (
    topic TEXT NOT NULL,
    seq BIGINT NOT NULL,
    prev BIGINT NOT NULL,
    PRIMARY KEY (topic, seq)
);
CREATE INDEX topics_by_seq ON topics (seq);
CREATE TABLE actors (
    seq BIGINT PRIMARY KEY,
    person BIGINT NOT NULL
);
CREATE TABLE policies (
    sha256 TEXT PRIMARY KEY,
    text TEXT NOT NULL
);

CREATE TABLE issues (
    number BIGINT PRIMARY KEY,
    title TEXT,
    area TEXT NOT NULL,
    state TEXT NOT NULL,
    resolution TEXT,
    confirmation TEXT NOT NULL,
    visibility TEXT NOT NULL,
    reason TEXT,
    author TEXT,
    imported INTEGER NOT NULL,
    turn TEXT NOT NULL,
    turn_since TEXT NOT NULL,
    filed_seq BIGINT NOT NULL,
    filed_at TEXT NOT NULL,
    first_answer_at TEXT,
    settled_at TEXT,
    settled_time TEXT,
    paused_s BIGINT NOT NULL,
    paused_since TEXT,
    due_at TEXT,
    promise_seq BIGINT,
    promise_due TEXT,
    promise_missed INTEGER NOT NULL,
    owner TEXT,
    merged_into BIGINT,
    reopened BIGINT NOT NULL,
    comments BIGINT NOT NULL,
    last_word TEXT,
    last_word_seq BIGINT,
    last_word_role TEXT,
    last_word_name TEXT,
    last_word_at TEXT,
    last_event BIGINT NOT NULL,
    last_hash {blob} NOT NULL,
    owner_person BIGINT,
    followers BIGINT NOT NULL DEFAULT 0,
    mine_too BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX issues_by_activity ON issues (visibility, last_event);
CREATE INDEX issues_by_state ON issues (visibility, state, last_event);
CREATE INDEX issues_by_area ON issues (area, last_event);
CREATE INDEX issues_by_filing ON issues (visibility, filed_at, number);
CREATE INDEX issues_by_too ON issues (visibility, mine_too, number);
CREATE INDEX issues_by_due ON issues (turn, due_at);
CREATE INDEX issues_by_promise ON issues (promise_due);
CREATE INDEX issues_by_owner ON issues (owner_person, turn);
CREATE INDEX issues_by_merge ON issues (merged_into);
CREATE TABLE entries (
    seq BIGINT PRIMARY KEY,
    issue BIGINT NOT NULL,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    via TEXT,
    by_filer INTEGER NOT NULL,
    at TEXT NOT NULL,
    time TEXT NOT NULL,
    name TEXT,
    body TEXT,
    body_html TEXT,
    grade INTEGER,
    corrected INTEGER NOT NULL,
    status TEXT NOT NULL,
    resolution TEXT,
    due TEXT,
    area TEXT,
    into_issue BIGINT,
    whose TEXT,
    reason TEXT,
    target BIGINT,
    outcome TEXT,
    outcome_at TEXT
);
CREATE INDEX entries_of_issue ON entries (issue, seq);

CREATE TABLE company (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE areas (
    slug TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    first_answer_s BIGINT,
    resolve_s BIGINT,
    position BIGINT NOT NULL
);
CREATE TABLE people (
    id {id},
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT
);
CREATE TABLE sign_ins (
    token_hash {blob} PRIMARY KEY,
    person BIGINT,
    email TEXT,
    purpose TEXT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE TABLE sessions (
    token_hash {blob} PRIMARY KEY,
    person BIGINT,
    email TEXT,
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL
);
CREATE TABLE grants (
    session {blob} NOT NULL,
    issue BIGINT NOT NULL,
    PRIMARY KEY (session, issue)
);
CREATE TABLE tokens (
    id {id},
    label TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash {blob} NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL,
    revoked_ms BIGINT
);
CREATE TABLE filers (
    issue BIGINT PRIMARY KEY,
    email TEXT,
    details TEXT
);
CREATE INDEX filers_by_email ON filers (email);
CREATE TABLE follows (
    id {id},
    issue BIGINT NOT NULL,
    email TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    confirmed_ms BIGINT,
    came_from BIGINT NOT NULL,
    UNIQUE (issue, email)
);
CREATE TABLE mine_too (
    issue BIGINT NOT NULL,
    voter {blob} NOT NULL,
    PRIMARY KEY (issue, voter)
);
CREATE TABLE notes (
    id {id},
    issue BIGINT NOT NULL,
    person BIGINT,
    body TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX notes_of_issue ON notes (issue, id);
CREATE TABLE reminders (
    issue BIGINT NOT NULL,
    kind TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (issue, kind, seq)
);
CREATE TABLE sources (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    issue BIGINT NOT NULL,
    PRIMARY KEY (source, source_id)
);
CREATE INDEX sources_of_issue ON sources (issue);
CREATE TABLE answers (
    key_hash {blob} PRIMARY KEY,
    body_hash {blob} NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE TABLE outbox (
    id {id},
    message_id TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    letter TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    retry_ms BIGINT NOT NULL,
    error TEXT,
    created_ms BIGINT NOT NULL
);
CREATE INDEX outbox_by_state ON outbox (state, retry_ms);
CREATE TABLE positions (
    follower TEXT NOT NULL,
    target TEXT NOT NULL,
    seq BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    retry_ms BIGINT NOT NULL,
    PRIMARY KEY (follower, target)
);
"""

SQLITE = {"blob": "BLOB", "id": "INTEGER PRIMARY KEY AUTOINCREMENT"}
POSTGRES = {"blob": "BYTEA", "id": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"}

ON_SQLITE = (
    "CREATE TRIGGER events_no_update BEFORE UPDATE ON events"
    " BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END",
    "CREATE TRIGGER events_no_delete BEFORE DELETE ON events"
    " BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END",
    "CREATE VIRTUAL TABLE search USING fts5(title, body, tokenize = 'porter unicode61 remove_diacritics 2')",
)


def words(column: str) -> str:
    """The column without the signs by which PostgreSQL makes one word of an address, a price or an order number."""
    return f"translate({column}, '-./:@+', '      ')"


ON_POSTGRES = (
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the record is append-only'; END $$",
    "CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TABLE search (issue BIGINT PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, words tsvector"
    " GENERATED ALWAYS AS (setweight(to_tsvector('english', " + words("title") + "), 'A')"
    " || setweight(to_tsvector('english', " + words("body") + "), 'B')) STORED)",
    "CREATE INDEX search_words ON search USING gin (words)",
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in TABLES.format(**(SQLITE if sqlite else POSTGRES)).split(";\n"):
        if statement.strip():
            op.execute(statement)
    for statement in ON_SQLITE if sqlite else ON_POSTGRES:
        op.execute(statement)
