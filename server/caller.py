"""Who is calling: the user behind a key, or this machine's one user while no key exists."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from starlette.datastructures import Headers
from starlette.types import Scope

from home_energy import keys
from home_energy.database import Database, open_database
from home_energy.settings import get_settings
from server.address import LISTENS_ELSEWHERE, is_local

_P = ParamSpec("_P")
_T = TypeVar("_T")


_KNOWN = "home_energy.caller"
"""Where a request's scope keeps who is calling; no client can write there."""
_FOR_EVALUATIONS = (
    "/get_session_id",
    "/ask",
    "/retrieve_contexts",
    "/generate_summary",
    "/sessions",
    "/documents",
    "/threads",
    "/runs",
    "/assistants",
)
"""What an evaluation asks by; each answers with the key's own user's things only."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who may come in."""

    user: str
    is_admin: bool
    key_id: str | None = None
    """None is this machine's user, who needs no key."""
    only_evaluates: bool = False

    def may(self, path: str) -> bool:
        """Tell whether the key is for a page like this; what is behind it may still refuse."""
        return not self.only_evaluates or _within(path, _FOR_EVALUATIONS)


async def identify(scope: Scope) -> Caller | None:
    """Return who is calling, or None when a valid key is missing.

    Asked once a request: the guard asks first, and what asks later is told the same.
    """
    if _KNOWN not in scope:
        scope[_KNOWN] = await look_up(scope)
    caller: Caller | None = scope[_KNOWN]
    return caller


async def look_up(scope: Scope) -> Caller | None:
    """Return who is calling as of now, whatever was known when the request began."""
    if _may_do_without_key(scope) and not await in_database(_keys_are_wanted):
        return Caller(keys.LOCAL_USER, is_admin=True)
    presented = presented_key(scope)
    if presented is None:
        return None
    key = await in_database(_verify, presented)
    return Caller(key.user, key.is_admin, key.id, key.only_evaluates) if key else None


def presented_key(scope: Scope) -> str | None:
    """Return the key that a request carries, be it valid or not."""
    headers = Headers(scope=scope)
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return headers.get("x-api-key")


async def in_database(
    function: Callable[Concatenate[Database, _P], _T], *args: _P.args, **kwargs: _P.kwargs
) -> _T:
    """Call a function on the database in a thread, since it blocks."""

    def call() -> _T:
        return function(open_database(get_settings()), *args, **kwargs)

    return await asyncio.to_thread(call)


def _verify(database: Database, presented: str) -> keys.KeyInfo | None:
    return keys.verify(database, get_settings().data_dir, presented)


def _keys_are_wanted(database: Database) -> bool:
    return keys.are_wanted(database, get_settings().data_dir)


def _may_do_without_key(scope: Scope) -> bool:
    """Tell whether the request was made on this machine, to a server that only serves it."""
    return is_local(scope) and LISTENS_ELSEWHERE not in os.environ


def _within(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)
