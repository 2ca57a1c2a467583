"""The passages that filters let through, found once for each version of the index."""

from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from home_energy.knowledge.filters import Filters
from home_energy.knowledge.store import Store
from home_energy.knowledge.vectors import VectorSearch

Vectors = NDArray[np.float32]

_FEW = 20_000
"""Up to so many vectors are compared one by one: exact, and 31 MB for as long as remembered."""
_REMEMBERED = 3
"""Filters whose passages are remembered."""
_SPARE = 2.0
"""How many times the passages that should suffice are taken from the whole index."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one set of filters lets through."""

    mask: NDArray[np.bool_]
    """By chunk id."""
    ids: NDArray[np.int64]
    vectors: Vectors | None
    """In the order of `ids`; None where there are too many to compare them all."""

    def nearest(
        self, vector: Vectors, limit: int, everything: VectorSearch
    ) -> list[tuple[int, float]]:
        """Return (chunk id, cosine) of the nearest chunks among them, best first."""
        if self.vectors is not None:
            return self._exact(vector, limit)
        found: list[tuple[int, float]] = []
        size = len(self.mask) - 1
        wanted = int(_SPARE * limit * size / len(self.ids))
        # Twice at most: what is far from everything allowed is not worth reading it all.
        for count in (wanted, 4 * wanted):
            hits = everything.search(vector, min(count, size))
            found = [hit for hit in hits if self.mask[hit[0]]][:limit]
            if len(found) == limit:
                break
        return found

    def _exact(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        assert self.vectors is not None
        cosines = np.vecdot(self.vectors, vector)
        best = np.argsort(-cosines, kind="stable")[:limit]
        return [(int(self.ids[row]), float(cosines[row])) for row in best]


class Filtering:
    """Finds out what filters let through, and remembers it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[Filters, Allowed] = {}
        self._finding = Lock()

    def allowed(self, filters: Filters) -> Allowed:
        """Return what the filters let through."""
        with self._finding:
            found = self._known.pop(filters, None) or self._find(filters)
            self._known[filters] = found
            while len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
            return found

    def _find(self, filters: Filters) -> Allowed:
        documents = self._store.all_headers()
        wanted = {key for key, header in documents.items() if filters.allow(key, header)}
        chunks = self._store.chunk_ids()
        ids = np.array(sorted(chunk for chunk, key in chunks if key in wanted), np.int64)
        mask = np.zeros(max((chunk for chunk, _ in chunks), default=0) + 1, np.bool_)
        mask[ids] = True
        vectors = self._store.vectors_of(ids.tolist()) if len(ids) <= _FEW else None
        return Allowed(mask, ids, vectors)
