import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from home_energy.errors import IndexUnavailable
from home_energy.knowledge import allowed, index
from home_energy.knowledge.documents import Document
from home_energy.knowledge.filters import Filters
from home_energy.knowledge.ingest import ingest, ingest_documents
from home_energy.knowledge.lexical import terms
from home_energy.knowledge.ranking import SearchOptions
from home_energy.knowledge.search import Knowledge, KnowledgeHandle

TEXTS = {
    "loft": "# Loft\n\n## How deep?\n\nMineral wool should be 270 mm deep in a loft.\n"
    "Wear a mask while you lay it.\n",
    "loft-copy": "# Loft\n\n## How deep?\n\nMineral wool should be 270 mm deep in a loft.\n"
    "Wear a mask while you lay it!\n",
    "attic-us": "---\nregion: us\n---\n# Attic\n\nAttic insulation should reach R-60.\n",
    "attic-uk": "---\nregion: uk\n---\n# Attic\n\nAttic insulation should reach 270 mm.\n",
    "fridge": "# Fridge\n\nModel KGN39 uses 0.6 kWh a day at 4 °C.\n",
    "many": "# Heat pumps\n\n"
    + "".join(f"## Part {n}\n\nHeat pump part {n} moves warmth from air.\n\n" for n in range(6)),
    "other-pump": "# Pool pumps\n\nA pool pump moves water and not heat.\n",
}


def write(folder, texts):
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory, embedder):
    folder = tmp_path_factory.mktemp("search")
    documents = write(folder / "documents", TEXTS)
    ingest([documents], data_dir=folder / "data", embedder=embedder)
    return folder / "data"


@pytest.fixture(scope="module")
def knowledge(data_dir, embedder):
    return Knowledge.open(data_dir, embedder)


def ids(passages) -> list[str]:
    return [passage.document_id for passage in passages]


def test_a_passage_is_a_verbatim_span_with_scored_sentences(knowledge):
    best = knowledge.search("how thick must loft wool be?")[0]
    text = knowledge.document(best.document_id).text
    assert best.text == text[best.start : best.end]
    assert best.quote(best.sentences[0]) == ("Mineral wool should be 270 mm deep in a loft.")
    assert best.sentences[0].score > best.sentences[1].score
    assert best.sentences[0].score == pytest.approx(best.found_by["sentence"], abs=1e-4)
    assert best.heading == "Loft > How deep?"
    assert 0.3 < best.cosine <= 1
    assert {"dense_rank", "bm25_rank"} <= best.found_by.keys()


def test_passages_come_best_first_and_at_most_limit(knowledge):
    found = knowledge.search("heat pump", limit=4)
    assert len(found) == 4
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)


def test_words_find_what_meaning_misses(knowledge):
    options = SearchOptions(dense=False)
    assert ids(knowledge.search("KGN39", options=options)) == ["fridge"]
    found = ids(knowledge.search("insulating", limit=9, options=options))
    assert set(found) == {"attic-uk", "attic-us"}


def test_meaning_finds_what_words_miss(knowledge):
    query = "keeping groceries cold"
    assert knowledge.search(query, options=SearchOptions(dense=False)) == []
    assert ids(knowledge.search(query))[0] == "fridge"


def test_a_near_duplicate_is_shown_once(knowledge):
    query = "how deep should mineral wool be?"
    both = knowledge.search(query, options=SearchOptions(diversify=False))
    assert {"loft", "loft-copy"} <= set(ids(both))
    assert len({"loft", "loft-copy"} & set(ids(knowledge.search(query)))) == 1


def test_one_document_does_not_take_every_place(knowledge):
    options = SearchOptions(near_duplicate=2.0, per_document=2)
    found = ids(knowledge.search("heat pump part moves warmth", limit=3, options=options))
    assert found.count("many") == 2
    alone = ids(knowledge.search("heat pump part", limit=20, options=options))
    assert alone.count("many") == 6


def test_the_asked_region_comes_first(knowledge):
    query = "how much attic insulation?"
    assert ids(knowledge.search(query, region="us"))[0] == "attic-us"
    assert ids(knowledge.search(query, region="uk"))[0] == "attic-uk"
    assert "attic-us" in ids(knowledge.search(query, region="uk", limit=20))


DATED = {
    "uk/old": "---\nregion: uk\nas_of: 2020-05-01\nurl: https://www.gov.uk/old\n---\n"
    "# Heat pump grants\n\nThe grant for a heat pump is 5000 pounds.\n",
    "uk/new": "---\nregion: uk\nas_of: 2026-01-15\nurl: https://grants.gov.uk/new\n---\n"
    "# Heat pump grants\n\nThe grant for a heat pump is 7500 pounds.\n",
    "us/new": "---\nregion: us\nas_of: 2026-02-01\nurl: https://energy.gov/credit\n---\n"
    "# Heat pump tax credit\n\nThe credit for a heat pump is 2000 dollars.\n",
    "undated": "# Heat pump grants\n\nThere are grants for a heat pump.\n",
    "unclear": "---\nas_of: summer\n---\n# Heat pump help\n\nHelp with a heat pump exists.\n",
}


