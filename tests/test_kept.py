from datetime import UTC, datetime, timedelta

import pytest

from home_energy import kept
from home_energy.database import open_database
from home_energy.knowledge.documents import Document, Page, Source
from home_energy.settings import Settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = Document(
    id="https://example.org/loft",
    title="Loft",
    text="Use 270 mm of mineral wool.\n\nÜber 30 °C is too warm.",
    source="https://example.org/loft",
    region="uk",
    as_of="2026-01-01",
    sources=(Source("A publisher", "A title", "https://example.org", "2026"),),
    pages=(Page(1, 0, 27), Page(2, 29, 52)),
)


@pytest.fixture
def database(tmp_path):
    database = open_database(Settings(_env_file=None, data_dir=tmp_path))
    yield database
    database.close()


def test_a_document_comes_back_as_it_was_kept(database):
    kept.keep(database, "alice", PAGE)
    kept.keep(database, "alice", PAGE)
    found = kept.find(database, "alice", PAGE.id)
    assert found == PAGE
    assert found.sha256 == PAGE.sha256


def test_every_version_can_still_be_checked(database):
    newer = Document(PAGE.id, PAGE.title, "Use 300 mm.", PAGE.source)
    kept.keep(database, "alice", PAGE, now=NOW)
    kept.keep(database, "alice", newer, now=NOW + timedelta(days=1))
    assert kept.find(database, "alice", PAGE.id) == newer
    assert kept.find(database, "alice", PAGE.id, sha256=PAGE.sha256) == PAGE
    assert kept.find(database, "alice", PAGE.id, sha256="0" * 64) is None


def test_another_owners_document_is_as_good_as_missing(database):
    kept.keep(database, "alice", PAGE)
    assert kept.find(database, "mallory", PAGE.id) is None
