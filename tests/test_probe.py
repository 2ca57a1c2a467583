"""What is opened: only what another process opened without harm, as it was then."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from word_embedder import WordEmbedder

from home_energy.errors import IndexUnavailable
from home_energy.knowledge import index, probe
from home_energy.knowledge.documents import Document
from home_energy.knowledge.ingest import ingest_documents
from home_energy.knowledge.search import Knowledge
from home_energy.knowledge.store import Store

AT_ONCE = 0.001
"""A deadline that no other process meets."""


def build(data_dir: Path, sections: int = 3) -> index.Version:
    text = "\n\n".join(f"# Part {n}\n\nRoom {n} is warm." for n in range(sections))
    documents = [Document(id="rooms", title="Rooms", text=text, source="rooms.md")]
    ingest_documents(documents, data_dir=data_dir, embedder=WordEmbedder())
    return index.current(data_dir)


@pytest.fixture(scope="module", name="built")
def built_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("built")
    build(data_dir)
    return data_dir


@pytest.fixture
def version(built: Path, tmp_path: Path) -> index.Version:
    shutil.copytree(built, tmp_path / "data")
    return index.current(tmp_path / "data")


def flip(path: Path, sought: bytes) -> None:
    data = path.read_bytes()
    assert sought in data
    path.write_bytes(data.replace(sought, bytes(byte ^ 1 for byte in sought)))


def forget(version: index.Version) -> None:
    (version.folder / probe.RECORD).unlink()


def test_what_an_ingest_opened_is_not_tried_again(version: index.Version) -> None:
    probe.ensure(version, deadline=AT_ONCE)
    assert probe.is_known(version)


def test_what_no_record_tells_of_is_tried_once(version: index.Version) -> None:
    forget(version)
    assert not probe.is_known(version)
    probe.ensure(version)
    probe.ensure(version, deadline=AT_ONCE)


def test_opening_and_searching_changes_nothing_that_counts(version: index.Version) -> None:
    program = (
        "import sys; from pathlib import Path; from word_embedder import WordEmbedder\n"
        "from home_energy.knowledge.search import Knowledge\n"
        "assert Knowledge.open(Path(sys.argv[1]), WordEmbedder()).search('warm room')"
    )
    command = [sys.executable, "-c", program, str(version.folder.parent.parent)]
    for _ in range(2):
        subprocess.run(command, check=True, cwd=Path(__file__).parent)
        assert probe.is_known(version)


@pytest.mark.parametrize("content", ["", '{"files": 3}'])
def test_a_damaged_record_costs_a_trial_only(version: index.Version, content: str) -> None:
    (version.folder / probe.RECORD).write_text(content)
    probe.ensure(version)
    assert probe.is_known(version)


def test_another_chroma_tries_the_version_anew(version: index.Version) -> None:
    record = version.folder / probe.RECORD
    record.write_text(json.dumps({**json.loads(record.read_text()), "chroma": "0.1"}))
    with pytest.raises(IndexUnavailable):
        probe.ensure(version, deadline=AT_ONCE)
    probe.ensure(version)
    assert probe.is_known(version)


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    ("name", "sought"),
    [
        ("knowledge.sqlite", b"Room 2 is warm."),
        ("chroma/chroma.sqlite3", b"SQLite format 3"),
        ("knowledge.sqlite", b"SQLite format 3"),
    ],
)
def test_flipped_bytes_are_found(
    version: index.Version, name: str, sought: bytes, recorded: bool
) -> None:
    if not recorded:
        forget(version)
    flip(version.folder / name, sought)
    assert not probe.is_known(version)
    with pytest.raises(IndexUnavailable, match="is damaged"):
        probe.ensure(version)


def test_a_flipped_vector_is_found(version: index.Version) -> None:
    _, vectors = next(Store(version.folder, dimensions=WordEmbedder.dimensions).vectors())
    flip(version.folder / "chroma/chroma.sqlite3", vectors[0].tobytes()[:16])
    with pytest.raises(IndexUnavailable, match="is damaged"):
        probe.ensure(version)


@pytest.mark.parametrize("name", ["knowledge.sqlite", "chroma/chroma.sqlite3", "chroma"])
def test_a_part_that_is_gone_is_found(version: index.Version, name: str) -> None:
    gone = version.folder / name
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with pytest.raises(IndexUnavailable, match="is damaged"):
        probe.ensure(version)


def test_a_trial_that_hangs_is_ended(version: index.Version) -> None:
    forget(version)
    started = time.monotonic()
    with pytest.raises(IndexUnavailable, match="is damaged"):
        probe.ensure(version, deadline=0.2)
    assert time.monotonic() - started < 10


@pytest.mark.slow
@pytest.mark.parametrize("name", ["header.bin", "data_level0.bin", "link_lists.bin"])
def test_a_vector_graph_that_could_end_the_process_is_opened_by_another(
    tmp_path: Path, name: str
) -> None:
    version = build(tmp_path, sections=1_100)
    forget(version)
    (graph,) = version.folder.glob(f"chroma/*/{name}")
    graph.write_bytes(bytes(byte ^ 0xFF for byte in graph.read_bytes()))
    with pytest.raises(IndexUnavailable, match="is damaged"):
        Knowledge.open(tmp_path, WordEmbedder())
