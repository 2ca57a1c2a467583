"""Wake the in-memory runtime's queue at once, where it would look only every half second."""

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog

log = structlog.stdlib.get_logger(__name__)

TESTED = "0.36.7"
"""The release of langgraph-runtime-inmem whose queue this file was read against."""
POLL_SECONDS = 0.5
"""How often the stock queue looks; still the longest that a delayed run waits."""
JOIN_SECONDS = 0.03
"""How long a run waits where a client listens to its thread: the runtime lets listeners join new
runs every 0.02 s, and what a run says before is lost to them."""
_LISTENING_SECONDS = 0.2
"""A listener looks for new runs far more often than this."""

_EVERY = 1_000_000


Clean = Callable[[str], Awaitable[None]]
"""Deletes what a run, given by its id, wrote to the checkpoints."""


class QueueBell:
    """Replaces the queue's sleep by a wait that new and finished runs end."""

    def __init__(self, runs: Any, threads: Any, clean: Clean) -> None:  # noqa: ANN401 - no types
        self._runs, self._threads, self._clean = runs, threads, clean
        self._rung = asyncio.Event()
        self._listened: dict[str, float] = {}
        """When somebody last listened to a thread, in seconds of the loop's clock."""
        self._stock: list[tuple[Any, str, Any]] = []

    def install(self) -> None:
        """Put the bell in; `remove` puts the stock queue back."""
        self._replace(self._runs, "next", self._next(self._runs.next))
        stream = self._threads.Stream
        self._replace(stream, "subscribe", self._noting(stream.subscribe))
        # A run that ends may free its thread, or a place, for one that waits.
        for owner, name in (
            (self._runs, "put"),
            (self._runs, "set_status"),
            (self._runs, "cancel"),
            (self._runs, "delete"),
            (self._threads, "set_status"),
        ):
            self._replace(owner, name, self._ringing(getattr(owner, name)))
        ends = self._cleaned(self._threads.set_joint_status)
        self._replace(self._threads, "set_joint_status", self._ringing(ends))

    def remove(self) -> None:
        """Put the stock functions back."""
        while self._stock:
            owner, name, function = self._stock.pop()
            setattr(owner, name, function)

    async def rings(self) -> bool:
        """Tell whether a ring ends the wait well before the stock queue would look."""
        # limit 0 takes no run from the queue.
        waiting = asyncio.create_task(self._drain(self._runs.next(wait=True, limit=0)))
        await asyncio.sleep(0)
        self._rung.set()
        done, _ = await asyncio.wait({waiting}, timeout=POLL_SECONDS / 2)
        waiting.cancel()
        return bool(done) and waiting.exception() is None

    def _replace(self, owner: Any, name: str, function: Any) -> None:  # noqa: ANN401
        self._stock.append((owner, name, owner.__dict__[name]))
        setattr(owner, name, staticmethod(function))

    def _next(
        self, stock: Callable[..., AsyncGenerator[Any, None]]
    ) -> Callable[..., AsyncGenerator[Any, None]]:
        async def next_run(wait: bool, limit: int = 1) -> AsyncGenerator[Any, None]:
            if wait:
                await self._wait()
            taken = 0
            # Without waiting, so that it also sees the runs made while this one waited. The stock
            # queue only looks at the `limit` oldest runs: were they all to wait for one thread's
            # turn, no other thread's could start.
            async with aclosing(stock(wait=False, limit=limit and _EVERY)) as runs:
                async for run, attempt in runs:
                    if self._is_listened(str(run["thread_id"])):
                        await asyncio.sleep(JOIN_SECONDS)
                    yield run, attempt
                    taken += 1
                    if taken == limit:
                        return

        return next_run

    def _noting(self, stock: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(stock)
        async def subscribe(conn: Any, thread_id: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self._listened[str(thread_id)] = asyncio.get_running_loop().time()
            return await stock(conn, thread_id, *args, **kwargs)

        return subscribe

    def _is_listened(self, thread_id: str) -> bool:
        oldest = asyncio.get_running_loop().time() - _LISTENING_SECONDS
        self._listened = {thread: at for thread, at in self._listened.items() if at > oldest}
        return thread_id in self._listened

    def _cleaned(self, stock: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(stock)
        async def end(conn: Any, thread_id: Any, run_id: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            # The stock worker frees the thread first, and the run that waits, now woken at once,
            # would read what is about to be rolled back.
            # The stock worker passes the status now by name, now by place.
            if "rollback" in (*args[:1], kwargs.get("run_status")):
                await self._clean(str(run_id))
            return await stock(conn, thread_id, run_id, *args, **kwargs)

        return end

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._rung.wait(), POLL_SECONDS)
        except TimeoutError:
            return
        self._rung.clear()

    def _ringing(self, stock: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(stock)
        async def ringing(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            try:
                return await stock(*args, **kwargs)
            finally:
                self._rung.set()

        return ringing

    @staticmethod
    async def _drain(runs: AsyncIterator[Any]) -> None:
        async for _ in runs:
            raise RuntimeError("a limit of 0 took a run")


async def wake_queue() -> bool:
    """Install the bell on this process's runtime; False, and the stock queue, where it cannot."""
    try:
        found = version("langgraph-runtime-inmem")
    except PackageNotFoundError:
        found = "none"
    if found != TESTED:
        log.warning("queue_polls", reason="another runtime", found=found, tested=TESTED)
        return False
    # Imported here, since both read the environment; neither has types.
    from langgraph_api import config  # type: ignore[import-untyped]
    from langgraph_api.worker_runtime import (  # type: ignore[import-untyped]
        cleanup_custom_checkpointer_for_run,
    )
    from langgraph_runtime_inmem.ops import (  # type: ignore[import-untyped]
        Runs,
        Threads,
    )

    if config.BG_JOB_ISOLATED_LOOPS:
        log.warning("queue_polls", reason="runs have event loops of their own")
        return False
    bell = QueueBell(Runs, Threads, cleanup_custom_checkpointer_for_run)
    bell.install()
    if await bell.rings():
        return True
    bell.remove()
    log.warning("queue_polls", reason="the self-test failed", found=found)
    return False