@pytest.fixture(scope="module")
def dated(tmp_path_factory, embedder):
    folder = tmp_path_factory.mktemp("dated")
    for name, text in DATED.items():
        path = folder / "documents" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    ingest([folder / "documents"], data_dir=folder / "data", embedder=embedder)
    return Knowledge.open(folder / "data", embedder)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), DATED.keys()),
        (Filters(region="uk"), {"uk/old", "uk/new", "undated", "unclear"}),
        (Filters(region="UK"), {"uk/old", "uk/new", "undated", "unclear"}),
        (Filters(region="general"), {"undated", "unclear"}),
        (Filters(as_of=date(2026, 1, 15)), {"uk/new", "us/new"}),
        (Filters(as_of=date(2020, 5, 1)), {"uk/old", "uk/new", "us/new"}),
        (Filters(as_of=date(2027, 1, 1)), set()),
        (Filters(source="uk/"), {"uk/old", "uk/new"}),
        (Filters(source="gov.uk"), {"uk/old", "uk/new"}),
        (Filters(source="https://energy.gov/"), {"us/new"}),
        (Filters(source="nergy.gov"), set()),
        (Filters(source="uk/", as_of=date(2026, 1, 1)), {"uk/new"}),
        (Filters(region="us", source="uk/"), set()),
    ],
)
@pytest.mark.parametrize(
    "options", [SearchOptions(), SearchOptions(dense=False), SearchOptions(lexical=False)]
)
def test_filters_let_only_what_they_allow_be_found(dated, filters, expected, options):
    found = dated.search("heat pump", limit=20, filters=filters, options=options)
    assert set(ids(found)) == set(expected)


@pytest.mark.parametrize("few", [0, 10_000])
def test_what_is_allowed_is_found_however_far_down_it_ranks(
    tmp_path_factory, embedder, monkeypatch, few
):
    monkeypatch.setattr(allowed, "_FEW", few)
    folder = tmp_path_factory.mktemp("crowd")
    crowd = {f"crowd-{n}": f"# Heat pump {n}\n\nHeat pump number {n} is loud.\n" for n in range(40)}
    texts = {**crowd, "quiet": "---\nregion: us\n---\n# Fridge\n\nA fridge hums.\n"}
    ingest([write(folder / "documents", texts)], data_dir=folder / "data", embedder=embedder)
    search = Knowledge.open(folder / "data", embedder).search
    options = SearchOptions(candidates=2)
    only = Filters(source="quiet")
    assert ids(search("heat pump", limit=2, filters=only, options=options)) == ["quiet"]


def test_a_filtered_search_ranks_as_an_open_one_does(dated):
    query, filters = "what is the heat pump grant?", Filters(source="uk/")
    everything = [found for found in ids(dated.search(query, limit=9)) if found.startswith("uk/")]
    assert ids(dated.search(query, limit=9, filters=filters)) == everything


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=20), st.text(max_size=5), st.text(max_size=5))
def test_no_filter_is_an_error(dated, source, region, language):
    filters = Filters(source=source, region=region, language=language)
    assert isinstance(dated.search("heat pump", filters=filters), list)


def test_a_document_of_another_language_comes_last_or_not_at_all(tmp_path, embedder):
    text = "A heat pump takes warmth from the air outside. "
    documents = [
        Document("first", "Heat pump", f"{text}It hums.", "a", language="de"),
        Document("second", "Heat pump", f"{text}It is loud.", "b", language="en"),
        Document("third", "Heat pump", f"{text}It is new.", "c"),
    ]
    ingest_documents(documents, data_dir=tmp_path, embedder=embedder)
    search = Knowledge.open(tmp_path, embedder).search
    query = "heat pump takes warmth"

    def first_before_second(language: str | None) -> bool:
        found = ids(search(query, language=language))
        return found.index("first") < found.index("second")

    assert first_before_second("de-AT")
    assert not first_before_second("en-GB")
    assert ids(search(query, filters=Filters(language="en-GB"))) == ["second"]


def test_each_passage_says_how_it_was_found(knowledge):
    best = knowledge.search("how thick must loft wool be?", region="us")[0]
    how = best.found_by
    assert {"dense_rank", "dense", "bm25_rank", "bm25", "fused", "sentence", "heading"} <= set(how)
    assert how["final"] == pytest.approx(best.score, abs=1e-4)
    assert "penalty" not in how
    foreign = next(p for p in knowledge.search("attic", region="us") if p.region == "uk")
    assert foreign.found_by["penalty"] > 0


def test_a_passage_is_read_again_by_its_id(knowledge):
    found = knowledge.search("heat pump")[0]
    again = knowledge.passage(found.id)
    assert (again.text, again.title, again.start) == (found.text, found.title, found.start)
    assert [(s.start, s.end) for s in again.sentences] == [
        (s.start, s.end) for s in found.sentences
    ]
    assert knowledge.passage(found.id.replace("@", "@0000")) is None
    assert knowledge.passage(f"{found.document_id}@00000000#{found.start}-{found.end}") is None
    assert knowledge.passage(f"{found.id}0") is None


