"""An embedding model that embeds each question anew, as for the first who asks it."""

from home_energy.knowledge.embedding import EmbeddingModel, Vectors


class Forgetful:
    """The embedder without its memory of queries, which would flatter all searches but one."""

    def __init__(self, embedder: EmbeddingModel, model_id: str = "") -> None:
        self._embedder = embedder
        self.model_id = model_id or embedder.model_id
        self.dimensions = embedder.dimensions
        self.max_tokens = embedder.max_tokens
        self.embed = embedder.embed
        self.count_tokens = embedder.count_tokens

    def embed_query(self, text: str) -> Vectors:
        """Return (dimensions,)."""
        vector: Vectors = self._embedder.embed([text])[0]
        return vector
