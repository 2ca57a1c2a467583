"""What must be there before anything is answered: the weights and an index of the documents."""

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
)

from home_energy.errors import IndexUnavailable, ModelFilesError, SetupError
from home_energy.knowledge import index as versions
from home_energy.knowledge import weights
from home_energy.settings import Settings

if TYPE_CHECKING:
    # Chroma and the document readers take seconds to import, and a second start needs neither.
    from home_energy.knowledge.ingest import IngestReport
    from home_energy.knowledge.originals import Source

STAMP = "prepared.json"
"""Kept in the data folder: what was prepared when all was well."""


def prepare(settings: Settings, console: Console) -> None:
    """Fetch the weights once and index the shipped documents; does nothing a second time.

    Raises SetupError with what to do.
    """
    _check_data_dir(settings)
    pull_weights(settings, console)
    _check_knowledge_dir(settings)
    # Before the reading: a file that changes meanwhile does not fit the stamp.
    documents = _listing(settings.knowledge_dir)
    stamp, state = _stamp(settings), _state(settings, documents)
    if state["index"] and stamp == state:
        return
    damage = _damage(settings)
    if damage:
        console.print(f"{damage} It is being made again.", markup=False)
    # A folder that was moved, or another one in its place, goes on with the same ids.
    before = stamp.get("folder") if isinstance(stamp, dict) else None
    replaces = Path(before) if isinstance(before, str) else None
    report = index([settings.knowledge_dir], settings, console, replaces=replaces)
    _tell(report, console)
    if not report.chunks:
        raise SetupError(
            f"{str(settings.knowledge_dir)!r} holds no document that can be read: put Markdown, "
            "text, HTML or PDF files there, or set HOME_ENERGY_KNOWLEDGE_DIR."
        )
    # Without the stamp every start looks again; that is slower, not wrong.
    with suppress(OSError):
        content = json.dumps(_state(settings, documents))
        (settings.data_dir / STAMP).write_text(content, encoding="utf-8")


def check_model(settings: Settings) -> None:
    """Raise SetupError unless the chat model that the settings name can be built."""
    # Compared before anything is imported: most starts have no model, and need not wait for it.
    if settings.model == "extractive":
        return
    from agents import models
    from home_energy.errors import ModelUnavailable

    provider, _, name = settings.model.partition(":")
    if not (provider and name):
        raise SetupError(
            f"HOME_ENERGY_MODEL cannot be {settings.model!r}: write `extractive`, or "
            "provider:name such as ollama:llama3.2:1b."
        )
    try:
        models.check(settings.model, settings)
    except ModelUnavailable as exc:
        # Providers explain themselves at length; their first line says what is missing.
        raise SetupError(str(exc).splitlines()[0]) from exc


