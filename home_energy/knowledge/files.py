"""Which files an ingest reads, below which folder, and why it leaves others out."""

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from home_energy.knowledge import load

NOT_THERE = "does not exist"
_LINK = "is a link to a place outside the folder: give that place itself"


@dataclass(slots=True)
class Files:
    """What was found below some sources."""

    found: list[tuple[Path, Path]] = field(default_factory=list)
    """Each file once, with the folder its id starts from."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Name and reason of each file that is not to be read."""
    links: set[tuple[str, str]] = field(default_factory=set)
    """Folder, and path below it, of the links that lead out of their folder."""
    missing: set[tuple[str, str]] = field(default_factory=set)
    """Folder, and path below it, of what is known to be no more."""
    folders: set[str] = field(default_factory=set)
    """The sources that are folders and hold a document: an empty one may be a lost mount."""
    empty: list[str] = field(default_factory=list)
    """The sources, of any kind, that no document is at."""


def find(sources: Sequence[Path]) -> Files:
    """List the files of these folders, files and patterns; hidden ones are left out."""
    files = Files()
    seen: set[Path] = set()
    for source in sources:
        below, root = _listed(source, files)
        for path in below:
            if path not in seen:
                seen.add(path)
                _sort(path, root, files)
        if not any(_is_document(path) for path in below):
            files.empty.append(printable(str(absolute(source))))
        whole = source.is_dir() or is_pattern(source)
        if whole and any(folder == root for _, folder in files.found):
            files.folders.add(str(root))
    return files


def is_pattern(source: Path) -> bool:
    """Say whether a source is a pattern such as `docs/**/*.md`, not the name of something."""
    return glob.has_magic(str(source)) and not os.path.lexists(source)


def matches(pattern: Path) -> bool:
    """Say whether a pattern stands for any file."""
    root, rest = _split(pattern)
    return any((root / name).is_file() for name in _glob(root, rest))


def absolute(source: Path) -> Path:
    """Return what a source is remembered by."""
    # A link that was named by hand is meant; those found below a folder may not be.
    return source.absolute() if is_pattern(source) else source.resolve()


def is_gone(root: str, name: str) -> bool:
    """Say whether a file is known not to be there; one that cannot be looked at may be."""
    try:
        os.lstat(Path(root) / name)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def printable(name: str) -> str:
    """Return a file name as text that can be encoded."""
    return name.encode(errors="replace").decode()


def _listed(source: Path, files: Files) -> tuple[list[Path], Path]:
    """Return the paths that a source stands for, and the folder that their ids start from."""
    source = absolute(source)
    if is_pattern(source):
        root, rest = _split(source)
        found = [root / name for name in _glob(root, rest)]
        if not any(path.is_file() for path in found):
            files.skipped.append((printable(rest), "matches no file"))
        return _inside(root, found, files), root
    if source.is_dir():
        return _inside(source, source.rglob("*"), files), source
    if os.path.lexists(source):
        return [source], source.parent
    files.skipped.append((printable(source.name), NOT_THERE))
    if _holds_anything(source.parent):
        files.missing.add((str(source.parent), source.name))
    return [], source.parent


def _holds_anything(folder: Path) -> bool:
    """Say whether a folder holds anything: an empty one may be a disk that is not there."""
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _split(pattern: Path) -> tuple[Path, str]:
    """Cut a pattern into the folder that it starts from and the rest."""
    parts = pattern.absolute().parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:first]).resolve(), "/".join(parts[first:])


def _glob(root: Path, rest: str) -> list[str]:
    return glob.glob(rest, root_dir=root, recursive=True)  # noqa: PTH207 - with ** it lists files


def _inside(folder: Path, paths: Iterable[Path], files: Files) -> list[Path]:
    found = []
    for path in sorted(path for path in paths if path.is_file()):
        name = path.relative_to(folder)
        if _hidden(name):
            continue
        target = path.resolve()
        if not target.is_relative_to(folder) or _hidden(target.relative_to(folder)):
            files.links.add((str(folder), name.as_posix()))
            files.skipped.append((printable(name.as_posix()), _LINK))
        else:
            found.append(path)
    return found


def _hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _is_document(path: Path) -> bool:
    return path.suffix.lower() in load.SUFFIXES and path.is_file()


def _sort(path: Path, root: Path, files: Files) -> None:
    if not path.is_file():
        files.skipped.append((printable(path.name), "is not a file"))
    elif path.suffix.lower() not in load.SUFFIXES:
        kind = path.suffix or "no suffix"
        files.skipped.append((printable(path.name), f"cannot read this kind ({kind})"))
    else:
        files.found.append((path, root))
