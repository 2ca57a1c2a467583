"""The commands `home-energy sessions …`: what is kept, and for how long."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from home_energy.errors import NotFound
from server import terminal
from server.key_commands import span

if TYPE_CHECKING:
    from home_energy.database import Database
    from home_energy.sessions import Session
    from home_energy.settings import Settings

sessions_app = typer.Typer(help="Everybody's sessions, and what they take.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
User = Annotated[str | None, typer.Option(help="Only this user's sessions.")]
SessionId = Annotated[str, typer.Argument(help="The id that `sessions list` shows.", metavar="ID")]
OlderThan = Annotated[
    str, typer.Option(help="How long ago the last turn must have begun: 30d, 12h.")
]


@sessions_app.command("list", epilog="Example: home-energy sessions list --user alice")
def list_all(user: User = None, as_json: Json = False) -> None:
    """List sessions, the one used last first."""
    from home_energy import sessions

    _, database = _open()
    found = sessions.list_unused(database, before=datetime.now(UTC), owner=user)[::-1]
    if as_json:
        terminal.say_json([_as_dict(session) for session in found])
        return
    terminal.say_table(
        ("id", "user", "title", "created", "last used"), [_row(session) for session in found]
    )


@sessions_app.command("show", epilog="Example: home-energy sessions show ID --json")
def show(session_id: SessionId, as_json: Json = False) -> None:
    """Show whose a session is and what it takes; not what was said in it."""
    from server import history

    settings, session = _find(session_id)
    checkpoints, size = history.size_of(settings.data_dir, session_id)
    told = {**_as_dict(session), "checkpoints": checkpoints, "bytes": size}
    if as_json:
        terminal.say_json(told)
        return
    terminal.say_table(("what", "is"), [(name, str(value or "")) for name, value in told.items()])


@sessions_app.command("delete", epilog="Example: home-energy sessions delete ID")
def delete(session_id: SessionId) -> None:
    """Delete a session with its history, for good; the records that were kept stay."""
    from server.sweep import delete_session

    settings, session = _find(session_id)
    delete_session(_open()[1], settings.data_dir, session)
    _tidy(settings)
    typer.echo(f"Deleted {session_id}.")


@sessions_app.command("prune", epilog="Example: home-energy sessions prune --older-than 30d")
def prune(
    older_than: OlderThan,
    user: User = None,
    superseded: Annotated[
        bool,
        typer.Option("--superseded", help="Keep the sessions; drop their state before each turn."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which sessions are meant.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Delete the sessions that were not used for so long; the server may go on serving.

    One that is answering is left as it is.
    """
    from home_energy import sessions

    settings, database = _open()
    before = datetime.now(UTC) - span(older_than)
    found = sessions.list_unused(database, before=before, owner=user)
    if dry_run:
        done = len(found)
    elif superseded:
        done = _prune_histories(found)
    else:
        done = _delete_all(settings, database, found, before)
    freed = 0 if dry_run else _tidy(settings)
    verb = "Pruned" if superseded else "Deleted"
    if as_json:
        ids = [session.session_id for session in found]
        terminal.say_json({"sessions": ids, "done": 0 if dry_run else done, "bytes": freed})
    elif dry_run:
        typer.echo(f"{done} sessions would be {verb.lower()}.")
    else:
        typer.echo(f"{verb} {done} of {len(found)} sessions; {freed:,} bytes are free again.")


def _prune_histories(found: "list[Session]") -> int:
    import asyncio

    from server.sweep import prune_history

    return asyncio.run(prune_history(found))


def _delete_all(
    settings: "Settings", database: "Database", found: "list[Session]", before: datetime
) -> int:
    from home_energy.errors import Busy
    from server.sweep import delete_session

    done = 0
    for session in found:
        try:
            delete_session(database, settings.data_dir, session, unused_since=before)
        except (Busy, NotFound):
            continue
        done += 1
    return done


def _tidy(settings: "Settings") -> int:
    """Delete the documents that nothing quotes any more, and give the disk its space back."""
    from server import history
    from server.sweep import KEEP_DOCUMENTS, forget_documents

    before = datetime.now(UTC) - KEEP_DOCUMENTS
    forget_documents(_open()[1], settings.data_dir, since=None, before=before)
    return history.give_space_back(settings.data_dir, largest_mb=float("inf"))


def _find(session_id: str) -> "tuple[Settings, Session]":
    from home_energy import sessions

    settings, database = _open()
    try:
        return settings, sessions.find(database, session_id)
    except NotFound:
        raise NotFound(f"There is no session {session_id!r}: see `sessions list`.") from None


def _open() -> "tuple[Settings, Database]":
    from home_energy.database import open_database
    from home_energy.settings import get_settings

    settings = get_settings()
    return settings, open_database(settings)


def _as_dict(session: "Session") -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "user": session.owner,
        "title": session.title,
        "created_at": session.created_at.isoformat(),
        "last_at": session.last_at.isoformat(),
    }


def _row(session: "Session") -> list[str]:
    dates = (session.created_at, session.last_at)
    shown = [date.strftime("%Y-%m-%d %H:%M") for date in dates]
    return [session.session_id, session.owner, session.title or "", *shown]
