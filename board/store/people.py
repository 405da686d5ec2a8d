"""Staff and their sign-in: people, one-time links, sessions, API tokens. Secrets are kept as SHA-256 only.

A session may also hold grants: the issues whose private link was opened in this browser.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from board.store.database import Tx

LINK_MS = 7 * 24 * 3600 * 1000  # an invitation
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
SEEN_MS = 5 * 60_000  # how exactly it is known when a session was used last


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    name: str
    role: str


@dataclass(frozen=True)
class Origin:
    """When a colleague was added or last invited, and by which colleague."""

    invited_ms: int
    invited_by: int | None


@dataclass(frozen=True)
class SignIn:
    """A one-time link: for a person, for an address, or (`owner`) for whoever becomes the first admin."""

    purpose: str
    person: int | None
    email: str | None


@dataclass(frozen=True)
class Ends:
    """After which a session is over: without use, and in any case. Milliseconds."""

    idle: int
    all: int


STAFF_ENDS = Ends(12 * HOUR_MS, 7 * DAY_MS)
CUSTOMER_ENDS = Ends(30 * DAY_MS, 90 * DAY_MS)


@dataclass(frozen=True)
class Session:
    """`proved_ms` is when a colleague last showed who they are; None where that is still wanted."""

    token_hash: bytes
    person: Person | None
    email: str | None
    created_ms: int = 0
    seen_ms: int = 0
    proved_ms: int | None = None
    browser: str | None = None
    network: str | None = None

    @property
    def mark(self) -> str:
        """A name for the session that opens nothing."""
        return hashlib.sha256(self.token_hash).hexdigest()[:16]

    def is_over(self, now_ms: int) -> bool:
        ends = STAFF_ENDS if self.person else CUSTOMER_ENDS
        return self.seen_ms <= now_ms - ends.idle or self.created_ms <= now_ms - ends.all


def new_secret() -> str:
    """256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


async def add(tx: Tx, *, email: str, name: str, role: str, now_ms: int, invited_by: int | None = None) -> Person:
    """Adds a colleague, or brings one back with the new name and role, whoever vouched for them before.

    Either way they are new: whoever invites holds a link that signs in as them.
    """
    row = await tx.row(
        "INSERT INTO people (email, name, role, created_ms, invited_by)"
        " VALUES (:email, :name, :role, :now, :invited_by)"
        " ON CONFLICT (email) DO UPDATE SET name = excluded.name, role = excluded.role, removed_ms = NULL,"
        " subject = NULL, created_ms = excluded.created_ms, invited_by = excluded.invited_by"
        " RETURNING id, email, name, role",
        email=email,
        name=name,
        role=role,
        now=now_ms,
        invited_by=invited_by,
    )
    assert row
    return Person(**row)


async def origin(tx: Tx, person: int) -> Origin | None:
    row = await tx.row("SELECT created_ms, invited_by FROM people WHERE id = :id", id=person)
    return Origin(row["created_ms"], row["invited_by"]) if row else None


async def by_email(tx: Tx, email: str) -> Person | None:
    row = await tx.row(
        "SELECT id, email, name, role FROM people WHERE email = :email AND removed_ms IS NULL", email=email
    )
    return Person(**row) if row else None


async def by_subject(tx: Tx, subject: str) -> Person | None:
    """The colleague whom the issuer names so."""
    row = await tx.row(
        "SELECT id, email, name, role FROM people WHERE subject = :subject AND removed_ms IS NULL", subject=subject
    )
    return Person(**row) if row else None


async def was_removed(tx: Tx, *, subject: str, email: str | None) -> bool:
    return bool(
        await tx.value(
            "SELECT 1 FROM people WHERE removed_ms IS NOT NULL AND (subject = :subject OR email = :email)",
            subject=subject,
            email=email or "",
        )
    )


async def set_subject(tx: Tx, person: int, subject: str) -> None:
    await tx.run("UPDATE people SET subject = :subject WHERE id = :id", id=person, subject=subject)


async def set_role(tx: Tx, person: int, role: str) -> None:
    await tx.run("UPDATE people SET role = :role WHERE id = :id", id=person, role=role)


async def has_subject(tx: Tx, person: int) -> bool:
    return bool(await tx.value("SELECT 1 FROM people WHERE id = :id AND subject IS NOT NULL", id=person))


async def by_id(tx: Tx, person: int) -> Person | None:
    row = await tx.row("SELECT id, email, name, role FROM people WHERE id = :id AND removed_ms IS NULL", id=person)
    return Person(**row) if row else None


async def all_staff(tx: Tx) -> list[Person]:
    rows = await tx.rows("SELECT id, email, name, role FROM people WHERE removed_ms IS NULL ORDER BY name, id")
    return [Person(**row) for row in rows]


async def last_seen(tx: Tx) -> dict[int, int]:
    """When each colleague signed in last, in milliseconds."""
    rows = await tx.rows("SELECT person, MAX(seen_ms) AS seen FROM sessions WHERE person IS NOT NULL GROUP BY person")
    return {row["person"]: row["seen"] for row in rows}


