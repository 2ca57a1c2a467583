"""The commands `home-energy keys …`: who may come in."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from home_energy.errors import BadInput
from server import terminal

if TYPE_CHECKING:
    from home_energy.database import Database
    from home_energy.keys import KeyInfo
    from home_energy.settings import Settings

keys_app = typer.Typer(help="API keys of the server's users.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
KeyId = Annotated[str, typer.Argument(help="The id that `keys list` shows.", metavar="ID")]
Scope = Literal["user", "admin", "eval"]

_SPAN = re.compile(r"([1-9]\d{0,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@keys_app.command("create", epilog="Example: home-energy keys create --user alice --expires 90d")
def create(
    user: Annotated[str, typer.Option(help="Whose key: a name of your choice.")],
    scope: Annotated[
        Scope, typer.Option(help="user: one's own things; admin: all; eval: ask, and no more.")
    ] = "user",
    admin: Annotated[bool, typer.Option("--admin", help="The same as --scope admin.")] = False,
    expires: Annotated[
        str | None, typer.Option(help="When it ends: 90d, 12h, or 2027-01-31; never without.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it once; from then on every door wants one."""
    from home_energy import keys

    settings, database = _open()
    key, info = keys.create(
        database,
        settings.data_dir,
        user,
        admin=admin or scope == "admin",
        evaluates=scope == "eval",
        expires_at=_end(expires, datetime.now(UTC)) if expires else None,
    )
    _show_new(key, info, as_json=as_json)


@keys_app.command("list", epilog="Example: home-energy keys list --json")
def list_all(as_json: Json = False) -> None:
    """List keys without their secrets."""
    from home_energy import keys

    found = keys.list_keys(_open()[1])
    if as_json:
        terminal.say_json([_as_dict(info) for info in found])
        return
    terminal.say_table(
        ("id", "user", "scopes", "created", "last used", "expires", "revoked"),
        [_row(info) for info in found],
    )


@keys_app.command("revoke", epilog="Example: home-energy keys revoke 3f9c2b7a41de")
def revoke(key_id: KeyId) -> None:
    """Take a key back, at once and for good."""
    from home_energy import keys

    keys.revoke(_open()[1], key_id)
    typer.echo(f"Revoked {key_id}.")


@keys_app.command("rotate", epilog="Example: home-energy keys rotate 3f9c2b7a41de --grace 1d")
def rotate(
    key_id: KeyId,
    grace: Annotated[
        str | None, typer.Option(help="How long the old key stays valid: 30m, 12h, 1d.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Replace a key by a new one of the same user, shown once; the old one ends at once."""
    from home_energy import keys

    settings, database = _open()
    overlap = span(grace) if grace else timedelta(0)
    rotated = keys.rotate(database, settings.data_dir, key_id, grace=overlap)
    _show_new(*rotated, as_json=as_json)


def _end(text: str, now: datetime) -> datetime:
    """Return when a key ends: after a span of time, or as a day (UTC) begins."""
    if _SPAN.fullmatch(text):
        return now + span(text)
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{text!r} is no time: write 90d, 12h, 30m or 2027-01-31.") from None


def span(text: str) -> timedelta:
    """Return how long a text like 30d, 12h or 15m says; BadInput where it says nothing."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise BadInput(f"{text!r} is no span of time: write 30m, 12h or 1d.")
    return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})


def _open() -> "tuple[Settings, Database]":
    from home_energy.database import open_database
    from home_energy.settings import get_settings

    settings = get_settings()
    return settings, open_database(settings)


def _show_new(key: str, info: "KeyInfo", *, as_json: bool) -> None:
    if as_json:
        terminal.say_json({"key": key, **_as_dict(info)})
        return
    typer.echo(key)
    terminal.say(
        f"This is key {info.id} of {info.user}: keep it safe, it is not shown again.",
        console=terminal.err,
    )


def _as_dict(info: "KeyInfo") -> dict[str, Any]:
    dates = {
        "created_at": info.created_at,
        "expires_at": info.expires_at,
        "revoked_at": info.revoked_at,
        "last_used_at": info.last_used_at,
    }
    return {
        "id": info.id,
        "user": info.user,
        "scopes": sorted(info.scopes),
        "prefix": info.prefix,
        **{name: date.isoformat() if date else None for name, date in dates.items()},
    }


def _row(info: "KeyInfo") -> list[str]:
    dates = (info.created_at, info.last_used_at, info.expires_at, info.revoked_at)
    shown = [date.strftime("%Y-%m-%d %H:%M") if date else "" for date in dates]
    return [info.id, info.user, ", ".join(sorted(info.scopes)), *shown]
