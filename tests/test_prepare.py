"""What a start prepares: nothing twice, and whatever is damaged anew."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from installation import Installation, installed_fixture, prepared_fixture  # noqa: F401

from home_energy.errors import IndexBusy, SetupError
from home_energy.knowledge.embedding import Embedder
from home_energy.knowledge.ingest import ingest
from home_energy.knowledge.search import Knowledge
from home_energy.knowledge.store import Store
from home_energy.settings import Settings
from server.prepare import check_model


def search(installation: Installation, query: str) -> list[str]:
    opened = Knowledge.open(installation.data, Embedder.open(installation.data))
    return [passage.document_id for passage in opened.search(query)]


def with_own_documents(installation: Installation, folder: Path) -> Installation:
    shutil.copytree(installation.documents, folder)
    return Installation(installation.data, folder)


def test_the_first_start_says_what_it_indexed(installed: Installation) -> None:
    shutil.rmtree(installed.data / "index")
    assert installed.prepare().startswith("Indexed 3 new, 0 changed and 0 removed documents in ")


def test_a_second_start_neither_says_nor_indexes_anything(installed: Installation) -> None:
    before = installed.version()
    # Whoever ingests needs the lock, so a start that gets by without it does not ingest.
    with (installed.data / "index" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert installed.prepare() == ""
    assert installed.version() == before


def test_a_search_in_between_does_not_make_the_next_start_index(installed: Installation) -> None:
    assert "loft-insulation" in search(installed, "loft")
    with (installed.data / "index" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert installed.prepare() == ""


def test_a_changed_document_is_indexed_at_the_next_start(
    installed: Installation, tmp_path: Path
) -> None:
    own = with_own_documents(installed, tmp_path / "own")
    own.prepare()
    (own.documents / "led-bulbs.md").write_text("# LEDs\n\nLEDs last 15 years.\n", encoding="utf-8")
    (own.documents / "draughts.md").write_text("# Draughts\n\nSeal gaps.\n", encoding="utf-8")
    assert own.prepare().startswith("Indexed 1 new, 1 changed and 0 removed documents")
    assert own.prepare() == ""


def test_a_file_that_cannot_be_read_is_named(installed: Installation, tmp_path: Path) -> None:
    own = with_own_documents(installed, tmp_path / "own")
    (own.documents / "scan.pdf").write_bytes(b"%PDF-1.7 torn")
    assert "Not indexed: scan.pdf: " in own.prepare()


def test_two_starts_at_once_do_not_both_index(installed: Installation, tmp_path: Path) -> None:
    own = with_own_documents(installed, tmp_path / "own")
    with (installed.data / "index" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(IndexBusy, match="wait until it ends"):
            own.prepare()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def half_written(version: Path) -> None:
    (version / "manifest.json").unlink()


def another_release(version: Path) -> None:
    manifest = json.loads((version / "manifest.json").read_text())
    (version / "manifest.json").write_text(json.dumps({**manifest, "format": 1}))


def another_model(version: Path) -> None:
    manifest = json.loads((version / "manifest.json").read_text())
    (version / "manifest.json").write_text(json.dumps({**manifest, "model_id": "other@1"}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda version: truncate(version / "knowledge.sqlite"), "is damaged"),
        (lambda version: (version / "knowledge.sqlite").unlink(), "is damaged"),
        (lambda version: shutil.rmtree(version / "chroma"), "is damaged"),
        (lambda version: truncate(version / "chroma" / "chroma.sqlite3"), "is damaged"),
        (half_written, "is damaged"),
        (lambda version: shutil.rmtree(version), "is damaged"),
        (lambda version: (version.parent / "current").write_text("nothing"), "is damaged"),
        (another_release, "is of another release"),
        (another_model, "was made with 'other@1'"),
    ],
    ids=[
        "database truncated", "database gone", "vectors gone", "vectors truncated",
        "half-written", "version gone", "pointer to nothing", "another release", "another model",
    ],
)  # fmt: skip
def test_an_unusable_index_is_made_again_and_said_so_in_one_line(
    installed: Installation, damage: Callable[[Path], object], reason: str
) -> None:
    damage(installed.version())
    said = [line for line in installed.prepare().splitlines() if not line.startswith("Indexed")]
    assert len(said) == 1
    assert reason in said[0]
    assert said[0].endswith("It is being made again.")
    assert "loft-insulation" in search(installed, "loft")
    assert installed.prepare() == ""


def flip(path: Path, sought: bytes) -> None:
    """Change bytes as a worn disk does: the file's size and time stay."""
    stat, data = path.stat(), path.read_bytes()
    assert sought in data
    path.write_bytes(data.replace(sought, bytes(byte ^ 1 for byte in sought)))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def flip_vector(version: Path, file: str) -> None:
    store = Store(version, dimensions=Embedder.dimensions)
    _, vectors = next(store.vectors())
    flip(version / file, vectors[0].tobytes()[:64])


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        lambda version: truncate(version / "knowledge.sqlite"),
        lambda version: flip(version / "knowledge.sqlite", b"My night rate is 9p."),
        lambda version: flip_vector(version, "knowledge.sqlite"),
        lambda version: (version / "knowledge.sqlite").unlink(),
        lambda version: truncate(version / "chroma" / "chroma.sqlite3"),
        lambda version: flip_vector(version, "chroma/chroma.sqlite3"),
        lambda version: (version / "chroma" / "chroma.sqlite3").unlink(),
        lambda version: empty(version / "chroma"),
        empty,
        lambda version: (version.parent / "current").write_bytes(b"\xff\xfe../garbage"),
        lambda version: (version.parent / "current").write_bytes(b""),
        another_model,
        another_release,
    ],
    ids=[
        "database truncated", "text flipped", "stored vector flipped", "database gone",
        "vectors truncated", "vector flipped", "vectors gone", "vectors' folder empty",
        "version's folder empty", "pointer garbled", "pointer empty", "other model",
        "other release",
    ],
)  # fmt: skip
def test_a_start_rebuilds_from_stored_text_when_the_files_are_gone(
    installed: Installation, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    own = with_own_documents(installed, tmp_path / "shipped")
    own.prepare()
    mine = ingest_own(installed, tmp_path / "mine")
    # The version before the damaged one knows the text too.
    (own.documents / "draughts.md").write_text("# Draughts\n\nSeal gaps.\n", encoding="utf-8")
    own.prepare()
    shutil.rmtree(mine)
    before = found(installed)
    damage(installed.version())
    assert "Could not be brought back" not in own.prepare()
    assert found(installed) == before
    assert own.prepare() == ""


def found(installation: Installation) -> dict[str, object]:
    """Return every document's text, and a search's passages with their scores."""
    opened = Knowledge.open(installation.data, Embedder.open(installation.data))
    documents = {document.id: document.text for document in opened.documents()}
    passages = opened.search("What is my night rate?", limit=10)
    return {**documents, "passages": [(p.id, round(p.score, 3)) for p in passages]}


def ingest_own(installed: Installation, folder: Path) -> Path:
    folder.mkdir()
    (folder / "tariff.md").write_text("# Tariff\n\nMy night rate is 9p.\n", encoding="utf-8")
    ingest([folder], data_dir=installed.data, embedder=Embedder.open(installed.data))
    return folder


def unreadable(installed: Installation) -> None:
    for database in (installed.data / "index").glob("*/knowledge.sqlite"):
        database.write_bytes(b"")


def test_a_rebuild_brings_back_what_a_user_ingested(
    installed: Installation, tmp_path: Path
) -> None:
    ingest_own(installed, tmp_path / "own")
    unreadable(installed)
    assert "Could not" not in installed.prepare()
    assert "tariff" in search(installed, "night rate")
    assert installed.prepare() == ""


def test_what_a_rebuild_cannot_bring_back_is_named_in_one_line(
    installed: Installation, tmp_path: Path
) -> None:
    shutil.rmtree(ingest_own(installed, tmp_path / "own"))
    unreadable(installed)
    said = installed.prepare().splitlines()
    assert "Could not be brought back, ingest them again: tariff" in said
    assert installed.prepare() == ""


def test_a_deleted_document_is_gone_at_the_next_start(
    installed: Installation, tmp_path: Path
) -> None:
    own = with_own_documents(installed, tmp_path / "own")
    own.prepare()
    ingest_own(installed, tmp_path / "mine")
    (own.documents / "led-bulbs.md").unlink()
    assert own.prepare().startswith("Indexed 0 new, 0 changed and 1 removed documents")
    assert "led-bulbs" not in search(installed, "LED bulbs")
    assert "tariff" in search(installed, "night rate")


def test_a_shipped_document_does_not_replace_a_users(
    installed: Installation, tmp_path: Path
) -> None:
    own = with_own_documents(installed, tmp_path / "own")
    own.prepare()
    mine = ingest_own(installed, tmp_path / "mine")
    (own.documents / "tariff.md").write_text("# Tariff\n\nThe rate is 30p.\n", encoding="utf-8")
    assert f"Not indexed: tariff.md: its id 'tariff' is that of {mine}/tariff.md" in own.prepare()
    opened = Knowledge.open(installed.data, Embedder.open(installed.data))
    kept = opened.document("tariff")
    assert kept is not None
    assert "9p" in kept.text


def test_a_first_start_that_was_ended_is_finished_by_the_next(installed: Installation) -> None:
    half_written(installed.version())
    (installed.data / "index" / "current").unlink()
    assert "The knowledge index was not finished. It is being made again." in installed.prepare()
    assert "loft-insulation" in search(installed, "loft")


def test_a_damaged_stamp_costs_time_only(installed: Installation) -> None:
    before = installed.version()
    (installed.data / "prepared.json").write_bytes(b"\xff{")
    assert installed.prepare() == ""
    assert installed.version() == before


def test_a_missing_knowledge_folder_is_named(installed: Installation, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"nowhere.*HOME_ENERGY_KNOWLEDGE_DIR"):
        Installation(installed.data, tmp_path / "nowhere").prepare()


def test_an_empty_knowledge_folder_is_named(installed: Installation, tmp_path: Path) -> None:
    shutil.rmtree(installed.data / "index")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SetupError, match="holds no document that can be read"):
        Installation(installed.data, tmp_path / "empty").prepare()


def test_a_data_folder_that_is_a_file_is_named(installed: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"file.*HOME_ENERGY_DATA_DIR"):
        Installation(tmp_path / "file", installed.documents).prepare()


def test_an_index_that_cannot_be_written_is_named(installed: Installation) -> None:
    shutil.rmtree(installed.data / "index")
    (installed.data / "index").write_text("")
    with pytest.raises(SetupError, match=r"index.*cannot be used.*HOME_ENERGY_DATA_DIR"):
        installed.prepare()


@pytest.mark.parametrize("name", ["gpt", "openai:", ":gpt-4o", "nobody:anything"])
def test_a_model_that_cannot_be_built_is_named(name: str) -> None:
    with pytest.raises(SetupError) as raised:
        check_model(Settings(_env_file=None, model=name))  # type: ignore[call-arg]
    assert repr(name) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_model_without_its_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SetupError, match="OPENAI_API_KEY"):
        check_model(Settings(_env_file=None, model="openai:gpt-4o"))  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["extractive", "ollama:llama3.2:1b"])
def test_a_model_that_can_be_built_passes(name: str) -> None:
    check_model(Settings(_env_file=None, model=name))  # type: ignore[call-arg]
