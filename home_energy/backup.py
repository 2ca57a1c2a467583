"""One archive of everything that cannot be made again, written while the server serves."""

import hashlib
import json
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url

from home_energy.data_folder import flush
from home_energy.database import BUSY_SECONDS, FILE_NAME, as_text, setup_errors
from home_energy.errors import BadInput, IndexUnavailable, SetupError
from home_energy.keys import PEPPER_FILE
from home_energy.knowledge import index, record
from home_energy.settings import Settings

FORMAT = 1
"""Of the archive; a change that an older program would misread makes it one more."""

MANIFEST = "manifest.json"
"""The archive's first member: what the others must be."""

CHECKPOINTS, STORE = "checkpoints.sqlite", "store.sqlite"

DATABASES = (CHECKPOINTS, STORE, FILE_NAME)
"""In the order they are copied. A conversation copied before the sessions has its session in
them, with whoever owns it; one that were copied after could be left without an owner."""

STAMP = "prepared.json"
"""What the last start prepared: with it, the next one knows the index for what it is."""

_INDEX = "index"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of one file."""

    sha256: str
    bytes: int
    rows: dict[str, int] = field(default_factory=dict)
    """Of a database, by table."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    format: int
    created_at: str
    program: str
    """The version that wrote it."""
    files: dict[str, Entry]
    """By path below the data folder."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written."""

    path: Path
    bytes: int
    manifest: Manifest
    left_out: list[str]
    """What is not in it, and why, a sentence each."""


def backup(
    settings: Settings, path: Path, *, now: datetime, with_index: bool = True, force: bool = False
) -> Backup:
    """Write everything but the embedding weights to `path`, a .tar.gz for its owner only.

    Every turn that was acknowledged before the call is in it, with its session and records.
    The file appears whole or not at all. Raises BadInput when `path` cannot be written or, but
    for `force`, exists; SetupError when a database is damaged.
    """
    path = path.expanduser().absolute()
    if path.exists() and not force:
        raise BadInput(f"{str(path)!r} exists already: choose another name, or use --force.")
    if not path.parent.is_dir():
        raise BadInput(f"{str(path.parent)!r} is no folder: make it first.")
    with (
        setup_errors(str(path.parent)),
        tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.half-") as half,
    ):
        files = Path(half) / "files"
        files.mkdir()
        left_out: list[str] = []
        rows = _copy_databases(settings, files, left_out)
        _copy_pepper(settings.data_dir, files)
        if with_index:
            _copy_index(settings.data_dir, files, left_out)
        else:
            left_out.append("The knowledge index, as was asked.")
        manifest = _describe(files, rows, now)
        archive = _pack(files, manifest, Path(half) / "archive")
        archive.replace(path)
        flush(path.parent)
    return Backup(path, path.stat().st_size, manifest, left_out)


def count_rows(path: Path) -> dict[str, int]:
    """Check a database from end to end and count its tables' rows; SetupError when damaged."""
    with setup_errors(str(path)), closing(_open(path)) as database:
        found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise SetupError(f"The database {path.name!r} is damaged: {found}.")
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        ).fetchall()
        return {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in tables
        }


def sha256(path: Path) -> str:
    """Return a file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keeps_database(settings: Settings) -> bool:
    """Say whether sessions, keys and records are in the data folder's own file."""
    if not settings.database_url:
        return True
    database = make_url(settings.database_url).database
    return database == str(settings.data_dir / FILE_NAME)


def _copy_databases(
    settings: Settings, target: Path, left_out: list[str]
) -> dict[str, dict[str, int]]:
    rows = {}
    for name in DATABASES:
        if name == FILE_NAME and not keeps_database(settings):
            left_out.append(
                "Sessions, keys and records: HOME_ENERGY_DATABASE_URL names their database, "
                "which has tools of its own."
            )
        elif (settings.data_dir / name).exists():
            _snapshot(settings.data_dir / name, target / name)
    _forget_deleted(target)
    for name in DATABASES:
        if (target / name).exists():
            with _blaming(settings.data_dir / name):
                rows[name] = count_rows(target / name)
    return rows


