"""What was ever ingested, kept beside the index so that it outlives a damaged one."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from home_energy.knowledge import index

FILE = "sources.json"


@dataclass(frozen=True, slots=True)
class Copy:
    """How to ask a site whether a page is still as it was fetched."""

    etag: str
    """As the site sent it, or empty."""
    last_modified: str
    """As the site sent it, or empty."""
    bytes_sha256: str
    """Of what was fetched then."""


@dataclass(slots=True)
class Record:
    """Where the documents came from; empty when nothing was written, or it cannot be read."""

    sources: list[str] = field(default_factory=list)
    """Absolute paths of the files and folders that were given, patterns, web addresses."""
    documents: dict[str, list[str]] = field(default_factory=dict)
    """By id: the ingested folder, and the file's path below it."""
    pages: dict[str, Copy] = field(default_factory=dict)
    """By address: how to ask for a page again."""

    @classmethod
    def read(cls, data_dir: Path) -> "Record":
        """Return what is remembered."""
        try:
            known = json.loads((index.root(data_dir) / FILE).read_text(encoding="utf-8"))
            return cls(
                [str(source) for source in known["sources"]],
                {str(key): [str(root), str(name)] for key, (root, name) in _items(known)},
                # Earlier releases knew none.
                {str(url): Copy(**_texts(copy)) for url, copy in known.get("pages", {}).items()},
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return cls()

    def write(self, data_dir: Path) -> None:
        """Remember this instead, all at once."""
        index.write(index.root(data_dir) / FILE, json.dumps(asdict(self), indent=1))


def _items(known: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever the file holds
    return known["documents"].items()


def _texts(copy: dict[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in copy.items()}
