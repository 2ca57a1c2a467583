"""A backup holds all that was acknowledged before it began, and comes back whole or not at all."""

import gzip
import io
import json
import signal
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from installation import Installation, installed_fixture, prepared_fixture  # noqa: F401
from server_process import Server

from home_energy import backup as backups
from home_energy import database as databases
from home_energy import keys, sessions
from home_energy.backup import backup
from home_energy.data_folder import UNFINISHED, held, refuse_unfinished
from home_energy.database import open_database
from home_energy.errors import BadInput, SetupError
from home_energy.restore import restore
from home_energy.settings import Settings
from server import persistence

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLIENTS = 8


def settings_of(data: Path) -> Settings:
    return Settings(_env_file=None, data_dir=data)  # type: ignore[call-arg]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a session of alice's, and a key."""
    data = tmp_path / "data"
    database = open_database(settings_of(data))
    sessions.create(database, "alice", "mine")
    keys.create(database, data, "alice")
    return data


@pytest.fixture
def archive(data: Path, tmp_path: Path) -> Path:
    return backup(settings_of(data), tmp_path / "b.tar.gz", now=NOW).path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "serving.lock"
    }


def test_everything_the_server_keeps_in_databases_is_backed_up():
    names = {databases.FILE_NAME, persistence.CHECKPOINTS_FILE, persistence.STORE_FILE}
    assert set(backups.DATABASES) == names


def test_backup_comes_back_in_a_new_folder(data: Path, archive: Path, tmp_path: Path):
    new = tmp_path / "new"
    assert restore(new, archive, now=NOW).aside is None
    assert sessions.owner_of(open_database(settings_of(new)), "mine") == "alice"
    assert (new / "pepper").read_bytes() == (data / "pepper").read_bytes()
    assert {path.stat().st_mode & 0o077 for path in new.rglob("*")} == {0}


def test_archive_is_for_its_owner_only_and_leaves_nothing_beside(archive: Path):
    assert archive.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in archive.parent.iterdir()) == ["b.tar.gz", "data"]


def test_a_file_that_exists_is_not_written_over(data: Path, archive: Path):
    before = archive.read_bytes()
    with pytest.raises(BadInput, match="exists already"):
        backup(settings_of(data), archive, now=NOW)
    assert archive.read_bytes() == before
    sessions.create(open_database(settings_of(data)), "bob", "his")
    assert backup(settings_of(data), archive, now=NOW, force=True).bytes != len(before)


def test_what_is_there_is_moved_aside_and_only_when_told_to(data: Path, archive: Path):
    sessions.create(open_database(settings_of(data)), "bob", "later")
    with pytest.raises(BadInput, match=r"already holds home_energy\.sqlite, pepper"):
        restore(data, archive, now=NOW)
    open_database(settings_of(data)).close()
    aside = restore(data, archive, now=NOW, force=True).aside
    assert aside == data / "aside" / "20261122T120000Z"
    assert sessions.owner_of(open_database(settings_of(data)), "later") is None
    with closing(sqlite3.connect(aside / "home_energy.sqlite")) as before:
        assert before.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
    open_database(settings_of(data)).close()
    assert restore(data, archive, now=NOW, force=True).aside == data / "aside/20261122T120000Z-2"


def test_restore_is_refused_while_a_server_runs(data: Path, archive: Path):
    with held(data, by="a server"), pytest.raises(SetupError, match="in use by a server"):
        restore(data, archive, now=NOW, force=True)


def test_a_restore_that_was_cut_off_is_told_until_it_is_done_again(data: Path, archive: Path):
    (data / UNFINISHED).touch()
    with pytest.raises(SetupError, match="restore FILE --force"):
        refuse_unfinished(data)
    open_database(settings_of(data)).close()
    restore(data, archive, now=NOW, force=True)
    refuse_unfinished(data)


