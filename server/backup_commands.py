"""The commands `home-energy backup` and `home-energy restore`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from server import terminal

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .tar.gz, which holds secrets.")]


def backup(
    file: File,
    without_index: Annotated[
        bool, typer.Option("--without-index", help="Leave out the documents' index.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over FILE.")] = False,
) -> None:
    """Write conversations, records, keys and the index to one file, while the server serves."""
    from home_energy.backup import backup as write
    from home_energy.settings import get_settings

    written = write(
        get_settings(), file, now=datetime.now(UTC), with_index=not without_index, force=force
    )
    for sentence in written.left_out:
        terminal.say(f"Not in it: {sentence}", "yellow", terminal.err)
    files = len(written.manifest.files)
    terminal.say(f"{written.path}: {files} files, {written.bytes / 1e6:.1f} MB. Keep it secret.")


def restore(
    file: File,
    force: Annotated[
        bool, typer.Option("--force", help="Move what the data folder holds aside.")
    ] = False,
) -> None:
    """Put a backup into the data folder, once it was checked; no server may run meanwhile."""
    from home_energy.restore import restore as put_back
    from home_energy.settings import get_settings

    settings = get_settings()
    restored = put_back(settings.data_dir, file.expanduser(), now=datetime.now(UTC), force=force)
    terminal.say(f"Restored the backup of {restored.manifest.created_at} to {settings.data_dir}.")
    if restored.aside:
        terminal.say(f"What was there before is in {restored.aside}.")
    terminal.say("Keys and sessions that were taken back since are valid again: look at them.")
