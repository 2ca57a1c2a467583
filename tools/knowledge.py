"""The documents, as agents and models may ask them."""

from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Literal

from langchain_core.tools import tool

from home_energy.knowledge.embedding import Embedder
from home_energy.knowledge.filters import Filters
from home_energy.knowledge.search import Knowledge, KnowledgeHandle
from home_energy.settings import get_settings

# Two threads that ask first at once must not load the model twice.
_opening = Lock()


@lru_cache(maxsize=1)
def _embedder() -> Embedder:
    return Embedder.open(get_settings().data_dir)


@lru_cache(maxsize=1)
def _handle() -> KnowledgeHandle:
    return KnowledgeHandle(get_settings().data_dir, _embedder())


def embedder() -> Embedder:
    """Return the process's embedding model. Blocks while it loads: call it in a thread."""
    with _opening:
        return _embedder()


def knowledge() -> Knowledge:
    """Return the newest index. Blocks while it opens: call it in a thread."""
    with _opening:
        handle = _handle()
    return handle.get()


def forget() -> None:
    """Drop the process's handles, so that changed settings take effect."""
    _handle.cache_clear()
    _embedder.cache_clear()


@tool
def search_knowledge(
    query: str,
    passages: int = 6,
    region: Literal["uk", "us", "eu", "general"] | None = None,
    as_of: date | None = None,
    source: str | None = None,
) -> list[dict[str, str]]:
    """Search the documents on saving energy at home.

    Give a full question or a few keywords. Returns passages with their title, source and text;
    quote them word for word and name the source. Optional: `region` leaves out documents that
    hold in other regions only, `as_of` (YYYY-MM-DD) those older than that day, `source` all but
    those from a website (`gov.uk`) or whose name begins like that.
    """
    filters = Filters(region=region, as_of=as_of, source=source)
    found = knowledge().search(query, limit=passages, filters=filters)
    return [
        {"id": p.id, "title": p.title, "source": p.source, "text": p.text, "as_of": p.as_of or ""}
        for p in found
    ]
