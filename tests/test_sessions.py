from datetime import UTC, datetime
from uuid import UUID

import pytest

from home_energy import sessions
from home_energy.database import open_database
from home_energy.errors import NotFound
from home_energy.settings import Settings

MORNING = datetime(2026, 11, 22, 8, tzinfo=UTC)
EVENING = datetime(2026, 11, 22, 20, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    database = open_database(Settings(_env_file=None, data_dir=tmp_path))
    yield database
    database.close()


def test_a_new_session_is_a_uuid_of_its_owner(database):
    session_id = sessions.create(database, "alice")
    assert UUID(session_id).version == 4
    assert sessions.owner_of(database, session_id) == "alice"


def test_creating_again_with_the_same_id_changes_nothing(database):
    session_id = sessions.create(database, "alice", title="Loft", now=MORNING)
    assert sessions.create(database, "alice", session_id, now=EVENING) == session_id
    [session] = sessions.list_for(database, "alice")
    assert (session.title, session.created_at) == ("Loft", MORNING)


def test_somebody_elses_id_cannot_be_taken(database):
    session_id = sessions.create(database, "alice")
    with pytest.raises(NotFound):
        sessions.create(database, "mallory", session_id)
    assert sessions.owner_of(database, session_id) == "alice"


def test_missing_and_foreign_sessions_cannot_be_told_apart(database):
    session_id = sessions.create(database, "alice")
    sessions.require(database, session_id, "alice")
    messages = set()
    for wrong_id in (session_id, "no-such-session"):
        for use in (sessions.require, sessions.touch, sessions.delete):
            with pytest.raises(NotFound) as caught:
                use(database, wrong_id, "mallory")
            messages.add(str(caught.value))
    assert len(messages) == 1
    assert sessions.owner_of(database, session_id) == "alice"


def test_sessions_are_listed_for_their_owner_last_used_first(database):
    first = sessions.create(database, "alice", now=MORNING)
    second = sessions.create(database, "alice", now=MORNING.replace(hour=9))
    sessions.create(database, "bob", now=MORNING)
    sessions.touch(database, first, "alice", now=EVENING)
    listed = sessions.list_for(database, "alice")
    assert [session.session_id for session in listed] == [first, second]
    assert listed[0].last_at == EVENING
    assert len(sessions.list_for(database, "alice", limit=1)) == 1


def test_a_deleted_session_is_gone(database):
    session_id = sessions.create(database, "alice", title="Loft")
    sessions.delete(database, session_id, "alice")
    assert sessions.owner_of(database, session_id) is None
    assert sessions.list_for(database, "alice") == []
    with pytest.raises(NotFound):
        sessions.require(database, session_id, "alice")
    with pytest.raises(NotFound):
        sessions.delete(database, session_id, "alice")


def test_a_deleted_id_goes_back_to_its_first_owner_only(database):
    session_id = sessions.create(database, "alice", title="Loft")
    sessions.delete(database, session_id, "alice")
    with pytest.raises(NotFound):
        sessions.create(database, "mallory", session_id)
    assert sessions.create(database, "alice", session_id) == session_id
    assert sessions.list_for(database, "alice")[0].title is None


def test_sessions_survive_a_new_start(database, tmp_path):
    session_id = sessions.create(database, "alice")
    database.close()
    again = open_database(Settings(_env_file=None, data_dir=tmp_path))
    assert sessions.owner_of(again, session_id) == "alice"
