"""An ingest that is killed, whenever that is, loses nothing and harms nobody."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from home_energy.knowledge import index, probe
from home_energy.knowledge.ingest import ingest
from home_energy.knowledge.search import Knowledge

KILLS = 20
DOCUMENTS = 12
CHANGED = 5
"""Documents that differ in each round, so that each ingest reads, embeds, writes, publishes."""


class Corpus:
    """A folder whose documents change from round to round, and the index made of it."""

    def __init__(self, folder: Path) -> None:
        self.documents = folder / "documents"
        self.documents.mkdir()
        self.data = folder / "data"
        self.texts: dict[str, str] = {}
        self.change(0, range(DOCUMENTS))

    def change(self, number: int, which: range) -> None:
        for one in which:
            name = f"room-{one % DOCUMENTS}"
            self.texts[name] = f"# Room {one % DOCUMENTS}\n\nIt is warm in round {number}.\n"
            (self.documents / f"{name}.md").write_text(self.texts[name], encoding="utf-8")

    def found(self) -> dict[str, str]:
        """Return what the index that serves says, after having searched it."""
        opened = Knowledge.open(self.data, WordEmbedder())
        assert opened.search("how warm is it?", limit=3)
        return {document.id: document.text for document in opened.documents()}


def ingest_slowly(documents: Path, data: Path) -> None:
    ingest([documents], data_dir=data, embedder=WordEmbedder(seconds_a_text=0.01))


def seams(data: Path) -> dict[str, Callable[[], bool]]:
    """Name what can be seen from outside as an ingest goes on, in its order."""
    root = index.root(data)
    before = {path for path in root.iterdir() if path.is_dir()}
    pointed = index.pointer(data).read_text()
    recorded = (root / "sources.json").stat().st_mtime_ns

    def made(name: str) -> bool:
        return any((path / name).exists() for path in set(root.glob("0*")) - before)

    return {
        "begun": lambda: True,
        "folder made": lambda: made(""),
        "database begun": lambda: made("knowledge.sqlite"),
        "vectors begun": lambda: made("chroma/chroma.sqlite3"),
        "opened": lambda: made(probe.RECORD),
        "manifest written": lambda: made("manifest.json"),
        "pointer moved": lambda: index.pointer(data).read_text() != pointed,
        "sources recorded": lambda: (root / "sources.json").stat().st_mtime_ns != recorded,
    }


@pytest.fixture(scope="module", name="server")
def server_fixture() -> multiprocessing.context.ForkServerContext:
    """A process that has imported everything, of which each ingest is a fork."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "langchain_chroma", __name__])
    return context


def killed(
    server: multiprocessing.context.ForkServerContext, corpus: Corpus, seam: str, delay: float
) -> bool:
    """Ingest, kill it so many seconds after a seam, and say whether it was still running."""
    reached = seams(corpus.data)[seam]
    process = server.Process(target=ingest_slowly, args=(corpus.documents, corpus.data))
    process.start()
    while process.is_alive() and not reached():
        time.sleep(0.0005)
    time.sleep(delay)
    process.kill()
    process.join()
    return process.exitcode == -9


@pytest.mark.slow
def test_twenty_kills_leave_the_old_index_serving_and_lose_nothing(
    tmp_path: Path, server: multiprocessing.context.ForkServerContext
) -> None:
    chance = random.Random(20)
    corpus = Corpus(tmp_path)
    ingest_slowly(corpus.documents, corpus.data)
    before, seen = dict(corpus.texts), []
    names = list(seams(corpus.data))
    for number in range(1, KILLS + 1):
        corpus.change(number, range(number, number + CHANGED))
        seam = names[number % len(names)]
        # Reading takes seconds, and what comes after the database a few hundredths of one.
        delay = chance.uniform(0, 2.0) if seam == "begun" else chance.choice((0, 0.01, 0.05))
        in_time = killed(server, corpus, seam, delay)
        found = corpus.found()
        state = "old" if found == before else "new" if found == corpus.texts else "half-made"
        seen.append((seam, round(delay, 2), "killed" if in_time else "too late", state))
        assert state != "half-made", (seen, found)
        assert probe.is_known(index.current(corpus.data)), seen
        with index.ingest_lock(corpus.data):
            pass
        before = found
    in_time = Counter(row[2] for row in seen)["killed"]
    assert in_time >= KILLS // 2, seen
    # Both are seen, so that the kills came before and after the moment of truth.
    assert {row[3] for row in seen if row[2] == "killed"} == {"old", "new"}, seen
    ingest_slowly(corpus.documents, corpus.data)
    assert corpus.found() == corpus.texts, seen
    left = sorted(path.name for path in index.root(corpus.data).iterdir() if path.is_dir())
    assert len(left) <= 2, left
    assert not list(corpus.data.rglob("*.half"))


@pytest.mark.slow
def test_a_first_ingest_that_is_killed_is_finished_by_the_next(
    tmp_path: Path, server: multiprocessing.context.ForkServerContext
) -> None:
    corpus = Corpus(tmp_path)
    index.root(corpus.data).mkdir(parents=True)
    process = server.Process(target=ingest_slowly, args=(corpus.documents, corpus.data))
    process.start()
    while process.is_alive() and not list(index.root(corpus.data).glob("0*/chroma")):
        time.sleep(0.0005)
    process.kill()
    process.join()
    assert process.exitcode == -9
    assert not index.pointer(corpus.data).exists()
    ingest_slowly(corpus.documents, corpus.data)
    assert corpus.found() == corpus.texts
    assert len(list(index.root(corpus.data).glob("0*"))) == 1
