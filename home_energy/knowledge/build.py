"""A new version of the index, out of documents and of what the old version knows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from home_energy.knowledge import index, probe, vectors
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import EmbeddingModel
from home_energy.knowledge.fingerprint import sha256
from home_energy.knowledge.old_index import OldIndex
from home_energy.knowledge.search import Knowledge
from home_energy.knowledge.split import Chunk, split
from home_energy.knowledge.store import FILE, Kept, Store, StoredChunk, Writer

Progress = Callable[[str, int, int], None]
"""Hears what is being done, to how many documents it is done, and of how many."""

_TEXTS_AT_ONCE = 512
"""Enough for the embedding model to sort by length, little enough to hold in memory."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A chunk, and the texts whose vectors it lacks: its own, its heading, its sentences."""

    chunk: StoredChunk
    texts: list[str]


@dataclass(frozen=True, slots=True)
class Built:
    """What went into a version."""

    chunks: int
    embedded: int
    """Of them, those whose vectors were not known yet."""


def build(
    documents: Sequence[Kept],
    *,
    data_dir: Path,
    embedder: EmbeddingModel,
    old: OldIndex,
    progress: Progress | None,
) -> Built:
    """Make a version of these documents and let it serve; the caller holds the ingest lock."""
    folder = index.new_folder(data_dir)
    count = embedded = done = 0
    with Writer(folder) as writer:
        for batch in _batches(documents, old, embedder):
            embedded += sum(bool(draft.texts) for _, drafts in batch for draft in drafts)
            for kept, chunks in _embedded(batch, embedder):
                numbered = [replace(chunk, id=count + i) for i, chunk in enumerate(chunks, start=1)]
                writer.add(kept, numbered)
                count += len(chunks)
            done += len(batch)
            if progress is not None:
                progress("Indexing documents", done, len(documents))
    vectors.write(folder, Store(folder, dimensions=embedder.dimensions).vectors())
    manifest = index.Manifest(
        format=index.FORMAT,
        model_id=embedder.model_id,
        dimensions=embedder.dimensions,
        documents=len(documents),
        chunks=count,
        fingerprint=sha256("".join(kept.fingerprint for kept in documents)),
        database_bytes=(folder / FILE).stat().st_size,
        vector_files=vectors.hashes(folder),
        previous=old.name,
    )
    # Opened once before it serves: what cannot be opened must not replace what can.
    Knowledge(index.Version(folder, manifest), embedder)
    probe.record(folder)
    index.publish(data_dir, folder, manifest)
    return Built(count, embedded)


def _batches(
    documents: Sequence[Kept], old: OldIndex, embedder: EmbeddingModel
) -> Iterator[list[tuple[Kept, list[_Draft]]]]:
    """Yield documents with their chunks, some at a time, so that memory stays bounded."""
    batch: list[tuple[Kept, list[_Draft]]] = []
    waiting = 0
    for kept in documents:
        drafts = _drafts(kept, old, embedder)
        waiting += sum(len(draft.texts) for draft in drafts)
        batch.append((kept, drafts))
        if waiting >= _TEXTS_AT_ONCE:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch


def _drafts(kept: Kept, old: OldIndex, embedder: EmbeddingModel) -> list[_Draft]:
    document = kept.document
    known = old.chunks_of(document.id)
    if known and old.fingerprints.get(document.id) == kept.fingerprint:
        return [_Draft(chunk, []) for chunk in known]
    vectors_of = {chunk.embedded_sha256: chunk for chunk in known}
    return [
        _draft(document, chunk, vectors_of, embedder)
        for chunk in split(document, embedder.count_tokens)
    ]


def _draft(
    document: Document,
    chunk: Chunk,
    known: dict[str, StoredChunk],
    embedder: EmbeddingModel,
) -> _Draft:
    text = document.text[chunk.start : chunk.end]
    texts = [embedded_text(document.title, chunk.heading, text)]
    texts.append(chunk.heading.rpartition(" > ")[2] or document.title)
    texts += [document.text[start:end] for start, end in chunk.sentences]
    embedded_sha256 = sha256("\0".join(texts))
    same = known.get(embedded_sha256)
    none = np.zeros((0, embedder.dimensions), np.float16)
    stored = StoredChunk(
        id=0,
        document_id=document.id,
        start=chunk.start,
        end=chunk.end,
        page=chunk.page,
        heading=chunk.heading,
        text=text,
        embedded_sha256=embedded_sha256,
        vector=same.vector if same else none.astype(np.float32),
        heading_vector=same.heading_vector if same else none,
        sentences=np.array(chunk.sentences, np.int32).reshape(-1, 2),
        sentence_vectors=same.sentence_vectors if same else none,
    )
    return _Draft(stored, [] if same else texts)


def embedded_text(title: str, heading: str, text: str) -> str:
    """Return what is embedded for a chunk: a passage seldom names its own subject."""
    above = " > ".join(dict.fromkeys(part for part in [title, *heading.split(" > ")] if part))
    return f"{above}\n{text}"


def _embedded(
    batch: Sequence[tuple[Kept, list[_Draft]]], embedder: EmbeddingModel
) -> Iterator[tuple[Kept, list[StoredChunk]]]:
    """Yield the documents of a batch, each chunk with its vectors."""
    texts = {text for _, drafts in batch for draft in drafts for text in draft.texts}
    rows = {text: row for row, text in enumerate(sorted(texts))}
    found = embedder.embed(list(rows))
    for kept, drafts in batch:
        chunks = []
        for draft in drafts:
            chunk = draft.chunk
            if draft.texts:
                own = found[[rows[text] for text in draft.texts]]
                chunk = replace(
                    chunk,
                    vector=own[0],
                    heading_vector=own[1].astype(np.float16),
                    sentence_vectors=own[2:].astype(np.float16),
                )
            chunks.append(chunk)
        yield kept, chunks
