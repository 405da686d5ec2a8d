"""How colleagues show who they are: passkeys, codes, one-time challenges, and the act that was interrupted for it."""

import json
from dataclasses import dataclass
from typing import Any

from board.store.database import Tx
from board.store.people import hashed

CHALLENGE_MS = 10 * 60_000
INTERRUPTED_MS = 15 * 60_000


@dataclass(frozen=True)
class Passkey:
    id: int
    person: int
    credential: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_ms: int
    used_ms: int | None


@dataclass(frozen=True)
class CodeKey:
    """The sealed key of an app that shows codes; it counts once a first code has confirmed it."""

    person: int
    sealed: str
    last_step: int
    tries: int
    tried_ms: int
    confirmed_ms: int | None


async def has_strong(tx: Tx, person: int) -> bool:
    """Whether the colleague can show more than a mailbox."""
    return bool(
        await tx.value(
            "SELECT 1 FROM passkeys WHERE person = :person"
            " UNION SELECT 1 FROM code_keys WHERE person = :person AND confirmed_ms IS NOT NULL",
            person=person,
        )
    )


async def keep_challenge(
    tx: Tx, challenge: bytes, *, browser: str, purpose: str, now_ms: int, kept: dict[str, str] | None = None
) -> None:
    """Notes a challenge that this browser may answer once; `kept` comes back then."""
    await tx.run("DELETE FROM challenges WHERE expires_ms <= :now", now=now_ms)
    await tx.run(
        "INSERT INTO challenges (challenge_hash, browser, purpose, kept, expires_ms)"
        " VALUES (:challenge, :browser, :purpose, :kept, :expires)",
        challenge=hashed(challenge.hex()),
        browser=hashed(browser),
        purpose=purpose,
        kept=json.dumps(kept or {}),
        expires=now_ms + CHALLENGE_MS,
    )


async def take_challenge(tx: Tx, challenge: bytes, *, browser: str, purpose: str, now_ms: int) -> dict[str, str] | None:
    """What was kept with the challenge, which is used up; None where this browser was not asked it."""
    row = await tx.row(
        "DELETE FROM challenges WHERE challenge_hash = :challenge AND browser = :browser AND purpose = :purpose"
        " AND expires_ms > :now RETURNING kept",
        challenge=hashed(challenge.hex()),
        browser=hashed(browser),
        purpose=purpose,
        now=now_ms,
    )
    found: dict[str, str] | None = json.loads(row["kept"]) if row else None
    return found


PASSKEY = "SELECT id, person, credential, public_key, sign_count, name, created_ms, used_ms FROM passkeys "


async def add_passkey(
    tx: Tx, *, person: int, credential: bytes, public_key: bytes, sign_count: int, name: str, now_ms: int
) -> bool:
    """Whether the passkey is new here."""
    row = await tx.row(
        "INSERT INTO passkeys (person, credential, public_key, sign_count, name, created_ms)"
        " VALUES (:person, :credential, :public_key, :sign_count, :name, :now)"
        " ON CONFLICT (credential) DO NOTHING RETURNING id",
        person=person,
        credential=credential,
        public_key=public_key,
        sign_count=sign_count,
        name=name,
        now=now_ms,
    )
    return row is not None


async def passkey(tx: Tx, credential: bytes) -> Passkey | None:
    row = await tx.row(PASSKEY + "WHERE credential = :credential", credential=credential)
    return read_passkey(row) if row else None


async def passkeys(tx: Tx, person: int) -> list[Passkey]:
    return [read_passkey(row) for row in await tx.rows(PASSKEY + "WHERE person = :person ORDER BY id", person=person)]


def read_passkey(row: dict[str, Any]) -> Passkey:
    return Passkey(**{**row, "credential": bytes(row["credential"]), "public_key": bytes(row["public_key"])})


async def note_passkey(tx: Tx, passkey_id: int, *, sign_count: int, now_ms: int) -> None:
    await tx.run(
        "UPDATE passkeys SET sign_count = :sign_count, used_ms = :now WHERE id = :id",
        id=passkey_id,
        sign_count=sign_count,
        now=now_ms,
    )


