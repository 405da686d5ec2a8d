"""Acts that wait for each other share one commit: each runs alone, and each is told when all of them are durable.

An act that fails takes only its own changes back. The commit queues behind the acts that were waiting when the first
one ended: nobody waits for whoever comes later.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from board.store.database import Tx
    from board.store.pens import Pen

MOST = 64  # acts in one commit


class Batch:
    """One transaction for many acts; whoever ended one waits for `durable`, which says how the commit went."""

    def __init__(self, tx: "Tx", stack: AsyncExitStack) -> None:
        self.tx, self.stack = tx, stack
        self.pen: Pen | None = None
        self.size = 0
        self.is_open = True
        self.durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.durable.add_done_callback(lambda told: told.cancelled() or told.exception())  # heard by nobody, if need be
        self.ending: asyncio.Task[None] | None = None

    def note(self, tx: "Tx") -> None:
        """What the act that is over means for those that come after it."""
        self.tx.has_erased |= tx.has_erased
        if tx.has_touched and self.pen:
            self.pen.company = None


class Commits:
    """Puts acts into batches.

    `begin` opens a transaction that commits, or goes back where an error leaves it; `sum_up` changes once for all acts
    what each would change.
    """

    def __init__(
        self, begin: Callable[[], "AbstractAsyncContextManager[Tx]"], sum_up: Callable[[Batch], Awaitable[None]]
    ) -> None:
        self._begin, self._sum_up = begin, sum_up
        self._turn = asyncio.Lock()
        self._batch: Batch | None = None

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Batch]:
        """The turn of one act; when it is over, its changes are durable."""
        async with self._turn:
            batch = await self._joined()
            async with self._part(batch):
                yield batch
            batch.size += 1
            if batch.size >= MOST:
                await whole(self._end(batch))
            elif batch.ending is None:
                batch.ending = asyncio.create_task(self._end_in_turn(batch))
        await asyncio.shield(batch.durable)

    async def close(self) -> None:
        """Waits for the commit of acts that were abandoned by those who began them."""
        if self._batch and self._batch.ending:
            await self._batch.ending

    async def _joined(self) -> Batch:
        if self._batch is None:
            stack = AsyncExitStack()
            self._batch = Batch(await stack.enter_async_context(self._begin()), stack)
        return self._batch

    @asynccontextmanager
    async def _part(self, batch: Batch) -> AsyncIterator[None]:
        """The act's own part of the transaction: the whole of it for the first act, a savepoint for the others.

        Savepoints are not released: the commit does that, and on PostgreSQL each statement is a way there and back.
        """
        is_first = batch.size == 0
        if not is_first:
            begun = batch.tx.run("SAVEPOINT act")
            await (begun if batch.tx.at_once else steady(begun))
        try:
            yield
        except BaseException as failed:
            await whole(self._undo_all(batch, failed) if is_first else self._undo(batch))
            raise

    async def _undo(self, batch: Batch) -> None:
        """Back to before the act; where not even that is possible, the whole batch is lost, and all hear of it."""
        try:
            await batch.tx.run("ROLLBACK TO act")
        except Exception as lost:
            await self._undo_all(batch, lost)

    async def _undo_all(self, batch: Batch, failed: BaseException) -> None:
        self._leave(batch)
        with suppress(Exception):  # the failure that led here is the one to tell
            await batch.stack.__aexit__(type(failed), failed, failed.__traceback__)
        if batch.size:
            batch.durable.set_exception(failed)

    async def _end_in_turn(self, batch: Batch) -> None:
        async with self._turn:
            await self._end(batch)

    async def _end(self, batch: Batch) -> None:
        if not batch.is_open:
            return
        self._leave(batch)
        try:
            async with batch.stack:
                await self._sum_up(batch)
            batch.durable.set_result(None)
        except Exception as failed:
            batch.durable.set_exception(failed)

    def _leave(self, batch: Batch) -> None:
        batch.is_open = False
        self._batch = None


async def steady(doing: Coroutine[Any, Any, None]) -> None:
    """Whoever is cancelled meanwhile leaves afterwards: a statement broken off here would spoil the batch of all."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def whole(doing: Coroutine[Any, Any, None]) -> None:
    """Does it to the end, whoever is cancelled meanwhile: nobody else may have the connection before."""
    task, cancelled = asyncio.ensure_future(doing), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
