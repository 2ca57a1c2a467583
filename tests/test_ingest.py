import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from home_energy.errors import BadInput, IndexBusy, IndexUnavailable
from home_energy.knowledge import index
from home_energy.knowledge.ingest import ingest
from home_energy.knowledge.search import Knowledge

LOFT = "# Loft\n\n## Depth\n\nLoft insulation should be 270 mm deep.\n\n## Cost\n\nIt costs £500.\n"
LAMP = "# Lamps\n\nAn LED lamp of 9 W replaces a bulb of 60 W.\n"


class Household:
    """A folder of documents and the index made of it."""

    def __init__(self, folder, embedder) -> None:
        self.documents = folder / "documents"
        self.documents.mkdir()
        self.data = folder / "data"
        self.embedder = embedder

    def write(self, name: str, text: str) -> None:
        path = self.documents / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def ingest(self, **options):
        return ingest([self.documents], data_dir=self.data, embedder=self.embedder, **options)

    def open(self) -> Knowledge:
        return Knowledge.open(self.data, self.embedder)

    def first(self, question: str) -> str:
        return self.open().search(question)[0].document_id


@pytest.fixture
def household(tmp_path, embedder):
    return Household(tmp_path, embedder)


def test_documents_are_found_after_an_ingest(household):
    household.write("heat/loft.md", LOFT)
    household.write("lamps.txt", LAMP)
    seen = []
    report = household.ingest(progress=lambda *done: seen.append(done))
    assert report.added == ["heat/loft", "lamps"]
    assert report.chunks == report.embedded == 3
    assert ("Reading documents", 2, 2) in seen
    assert seen[-1] == ("Indexing documents", 2, 2)
    assert household.first("how deep is loft insulation?") == "heat/loft"
    assert household.first("which LED replaces 60 W?") == "lamps"


def test_an_unchanged_corpus_makes_no_new_version(household):
    household.write("loft.md", LOFT)
    household.ingest()
    version = household.open().version
    report = household.ingest()
    assert report.unchanged == ["loft"]
    assert (report.changed, report.embedded, report.chunks) == (False, 0, 2)
    assert household.open().version == version


def test_one_changed_paragraph_embeds_its_chunk_only(household):
    household.write("loft.md", LOFT)
    household.write("lamps.md", LAMP)
    household.ingest()
    before = household.open().fingerprint
    household.write("loft.md", LOFT.replace("£500", "£600"))
    report = household.ingest()
    assert (report.updated, report.unchanged) == (["loft"], ["lamps"])
    assert (report.chunks, report.embedded) == (3, 1)
    assert "£600" in household.open().search("what does a loft cost?")[0].text
    assert household.open().fingerprint != before


def test_copied_vectors_equal_fresh_ones(household, tmp_path, embedder):
    household.write("loft.md", LOFT)
    household.ingest()
    household.write("loft.md", "Intro comes first.\n\n" + LOFT)
    household.ingest()
    fresh = tmp_path / "fresh"
    ingest([household.documents], data_dir=fresh, embedder=embedder)
    ours, theirs = household.open(), Knowledge.open(fresh, embedder)
    for copied, embedded in zip(ours.search("deep"), theirs.search("deep"), strict=True):
        assert copied.id == embedded.id
        assert copied.score == pytest.approx(embedded.score, abs=1e-5)
    assert ours.fingerprint == theirs.fingerprint


def test_changed_metadata_alone_updates_a_document(household):
    household.write("loft.md", LOFT)
    household.ingest()
    household.write("loft.md", f"---\nregion: uk\nas_of: 2026-01-31\n---\n{LOFT}")
    assert household.ingest().updated == ["loft"]
    found = household.open().search("loft")[0]
    assert (found.region, found.as_of) == ("uk", "2026-01-31")