@pytest.mark.parametrize("passage_id", ["", "x", "x@12345678#0-1", "@@##--", "loft@" + "9" * 5000])
def test_an_unknown_passage_id_gives_nothing(knowledge, passage_id):
    assert knowledge.passage(passage_id) is None


def test_an_unknown_document_gives_nothing(knowledge):
    assert knowledge.document("'; DROP TABLE documents; --") is None
    assert {document.id for document in knowledge.documents()} == TEXTS.keys()


@pytest.mark.parametrize("query", ["", "   ", "\n", "?!", "🙂🙂", '"', "*", "()"])
def test_a_query_without_words_finds_nothing(knowledge, query):
    assert knowledge.search(query) == []


@pytest.mark.parametrize(
    "query",
    [
        'loft" OR "x',
        "NEAR(loft wool, 2)",
        "loft* AND NOT -wool",
        "title:loft ^wool {a b}",
        "loft\x00wool",
        "'; DROP TABLE words; --",
        "loft 🙂 ünïcode \u202e\ud800",
        "loft wool " * 400,
        "the of and",
        "x" * 4000,
    ],
)
def test_any_input_is_only_words_to_look_for(knowledge, query):
    assert isinstance(knowledge.search(query, limit=3), list)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=80))
def test_no_query_is_an_error(knowledge, query):
    assert len(knowledge.search(query, limit=2)) <= 2


def test_stop_words_are_left_out_unless_alone():
    assert terms("How thick is the loft, the LOFT?") == ["thick", "loft"]
    assert terms("what is it") == ["what", "is", "it"]
    assert terms("snake_case don't") == ["snake", "case"]


def test_limit_below_one_finds_nothing(knowledge):
    assert knowledge.search("loft", limit=0) == []


def test_many_threads_may_search_at_once(knowledge):
    expected = ids(knowledge.search("heat pump"))

    def ask(_: int) -> list[str]:
        return ids(knowledge.search("heat pump"))

    with ThreadPoolExecutor(16) as pool:
        assert all(found == expected for found in pool.map(ask, range(200)))


def test_an_index_of_another_model_is_not_searched(data_dir, embedder):
    class Other:
        model_id = "other@1"
        dimensions = embedder.dimensions

    with pytest.raises(IndexUnavailable, match="'other@1' is configured"):
        Knowledge.open(data_dir, Other())


def test_importing_the_search_does_not_import_chroma():
    program = "import sys, home_energy.knowledge.search; print('chromadb' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


class TestHandle:
    def test_without_an_index_it_says_so_and_recovers(self, tmp_path, embedder):
        handle = KnowledgeHandle(tmp_path / "data", embedder)
        with pytest.raises(IndexUnavailable):
            handle.get()
        documents = write(tmp_path / "documents", {"a": "Alpha text."})
        ingest([documents], data_dir=tmp_path / "data", embedder=embedder)
        assert ids(handle.get().search("alpha")) == ["a"]

    def test_a_new_version_is_found_within_seconds_while_others_search(self, tmp_path, embedder):
        data = tmp_path / "data"
        documents = write(tmp_path / "documents", {"a": "Alpha text."})
        ingest([documents], data_dir=data, embedder=embedder)
        handle = KnowledgeHandle(data, embedder)
        failures, stop = [], threading.Event()

        def search_on() -> None:
            while not stop.is_set():
                try:
                    assert handle.get().search("alpha text")
                except Exception as exc:
                    failures.append(exc)

        threads = [threading.Thread(target=search_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        for round_ in range(4):
            write(documents, {f"b{round_}": f"Bravo number {round_} text."})
            ingest([documents], data_dir=data, embedder=embedder)
            deadline = time.monotonic() + 5
            while handle.get().document(f"b{round_}") is None:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []

    def test_a_version_that_cannot_be_opened_leaves_the_old_one(self, tmp_path, embedder):
        data = tmp_path / "data"
        documents = write(tmp_path / "documents", {"a": "Alpha text."})
        ingest([documents], data_dir=data, embedder=embedder)
        handle = KnowledgeHandle(data, embedder)
        before = handle.get().version
        index.pointer(data).write_text("000099-deadbeef")
        time.sleep(1.1)
        assert handle.get().version == before
        assert ids(handle.get().search("alpha")) == ["a"]

    def test_a_version_in_use_outlives_two_ingests(self, tmp_path, embedder):
        data = tmp_path / "data"
        documents = write(tmp_path / "documents", {"a": "Alpha text."})
        ingest([documents], data_dir=data, embedder=embedder)
        old = Knowledge.open(data, embedder)
        expected = old.search("alpha")
        for n in range(2):
            write(documents, {"b": f"Bravo {n}."})
            ingest([documents], data_dir=data, embedder=embedder)
        assert old.search("alpha") == expected
