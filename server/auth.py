"""Who may touch which thread, run, store item, assistant and cron; the rest is refused."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

from langgraph_sdk import Auth
from starlette.types import Scope

from home_energy import sessions
from home_energy.errors import NotFound
from home_energy.settings import get_settings
from server.allowance import refuse_long, refuse_spent
from server.caller import identify, in_database
from server.guard import REFERENCE
from server.history import size_of
from server.persistence import forget_history
from server.problems import from_error
from server.threads import forget, metadata_of, restore, restore_for, waiting

auth = Auth()

Value = Any
"""The SDK types each event's value as a TypedDict of its own; one handler serves several."""
Refusal = Auth.exceptions.HTTPException
_P = ParamSpec("_P")
Allowed = Coroutine[Any, Any, Auth.types.FilterType]

ADMIN = "admin"
_TAKEN = "The thread id is taken."

WAITING_ON_THREAD = 4
"""How many turns of one session may wait for the one that runs."""
WAITING_OF_USER = 100
"""How many turns of one user, over all sessions, may wait for a place in the queue."""

_PUBLIC = (REFERENCE, "/static-offline-docs")
"""Pages that tell nothing of anybody; a browser cannot send a key for them."""


def _told(handler: Callable[_P, Allowed]) -> Callable[_P, Allowed]:
    """Let a handler raise only what a client may read.

    The event protocol tells its client the text of whatever is raised.
    """

    @wraps(handler)
    async def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Auth.types.FilterType:
        try:
            return await handler(*args, **kwargs)
        except Refusal:
            raise
        except Exception as exc:
            told = from_error(exc, "")
            raise Refusal(status_code=told.status, detail=told.detail) from None

    return guarded


@auth.authenticate
async def authenticate(path: str, scope: Scope) -> Auth.types.MinimalUserDict:
    """Let in who presents a key, or this machine's user while no key exists."""
    caller = await identify(scope)
    if caller is None:
        if any(path == page or path.startswith(page + "/") for page in _PUBLIC):
            return {"identity": "", "permissions": [], "is_authenticated": False}
        raise Refusal(
            status_code=401,
            detail="Send a valid key as 'Authorization: Bearer …' or 'X-Api-Key: …'.",
        )
    if not caller.may(path):
        raise Refusal(status_code=403, detail="This key may ask questions, and do nothing else.")
    await restore_for(caller.user)
    return {
        "identity": caller.user,
        "display_name": caller.user,
        "is_authenticated": True,
        "permissions": [ADMIN] if caller.is_admin else [],
    }


@auth.on
async def refuse(ctx: Auth.types.AuthContext, value: Value) -> bool:
    """Refuse what no handler below allows."""
    return False


@auth.on.threads
@_told
async def own_threads(ctx: Auth.types.AuthContext, value: Value) -> Auth.types.FilterType:
    """Read, search and update one's own threads; the owner of a thread never changes."""
    await _refuse_anothers(value, ctx)
    _pin(value, ctx)
    return _own(ctx)


@auth.on.threads.create
@_told
async def create_thread(ctx: Auth.types.AuthContext, value: Value) -> Auth.types.FilterType:
    """Create a thread as a session of one's own; an id that was ever another's is refused."""
    await _claim(str(value["thread_id"]), ctx.user.identity)
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        metadata.update({**metadata_of(ctx.user.identity), **metadata})
    _pin(value, ctx)
    return _own(ctx)


@auth.on.threads.create_run
@_told
async def create_run(ctx: Auth.types.AuthContext, value: Value) -> Auth.types.FilterType:
    """Run on a thread of one's own, or on a temporary one."""
    _pin(value, ctx)
    thread_id = value.get("thread_id")
    refuse_long(value.get("kwargs") or {})
    await refuse_spent(ctx.user.identity)
    _refuse_crowd(thread_id and str(thread_id), ctx.user.identity)
    if thread_id is not None:
        if value.get("if_not_exists") == "create":
            await _claim(str(thread_id), ctx.user.identity)
        await _touch(str(thread_id), ctx.user.identity)
    elif not value.get("kwargs", {}).get("temporary"):
        raise Refusal(status_code=422, detail="Create a thread first, then run on it.")
    return _own(ctx)


@auth.on.threads.delete
@_told
async def delete_thread(ctx: Auth.types.AuthContext, value: Value) -> Auth.types.FilterType:
    """Delete one's own threads, with their sessions, and runs."""
    # Runs and prunings pass here too; a pruning comes back for each thread it deletes.
    if value.get("run_id") is None and "thread_id" in value:
        await _forget(str(value["thread_id"]), ctx.user.identity)
    return _own(ctx)