async def remove_passkey(tx: Tx, passkey_id: int, *, person: int) -> None:
    await tx.run("DELETE FROM passkeys WHERE id = :id AND person = :person", id=passkey_id, person=person)


async def set_code_key(tx: Tx, person: int, sealed: str) -> None:
    """A new key, not confirmed yet; never in the place of one that is."""
    await tx.run(
        "INSERT INTO code_keys (person, sealed, last_step, tries, tried_ms) VALUES (:person, :sealed, 0, 0, 0)"
        " ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed WHERE code_keys.confirmed_ms IS NULL",
        person=person,
        sealed=sealed,
    )


async def code_key(tx: Tx, person: int) -> CodeKey | None:
    row = await tx.row(
        "SELECT person, sealed, last_step, tries, tried_ms, confirmed_ms FROM code_keys WHERE person = :person",
        person=person,
    )
    return CodeKey(**row) if row else None


async def use_step(tx: Tx, person: int, step: int) -> bool:
    """Whether the code of this time step is used for the first time; earlier ones are worth nothing then."""
    row = await tx.row(
        "UPDATE code_keys SET last_step = :step, tries = 0 WHERE person = :person AND last_step < :step"
        " RETURNING person",
        person=person,
        step=step,
    )
    return row is not None


async def count_try(tx: Tx, person: int, *, tries: int, now_ms: int) -> None:
    await tx.run(
        "UPDATE code_keys SET tries = :tries, tried_ms = :now WHERE person = :person",
        person=person,
        tries=tries,
        now=now_ms,
    )


async def confirm_code_key(tx: Tx, person: int, now_ms: int) -> None:
    await tx.run("UPDATE code_keys SET confirmed_ms = :now WHERE person = :person", person=person, now=now_ms)


async def remove_code_key(tx: Tx, person: int) -> None:
    await tx.run("DELETE FROM code_keys WHERE person = :person", person=person)
    await tx.run("DELETE FROM recovery_codes WHERE person = :person", person=person)


async def set_recovery_codes(tx: Tx, person: int, marks: list[bytes]) -> None:
    await tx.run("DELETE FROM recovery_codes WHERE person = :person", person=person)
    await tx.run_each(
        "INSERT INTO recovery_codes (person, code_hash) VALUES (:person, :mark)",
        [{"person": person, "mark": mark} for mark in marks],
    )


async def use_recovery_code(tx: Tx, person: int, mark: bytes) -> bool:
    row = await tx.row(
        "DELETE FROM recovery_codes WHERE person = :person AND code_hash = :mark RETURNING person",
        person=person,
        mark=mark,
    )
    return row is not None


async def recovery_codes_left(tx: Tx, person: int) -> int:
    return int(await tx.value("SELECT COUNT(*) FROM recovery_codes WHERE person = :person", person=person))


async def forget(tx: Tx, person: int) -> None:
    """A colleague who left keeps no way in."""
    await tx.run("DELETE FROM passkeys WHERE person = :person", person=person)
    await remove_code_key(tx, person)


async def interrupt(tx: Tx, session: bytes, *, path: str, typed: dict[str, str] | None, now_ms: int) -> None:
    """Keeps what somebody was about to do, with the words that they typed; `typed` is None for a page."""
    await tx.run("DELETE FROM interrupted WHERE created_ms <= :oldest", oldest=now_ms - INTERRUPTED_MS)
    await tx.run(
        "INSERT INTO interrupted (session, path, typed, created_ms) VALUES (:session, :path, :typed, :now)"
        " ON CONFLICT (session) DO UPDATE SET path = excluded.path, typed = excluded.typed,"
        " created_ms = excluded.created_ms",
        session=session,
        path=path,
        typed=json.dumps(typed),
        now=now_ms,
    )


async def interrupted(tx: Tx, session: bytes, now_ms: int) -> tuple[str, dict[str, str] | None] | None:
    """The path and the typed words of the act that waits for this session."""
    row = await tx.row(
        "SELECT path, typed FROM interrupted WHERE session = :session AND created_ms > :oldest",
        session=session,
        oldest=now_ms - INTERRUPTED_MS,
    )
    return (row["path"], json.loads(row["typed"])) if row else None
