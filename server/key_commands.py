"""The commands `home-energy keys …`: who may come in."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server import terminal

if TYPE_CHECKING:
    from home_energy.database import Database
    from home_energy.keys import KeyInfo
    from home_energy.settings import Settings

keys_app = typer.Typer(help="API keys of the server's users.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
KeyId = Annotated[str, typer.Argument(help="The id that `keys list` shows.", metavar="ID")]


@keys_app.command("create", epilog="Example: home-energy keys create --user alice --days 90")
def create(
    user: Annotated[str, typer.Option(help="Whose key: a name of your choice.")],
    admin: Annotated[
        bool, typer.Option("--admin", help="May manage assistants and read metrics.")
    ] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days until it expires; never without.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it once; from then on every door wants one."""
    from home_energy import keys

    settings, database = _open()
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    key, info = keys.create(database, settings.data_dir, user, admin=admin, expires_at=expires_at)
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


@keys_app.command("rotate", epilog="Example: home-energy keys rotate 3f9c2b7a41de")
def rotate(key_id: KeyId, as_json: Json = False) -> None:
    """Replace a key by a new one of the same user, shown once; the old one is revoked."""
    from home_energy import keys

    settings, database = _open()
    _show_new(*keys.rotate(database, settings.data_dir, key_id), as_json=as_json)


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