def pull_weights(settings: Settings, console: Console) -> Path:
    """Fetch the embedding weights by hash if they are not there, showing progress.

    Raises ModelFilesError, or SetupError for the data folder, with what to do.
    """
    _make_data_dir(settings)
    try:
        return weights.ready(settings.data_dir)
    except ModelFilesError as exc:
        # A damaged file is worth a word; that a new installation has none is not.
        why = f"{exc} " if weights.folder(settings.data_dir).exists() else ""
        why = why.replace(": run `home-energy models pull`.", ".")
        console.print(f"{why}Fetching the embedding model (87 MB, once) …", markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    tasks: dict[str, TaskID] = {}

    def show(name: str, done: int, total: int) -> None:
        # Started late, since uv shows a bar of its own until the files are there.
        bar.start()
        if name not in tasks:
            tasks[name] = bar.add_task(name, total=total)
        bar.update(tasks[name], completed=done)

    try:
        return weights.pull(settings.data_dir, progress=show)
    finally:
        bar.stop()


def index(
    sources: "Sequence[Source]",
    settings: Settings,
    console: Console,
    *,
    prune: bool = False,
    dry_run: bool = False,
    sitemaps: bool = False,
    allow_private: bool = False,
    replaces: Path | None = None,
) -> "IngestReport":
    """Bring the index up to date with files, folders, patterns and web pages, showing progress.

    With `allow_private`, the hosts that the sources name may be private; no others.
    Raises SetupError when the data folder cannot be written to, IndexBusy when another ingest
    runs.
    """
    from home_energy.knowledge import addresses
    from home_energy.knowledge.embedding import Embedder
    from home_energy.knowledge.fetch import Fetcher
    from home_energy.knowledge.ingest import ingest

    urls = [source for source in map(str, sources) if addresses.is_url(source)]
    private = addresses.origins(urls) if allow_private or settings.ingest_private else ()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        _disk_errors(settings.data_dir),
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        tasks: dict[str, TaskID] = {}

        def show(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase, total=total)
            bar.update(tasks[phase], completed=done, total=total)

        return ingest(
            sources,
            data_dir=settings.data_dir,
            embedder=Embedder.open(settings.data_dir),
            prune=prune,
            dry_run=dry_run,
            sitemaps=sitemaps,
            replaces=replaces,
            fetcher=Fetcher(private=private),
            progress=show,
        )


def _make_data_dir(settings: Settings) -> None:
    with _disk_errors(settings.data_dir):
        # For its owner only: it will hold conversations and keys.
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def _check_data_dir(settings: Settings) -> None:
    """Try to write, as an index that cannot be opened for writing would seem to be damaged."""
    _make_data_dir(settings)
    with _disk_errors(settings.data_dir), tempfile.TemporaryFile(dir=settings.data_dir):
        pass


def _check_knowledge_dir(settings: Settings) -> None:
    if not settings.knowledge_dir.is_dir():
        raise SetupError(
            f"The documents' folder {str(settings.knowledge_dir)!r} does not exist: restore it, "
            "or set HOME_ENERGY_KNOWLEDGE_DIR."
        )


def _damage(settings: Settings) -> str | None:
    """Say why the index that is there cannot be used; None when it can, or there is none."""
    from home_energy.knowledge import probe
    from home_energy.knowledge.embedding import Embedder

    if not versions.pointer(settings.data_dir).exists():
        # Left by a first start that was ended.
        begun = any(path.is_dir() for path in versions.root(settings.data_dir).glob("*"))
        return "The knowledge index was not finished." if begun else None
    try:
        version = versions.current(settings.data_dir)
        versions.check_model(version, model_id=Embedder.model_id)
        probe.ensure(version)
    except IndexUnavailable as exc:
        return str(exc).removesuffix(versions.INGEST).strip()
    return None


def _tell(report: "IngestReport", console: Console) -> None:
    for name, reason in report.skipped:
        console.print(f"Not indexed: {name}: {reason}", markup=False)
    if report.lost:
        names = ", ".join(report.lost)
        console.print(f"Could not be brought back, ingest them again: {names}", markup=False)
    if report.changed:
        console.print(
            f"Indexed {len(report.added)} new, {len(report.updated)} changed and "
            f"{len(report.removed)} removed documents in {report.seconds:.1f} s."
        )


def _stamp(settings: Settings) -> object:
    try:
        return json.loads((settings.data_dir / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _state(settings: Settings, documents: list[list[Any]]) -> dict[str, Any]:
    """Describe everything an index depends on, cheaply enough for every start."""
    return {
        "format": versions.FORMAT,
        "weights": weights.FILES[0].sha256,
        "folder": str(settings.knowledge_dir),
        "documents": documents,
        "index": _whole_version(settings),
    }


def _whole_version(settings: Settings) -> str | None:
    """Return the name of the version that serves; None when it may not be opened as it is."""
    from home_energy.knowledge import probe
    from home_energy.knowledge.embedding import Embedder

    try:
        version = versions.current(settings.data_dir)
        versions.check_model(version, model_id=Embedder.model_id)
    except IndexUnavailable:
        return None
    return version.folder.name if probe.is_known(version) else None


def _listing(folder: Path) -> list[list[Any]]:
    """Return name, size in bytes and time of change of every file below a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        # A file may go while it is looked at.
        with suppress(OSError):
            if path.is_file():
                stat = path.stat()
                name = path.relative_to(folder).as_posix()
                found.append([name, stat.st_size, stat.st_mtime_ns])
    return found


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise SetupError(
            f"{str(exc.filename or folder)!r} cannot be used: {exc.strerror}. "
            "Make the data folder writable, or set HOME_ENERGY_DATA_DIR."
        ) from exc
    except sqlite3.OperationalError as exc:
        raise SetupError(f"The index in {str(folder)!r} cannot be written: {exc}.") from exc