def _snapshot(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, whoever writes to it."""
    with (
        setup_errors(str(source)),
        closing(_open(source)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        # One file, without journals beside it.
        copy.execute("PRAGMA journal_mode = DELETE")


def _forget_deleted(folder: Path) -> None:
    """Take out of the copy what was deleted between the copying of two databases."""
    if not ((folder / CHECKPOINTS).exists() and (folder / FILE_NAME).exists()):
        return
    with setup_errors(str(folder)), closing(sqlite3.connect(folder / CHECKPOINTS)) as copy:
        copy.execute("PRAGMA secure_delete = ON")
        copy.execute("ATTACH ? AS ours", (str(folder / FILE_NAME),))
        if not _tables(copy, "ours") >= {"sessions"}:
            return
        for name in {"checkpoints", "writes"} & _tables(copy, "main"):
            copy.execute(
                f"DELETE FROM main.{name} WHERE thread_id IN "  # noqa: S608 - one of two constants
                "(SELECT session_id FROM ours.sessions WHERE deleted_at IS NOT NULL)"
            )
        copy.commit()


def _tables(database: sqlite3.Connection, schema: str) -> set[str]:
    rows = database.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'")  # noqa: S608
    return {name for (name,) in rows}


def _copy_pepper(data_dir: Path, target: Path) -> None:
    path = data_dir / PEPPER_FILE
    with setup_errors(str(path)):
        if path.exists():
            shutil.copyfile(path, target / PEPPER_FILE)


def _copy_index(data_dir: Path, target: Path, left_out: list[str]) -> None:
    (target / _INDEX).mkdir()
    for path in (data_dir / STAMP, index.root(data_dir) / record.FILE):
        if path.exists():
            shutil.copyfile(path, target / path.relative_to(data_dir))
    for _ in range(_TRIES):
        try:
            folder = index.current(data_dir).folder
            _copy_version(folder, target / _INDEX / folder.name)
            (target / _INDEX / index.pointer(data_dir).name).write_text(folder.name)
            return
        except IndexUnavailable as exc:
            left_out.append(str(exc))
            return
        except FileNotFoundError:
            # Ingests replaced it meanwhile, twice: a version stays until the next but one.
            shutil.rmtree(target / _INDEX / folder.name, ignore_errors=True)
    raise SetupError("The knowledge index changes too often: end the ingest, or --without-index.")


def _copy_version(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("chroma.sqlite3*"))
    # Chroma writes to its database whenever it opens it.
    _snapshot(source / "chroma" / "chroma.sqlite3", target / "chroma" / "chroma.sqlite3")


def _describe(folder: Path, rows: dict[str, dict[str, int]], now: datetime) -> Manifest:
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        files[name] = Entry(sha256(path), path.stat().st_size, rows.get(name, {}))
    return Manifest(FORMAT, as_text(now), version("home-energy-assistant"), files)


def _pack(folder: Path, manifest: Manifest, archive: Path) -> Path:
    described = folder / MANIFEST
    described.write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    # Vectors hardly shrink, so that more effort would be in vain.
    with tarfile.open(archive, "w:gz", compresslevel=3) as tar:
        for name in (MANIFEST, *manifest.files):
            tar.add(folder / name, name, recursive=False, filter=_plain)
    archive.chmod(0o600)
    flush(archive)
    return archive


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _open(path: Path) -> sqlite3.Connection:
    # Not read-only: what a killed process left in a journal must be taken in.
    address = f"file:{quote(str(path))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Name the original where its copy was found to be damaged."""
    try:
        yield
    except SetupError as exc:
        raise SetupError(
            f"The database {str(path)!r} is damaged, and no backup was written: "
            "restore an earlier one with `home-energy restore FILE --force`."
        ) from exc