async def remove(tx: Tx, person: int, now_ms: int) -> None:
    """Ends a colleague's access at once: links and sessions too."""
    await tx.run("UPDATE people SET removed_ms = :now WHERE id = :id", id=person, now=now_ms)
    await end_sessions_of(tx, person)
    await tx.run("DELETE FROM sign_ins WHERE person = :id", id=person)
    await tx.run("DELETE FROM asks WHERE person = :id", id=person)


async def hold_admins(tx: Tx) -> list[int]:
    """The admins; until the transaction ends nobody else takes one of them away."""
    rows = await tx.rows("UPDATE people SET role = role WHERE role = 'admin' AND removed_ms IS NULL RETURNING id")
    return [row["id"] for row in rows]


async def has_admin(tx: Tx) -> bool:
    return bool(await tx.value("SELECT COUNT(*) FROM people WHERE role = 'admin' AND removed_ms IS NULL"))


async def new_link(
    tx: Tx, *, purpose: str, now_ms: int, person: int | None = None, email: str | None = None, lasts_ms: int = LINK_MS
) -> str:
    """The secret of a new one-time link; old ones are cleared away."""
    await tx.run("DELETE FROM sign_ins WHERE expires_ms < :now", now=now_ms)
    secret = new_secret()
    await tx.run(
        "INSERT INTO sign_ins (token_hash, person, email, purpose, expires_ms)"
        " VALUES (:token_hash, :person, :email, :purpose, :expires)",
        token_hash=hashed(secret),
        person=person,
        email=email,
        purpose=purpose,
        expires=now_ms + lasts_ms,
    )
    return secret


async def drop_owner_links(tx: Tx) -> None:
    """An older owner link ends when a new one is made, and when there is an owner."""
    await tx.run("DELETE FROM sign_ins WHERE purpose = 'owner'")


SIGN_IN = ("owner", "staff", "customer")  # the purposes of links that sign somebody in


async def find_link(tx: Tx, secret: str, now_ms: int, *, purposes: tuple[str, ...] = SIGN_IN) -> SignIn | None:
    row = await tx.row(
        "SELECT purpose, person, email FROM sign_ins WHERE token_hash = :token_hash AND expires_ms > :now",
        token_hash=hashed(secret),
        now=now_ms,
    )
    return SignIn(**row) if row and row["purpose"] in purposes else None


async def use_link(tx: Tx, secret: str, now_ms: int, *, purposes: tuple[str, ...] = SIGN_IN) -> SignIn | None:
    """Takes the link away for good; of two that come at once, one gets it. Of another purpose it is just gone."""
    row = await tx.row(
        "DELETE FROM sign_ins WHERE token_hash = :token_hash RETURNING purpose, person, email, expires_ms",
        token_hash=hashed(secret),
    )
    if row is None or row.pop("expires_ms") <= now_ms or row["purpose"] not in purposes:
        return None
    return SignIn(**row)


async def new_session(
    tx: Tx,
    *,
    person: int | None,
    email: str | None,
    now_ms: int,
    is_proved: bool = True,
    browser: str | None = None,
    network: str | None = None,
) -> str:
    """The secret of a new session; those that nobody can use any more are cleared away."""
    await clear_sessions(tx, now_ms)
    secret = new_secret()
    await tx.run(
        "INSERT INTO sessions (token_hash, person, email, created_ms, seen_ms, proved_ms, browser, network)"
        " VALUES (:token_hash, :person, :email, :now, :now, :proved, :browser, :network)",
        token_hash=hashed(secret),
        person=person,
        email=email,
        now=now_ms,
        proved=now_ms if person is not None and is_proved else None,
        browser=browser,
        network=network,
    )
    return secret


async def clear_sessions(tx: Tx, now_ms: int) -> None:
    oldest = now_ms - CUSTOMER_ENDS.idle
    await tx.run(
        "DELETE FROM grants WHERE session IN (SELECT token_hash FROM sessions WHERE seen_ms <= :oldest)", oldest=oldest
    )
    await tx.run("DELETE FROM sessions WHERE seen_ms <= :oldest", oldest=oldest)


SESSION = "SELECT token_hash, person, email, created_ms, seen_ms, proved_ms, browser, network FROM sessions "


async def session(tx: Tx, secret: str, now_ms: int) -> Session | None:
    row = await tx.row(SESSION + "WHERE token_hash = :token_hash", token_hash=hashed(secret))
    if row is None:
        return None
    person = await by_id(tx, row["person"]) if row["person"] is not None else None
    found = read_session(row, person)
    return None if found.is_over(now_ms) or (row["person"] is not None and person is None) else found


def read_session(row: dict[str, Any], person: Person | None) -> Session:
    return Session(**{**row, "token_hash": bytes(row["token_hash"]), "person": person})


