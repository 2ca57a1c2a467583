import odd_files
import pytest

from home_energy.knowledge.ingest import ingest
from home_energy.knowledge.old_index import OldIndex


@pytest.fixture(scope="module")
def ingested(tmp_path_factory, embedder):
    """What became of each odd file: the report, and the documents by file name."""
    folder = tmp_path_factory.mktemp("odd")
    data = tmp_path_factory.mktemp("data")
    odd_files.write(folder)
    report = ingest([folder], data_dir=data, embedder=embedder)
    kept = OldIndex(data, embedder).kept.values()
    return report, {one.origin: one.document for one in kept}


ODD = odd_files.odd_files()


@pytest.mark.slow
def test_an_ingest_of_odd_files_ends_and_tells_of_each(ingested):
    report, documents = ingested
    assert len(ODD) > 100
    assert len(documents) + len(report.skipped) == len(ODD)


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_an_odd_file_is_read_right_or_listed_with_the_reason(ingested, odd):
    report, documents = ingested
    if odd.reason:
        assert odd.reason in dict(report.skipped)[odd.name]
        return
    document = documents[odd.name]
    assert odd.text in document.text
    assert odd_files.SECRET not in document.text
    assert len(document.pages) == odd.pages
    assert odd.language in {None, document.language}


@pytest.mark.slow
def test_what_was_left_out_is_told_without_being_repeated(ingested):
    _, documents = ingested
    for odd in ODD:
        if odd.notice:
            notices = " ".join(documents[odd.name].notices)
            assert odd.notice in notices
            assert "XYZZY" not in notices