@auth.on.assistants.read
async def read_assistant(ctx: Auth.types.AuthContext, value: Value) -> bool:
    """See every assistant: only admins write them, for everyone."""
    return True


@auth.on.assistants.search
async def search_assistants(ctx: Auth.types.AuthContext, value: Value) -> bool:
    """List every assistant."""
    return True


@auth.on.assistants
async def change_assistants(ctx: Auth.types.AuthContext, value: Value) -> bool:
    """Create, change and delete assistants as an admin."""
    return _is_admin(ctx)


@auth.on.crons
async def manage_crons(ctx: Auth.types.AuthContext, value: Value) -> bool:
    """See and change crons as an admin."""
    return _is_admin(ctx)


@auth.on.store
async def own_items(ctx: Auth.types.AuthContext, value: Value) -> None:
    """Use the store below a namespace of one's own, whether or not the caller wrote it."""
    # The store refuses periods in a label; no user name holds a tilde.
    mine = ctx.user.identity.replace(".", "~")
    namespace = tuple(value.get("namespace") or ())
    value["namespace"] = namespace if namespace[:1] == (mine,) else (mine, *namespace)


def _refuse_crowd(thread_id: str | None, user: str) -> None:
    """Refuse a turn when too many wait already, so that one caller cannot hold up the queue."""
    on_thread, of_user = waiting(thread_id, user)
    if on_thread >= WAITING_ON_THREAD or of_user >= WAITING_OF_USER:
        raise Refusal(
            status_code=429,
            detail="Too many turns wait already: let some end, then ask again.",
            headers={"retry-after": "1"},
        )


def _is_admin(ctx: Auth.types.AuthContext) -> bool:
    return ADMIN in ctx.permissions


def _own(ctx: Auth.types.AuthContext) -> Auth.types.FilterType:
    return {"owner": ctx.user.identity}


def _pin(value: Value, ctx: Auth.types.AuthContext) -> None:
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        metadata["owner"] = ctx.user.identity


async def _refuse_anothers(value: Value, ctx: Auth.types.AuthContext) -> None:
    """Refuse a thread that our sessions know as another's, whatever its row says."""
    if value.get("thread_id") is not None:
        owner = await in_database(sessions.owner_of, str(value["thread_id"]))
        # Temporary threads are no sessions, and so have no owner there.
        if owner not in (None, ctx.user.identity):
            raise Refusal(status_code=404, detail="There is no such session.")
        if owner is not None:
            restore(str(value["thread_id"]), owner)
        elif await in_database(sessions.was_deleted, str(value["thread_id"])):
            # Perhaps by another process, of which this one's row says nothing.
            raise Refusal(status_code=404, detail="There is no such session.")


async def _claim(thread_id: str, user: str) -> None:
    if await in_database(sessions.was_deleted, thread_id):
        # A crash may have left what the deletion should have taken.
        data_dir = (await asyncio.to_thread(get_settings)).data_dir
        await asyncio.to_thread(forget_history, data_dir, thread_id)
    elif await _is_nobodys(thread_id):
        raise Refusal(status_code=409, detail=_TAKEN)
    try:
        await in_database(sessions.create, user, thread_id)
    except NotFound as exc:
        raise Refusal(status_code=409, detail=_TAKEN) from exc


async def _is_nobodys(thread_id: str) -> bool:
    """Tell whether a thread has a history and no owner, as where the sessions were lost."""
    if await in_database(sessions.owner_of, thread_id) is not None:
        return False
    data_dir = (await asyncio.to_thread(get_settings)).data_dir
    checkpoints, _ = await asyncio.to_thread(size_of, data_dir, thread_id)
    return checkpoints > 0


async def _touch(thread_id: str, user: str) -> None:
    try:
        await in_database(sessions.touch, thread_id, user)
    except NotFound as exc:
        raise Refusal(status_code=404, detail=str(exc)) from exc
    restore(thread_id, user)


async def _forget(thread_id: str, user: str) -> None:
    try:
        await in_database(sessions.delete, thread_id, user)
        forget(thread_id)
    except NotFound as exc:
        # A temporary thread is no session, and its run may delete it.
        if await in_database(sessions.owner_of, thread_id) is not None:
            raise Refusal(status_code=404, detail=str(exc)) from exc