async def sessions_like(tx: Tx, one: Session, now_ms: int) -> list[Session]:
    """The sessions of the same colleague or the same address, the newest first."""
    if one.person is None and one.email is None:
        return [one]
    rows = await tx.rows(
        SESSION
        + "WHERE person = :person OR (person IS NULL AND email = :email) ORDER BY seen_ms DESC, created_ms DESC",
        person=one.person.id if one.person else -1,
        email=one.email if one.person is None else None,
    )
    return [found for row in rows if not (found := read_session(row, one.person)).is_over(now_ms)]


async def note_use(tx: Tx, token_hash: bytes, now_ms: int) -> None:
    await tx.run("UPDATE sessions SET seen_ms = :now WHERE token_hash = :token_hash", token_hash=token_hash, now=now_ms)


async def renew_session(tx: Tx, token_hash: bytes, now_ms: int) -> str:
    """Proved anew: the session goes on under another secret, the old one is worth nothing."""
    secret = new_secret()
    await tx.run(
        "UPDATE sessions SET token_hash = :new, proved_ms = :now, seen_ms = :now WHERE token_hash = :old",
        new=hashed(secret),
        old=token_hash,
        now=now_ms,
    )
    for statement in (
        "UPDATE grants SET session = :new WHERE session = :old",
        "UPDATE interrupted SET session = :new WHERE session = :old",
    ):
        await tx.run(statement, new=hashed(secret), old=token_hash)
    return secret


async def end_session(tx: Tx, token_hash: bytes) -> None:
    for table, column in (("grants", "session"), ("interrupted", "session"), ("sessions", "token_hash")):
        await tx.run(f"DELETE FROM {table} WHERE {column} = :token_hash", token_hash=token_hash)


async def end_sessions_of(tx: Tx, person: int) -> None:
    await tx.run("DELETE FROM sessions WHERE person = :person", person=person)


async def grant(tx: Tx, token_hash: bytes, issue: int) -> None:
    """This browser speaks as the filer of the issue from now on."""
    await tx.run(
        "INSERT INTO grants (session, issue) VALUES (:session, :issue) ON CONFLICT (session, issue) DO NOTHING",
        session=token_hash,
        issue=issue,
    )


async def granted(tx: Tx, session: Session) -> list[int]:
    """The issues whose filer this browser is: by private link, or by the mail address that signed in."""
    rows = await tx.rows(
        "SELECT issue FROM grants WHERE session = :session UNION SELECT issue FROM filers WHERE email = :email"
        " ORDER BY issue DESC",
        session=session.token_hash,
        email=session.email or "",
    )
    return [row["issue"] for row in rows]


async def has_filed_in_public(tx: Tx, session: Session) -> bool:
    """Whether one of the issues whose filer this browser is can be read by everybody."""
    return bool(
        await tx.value(
            "SELECT 1 FROM issues WHERE visibility = 'public' AND number IN (SELECT issue FROM grants"
            " WHERE session = :session UNION SELECT issue FROM filers WHERE email = :email) LIMIT 1",
            session=session.token_hash,
            email=session.email or "",
        )
    )


async def is_granted(tx: Tx, session: Session, issue: int) -> bool:
    return bool(
        await tx.value(
            "SELECT 1 FROM grants WHERE session = :session AND issue = :issue"
            " UNION SELECT 1 FROM filers WHERE email = :email AND issue = :issue",
            session=session.token_hash,
            issue=issue,
            email=session.email or "",
        )
    )


async def new_token(tx: Tx, *, label: str, role: str, now_ms: int, person: int | None = None) -> str:
    """A new API token, of the colleague; it can be read this once only."""
    secret = "board_" + new_secret()
    await tx.run(
        "INSERT INTO tokens (label, role, token_hash, created_ms, person)"
        " VALUES (:label, :role, :token_hash, :now, :person)",
        **{"label": label, "role": role, "token_hash": hashed(secret), "now": now_ms, "person": person},
    )
    return secret


async def token(tx: Tx, secret: str) -> dict[str, Any] | None:
    """The token with the colleague whose it is, as long as they are one."""
    return await tx.row(
        "SELECT tokens.id, tokens.label, tokens.role, people.id AS person FROM tokens"
        " LEFT JOIN people ON people.id = tokens.person AND people.removed_ms IS NULL"
        " WHERE tokens.token_hash = :token_hash AND tokens.revoked_ms IS NULL",
        token_hash=hashed(secret),
    )


async def tokens(tx: Tx) -> list[dict[str, Any]]:
    return await tx.rows("SELECT id, label, role, created_ms, revoked_ms FROM tokens ORDER BY id")


async def revoke_token(tx: Tx, token_id: int, now_ms: int) -> bool:
    row = await tx.row(
        "UPDATE tokens SET revoked_ms = :now WHERE id = :id AND revoked_ms IS NULL RETURNING id",
        id=token_id,
        now=now_ms,
    )
    return row is not None
