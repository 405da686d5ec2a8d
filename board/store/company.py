"""What the company sets on the staff pages: name, colour, texts, policies, and the areas with their target times."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from board.domain.clocks import Target
from board.domain.finds import REGIONS
from board.domain.mentions import DAYS
from board.store import touches
from board.store.database import Tx, WriteTx


@dataclass(frozen=True, kw_only=True)
class Company:
    """`mail` and `moderation` are policies: whether filing asks for an address, and when words are shown.

    `held_words` are for moderators only: whoever knew them could write around them.
    `order_pattern` and `phone_regions` say what the company's order numbers and its customers' phone numbers look like.
    `licence` says under which terms others may use what is public here.
    `limits` are those of `domain.limits` that the company has changed, by their keys.
    """

    name: str = "This company"
    tagline: str = "in the open"
    accent: str = "#0b4f6c"
    rules: str = ""
    about: str = ""
    licence: str = ""
    mail: str = "optional"
    moderation: str = "first"
    held_words: str = ""
    private_days: int = 90
    mention_days: int = DAYS
    letter_days: int = 90
    order_pattern: str = ""
    phone_regions: str = " ".join(REGIONS)
    demo: bool = False
    limits: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Area:
    slug: str
    name: str
    target: Target


async def read(tx: Tx) -> Company:
    """Asked for once for all acts that share the pen, unless one of them may have changed it."""
    if not isinstance(tx, WriteTx) or tx.has_touched:
        return await read_rows(tx)
    if tx.pen.company is None:
        tx.pen.company = await read_rows(tx)
    return tx.pen.company


async def read_rows(tx: Tx) -> Company:
    rows = await tx.rows("SELECT key, value FROM company")
    known = {known.name for known in fields(Company)}
    return Company(**{row["key"]: json.loads(row["value"]) for row in rows if row["key"] in known})


async def save(tx: Tx, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        await tx.run(
            "INSERT INTO company (key, value) VALUES (:key, :value)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key=key,
            value=json.dumps(value),
        )
    await touches.touch(tx, touches.COMPANY)


async def areas(tx: Tx) -> list[Area]:
    rows = await tx.rows("SELECT slug, name, first_answer_s, resolve_s FROM areas ORDER BY position, slug")
    return [Area(row["slug"], row["name"], Target(row["first_answer_s"], row["resolve_s"])) for row in rows]


async def target(tx: Tx, slug: str) -> Target:
    """What the area aims at; nothing where it is not known."""
    row = await tx.row("SELECT first_answer_s, resolve_s FROM areas WHERE slug = :slug", slug=slug)
    return Target(row["first_answer_s"], row["resolve_s"]) if row else Target()


async def save_area(tx: Tx, area: Area) -> None:
    await tx.run(
        "INSERT INTO areas (slug, name, first_answer_s, resolve_s, position)"
        " VALUES (:slug, :name, :first_answer_s, :resolve_s, (SELECT COUNT(*) FROM areas))"
        " ON CONFLICT (slug) DO UPDATE SET name = excluded.name, first_answer_s = excluded.first_answer_s,"
        " resolve_s = excluded.resolve_s",
        slug=area.slug,
        name=area.name,
        first_answer_s=area.target.first_answer_s,
        resolve_s=area.target.resolve_s,
    )
    await touches.touch(tx, touches.COMPANY)


async def policy_text(tx: Tx) -> str:
    """What the company has published as its rules, areas, targets and policies: canonical JSON."""
    company = asdict(await read(tx))
    public = {key: company[key] for key in ("name", "rules", "mail", "moderation")}
    listed = [{"slug": a.slug, "name": a.name, **asdict(a.target)} for a in await areas(tx)]
    return json.dumps({**public, "areas": listed}, sort_keys=True, separators=(",", ":"))


async def keep_policy(tx: Tx, sha256: str, text: str) -> bool:
    """Keeps a published policy for whoever asks by its hash; whether it is another one than the last."""
    last = await tx.value("SELECT value FROM company WHERE key = 'policy'")
    if last == json.dumps(sha256):
        return False
    await save(tx, {"policy": sha256})
    await tx.run(
        "INSERT INTO policies (sha256, text) VALUES (:sha256, :text) ON CONFLICT (sha256) DO NOTHING",
        sha256=sha256,
        text=text,
    )
    return True


async def policy(tx: Tx, sha256: str) -> str | None:
    found: str | None = await tx.value("SELECT text FROM policies WHERE sha256 = :sha256", sha256=sha256)
    return found


async def current_policy(tx: Tx) -> str | None:
    found = await tx.value("SELECT value FROM company WHERE key = 'policy'")
    return json.loads(found) if found else None