def test_history_of_a_session_deleted_meanwhile_is_not_in_the_backup(data: Path, tmp_path: Path):
    database = open_database(settings_of(data))
    sessions.create(database, "alice", "gone")
    sessions.delete(database, "gone", "alice")
    with closing(sqlite3.connect(data / "checkpoints.sqlite")) as file:
        file.execute("CREATE TABLE checkpoints (thread_id TEXT, checkpoint BLOB)")
        rows = [("mine", "kept words"), ("gone", "deleted words")]
        file.executemany("INSERT INTO checkpoints VALUES (?, ?)", rows)
        file.commit()
    backup(settings_of(data), tmp_path / "b.tar.gz", now=NOW)
    restore(tmp_path / "new", tmp_path / "b.tar.gz", now=NOW)
    found = (tmp_path / "new" / "checkpoints.sqlite").read_bytes()
    assert b"kept words" in found
    assert b"deleted words" not in found


def test_a_damaged_database_makes_no_backup(data: Path, tmp_path: Path):
    open_database(settings_of(data)).close()
    (data / "store.sqlite").write_bytes(b"damaged " * 1000)
    with pytest.raises(SetupError, match=r"store\.sqlite.*restore"):
        backup(settings_of(data), tmp_path / "b.tar.gz", now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def members(archive: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(archive) as tar:
        return [(m, tar.extractfile(m).read()) for m in tar]  # type: ignore[union-attr]


def pack(archive: Path, content: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        for member, data in content:
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def cut(share: float) -> Callable[[Path], None]:
    def do(archive: Path) -> None:
        archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])

    return do


def flip(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    archive.write_bytes(data)


def cut_inside(archive: Path) -> None:
    data = gzip.decompress(archive.read_bytes())
    archive.write_bytes(gzip.compress(data[: len(data) // 2]))


def change_a_row(archive: Path) -> None:
    pack(archive, [(m, data.replace(b"alice", b"mallo")) for m, data in members(archive)])


def leave_one_out(archive: Path) -> None:
    pack(archive, members(archive)[:-1])


def add(
    name: str, kind: bytes = tarfile.REGTYPE, *, listed: bool = False
) -> Callable[[Path], None]:
    """Add a member, and with `listed` a line of the manifest that vouches for it."""

    def do(archive: Path) -> None:
        (described, text), *rest = members(archive)
        if listed:
            manifest = json.loads(text)
            digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            manifest["files"][name] = {"sha256": digest, "bytes": 0, "rows": {}}
            text = json.dumps(manifest).encode()
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        pack(archive, [(described, text), *rest, (member, b"")])

    return do


def newer(archive: Path) -> None:
    (described, text), *rest = members(archive)
    pack(archive, [(described, text.replace(b'"format": 1', b'"format": 99')), *rest])


def of_newer_schema(archive: Path) -> None:
    """A true backup whose database a newer program wrote."""
    folder = archive.parent / "other"
    open_database(settings_of(folder))
    open_database(settings_of(folder)).close()
    with closing(sqlite3.connect(folder / "home_energy.sqlite")) as file:
        file.execute("INSERT INTO schema_version VALUES (99, '')")
        file.commit()
    backup(settings_of(folder), archive, now=NOW, force=True)


@pytest.mark.parametrize(
    "damage",
    [
        cut(0.0), cut(0.01), cut(0.5), cut(0.99), flip, cut_inside, change_a_row, leave_one_out,
        add("index/extra"), add("../outside", listed=True), add("/etc/outside", listed=True),
        add("index/../../outside", listed=True), add("settings.py", listed=True),
        add("index/link", tarfile.SYMTYPE, listed=True),
        add("index/hard", tarfile.LNKTYPE, listed=True),
        add("index/device", tarfile.CHRTYPE, listed=True), add("index/a\\b", listed=True),
        lambda path: path.write_bytes(b"not an archive"), Path.unlink, newer, of_newer_schema,
    ],
    ids=[
        "empty", "one hundredth", "half", "nearly whole", "flipped bit", "cut inside the zip",
        "changed row", "member missing", "member too many", "path up", "absolute path",
        "path up and down", "strange name", "symlink", "hard link", "device", "backslash",
        "no archive", "no file", "newer format", "newer schema",
    ],
)  # fmt: skip
def test_a_damaged_or_changed_archive_changes_nothing(
    data: Path, archive: Path, damage: Callable[[Path], object]
):
    open_database(settings_of(data)).close()
    damage(archive)
    before = contents(data)
    with pytest.raises((BadInput, SetupError), match=r"\.$"):
        restore(data, archive, now=NOW, force=True)
    assert contents(data) == before
    assert not (data / UNFINISHED).exists()
    assert not (data.parent / "outside").exists()


@pytest.mark.slow
def test_the_index_comes_back_and_needs_no_ingest(installed: Installation, tmp_path: Path):
    archive = tmp_path / "b.tar.gz"
    assert backup(installed.settings(), archive, now=NOW).left_out == []
    new = Installation(tmp_path / "new", installed.documents)
    restore(new.data, archive, now=NOW)
    (new.data / "models").symlink_to(installed.data / "models")
    assert new.prepare() == ""
    assert new.version().name == installed.version().name


@pytest.mark.slow
def test_without_the_index_the_one_that_is_there_stays(installed: Installation, tmp_path: Path):
    archive = tmp_path / "b.tar.gz"
    backup(installed.settings(), archive, now=NOW, with_index=False)
    open_database(installed.settings())
    open_database(installed.settings()).close()
    restore(installed.data, archive, now=NOW, force=True)
    assert installed.prepare() == ""


class Talker(threading.Thread):
    """A client that goes on with its session, and knows which turns were acknowledged."""

    def __init__(self, server: Server, ending: threading.Event) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self._server, self._ending = server, ending
        with server.client() as client:
            self.session = client.post("/get_session_id").json()["session_id"]

    def run(self) -> None:
        with self._server.client() as client:
            while not self._ending.is_set():
                text = f"q{len(self.acknowledged) + 1}"
                asked = client.post(
                    "/ask", params={"session_id": self.session}, json={"message": text}
                )
                assert asked.status_code == 200, asked.text
                self.acknowledged.append(text)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[list[Server]]:
    names = ("data", "restored")
    servers = [Server(tmp_path / name, settings={"requests_per_minute": 0}) for name in names]
    yield servers
    for server in servers:
        if server.process is not None and server.process.poll() is None:
            server.stop(signal.SIGKILL)


@pytest.mark.slow
def test_backup_under_load_holds_every_turn_acknowledged_before_it(
    serving: list[Server], tmp_path: Path
):
    server, again = serving
    server.start()
    ending = threading.Event()
    talkers = [Talker(server, ending) for _ in range(CLIENTS)]
    for talker in talkers:
        talker.start()
    backed_up, first = 0, 0
    while backed_up < 5 or spoken(talkers) < first + 100:
        assert all(talker.is_alive() for talker in talkers)
        first = first or spoken(talkers)
        before = {talker.session: list(talker.acknowledged) for talker in talkers}
        backup(settings_of(server.data_dir), tmp_path / "b.tar.gz", now=NOW, force=True)
        backed_up += 1
    ending.set()
    for talker in talkers:
        talker.join()
    server.stop(signal.SIGKILL)
    restore(again.data_dir, tmp_path / "b.tar.gz", now=NOW)
    again.start()
    with again.client() as client:
        for session, texts in before.items():
            assert human(client, session)[: len(texts)] == texts
            asked = client.post("/ask", params={"session_id": session}, json={"message": "on"})
            turns = len(human(client, session))
            assert asked.json()["answer"]["text"] == f"Turn {turns}: on"


def spoken(talkers: list[Talker]) -> int:
    return sum(len(talker.acknowledged) for talker in talkers)


def human(client: httpx.Client, session: str) -> list[str]:
    messages = client.get(f"/threads/{session}/state").json()["values"]["messages"]
    return [message["content"] for message in messages if message["type"] == "human"]
