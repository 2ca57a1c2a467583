"""Texts as vectors: all-MiniLM-L6-v2 in full precision on the CPU."""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from home_energy.knowledge import weights

_BATCH_TOKENS = 1024
"""Padding included: enough to keep two cores busy, little enough to keep memory low."""
_THREADS = 2
_REMEMBERED_QUERIES = 256

Vectors = NDArray[np.float32]


class EmbeddingModel(Protocol):
    """What search and ingest need of an embedding model; its vectors have length 1."""

    @property
    def model_id(self) -> str:
        """Name and hash; an index made with another id must not be searched."""

    @property
    def dimensions(self) -> int:
        """The length of one vector."""

    @property
    def max_tokens(self) -> int:
        """What is beyond this many tokens of a text has no influence on its vector."""

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Return (len(texts), dimensions); `progress` hears how many texts are done so far."""

    def embed_query(self, text: str) -> Vectors:
        """Return (dimensions,), read-only since it is shared with later callers."""

    def count_tokens(self, text: str) -> int:
        """Return how many of `max_tokens` the text takes, start and end markers included."""


class Embedder:
    """all-MiniLM-L6-v2 for any number of threads; loaded at its first use."""

    model_id = f"{weights.MODEL}@{weights.SHORT_HASH}"
    dimensions = 384
    max_tokens = 256

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._loading = threading.Lock()
        self._loaded_tokenizer: Any = None
        self._loaded_session: Any = None
        self._remembered = lru_cache(_REMEMBERED_QUERIES)(self._embed_one)

    @classmethod
    def open(cls, data_dir: Path) -> Self:
        """Return the embedder of the weights in `data_dir`.

        Raises ModelFilesError when they are missing or damaged.
        """
        weights.ready(data_dir)
        return cls(data_dir)

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Return float32 (len(texts), 384); a text's vector does not depend on the others."""
        tokens = [self._tokenise(text) for text in texts]
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        done = 0
        for batch in _batches([len(ids) for ids in tokens]):
            vectors[batch] = self._run([tokens[index] for index in batch])
            done += len(batch)
            if progress is not None:
                progress(done)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Return float32 (384,), read-only; the latest queries' vectors are remembered."""
        return self._remembered(text)

    def count_tokens(self, text: str) -> int:
        """Return how many of `max_tokens` the text takes, start and end markers included."""
        return len(self._encode(text))

    def _embed_one(self, text: str) -> Vectors:
        vector: Vectors = self.embed([text])[0]
        vector.setflags(write=False)
        return vector

    def _tokenise(self, text: str) -> list[int]:
        ids = self._encode(text)
        if len(ids) > self.max_tokens:
            ids[self.max_tokens - 1 :] = ids[-1:]
        return ids

    def _encode(self, text: str) -> list[int]:
        # Half a surrogate pair is legal in JSON and in str, but not in what the tokenizer takes.
        sound = text.encode(errors="replace").decode()
        ids: list[int] = self._tokenizer().encode(sound).ids
        return ids

    def _run(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros(ids.shape, dtype=np.float32)
        for row, known in enumerate(tokens):
            ids[row, : len(known)] = known
            mask[row, : len(known)] = 1
        (vectors,) = self._session().run(None, {"ids": ids, "mask": mask})
        result: Vectors = vectors
        return result

    def _tokenizer(self) -> Any:  # noqa: ANN401 - the library has no types
        if self._loaded_tokenizer is None:
            with self._loading:
                if self._loaded_tokenizer is None:
                    self._loaded_tokenizer = _load_tokenizer(weights.ready(self._data_dir))
        return self._loaded_tokenizer

    def _session(self) -> Any:  # noqa: ANN401 - the library has no types
        if self._loaded_session is None:
            with self._loading:
                if self._loaded_session is None:
                    self._loaded_session = _load_session(self._data_dir)
        return self._loaded_session


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield indices, longest texts first, so that little is padded and memory peaks at once."""
    batch: list[int] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * longest > _BATCH_TOKENS:
            yield batch
            batch = []
        longest = longest if batch else lengths[index]
        batch.append(index)
    if batch:
        yield batch


def _load_tokenizer(folder: Path) -> Any:  # noqa: ANN401 - the library has no types
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str((folder / weights.TOKENIZER_FILE).read_text(encoding="utf-8"))
    # The file asks for 128 tokens, always; the model was published to be used with 256.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _load_session(data_dir: Path) -> Any:  # noqa: ANN401 - the library has no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.log_severity_level = 3
    # Idle threads would otherwise burn the server's cores while they wait for the next batch.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(weights.folder(data_dir))
    )
    return onnxruntime.InferenceSession(
        weights.graph(data_dir), options, providers=["CPUExecutionProvider"]
    )
