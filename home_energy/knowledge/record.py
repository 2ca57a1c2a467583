"""What was ever ingested, kept beside the index so that it outlives a damaged one."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from home_energy.knowledge import index

FILE = "sources.json"


@dataclass(slots=True)
class Record:
    """Where the documents came from; empty when nothing was written, or it cannot be read."""

    sources: list[str] = field(default_factory=list)
    """Absolute paths of the files and folders that were given."""
    documents: dict[str, list[str]] = field(default_factory=dict)
    """By id: the ingested folder, and the file's path below it."""

    @classmethod
    def read(cls, data_dir: Path) -> "Record":
        """Return what is remembered."""
        try:
            known = json.loads((index.root(data_dir) / FILE).read_text(encoding="utf-8"))
            return cls(
                [str(source) for source in known["sources"]],
                {str(key): [str(root), str(name)] for key, (root, name) in _items(known)},
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return cls()

    def write(self, data_dir: Path) -> None:
        """Remember this instead, all at once."""
        index.write(index.root(data_dir) / FILE, json.dumps(asdict(self), indent=1))


def _items(known: dict[str, dict[str, list[str]]]) -> Iterable[tuple[str, list[str]]]:
    return known["documents"].items()
