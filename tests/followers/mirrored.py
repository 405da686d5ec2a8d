"""What the tests of mirrors have in common: a clock, a mirror that is on, and turns until nothing is left to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from board.actions import customers, mirrors, staff
from board.actions.mirrors import NAME
from board.domain.decisions import Then
from board.domain.leaf import milliseconds
from board.domain.mirrors import Post
from board.followers import mirrors as mirroring
from board.followers.mirrors import Mirroring
from board.outbound import Outbound
from board.sealing import box
from board.store import mirrors as store
from board.store import positions
from board.store.database import Database
from board.store.mirrors import Mirror
from board.store.positions import Position
from tests.cast import ADA, BO, LINKS, NOON, ROOT, do, file_issue, kinds, say
from tests.networks import bluesky, mastodon, x
from tests.networks.serving import Network

OUT = Outbound((ip_network("127.0.0.0/8"),))
MIRRORING = Mirroring(OUT, box(b"s" * 32, NAME), LINKS, say)
SECRETS: dict[str, Mapping[str, str]] = {
    "x": x.SECRETS,
    "mastodon": {"token": mastodon.TOKEN},
    "bluesky": {"identifier": bluesky.IDENTIFIER, "password": bluesky.PASSWORD},
}
STATES = ("queued", "sending", "unknown", "sent", "dry", "needs_human", "rejected", "given_up", "deleted")


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.now

    @property
    def ms(self) -> int:
        return milliseconds(self.now)

    def pass_on(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Mirrored:
    """One mirror of a board to a stand-in of its network."""

    db: Database
    id: int
    clock: Clock = field(default_factory=Clock)

    async def turn(self) -> Position:
        """One turn as `Turns` gives it; returns the place afterwards."""
        async with self.db.reading() as tx:
            place = await positions.read(tx, NAME, str(self.id))
        assert place
        after = await mirroring.take_turn(self.db, self.id, place, MIRRORING, self.clock)
        async with self.db.saving() as tx:
            await positions.settle(tx, NAME, str(self.id), place, after, until_ms=place.retry_ms)
        return after

    async def settle(self) -> Position:
        """Turns until it waits."""
        while (place := await self.turn()).retry_ms <= self.clock.ms:
            pass
        return place

    async def wait(self) -> Position:
        """Passes time on until nothing waits any more, two days at most."""
        until = self.clock.now + timedelta(days=2)
        while (place := await self.settle()).retry_ms < until.timestamp() * 1_000:
            self.clock.now = datetime.fromtimestamp(place.retry_ms / 1_000 + 0.001, NOON.tzinfo)
        return place

    async def posts(self) -> list[Post]:
        """By age."""
        async with self.db.reading() as tx:
            return (await store.newest(tx, self.id, states=STATES, limit=9_999))[::-1]

    async def states(self) -> list[str]:
        return [post.state for post in await self.posts()]

    async def read(self) -> Mirror:
        async with self.db.reading() as tx:
            found = await store.one(tx, self.id)
        assert found
        return found

    async def do(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await do(self.db, act, *args, by=ROOT, **kwargs)

    async def change(self, **changes: Any) -> None:
        async with self.db.saving() as tx:
            await store.change(tx, self.id, **changes)


async def mirrored(db: Database, kind: str, network: Network, **changes: Any) -> Mirrored:
    """A mirror that is on and posts."""
    number = await do(
        db,
        mirrors.add,
        by=ROOT,
        network=kind,
        address=network.url,
        secrets=SECRETS[kind],
        out=OUT,
        box=MIRRORING.box,
        now_ms=0,
    )
    made = Mirrored(db, number)
    await made.change(**{"is_on": True, "is_dry": False, **changes})
    return made


async def resolve(db: Database, number: int) -> None:
    await do(db, staff.update, number, by=BO, body="Mended.", via="web", then=Then(resolution="fixed"))


async def cure(db: Database, **changes: Any) -> int:
    """An issue that is filed, resolved and confirmed: three posts."""
    number = await file_issue(db, **changes)
    await resolve(db, number)
    await do(db, customers.confirm, number, by=ADA)
    assert "issue.confirmed" in await kinds(db, number)
    return number
