"""Where an index lives on disk: immutable versions, and a pointer to the one that serves.

index/current                   the name of the version that serves
index/lock                      held by the process that ingests
index/sources.json              what was ingested, from where
index/000007-9f31c0aa/          one version
    knowledge.sqlite  chroma/   what it holds
    manifest.json               written last: without it, the version does not exist
    probed.json                 the hashes of what was once opened without harm
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from home_energy.errors import IndexBusy, IndexUnavailable

FORMAT = 4
"""Of the files, the splitter and what is embedded; a change makes the next ingest start anew."""

INGEST = "Run `home-energy ingest knowledge` to build it."
DAMAGED = f"The knowledge index is damaged. {INGEST}"

_MANIFEST = "manifest.json"
_POINTER = "current"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version says of itself."""

    format: int
    model_id: str
    dimensions: int
    documents: int
    chunks: int
    fingerprint: str
    """Over all documents' texts and metadata: equal content has an equal fingerprint."""
    database_bytes: int
    vector_files: dict[str, str]
    """The sha256 of each file that must not be read unless it is whole."""
    previous: str
    """The version that served before this one, or empty."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version on disk."""

    folder: Path
    manifest: Manifest


def root(data_dir: Path) -> Path:
    """Return the folder of all versions."""
    return data_dir / "index"


def pointer(data_dir: Path) -> Path:
    """Return the file that names the serving version."""
    return root(data_dir) / _POINTER


def current(data_dir: Path) -> Version:
    """Return the version that serves; raises IndexUnavailable when there is none to read."""
    try:
        name = pointer(data_dir).read_text(encoding="ascii").strip()
    except FileNotFoundError as exc:
        raise IndexUnavailable(f"There is no knowledge index yet. {INGEST}") from exc
    except (OSError, ValueError) as exc:
        raise IndexUnavailable(f"The knowledge index's pointer cannot be read. {INGEST}") from exc
    if Path(name).name != name:
        raise IndexUnavailable(DAMAGED)
    return read(root(data_dir) / name)


def newest(data_dir: Path) -> Version | None:
    """Return the version that serves, or the newest whole one when the pointer is lost."""
    with suppress(IndexUnavailable):
        return current(data_dir)
    for folder in sorted(_folders(data_dir), reverse=True):
        with suppress(IndexUnavailable):
            return read(folder)
    return None


def read(folder: Path) -> Version:
    """Return the finished version in a folder; raises IndexUnavailable when it is damaged."""
    try:
        known = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if known["format"] != FORMAT:
            raise IndexUnavailable(f"The knowledge index is of another release. {INGEST}")
        return Version(folder, Manifest(**known))
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise IndexUnavailable(DAMAGED) from exc


def readable_folders(data_dir: Path) -> list[Path]:
    """Return the versions that once were finished, damaged or not: the serving, then newest."""
    with suppress(OSError, ValueError):
        name = pointer(data_dir).read_text(encoding="ascii").strip()
        serving = [path for path in _folders(data_dir) if path.name == name]
        return serving + [path for path in _finished(data_dir) if path.name != name]
    return _finished(data_dir)


def check_model(version: Version, *, model_id: str) -> None:
    """Raise IndexUnavailable unless this embedding model made the version."""
    if version.manifest.model_id != model_id:
        raise IndexUnavailable(
            f"The knowledge index was made with {version.manifest.model_id!r},"
            f" and {model_id!r} is configured. {INGEST}"
        )


@contextmanager
def ingest_lock(data_dir: Path) -> Iterator[None]:
    """Hold the right to write; raises IndexBusy when another process has it."""
    root(data_dir).mkdir(parents=True, exist_ok=True)
    with (root(data_dir) / _LOCK).open("w") as lock:
        try:
            # The system releases it when the process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise IndexBusy("Another ingest is running: wait until it ends.") from exc
        yield


def new_folder(data_dir: Path) -> Path:
    """Make the folder of the next version; its name was never used before."""
    numbers = [int(path.name[:6]) for path in _folders(data_dir) if path.name[:6].isdigit()]
    folder = root(data_dir) / f"{max(numbers, default=0) + 1:06d}-{secrets.token_hex(4)}"
    folder.mkdir()
    return folder


def publish(data_dir: Path, folder: Path, manifest: Manifest) -> None:
    """Make a finished version the one that serves, all at once."""
    for path in [*folder.rglob("*"), folder]:
        _flush(path)
    write(folder / _MANIFEST, json.dumps(asdict(manifest), indent=1))
    write(pointer(data_dir), folder.name)


def sweep(data_dir: Path) -> None:
    """Remove half-made versions, and finished ones but the serving and the previous."""
    version = newest(data_dir)
    keep = {version.folder.name, version.manifest.previous} if version else set()
    for folder in _folders(data_dir):
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def size(folder: Path) -> int:
    """Return how many bytes a version takes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _finished(data_dir: Path) -> list[Path]:
    found = [path for path in _folders(data_dir) if (path / _MANIFEST).exists()]
    return sorted(found, reverse=True)


def _folders(data_dir: Path) -> list[Path]:
    return [path for path in root(data_dir).glob("*") if path.is_dir()]


def write(path: Path, text: str) -> None:
    """Write a file all at once, and through to the disk."""
    half = path.with_name(f"{path.name}.half")
    half.write_text(text, encoding="utf-8")
    _flush(half)
    half.replace(path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
