"""Documents in, passages out: ingestion and retrieval."""
