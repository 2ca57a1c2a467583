"""A backup put back into a data folder, once all of it was found to be whole."""

import gzip
import hashlib
import json
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from home_energy.backup import (
    DATABASES,
    FORMAT,
    MANIFEST,
    STAMP,
    Entry,
    Manifest,
    count_rows,
)
from home_energy.data_folder import UNFINISHED, flush, held, new_aside, with_journals
from home_energy.database import FILE_NAME, setup_errors
from home_energy.errors import BadInput, SetupError
from home_energy.keys import PEPPER_FILE
from home_energy.knowledge import index
from home_energy.migrations import is_current

RUNTIME_ROWS = ".langgraph_api"
"""The server's rows of threads and runs; they are made again from the sessions."""

_INDEX = "index"
_BLOCK = 1 << 20
_MOST_MANIFEST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place."""

    manifest: Manifest
    aside: Path | None
    """Where to find what was there before."""


def restore(data_dir: Path, path: Path, *, now: datetime, force: bool = False) -> Restored:
    """Put a backup into the data folder; what was there is moved aside, and nothing is deleted.

    Nothing changes unless the whole archive is found to be good. Raises BadInput when it is
    not, or, but for `force`, when the data folder holds anything; SetupError while a server runs
    on it, or when the backup is of a newer program; IndexBusy during an ingest.
    """
    with held(data_dir, by="a restore"), _no_ingest(data_dir):
        if not force and (names := _there(data_dir)):
            raise BadInput(
                f"{str(data_dir)!r} already holds {', '.join(names)}: "
                "use --force, which moves that aside."
            )
        with (
            setup_errors(str(data_dir)),
            TemporaryDirectory(dir=data_dir, prefix="restore.half-") as half,
        ):
            manifest = _unpack(path, Path(half))
            _check(manifest, Path(half))
            aside = _replace(data_dir, manifest, Path(half), now)
    return Restored(manifest, aside)


def _no_ingest(data_dir: Path) -> AbstractContextManager[None]:
    # The lock is in the index's folder, which a new data folder has not got.
    there = index.root(data_dir).exists()
    return index.ingest_lock(data_dir) if there else nullcontext()


def _there(data_dir: Path) -> list[str]:
    names = [name for name in (*DATABASES, PEPPER_FILE) if (data_dir / name).exists()]
    return names + ([_INDEX] if index.pointer(data_dir).exists() else [])


def _unpack(path: Path, target: Path) -> Manifest:
    """Write the archive's files below `target`; every name and byte is as the manifest has it."""
    with _damage(path), gzip.open(path) as zipped, tarfile.open(fileobj=zipped, mode="r|") as tar:
        manifest = _manifest(tar)
        _check_space(manifest, target)
        missing = dict(manifest.files)
        # Iterating would begin with the manifest again.
        while (member := tar.next()) is not None:
            entry = missing.pop(member.name, None)
            if entry is None or not member.isreg() or not _is_ours(member.name):
                raise BadInput(f"The backup {str(path)!r} holds {member.name!r}, which is not ours")
            _write(tar, member, entry, target / member.name)
        # To the end, where the check sum is.
        while zipped.read(_BLOCK):
            pass
        if missing:
            raise BadInput(f"The backup {str(path)!r} is cut short")
    return manifest


def _manifest(tar: tarfile.TarFile) -> Manifest:
    member = tar.next()
    if member is None or member.name != MANIFEST or member.size > _MOST_MANIFEST_BYTES:
        raise ValueError(MANIFEST)
    file = tar.extractfile(member)
    if file is None:
        raise ValueError(MANIFEST)
    known = json.loads(file.read())
    if known["format"] > FORMAT:
        raise SetupError("The backup was written by a newer program: restore it with that one.")
    files = {str(name): Entry(**entry) for name, entry in known["files"].items()}
    return Manifest(known["format"], str(known["created_at"]), str(known["program"]), files)


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    if path.as_posix() != name or ".." in path.parts or "\\" in name:
        return False
    return name in (*DATABASES, PEPPER_FILE, STAMP) or (
        path.parts[0] == _INDEX and len(path.parts) > 1
    )


def _check_space(manifest: Manifest, target: Path) -> None:
    needed = sum(entry.bytes for entry in manifest.files.values())
    if needed > shutil.disk_usage(target).free:
        raise SetupError(f"The backup needs {needed / 1e6:.0f} MB of free disk: free some space.")


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, entry: Entry, path: Path) -> None:
    source = tar.extractfile(member)
    if source is None or member.size != entry.bytes:
        raise ValueError(member.name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = hashlib.sha256()
    with path.open("xb") as file:
        path.chmod(0o600)
        while block := source.read(_BLOCK):
            found.update(block)
            file.write(block)
    flush(path)
    if found.hexdigest() != entry.sha256:
        raise ValueError(member.name)


def _check(manifest: Manifest, folder: Path) -> None:
    for name in DATABASES:
        entry = manifest.files.get(name)
        if entry is not None and count_rows(folder / name) != entry.rows:
            raise BadInput(f"The backup's {name!r} does not hold the rows it should.")
    if FILE_NAME in manifest.files:
        engine = create_engine(URL.create("sqlite", database=str(folder / FILE_NAME)))
        try:
            with engine.connect() as connection:
                is_current(connection)
        finally:
            engine.dispose()


def _replace(data_dir: Path, manifest: Manifest, new: Path, now: datetime) -> Path | None:
    """Move what is there aside and the new into its place; a marker tells if that was cut off."""
    for folder in (new, *(path for path in new.rglob("*") if path.is_dir())):
        flush(folder)
    marker = data_dir / UNFINISHED
    marker.touch(mode=0o600)
    flush(data_dir)
    old = list(_in_the_way(data_dir, manifest))
    aside = new_aside(data_dir, now=now) if old else None
    for path in old:
        assert aside is not None
        path.rename(aside / path.name)
    for path in list(new.iterdir()):
        path.rename(data_dir / path.name)
    flush(data_dir)
    marker.unlink()
    flush(data_dir)
    return aside


def _in_the_way(data_dir: Path, manifest: Manifest) -> Iterator[Path]:
    names = [name for name in DATABASES if name != FILE_NAME]
    single = [RUNTIME_ROWS]
    # A backup without the sessions' file is of an installation that keeps them elsewhere.
    if FILE_NAME in manifest.files:
        names.append(FILE_NAME)
        single.append(PEPPER_FILE)
    elif PEPPER_FILE in manifest.files:
        single.append(PEPPER_FILE)
    if any(name.startswith(f"{_INDEX}/") for name in manifest.files):
        single += [_INDEX, STAMP]
    for name in names:
        yield from with_journals(data_dir / name)
    yield from (path for name in single if (path := data_dir / name).exists())


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Tell what cannot be read as a backup in one sentence."""
    try:
        yield
    except BadInput as exc:
        raise BadInput(f"{exc}: nothing was changed.") from exc
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise BadInput(
            f"{str(path)!r} is no backup, or a damaged one: nothing was changed."
        ) from exc
    except (ValueError, TypeError, KeyError, AttributeError, FileExistsError) as exc:
        raise BadInput(
            f"{str(path)!r} is no backup, or a changed one: nothing was changed."
        ) from exc
    except (FileNotFoundError, IsADirectoryError, PermissionError) as exc:
        raise BadInput(f"{str(path)!r} cannot be read: {exc.strerror}.") from exc
