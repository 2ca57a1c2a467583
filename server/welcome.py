"""Whether who began to listen may still listen: a stream ends when its key is revoked."""

import asyncio
import time

from starlette.types import Message, Receive, Scope

from server.caller import Caller, look_up

RECHECK_SECONDS = 0.5
"""How long a stream may go on telling after its key was revoked."""


class Welcome:
    """One request's right to hear more."""

    def __init__(self, scope: Scope, caller: Caller | None) -> None:
        self._scope, self._caller = scope, caller
        self._checked = time.monotonic()
        self._over = asyncio.Event()

    def end(self) -> None:
        """Take the right away; whoever waits for more from the client hears that it left."""
        self._over.set()

    async def holds(self) -> bool:
        """Tell whether more may be told; looks the key up when that was long ago."""
        if not self._over.is_set() and time.monotonic() - self._checked >= RECHECK_SECONDS:
            self._checked = time.monotonic()
            if await look_up(self._scope) != self._caller:
                self.end()
        return not self._over.is_set()

    async def receive(self, receive: Receive, *, left: Message) -> Message:
        """Wait for the client's next message, or return `left` when the right ends first."""
        waits = asyncio.ensure_future(receive()), asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return left if self._over.is_set() else waits[0].result()
        finally:
            for wait in waits:
                wait.cancel()
