"""What is left of the version before: whole, or what can be saved of it."""

from pathlib import Path

import structlog

from home_energy.errors import IndexUnavailable
from home_energy.knowledge import index, probe
from home_energy.knowledge.embedding import EmbeddingModel
from home_energy.knowledge.record import Record
from home_energy.knowledge.rescue import rescue
from home_energy.knowledge.search import Knowledge
from home_energy.knowledge.store import Kept, Store, StoredChunk

log = structlog.get_logger(__name__)


class OldIndex:
    """What is known already: nothing, when there was no index."""

    def __init__(self, data_dir: Path, embedder: EmbeddingModel) -> None:
        self.name = ""
        self.chunks = 0
        self.kept: dict[str, Kept] = {}
        """The documents by id; those that could be rescued, when it does not serve."""
        self.fingerprints: dict[str, str] = {}
        """Of the documents whose chunks and vectors can be taken over."""
        self.serves = False
        """Whether it can be searched as it is."""
        self.record = Record.read(data_dir)
        self._store: Store | None = None
        try:
            self._open(data_dir, embedder)
            Knowledge.open(data_dir, embedder)
            self.serves = True
        except IndexUnavailable as exc:
            if index.readable_folders(data_dir):
                log.warning("index_to_be_rebuilt", reason=str(exc))
            self.kept = rescue(data_dir, self.record)

    def chunks_of(self, document_id: str) -> list[StoredChunk]:
        """Return the document's chunks whose vectors this embedding model made."""
        return self._store.chunks_of(document_id) if self._store else []

    def _open(self, data_dir: Path, embedder: EmbeddingModel) -> None:
        version = index.newest(data_dir)
        if version is None:
            return
        self.name = version.folder.name
        store = Store(version.folder, dimensions=version.manifest.dimensions)
        store.check()
        self.kept = {kept.document.id: kept for kept in store.documents()}
        self.chunks = version.manifest.chunks
        same_model = version.manifest.model_id == embedder.model_id
        # Bytes that changed may be a vector's, which nothing else would tell.
        if same_model and probe.texts_are_whole(version.folder):
            self._store = store
            self.fingerprints = {key: kept.fingerprint for key, kept in self.kept.items()}
