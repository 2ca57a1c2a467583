"""Which files an ingest reads, below which folder, and why it leaves others out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from home_energy.knowledge import load

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
    folders: set[str] = field(default_factory=set)
    """The sources that are folders and hold a document: an empty one may be a lost mount."""


def find(sources: Sequence[Path]) -> Files:
    """List the files of these sources; hidden ones are left out."""
    files = Files()
    seen: set[Path] = set()
    for source in sources:
        # A link that was named by hand is meant; those found below a folder may not be.
        source = source.resolve()
        if source.is_dir():
            below, root = _below(source, files), source
        elif source.exists():
            below, root = [source], source.parent
        else:
            files.skipped.append((printable(source.name), "does not exist"))
            continue
        for path in below:
            if path not in seen:
                seen.add(path)
                _sort(path, root, files)
        if any(folder == source for _, folder in files.found):
            files.folders.add(str(source))
    return files


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


def _below(folder: Path, files: Files) -> list[Path]:
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
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


def _sort(path: Path, root: Path, files: Files) -> None:
    if not path.is_file():
        files.skipped.append((printable(path.name), "is not a file"))
    elif path.suffix.lower() not in load.SUFFIXES:
        kind = path.suffix or "no suffix"
        files.skipped.append((printable(path.name), f"cannot read this kind ({kind})"))
    else:
        files.found.append((path, root))
