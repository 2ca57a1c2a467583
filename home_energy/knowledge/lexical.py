"""Search by words: BM25 over SQLite's FTS5."""

import re
import sqlite3
from collections.abc import Sequence
from itertools import accumulate, islice

import numpy as np
from numpy.typing import NDArray

SCHEMA = """
CREATE VIRTUAL TABLE words USING fts5(
    title, heading, body, content='', tokenize='porter unicode61 remove_diacritics 2'
);
"""
"""Keeps the postings only; the row id is the chunk's id in `chunks`."""

_WEIGHTS = (1.0, 1.0, 1.0)
"""Of title, heading and body in BM25."""
_MAX_TERMS = 48
"""Of a query: a pasted page must not cost a hundred posting lists."""
_MAX_POSTINGS = 10_000
"""Scored for a query, rarest words first: about 10 ms; common words change ranks least."""
_WORD = re.compile(r"[^\W_]+")

_STOP_WORDS = """
a about above after again all also am an and any are as at be because been before being below
between both but by can could did do does doing don down during each few for from further get give
had has have having he her here hers him his how i if in into is it its itself just let like me
more most much my no nor not now of off on once only or other our out over own please same she
should so some such t tell than that the their them then there these they this those through to
too under until up us very want was we were what when where which while who whom why will with
would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def terms(query: str) -> list[str]:
    """Return the words to look for, each once; a query of stop words only keeps them."""
    words = list(dict.fromkeys(_WORD.findall(query.lower())))
    return ([word for word in words if word not in STOP_WORDS] or words)[:_MAX_TERMS]


def add(database: sqlite3.Connection, rows: Sequence[tuple[int, str, str, str]]) -> None:
    """Index chunks given as (chunk id, title, heading, body)."""
    database.executemany("INSERT INTO words(rowid, title, heading, body) VALUES (?, ?, ?, ?)", rows)


def search(
    database: sqlite3.Connection,
    query: str,
    limit: int,
    allowed: NDArray[np.bool_] | None = None,
) -> list[tuple[int, float]]:
    """Return (chunk id, BM25 score) of the chunks that share words with `query`, best first.

    Where `allowed` is given, only chunks whose id is true in it are found.
    """
    wanted = _affordable(database, terms(query))
    if not wanted:
        return []
    # Without a limit SQLite sorts all that match; the rows that are not allowed are skipped here.
    rows = database.execute(
        "SELECT rowid, -bm25(words, ?, ?, ?) AS score FROM words WHERE words MATCH ?"
        " ORDER BY score DESC, rowid LIMIT ?",
        (*_WEIGHTS, " OR ".join(map(_quoted, wanted)), limit if allowed is None else -1),
    )
    found = ((int(chunk), float(score)) for chunk, score in rows)
    return list(islice((hit for hit in found if allowed is None or allowed[hit[0]]), limit))


def _affordable(database: sqlite3.Connection, wanted: Sequence[str]) -> list[str]:
    """Return the words that occur, without the most common ones of a large index."""
    count = "SELECT count(*) FROM words WHERE words MATCH ?"
    counts = {word: database.execute(count, (_quoted(word),)).fetchone()[0] for word in wanted}
    rarest = sorted((word for word in wanted if counts[word]), key=counts.__getitem__)
    sums = accumulate(counts[word] for word in rarest)
    return [word for word, total in zip(rarest, sums, strict=True) if total <= _MAX_POSTINGS] or (
        rarest[:1]
    )


def _quoted(word: str) -> str:
    # Quoted, a word is a plain string to FTS5, whatever the user typed.
    return f'"{word}"'
