"""The pen: whoever holds it alone appends to the record, so that the order of the record is the order of commits."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from board.domain.leaf import format_time, parse_time, whole_second

if TYPE_CHECKING:
    from board.store.company import Company
    from board.store.database import Tx


@dataclass
class Pen:
    """The head as the holder of the pen sees it: `seq` is the next index, `at` the time of what is written now.

    `ends` are the ends of the chains that were written to: for each issue the index and the hash (base64url).
    `company` is what the company has set, once it was read: nobody else can change it meanwhile.
    """

    seq: int
    at: datetime
    origin: str
    epoch: str
    ends: dict[int, tuple[int, str]] = field(default_factory=dict)
    company: "Company | None" = None

    def handed_on(self, at: datetime) -> "Pen":
        """The pen of the next act in the same transaction."""
        return replace(self, at=max(whole_second(at), self.at), ends=dict(self.ends))


async def take(tx: "Tx", at: datetime) -> Pen:
    """Locks the head until the transaction ends."""
    head = await tx.row("UPDATE head SET seq = seq WHERE one = 1 RETURNING seq, time, origin, epoch")
    if head is None:
        raise RuntimeError("the record has no head: run `board migrate`")
    last = parse_time(head["time"])
    return Pen(head["seq"], max(whole_second(at), last), head["origin"], head["epoch"])


async def put_down(tx: "Tx", pen: Pen) -> None:
    """The last change before the commit: the head moves past what was written."""
    await tx.run(
        "UPDATE head SET seq = :seq, time = :time WHERE one = 1 AND seq < :seq",
        seq=pen.seq,
        time=format_time(pen.at),
    )
