"""No secret is on any surface: no key, link, token or session, no salt of hidden words, no hash of an address."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from board.domain.proof import b64url
from board.store import intake, people
from board.web.session import now_ms
from tests.cast import BO, LOG_KEY, MO, ROOT
from tests.web.doors import BODIES, FORMS, filled, takes_json, unsafe
from tests.web.site import Site
from tests.web.test_canaries import CANARY, paths, plant, public_surfaces
from tests.web.wire import Wire, hear

NUMBERS = range(1, 8)


async def planted_secrets(site: Site, folder: Path) -> dict[str, str]:
    """Every secret of the board by what it is for."""
    links, settings = site.board.links, site.board.settings
    found = {f"private link {number}": links.filer_secret(number) for number in NUMBERS}
    found |= {f"follow link {number}": links.secret("follow", number) for number in NUMBERS}
    async with site.db.saving() as tx:
        for purpose in ("staff", "owner", "ticket"):
            made = await people.new_link(tx, purpose=purpose, person=BO.person, email="x@y.example", now_ms=now_ms())
            found[f"{purpose} link"] = made
        found["session"] = await people.new_session(tx, person=ROOT.person, email=None, now_ms=now_ms())
        found["token"] = await people.new_token(tx, label="Robot", role="admin", now_ms=now_ms())
    found["key of the board"] = str(settings.secret_key)
    found["key of the record"] = LOG_KEY.read_text(encoding="ascii").splitlines()[1]
    return found | await hidden_salts(site) | await hashes(site)


async def hidden_salts(site: Site) -> dict[str, str]:
    """With its salt, a commitment to words that are not shown could be guessed."""
    async with site.db.reading() as tx:
        rows = await tx.rows(
            "SELECT o.seq, o.field, o.salt FROM openings o JOIN entries e ON e.seq = o.seq"
            " JOIN issues i ON i.number = e.issue WHERE i.visibility <> 'public' OR e.status <> 'public'"
        )
    assert len(rows) > 8
    return {f"salt of {row['seq']} {row['field']}": b64url(bytes(row["salt"])) for row in rows}


async def hashes(site: Site) -> dict[str, str]:
    """The usual hashes of every address that is kept."""
    async with site.db.reading() as tx:
        filers = [filer for number in NUMBERS if (filer := await intake.filer(tx, number))]
        staff = [person.email for person in await people.all_staff(tx)]
    found = {}
    for address in [*staff, *(str(filer.email) for filer in filers)]:
        found[address] = address
        for name in ("md5", "sha1", "sha256"):
            digest = hashlib.new(name, address.encode()).digest()
            found |= {f"{name} of {address}": digest.hex(), f"{name} of {address}, b64url": b64url(digest)}
    return found


async def surfaces(wire: Wire, folder: Path) -> AsyncIterator[tuple[str, str]]:
    """What a stranger gets everywhere, over server-sent events too, and at every door that changes something."""
    async for found in public_surfaces(wire, 6, folder):
        yield found
    epoch = wire.board.stream.epoch
    for topic in ("board", "area:service", *(f"issue:{number}" for number in range(1, 7))):
        async with wire.events(topic, f"{epoch}:-1", html=True) as events:
            yield f"SSE {topic}", json.dumps([await hear(events) for _ in range(3)])
    async for found in at_every_door(wire, wire.browser(), "a stranger at "):
        yield found


async def at_every_door(wire: Wire, client: httpx.AsyncClient, name: str) -> AsyncIterator[tuple[str, str]]:
    """The answers to what every door takes, and to what none takes."""
    for path in unsafe():
        given: dict[str, Any] = {"json": BODIES[path]} if takes_json(path) else {"data": FORMS[path]}
        for number, sent in ((1, given), (1, {"content": b"\xff["}), (2, given), (4, given)):
            target = filled(path, number=number)
            if "{number}" in path or number == 1:
                answer = await client.post(target, **sent)
                if not is_own(target, answer):
                    yield f"{name}{target}", answer.text + str(answer.headers)


def is_own(target: str, answer: httpx.Response) -> bool:
    """Who files gets a private link, in the answer of the API alone."""
    return target == "/api/v1/issues" and answer.status_code == 201


async def test_no_secret_is_on_any_public_surface(sqlite_wire: Wire, tmp_path: Path) -> None:
    await plant(sqlite_wire)
    secrets = await planted_secrets(sqlite_wire, tmp_path)
    leaks, seen = set(), 0
    async for name, text in surfaces(sqlite_wire, tmp_path / "export"):
        seen += 1
        leaks |= {(name, what) for what, secret in secrets.items() if secret in text}
    assert leaks == set()
    assert seen > 250


async def test_a_customer_gets_nothing_private_of_another_ones_issue(sqlite_wire: Wire, tmp_path: Path) -> None:
    await plant(sqlite_wire)
    secrets = await planted_secrets(sqlite_wire, tmp_path)
    filer = await sqlite_wire.filer(6)
    address = f"{CANARY}sixmail@home.example"  # their own, which they may take along
    own = {secrets["private link 6"], address}
    leaks = set()
    for path in paths(6):
        answer = await filer.get(path)
        text = (
            answer.text.replace(address, "")
            .replace(f"q={CANARY}", "")
            .replace(f'"{CANARY}"', "")
            .replace(f"“{CANARY}”", "")
        )
        leaks |= {(path, what) for what, secret in secrets.items() if secret in text and secret not in own}
        if CANARY in text and CANARY not in path:
            leaks.add((path, CANARY))
    async for name, text in at_every_door(sqlite_wire, filer, "the filer at "):
        leaks |= {(name, what) for what, secret in secrets.items() if secret in text and secret not in own}
        if CANARY in text:
            leaks.add((name, CANARY))
    assert leaks == set()


async def test_the_same_walk_finds_what_the_filer_may_see(sqlite_wire: Wire, tmp_path: Path) -> None:
    await plant(sqlite_wire)
    secrets = await planted_secrets(sqlite_wire, tmp_path)
    filer = await sqlite_wire.filer(6)
    assert secrets["private link 6"] in (await filer.get("/issues/6/receipt")).text
    mo = await sqlite_wire.staff(MO)
    found = "".join([(await mo.get(f"/staff/issues/{number}")).text for number in range(1, 7)])
    assert CANARY in found
