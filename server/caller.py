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
from server.address import LISTENS_ELSEWHERE
from server.guard import is_local

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who may come in."""

    user: str
    is_admin: bool


async def identify(scope: Scope) -> Caller | None:
    """Return who is calling, or None when a valid key is missing."""
    if _may_do_without_key(scope) and not await in_database(keys.any_keys):
        return Caller(keys.LOCAL_USER, is_admin=True)
    presented = _key(Headers(scope=scope))
    if presented is None:
        return None
    key = await in_database(_verify, presented)
    return Caller(key.user, key.is_admin) if key else None


async def is_admin(scope: Scope) -> bool:
    """Tell whether the request carries an admin's key."""
    caller = await identify(scope)
    return caller is not None and caller.is_admin


async def in_database(
    function: Callable[Concatenate[Database, _P], _T], *args: _P.args, **kwargs: _P.kwargs
) -> _T:
    """Call a function on the database in a thread, since it blocks."""

    def call() -> _T:
        return function(open_database(get_settings()), *args, **kwargs)

    return await asyncio.to_thread(call)


def _verify(database: Database, presented: str) -> keys.KeyInfo | None:
    return keys.verify(database, get_settings().data_dir, presented)


def _may_do_without_key(scope: Scope) -> bool:
    """Tell whether the request was made on this machine, to a server that only serves it."""
    return is_local(scope) and LISTENS_ELSEWHERE not in os.environ


def _key(headers: Headers) -> str | None:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return headers.get("x-api-key")