def test_a_document_goes_with_its_file(household):
    household.write("loft.md", LOFT)
    household.write("lamps.md", LAMP)
    household.ingest()
    (household.documents / "lamps.md").unlink()
    assert household.ingest().removed == ["lamps"]
    assert household.open().document("lamps") is None
    assert {p.document_id for p in household.open().search("LED lamp of 9 W")} == {"loft"}


def test_a_folder_that_is_suddenly_empty_loses_nothing(household):
    household.write("loft.md", LOFT)
    household.ingest()
    (household.documents / "loft.md").unlink()
    report = household.ingest()
    assert report.removed == []
    told = "holds no document: what was indexed from it stays"
    assert report.notices == [(str(household.documents), told)]
    assert household.open().document("loft") is not None


class TestTwoFolders:
    """The shipped documents, and a user's own beside them."""

    @pytest.fixture
    def own(self, tmp_path):
        folder = tmp_path / "own"
        folder.mkdir()
        (folder / "tariff.md").write_text("# Tariff\n\nMy night rate is 9p.\n")
        return folder

    @pytest.fixture
    def both(self, household, own):
        household.write("loft.md", LOFT)
        household.ingest()
        assert self.ingest_own(household, own).added == ["tariff"]
        return household

    def ingest_own(self, household, own, **options):
        return ingest([own], data_dir=household.data, embedder=household.embedder, **options)

    def ids(self, household):
        return {document.id for document in household.open().documents()}

    def test_ingesting_one_leaves_the_other_alone(self, both, own):
        both.write("lamps.md", LAMP)
        assert both.ingest().removed == []
        assert self.ids(both) == {"loft", "lamps", "tariff"}

    def test_pruning_forgets_the_other(self, both):
        assert both.ingest(prune=True).removed == ["tariff"]

    def test_an_id_stays_with_the_folder_it_came_from_first(self, both, own):
        both.write("tariff.md", "# Tariff\n\nThe shipped rate is 30p.\n")
        report = both.ingest()
        reason = f"its id 'tariff' is that of {own}/tariff.md: rename one"
        assert report.skipped == [("tariff.md", reason)]
        assert "9p" in both.open().document("tariff").text

    def test_an_id_is_free_again_when_its_file_went(self, both, own):
        both.write("tariff.md", "# Tariff\n\nThe shipped rate is 30p.\n")
        (own / "other.md").write_text("Other.")
        (own / "tariff.md").unlink()
        assert self.ingest_own(both, own).removed == ["tariff"]
        assert both.ingest().added == ["tariff"]

    def test_an_equal_copy_in_another_folder_is_no_news(self, both, own):
        (own / "loft.md").write_text(LOFT, encoding="utf-8")
        report = self.ingest_own(both, own)
        assert (sorted(report.unchanged), report.skipped) == (["loft", "tariff"], [])

    def test_a_moved_folder_goes_on_with_its_ids(self, both, tmp_path):
        old = both.documents
        both.documents = old.rename(tmp_path / "moved")
        both.write("loft.md", LOFT.replace("270", "300"))
        report = both.ingest(replaces=old)
        assert (report.updated, report.skipped) == (["loft"], [])
        both.write("lamps.md", LAMP)
        (both.documents / "loft.md").unlink()
        assert both.ingest().removed == ["loft"]

    @pytest.mark.parametrize("victim", ["knowledge.sqlite", "manifest.json", "chroma", "version"])
    def test_rebuilding_one_brings_the_other_back(self, both, victim):
        destroy(both, victim)
        assert both.ingest().lost == []
        assert self.ids(both) == {"loft", "tariff"}
        assert both.first("night rate") == "tariff"

    def test_an_index_of_another_release_or_model_takes_both_along(self, both, own):
        path = index.current(both.data).folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": 1}))
        shutil.rmtree(own)
        assert both.ingest().lost == []
        assert self.ids(both) == {"loft", "tariff"}

    @pytest.mark.parametrize("victim", ["manifest.json", "chroma", "pointer"])
    def test_text_that_can_be_read_is_kept_when_its_file_went(self, both, own, victim):
        shutil.rmtree(own)
        destroy(both, victim)
        assert both.ingest().lost == []
        assert "9p" in both.open().document("tariff").text

    def test_what_cannot_be_brought_back_is_named(self, both, own):
        shutil.rmtree(own)
        # The version before has it too.
        for folder in index.root(both.data).glob("*/"):
            (folder / "knowledge.sqlite").write_bytes(b"")
        assert both.ingest().lost == ["tariff"]
        assert self.ids(both) == {"loft"}

    def test_a_rebuild_keeps_the_id_with_its_first_folder(self, both):
        both.write("tariff.md", "# Tariff\n\nThe shipped rate is 30p.\n")
        for folder in index.root(both.data).glob("*/"):
            shutil.rmtree(folder)
        both.ingest()
        assert "9p" in both.open().document("tariff").text

    def test_a_rebuild_that_is_ended_loses_nothing(self, both, own, monkeypatch):
        shutil.rmtree(own)
        destroy(both, "manifest.json")

        def ended(*_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            both.ingest(progress=ended)
        both.ingest()
        assert self.ids(both) == {"loft", "tariff"}

    def test_a_damaged_record_is_written_anew(self, both):
        (index.root(both.data) / "sources.json").write_text('{"sources": 3}')
        both.ingest()
        known = json.loads((index.root(both.data) / "sources.json").read_text())
        assert known["sources"] == [str(both.documents)]
        assert known["documents"].keys() == {"loft", "tariff"}


def destroy(household, victim):
    folder = index.current(household.data).folder
    if victim == "version":
        shutil.rmtree(folder)
    elif victim == "pointer":
        index.pointer(household.data).unlink()
    elif victim == "chroma":
        shutil.rmtree(folder / victim)
    else:
        path = folder / victim
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_torn_database_gives_the_documents_before_the_tear(household, tmp_path, embedder):
    own = tmp_path / "own"
    own.mkdir()
    for number in range(40):
        (own / f"note-{number:02}.md").write_text(f"Note {number}. " + f"w{number} " * 900)
    ingest([own], data_dir=household.data, embedder=embedder)
    shutil.rmtree(own)
    path = index.current(household.data).folder / "knowledge.sqlite"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    household.write("loft.md", LOFT)
    report = household.ingest()
    found = {document.id for document in household.open().documents()} - {"loft"}
    assert len(found) > 5
    assert found | set(report.lost) == {f"note-{number:02}" for number in range(40)}
    assert not found & set(report.lost)


def test_links_out_of_the_folder_are_not_followed(household, tmp_path, embedder):
    secret = tmp_path / "secret.txt"
    secret.write_text("The secret is swordfish.")
    household.write("loft.md", LOFT)
    household.write(".hidden.md", "Hidden.")
    (household.documents / "link.txt").symlink_to(secret)
    (household.documents / "hidden.md").symlink_to(household.documents / ".hidden.md")
    (household.documents / "attic.md").symlink_to("loft.md")
    report = household.ingest()
    assert report.added == ["attic", "loft"]
    reason = "is a link to a place outside the folder: give that place itself"
    assert report.skipped == [("hidden.md", reason), ("link.txt", reason)]
    named = [household.documents / "link.txt"]
    assert ingest(named, data_dir=household.data, embedder=embedder).added == ["secret"]


def test_a_file_that_became_a_link_out_of_the_folder_is_forgotten(household, tmp_path):
    household.write("loft.md", LOFT)
    household.write("note.txt", "A note.")
    household.ingest()
    (household.documents / "note.txt").unlink()
    (household.documents / "note.txt").symlink_to("/etc/passwd")
    assert household.ingest().removed == ["note"]


class TestNewcomers:
    """A new file that has the id of a document from the same folder."""

    PUMP = "---\nid: heat-pump\n---\n# Pump\n\nOur heat pump is serviced in May.\n"

    @pytest.fixture
    def taken(self, household):
        household.write("pump.md", self.PUMP)
        household.ingest()
        household.write("aaa.md", self.PUMP.replace("May", "June"))
        return household

    def text(self, household):
        return household.open().document("heat-pump").text

    def test_it_is_skipped_and_the_document_stays(self, taken):
        report = taken.ingest()
        reason = f"its id 'heat-pump' is that of {taken.documents}/pump.md: rename one"
        assert report.skipped == [("aaa.md", reason)]
        assert (report.unchanged, report.changed) == (["heat-pump"], False)
        assert "May" in self.text(taken)

    def test_an_equal_copy_is_skipped_too(self, taken):
        taken.write("aaa.md", self.PUMP)
        report = taken.ingest()
        assert ([name for name, _ in report.skipped], report.changed) == (["aaa.md"], False)

    def test_named_alone_it_is_skipped(self, taken, embedder):
        named = [taken.documents / "aaa.md"]
        report = ingest(named, data_dir=taken.data, embedder=embedder)
        assert [name for name, _ in report.skipped] == ["aaa.md"]
        assert "May" in self.text(taken)

    def test_the_document_changes_as_before(self, taken):
        taken.write("pump.md", self.PUMP.replace("May", "July"))
        assert taken.ingest().updated == ["heat-pump"]
        assert "July" in self.text(taken)

    def test_a_file_that_cannot_be_read_now_keeps_its_id(self, taken):
        taken.write("pump.md", "")
        assert [name for name, _ in taken.ingest().skipped] == ["pump.md", "aaa.md"]
        assert "May" in self.text(taken)

    def test_the_id_is_free_when_the_file_went(self, taken):
        (taken.documents / "pump.md").unlink()
        report = taken.ingest()
        assert (report.updated, report.skipped) == (["heat-pump"], [])
        assert "June" in self.text(taken)

    def test_the_id_is_free_when_the_file_has_another(self, taken):
        taken.write("pump.md", self.PUMP.replace("heat-pump", "pump"))
        report = taken.ingest()
        assert (report.added, report.updated, report.skipped) == (["pump"], ["heat-pump"], [])

    def test_pruning_all_but_it_hands_the_id_over(self, taken, embedder):
        named = [taken.documents / "aaa.md"]
        report = ingest(named, data_dir=taken.data, embedder=embedder, prune=True)
        assert (report.updated, report.skipped) == (["heat-pump"], [])


@pytest.mark.parametrize("rest", [None, "photo.jpg", "folder"])
def test_pruning_for_a_source_without_documents_is_refused(household, tmp_path, embedder, rest):
    household.write("loft.md", LOFT)
    household.ingest()
    (household.documents / "loft.md").unlink()
    if rest == "folder":
        household.documents.rmdir()
    elif rest:
        household.write(rest, "x")
    other = tmp_path / "other"
    other.mkdir()
    (other / "lamps.md").write_text(LAMP)
    sources = [household.documents, other]
    for dry_run in (True, False):
        with pytest.raises(BadInput, match=f"No document is at '{household.documents}'"):
            ingest(sources, data_dir=household.data, embedder=embedder, prune=True, dry_run=dry_run)
    assert household.open().document("loft") is not None
    report = ingest([other], data_dir=household.data, embedder=embedder, prune=True)
    assert (report.added, report.removed) == (["lamps"], ["loft"])


def test_a_damaged_index_is_not_pruned_for_an_empty_folder(household):
    household.write("loft.md", LOFT)
    household.ingest()
    shutil.rmtree(index.current(household.data).folder)
    (household.documents / "loft.md").rename(household.documents.parent / "loft.md")
    with pytest.raises(BadInput, match="No document is at"):
        household.ingest(prune=True)
    (household.documents.parent / "loft.md").rename(household.documents / "loft.md")
    assert household.ingest().added == ["loft"]


def test_pruning_for_an_empty_folder_is_harmless_when_nothing_is_known(household):
    assert household.ingest(prune=True).removed == []


def test_a_file_that_cannot_be_read_now_is_not_pruned(household):
    household.write("loft.md", LOFT)
    household.ingest()
    (household.documents / "loft.md").write_bytes(b"\xff\xfe\xfd")
    report = household.ingest(prune=True)
    assert report.removed == []
    assert [name for name, _ in report.skipped] == ["loft.md"]
    assert household.open().document("loft") is not None


def test_a_dry_run_tells_and_changes_nothing(household):
    household.write("loft.md", LOFT)
    assert household.ingest(dry_run=True).added == ["loft"]
    assert not household.data.exists()
    with pytest.raises(IndexUnavailable):
        household.open()


def test_files_that_cannot_be_read_are_listed_with_the_reason(household):
    household.write("loft.md", LOFT)
    household.write("loft.txt", "Another loft.")
    household.write("empty.md", "")
    household.write("photo.jpg", "x")
    household.write(".hidden/secret.md", "Hidden text.")
    (household.documents / os.fsdecode(b"caf\xe9.md")).write_text("Text.")
    report = household.ingest()
    assert report.added == ["loft"]
    assert dict(report.skipped) == {
        "loft.txt": "has the same id 'loft' as loft.md: rename one",
        "empty.md": "empty file",
        "photo.jpg": "cannot read this kind (.jpg)",
        "caf?.md": "its file name is not valid UTF-8: rename it",
    }


def test_single_files_and_missing_ones_are_taken_as_sources(household, embedder):
    household.write("heat/loft.md", LOFT)
    sources = [household.documents / "heat/loft.md", household.documents / "none.md"]
    report = ingest(sources, data_dir=household.data, embedder=embedder)
    assert report.added == ["loft"]
    assert report.skipped == [("none.md", "does not exist")]


def test_a_pattern_names_files_by_their_path_from_its_first_folder(household, embedder):
    household.write("heat/loft.md", LOFT)
    household.write("heat/lamps.txt", LAMP)
    household.write("notes/deep/lamps.md", LAMP)
    household.write(".hidden/secret.md", LAMP)

    def by(pattern, **options):
        sources = [household.documents / pattern]
        return ingest(sources, data_dir=household.data, embedder=embedder, **options)

    report = by("**/*.md")
    assert (report.added, report.skipped) == (["heat/loft", "notes/deep/lamps"], [])
    assert by("heat/*", dry_run=True).added == ["lamps", "loft"]
    (household.documents / "notes/deep/lamps.md").unlink()
    assert by("**/*.md").removed == ["notes/deep/lamps"]
    assert by("*.pdf").skipped == [("*.pdf", "matches no file")]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(household, embedder):
    household.write("[a].md", LOFT)
    household.write("a.md", LAMP)
    report = ingest([household.documents / "[a].md"], data_dir=household.data, embedder=embedder)
    assert report.added == ["[a]"]


def test_a_pattern_does_not_follow_links_out_of_its_folder(household, tmp_path, embedder):
    (tmp_path / "secret.md").write_text("The secret is swordfish.")
    household.write("loft.md", LOFT)
    (household.documents / "link.md").symlink_to(tmp_path / "secret.md")
    report = ingest([household.documents / "*.md"], data_dir=household.data, embedder=embedder)
    assert report.added == ["loft"]
    assert [name for name, _ in report.skipped] == ["link.md"]


def test_a_file_that_was_named_alone_and_went_is_removed_when_named_again(household, embedder):
    household.write("loft.md", LOFT)
    household.write("lamps.md", LAMP)
    sources = [household.documents / "loft.md", household.documents / "lamps.md"]
    ingest(sources, data_dir=household.data, embedder=embedder)
    sources[0].unlink()
    report = ingest(sources, data_dir=household.data, embedder=embedder)
    assert (report.removed, report.skipped) == (["loft"], [])
    assert household.open().document("loft") is None


def test_a_pattern_is_remembered_for_a_rebuild(household, embedder):
    household.write("loft.md", LOFT)
    household.write("notes.txt", "Notes.")
    ingest([household.documents / "*.md"], data_dir=household.data, embedder=embedder)
    for folder in index.root(household.data).glob("*/"):
        shutil.rmtree(folder)
    ingest([], data_dir=household.data, embedder=embedder)
    assert [document.id for document in household.open().documents()] == ["loft"]


def test_nothing_to_read_makes_no_index(household):
    household.ingest()
    with pytest.raises(IndexUnavailable, match="no knowledge index yet"):
        household.open()


def test_a_second_ingest_is_refused_while_one_runs(household):
    household.write("loft.md", LOFT)
    with index.ingest_lock(household.data), pytest.raises(IndexBusy):
        household.ingest()


@pytest.mark.parametrize("victim", ["chroma", "knowledge.sqlite", "manifest.json", "current"])
def test_a_damaged_index_is_refused_and_the_next_ingest_mends_it(household, victim):
    household.write("loft.md", LOFT)
    household.ingest()
    folder = index.current(household.data).folder
    if victim == "chroma":
        shutil.rmtree(folder / victim)
    else:
        path = index.pointer(household.data) if victim == "current" else folder / victim
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(IndexUnavailable, match="ingest knowledge"):
        household.open()
    household.ingest()
    assert household.first("how deep?") == "loft"


def test_lost_vectors_are_rebuilt_without_embedding(household):
    household.write("loft.md", LOFT)
    household.ingest()
    shutil.rmtree(index.current(household.data).folder / "chroma")
    assert household.ingest().embedded == 0
    assert household.first("how deep?") == "loft"


def test_another_embedding_model_embeds_everything_again(household, embedder):
    class Mirrored:
        model_id = "mirrored@1"
        dimensions = embedder.dimensions
        count_tokens = embedder.count_tokens

        def embed(self, texts, progress=None):
            return -embedder.embed(texts)

        def embed_query(self, text):
            return -embedder.embed_query(text)

    household.write("loft.md", LOFT)
    household.ingest()
    household.embedder = Mirrored()
    assert household.ingest().embedded == 2
    assert household.first("how deep?") == "loft"


@pytest.mark.slow
def test_a_damaged_vector_graph_is_never_read(household, embedder):
    lines = (f"# Part {n}\n\nRoom {n}." for n in range(1_100))
    household.write("rooms.md", "\n\n".join(lines))
    household.ingest()
    (graph,) = index.current(household.data).folder.glob("chroma/*/data_level0.bin")
    graph.write_bytes(bytes(byte ^ 0xFF for byte in graph.read_bytes()))
    with pytest.raises(IndexUnavailable, match="damaged"):
        household.open()
    assert household.ingest().embedded == 0
    assert household.open().search("room 7")


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_the_old_index_serving(household):
    household.write("loft.md", LOFT)
    household.ingest()
    for number in range(30):
        household.write(f"more/{number}.md", f"# Room {number}\n\nRoom {number} is warm at 21 °C.")
    program = (
        "import sys; from pathlib import Path\n"
        "from home_energy.knowledge.embedding import Embedder\n"
        "from home_energy.knowledge.ingest import ingest\n"
        "from home_energy.settings import get_settings\n"
        "embedder = Embedder.open(get_settings().data_dir); embedder.embed(['warm'])\n"
        "print('ready', flush=True)\n"
        "ingest([Path(sys.argv[1])], data_dir=Path(sys.argv[2]), embedder=embedder)\n"
    )
    command = [sys.executable, "-c", program, household.documents, household.data]
    chance = random.Random(7)
    for _ in range(6):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 1.2))
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        assert household.first("how deep is loft insulation?") == "loft"
    household.ingest()
    assert len(household.open().documents()) == 31
    versions = [path for path in index.root(household.data).iterdir() if path.is_dir()]
    assert len(versions) <= 2
