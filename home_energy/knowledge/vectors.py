"""Search by meaning: chunk vectors in an embedded Chroma, through langchain-chroma."""

import hashlib
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from home_energy.errors import IndexUnavailable
from home_energy.knowledge import index

# Chroma takes a second to import, which a start that opens no index need not wait for.
if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from langchain_chroma import Chroma

FOLDER = "chroma"
_COLLECTION = "chunks"
_BATCH = 2_000
# As many candidates as a search takes are looked at twice over, at no cost that shows.
_HNSW: "CreateHNSWConfiguration" = {
    "space": "cosine",
    "ef_construction": 128,
    "ef_search": 128,
    "max_neighbors": 16,
}

_MAPPING = "index_metadata.pickle"

# Chroma shares one system between all clients of a folder, and does not guard the sharing.
# Re-entrant, since a client may be let go of wherever the garbage collector runs.
_sharing = threading.RLock()

Vectors = NDArray[np.float32]


class _Ready:
    """Hands Chroma vectors that exist already; langchain-chroma only takes texts."""

    def __init__(self, vectors: Vectors | None = None) -> None:
        self.vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        assert self.vectors is not None
        assert len(texts) == len(self.vectors)
        return self.vectors.tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        """Refuse: langchain's interface wants the method, and searches here bring their vector."""
        raise TypeError("queries come as vectors")


def write(folder: Path, batches: Iterator[tuple[list[int], Vectors]]) -> None:
    """Make a new Chroma below `folder` from (chunk ids, vectors)."""
    client = _client(folder)
    try:
        ready = _Ready()
        store = _chroma(ready, client, create=True)
        for ids, ready.vectors in batches:
            names = [str(chunk) for chunk in ids]
            # The id stands in for the text, which SQLite keeps: Chroma would index it again.
            store.add_texts(names, ids=names)
    finally:
        _close(client)


def hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file of the vector graph: Chroma reads damaged ones, or crashes.

    Few vectors are kept in Chroma's database only; the graph's files mean nothing then.
    """
    found = {}
    for mapping in (folder / FOLDER).glob(f"*/{_MAPPING}"):
        for path in mapping.parent.iterdir():
            with path.open("rb") as file:
                name = path.relative_to(folder).as_posix()
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


class VectorSearch:
    """A Chroma opened for reading; closed when the last user lets go of it."""

    def __init__(self, folder: Path, *, expected: int) -> None:
        """Open the Chroma below `folder`; raises IndexUnavailable unless it holds `expected`."""
        from chromadb.errors import ChromaError

        try:
            client = _client(folder)
            weakref.finalize(self, _close, client)
            self._store = _chroma(_Ready(), client, create=False)
            found = client.get_collection(_COLLECTION).count()
        # An AttributeError is how Chroma fails to clean up after it failed to start.
        except (ChromaError, ValueError, OSError, AttributeError) as exc:
            raise IndexUnavailable(index.DAMAGED) from exc
        if found != expected:
            raise IndexUnavailable(index.DAMAGED)

    def search(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """Return (chunk id, cosine) of the nearest chunks, best first."""
        hits = self._store.similarity_search_by_vector_with_relevance_scores(
            vector.tolist(), k=limit
        )
        return [(int(hit.page_content), 1.0 - distance) for hit, distance in hits]


def _chroma(ready: _Ready, client: "Client", *, create: bool) -> "Chroma":
    from langchain_chroma import Chroma

    return Chroma(
        _COLLECTION,
        # It has the two methods that are called; the base class would have to be imported.
        ready,  # type: ignore[arg-type]
        client=client,
        collection_configuration={"hnsw": _HNSW} if create else None,
        create_collection_if_not_exists=create,
    )


def _client(folder: Path) -> "Client":
    import chromadb
    from chromadb.api.client import Client
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    with _sharing:
        client = chromadb.PersistentClient(path=str(folder / FOLDER), settings=settings)
    assert isinstance(client, Client)
    return client


def _close(client: "Client") -> None:
    with _sharing:
        client.close()
