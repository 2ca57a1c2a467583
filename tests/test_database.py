import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from home_energy.database import Database, open_database, private_file
from home_energy.errors import SetupError
from home_energy.migrations import MIGRATIONS, migrate, schema_version
from home_energy.settings import Settings


def settings_in(folder: Path, **values) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **values)


@pytest.fixture
def database(tmp_path):
    database = open_database(settings_in(tmp_path / "data"))
    yield database
    database.close()


def tables_of(database: Database) -> dict[str, str]:
    with database.read() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {row.name: row.sql for row in rows}


def insert_session(database: Database, session_id: str) -> None:
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO sessions VALUES (:id, 'alice', NULL, '2026', '2026', NULL)"),
            {"id": session_id},
        )


def session_ids(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(text("SELECT session_id FROM sessions ORDER BY 1")))


def test_a_blank_folder_gets_every_table(database):
    assert {"sessions", "api_keys", "kept_documents", "records"} <= set(tables_of(database))
    with database.read() as connection:
        assert schema_version(connection) == len(MIGRATIONS)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_every_earlier_schema_is_brought_up_to_date_with_its_rows(tmp_path, database, version):
    path = tmp_path / "old" / "home_energy.sqlite"
    old = create_engine(f"sqlite:///{private_file(path)}")
    with old.begin() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr("home_energy.migrations.MIGRATIONS", MIGRATIONS[:version])
        migrate(connection)
        connection.execute(
            text("INSERT INTO sessions VALUES ('kept', 'alice', NULL, '2026', '2026', NULL)")
        )
    old.dispose()

    upgraded = open_database(settings_in(tmp_path / "old"))

    assert tables_of(upgraded) == tables_of(database)
    assert session_ids(upgraded) == ["kept"]
    upgraded.close()


def test_a_database_of_a_newer_program_is_refused(tmp_path):
    path = private_file(tmp_path / "home_energy.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE schema_version (version INTEGER, applied_at TEXT)")
        connection.execute("INSERT INTO schema_version VALUES (999, '')")
    connection.close()
    with pytest.raises(SetupError, match="newer version"):
        open_database(settings_in(tmp_path))


def test_one_address_is_opened_once(tmp_path, database):
    assert open_database(settings_in(tmp_path / "data")) is database
    other = open_database(settings_in(tmp_path / "other"))
    assert other is not database
    other.close()


def test_folder_and_files_are_for_their_owner_only(tmp_path, database):
    insert_session(database, "a")
    folder = tmp_path / "data"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_connections_are_set_up_to_survive_power_loss(database):
    with database.write() as connection:
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_a_failed_block_leaves_nothing_behind(database):
    def insert_and_fail():
        with database.write() as connection:
            connection.execute(
                text("INSERT INTO sessions VALUES ('half', 'a', NULL, '', '', NULL)")
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        insert_and_fail()
    assert session_ids(database) == []


def test_a_broken_rule_of_a_table_is_no_setup_error(database):
    insert_session(database, "a")
    with pytest.raises(IntegrityError):
        insert_session(database, "a")


def test_threads_that_read_before_they_write_lose_no_update(database):
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count():
        for _ in range(25):
            with database.write() as connection:
                value = connection.scalar(text("SELECT value FROM counter"))
                connection.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == 150


def test_a_reader_sees_one_snapshot_while_others_write(database):
    with database.read() as connection:
        before = connection.scalar(text("SELECT count(*) FROM sessions"))
        insert_session(database, "a")
        assert connection.scalar(text("SELECT count(*) FROM sessions")) == before == 0


@pytest.mark.slow
def test_processes_that_open_a_blank_folder_at_once_all_succeed(tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from home_energy.database import open_database
        from home_energy.sessions import create
        from home_energy.settings import Settings
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(3):
            folder = Path(sys.argv[1]) / str(number)
            database = open_database(Settings(_env_file=None, data_dir=folder))
            create(database, "alice", f"session-{sys.argv[2]}")
        """
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    errors = [child.communicate(timeout=60)[1] for child in children]
    assert errors == [""] * 4
    for number in range(3):
        database = open_database(settings_in(tmp_path / str(number)))
        assert session_ids(database) == [f"session-{child}" for child in range(4)]
        database.close()


def test_a_file_that_is_no_database_is_said_to_be_so(tmp_path):
    (tmp_path / "home_energy.sqlite").write_bytes(b"not a database" * 1000)
    with pytest.raises(SetupError, match="is not a database: restore it"):
        open_database(settings_in(tmp_path))


def test_a_damaged_file_is_said_to_be_so(tmp_path):
    database = open_database(settings_in(tmp_path / "data"))
    for number in range(200):
        insert_session(database, f"{number:0100}")
    database.close()
    path = tmp_path / "data" / "home_energy.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(SetupError, match="is damaged: restore it"):
        session_ids(database)
    database.close()


def test_a_read_only_database_can_be_read_and_says_why_it_is_not_written(tmp_path, database):
    insert_session(database, "a")
    path = tmp_path / "data" / "home_energy.sqlite"
    read_only = open_database(
        settings_in(tmp_path, database_url=f"sqlite:///file:{path}?mode=ro&uri=true")
    )
    assert session_ids(read_only) == ["a"]
    with pytest.raises(SetupError, match="read-only: make it writable"):
        insert_session(read_only, "b")
    read_only.close()


def test_a_full_disk_is_said_to_be_full_and_loses_nothing(database):
    insert_session(database, "a")
    fill = text("INSERT INTO sessions VALUES ('b', :filler, NULL, '', '', NULL)")

    def write_past_the_end():
        with database.write() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
            connection.execute(fill, {"filler": "x" * 1_000_000})

    with pytest.raises(SetupError, match="is full: free some space"):
        write_past_the_end()
    assert session_ids(database) == ["a"]


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be written to"):
        open_database(settings_in(tmp_path / "file" / "data"))


@pytest.mark.parametrize(
    "address", ["nonsense://secret@host/x", "secret", "postgresql+nodriver://"]
)
def test_an_unusable_address_is_refused_without_being_repeated(tmp_path, address):
    with pytest.raises(SetupError, match="HOME_ENERGY_DATABASE_URL") as caught:
        open_database(settings_in(tmp_path, database_url=address))
    assert "secret" not in str(caught.value)
