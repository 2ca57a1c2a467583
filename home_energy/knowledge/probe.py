"""Whether a version may be opened: its bytes are known to be good, or another process tries them.

Chroma's native code can end the process that opens damaged files, and no exception tells.
"""

import hashlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog

from home_energy.errors import IndexUnavailable
from home_energy.knowledge import index, vectors
from home_energy.knowledge.fingerprint import fingerprint
from home_energy.knowledge.store import FILE, Store

DEADLINE_SECONDS = 60.0
"""How long another process may take to open a version and search it."""

RECORD = "probed.json"
"""Kept in a version's folder: the hashes of what was opened without harm, and by which Chroma."""

_CHROMA = f"{vectors.FOLDER}/chroma.sqlite3"
# Chroma adds a row whenever it opens a folder.
_CHANGES = "acquire_write"

log = structlog.get_logger(__name__)


def ensure(version: index.Version, *, deadline: float = DEADLINE_SECONDS) -> None:
    """Raise IndexUnavailable unless the version can be opened; tries it at most once.

    Another process opens and searches a version that no record tells of. One that differs from
    its record is damaged, whether it can be opened or not: nobody writes to a finished version.
    """
    known, found = _record(version.folder), _state(version.folder)
    if known == found:
        return
    if known.get("chroma") == found["chroma"]:
        raise IndexUnavailable(index.DAMAGED)
    command = [sys.executable, "-P", "-m", __name__, str(version.folder)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=deadline, check=False)  # noqa: S603 - our own interpreter
    except subprocess.TimeoutExpired as exc:
        log.warning("index_probe_failed", version=version.folder.name, seconds=deadline)
        raise IndexUnavailable(index.DAMAGED) from exc
    if ended.returncode:
        log.warning("index_probe_failed", version=version.folder.name, code=ended.returncode)
        raise IndexUnavailable(index.DAMAGED)
    record(version.folder)


def record(folder: Path) -> None:
    """Remember that this version was opened without harm, as it is now."""
    index.write(folder / RECORD, json.dumps(_state(folder), indent=1))


def is_known(version: index.Version) -> bool:
    """Say whether the version is as it was when it was last opened without harm."""
    try:
        return _record(version.folder) == _state(version.folder)
    except IndexUnavailable:
        return False


def texts_are_whole(folder: Path) -> bool:
    """Say whether the documents' database is as it was written, as far as a record tells."""
    known = _record(folder).get("files", {}).get(FILE)
    try:
        return known is None or known == _sha256(folder / FILE)
    except OSError:
        return False


def try_out(folder: Path) -> None:
    """Read and search a whole version; raises IndexUnavailable, or ends the process."""
    version = index.read(folder)
    store = Store(folder, dimensions=version.manifest.dimensions)
    store.check()
    if any(fingerprint(kept.document) != kept.fingerprint for kept in store.documents()):
        raise IndexUnavailable(index.DAMAGED)
    search = vectors.VectorSearch(folder, expected=version.manifest.chunks)
    for ids, known in store.vectors():
        # Some of each batch: a search touches a hundred vectors, and so soon all of them.
        for row in range(0, len(ids), max(1, len(ids) // 20)):
            _check_found(search, known[row])


def _check_found(search: vectors.VectorSearch, vector: vectors.Vectors) -> None:
    nearest = search.search(vector, 1)
    if not nearest or nearest[0][1] < 0.99:
        raise IndexUnavailable(index.DAMAGED)


def _record(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _state(folder: Path) -> dict[str, Any]:
    """Describe what is read when a version is opened; raises IndexUnavailable."""
    try:
        files = {FILE: _sha256(folder / FILE), _CHROMA: _sha256_of_rows(folder / _CHROMA)}
        return {
            "chroma": installed_version("chromadb"),
            "files": {**files, **vectors.hashes(folder)},
        }
    except (OSError, sqlite3.Error) as exc:
        raise IndexUnavailable(index.DAMAGED) from exc


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of_rows(path: Path) -> str:
    """Hash a database whose bytes change whenever Chroma opens it, and whose rows do not."""
    found = hashlib.sha256()
    # Not read-only: what a killed process left half written must be rolled back.
    address = f"file:{quote(str(path))}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
        database.text_factory = bytes
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> ?"
            " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
            (_CHANGES,),
        ).fetchall()
        for (name,) in tables:
            found.update(name)
            for row in database.execute(f'SELECT * FROM "{name.decode()}"'):  # noqa: S608
                found.update(repr(row).encode())
    return found.hexdigest()


if __name__ == "__main__":
    try:
        try_out(Path(sys.argv[1]))
    except IndexUnavailable:
        sys.exit(1)
