"""Damaged databases are mended: every row that can be read is saved, and nothing is deleted."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from installation import Installation, prepared_fixture  # noqa: F401
from rich.console import Console
from server_process import TESTS, Server
from stub_graph import build_graph

from home_energy import keys, sessions
from home_energy.data_folder import held
from home_energy.database import open_database
from home_energy.errors import SetupError
from home_energy.settings import PROJECT_ROOT, get_settings
from server import persistence
from server.checks import run_checks
from server.repair import Mended, Repaired, repair
from tools import knowledge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ASIDE = "aside/20261122T120000Z"
HOME, TALKS, STORE = "home_energy.sqlite", "checkpoints.sqlite", "store.sqlite"
SESSIONS = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(300)]
TALKED = SESSIONS[:25]


@asynccontextmanager
async def talking() -> AsyncIterator[object]:
    async with persistence.checkpointer() as saver:
        yield build_graph().compile(checkpointer=saver)


async def talk() -> None:
    async with talking() as graph, persistence.store() as kept:
        for session in TALKED:
            for words in ("one", "two"):
                turn = {"messages": [{"role": "user", "content": f"{words} of {session}"}]}
                await graph.ainvoke(turn, {"configurable": {"thread_id": session}})
        for number in range(60):
            await kept.aput(("alice", "notes"), f"{number}", {"text": "note " * 30})


async def histories() -> dict[str, list[str]]:
    """What each session's conversation holds, read as the program reads it."""
    found = {}
    async with talking() as graph:
        for session in TALKED:
            state = await graph.aget_state({"configurable": {"thread_id": session}})
            if state.values:
                found[session] = [message.text for message in state.values["messages"]]
    return found


def said(session: str, turns: int = 2) -> list[str]:
    words = [f"one of {session}", f"two of {session}"][:turns]
    return [t for n, word in enumerate(words, 1) for t in (word, f"Turn {n}: {word}")]


@pytest.fixture(scope="module")
def filled(prepared: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    data = tmp_path_factory.mktemp("filled") / "data"
    shutil.copytree(prepared.data, data, symlinks=True)
    installation = Installation(data, prepared.documents)
    database = open_database(installation.settings())
    keys.create(database, data, "alice")
    for session in SESSIONS:
        sessions.create(database, "alice", session, title=f"title of {session} " * 4)
    for session in TALKED:
        sessions.touch(database, session, "alice")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME_ENERGY_DATA_DIR", str(data))
        get_settings.cache_clear()
        asyncio.run(talk())
        get_settings.cache_clear()
    database.close()
    return installation


@pytest.fixture
def folder(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    data = tmp_path / "data"
    shutil.copytree(filled.data, data, symlinks=True)
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(data))
    monkeypatch.setenv("HOME_ENERGY_KNOWLEDGE_DIR", str(filled.documents))
    get_settings.cache_clear()
    knowledge.forget()
    yield Installation(data, filled.documents)
    knowledge.forget()
    with suppress(SetupError):
        open_database(Installation(data, filled.documents).settings()).close()
    get_settings.cache_clear()


def mend(folder: Installation) -> Repaired:
    return repair(folder.settings(), now=NOW, console=Console(file=StringIO()))


def part(repaired: Repaired, name: str) -> Mended:
    [found] = [each for each in repaired.parts if each.name == name]
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "serving.lock"
    }


def damage_page(path: Path, number: int) -> None:
    """Flip the first half of a page of 4096 bytes, its header among them."""
    content = bytearray(path.read_bytes())
    for at in range(number * 4096, number * 4096 + 2048):
        content[at] ^= 0xFF
    path.write_bytes(content)


def fault_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])


def all_is_well(folder: Installation) -> bool:
    names = {"database", "conversations", "keys", "knowledge index", "data folder"}
    return all(check.ok for check in run_checks(folder.settings()) if check.name in names)


def test_a_good_folder_is_left_as_it_is_byte_for_byte(folder: Installation):
    before = contents(folder.data)
    repaired = mend(folder)
    assert contents(folder.data) == before
    assert (repaired.ok, repaired.aside, repaired.lost_conversations) == (True, None, [])
    assert {each.state for each in repaired.parts} == {"whole"}


def test_a_good_folder_whose_program_was_killed_is_left_as_it_is(folder: Installation):
    script = (
        "import os, sqlite3, sys\n"
        "opened = sqlite3.connect(sys.argv[1])\n"
        "opened.execute('UPDATE sessions SET title = NULL')\n"
        "opened.commit()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, folder.data / HOME], check=False)
    before = contents(folder.data)
    assert len(before[f"{HOME}-wal"]) > 4096
    assert mend(folder).aside is None
    assert contents(folder.data) == before


@pytest.mark.parametrize("name", [HOME, TALKS, STORE])
def test_of_a_file_cut_in_half_every_row_of_the_first_half_is_saved(
    folder: Installation, name: str
):
    path = folder.data / name
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    repaired = mend(folder)
    assert repaired.ok
    assert part(repaired, name).mended
    assert (folder.data / ASIDE / name).read_bytes() == half
    assert fault_of(path) == "ok"
    assert path.stat().st_mode & 0o077 == 0
    assert all_is_well(folder)
    if name == HOME:
        pages = half[: len(half) // 4096 * 4096]
        expected = {each for each in SESSIONS if f"title of {each} ".encode() * 4 in pages}
        listed = sessions.list_for(open_database(folder.settings()), "alice", limit=1000)
        assert len(expected) > 50
        assert expected <= {each.session_id for each in listed}
        assert part(repaired, name).tables["sessions"].saved == len(listed) < len(SESSIONS)
        # What the server would clear away, as it is nobody's any more, is kept.
        if repaired.without_session:
            assert (folder.data / ASIDE / TALKS).exists()
    if name == TALKS:
        found = asyncio.run(histories())
        assert 5 < len(found) < len(TALKED)
        assert set(repaired.lost_conversations) == set(TALKED) - set(found)
        for session, messages in found.items():
            assert messages == said(session)[: len(messages)]


@pytest.mark.parametrize("name", [HOME, TALKS, STORE])
@pytest.mark.parametrize("place", [0.2, 0.4, 0.6, 0.8])
def test_a_damaged_page_costs_no_more_than_what_was_on_it(
    folder: Installation, name: str, place: float
):
    path = folder.data / name
    pages = path.stat().st_size // 4096
    damage_page(path, max(1, int(pages * place)))
    damaged = path.read_bytes()
    repaired = mend(folder)
    found = part(repaired, name)
    assert (repaired.ok, found.mended) == (True, True)
    lost = sum(each.known - each.saved for each in found.tables.values())
    rows = sum(each.known for each in found.tables.values())
    assert rows > 50
    assert lost <= 45
    assert (folder.data / ASIDE / name).read_bytes() == damaged
    assert all_is_well(folder)
    whole = {
        session: messages
        for session, messages in asyncio.run(histories()).items()
        if messages == said(session)
    }
    assert len(whole) >= len(TALKED) - 8
    assert mend(folder).aside is None


@pytest.mark.parametrize("name", [HOME, TALKS, STORE])
def test_a_file_that_is_no_database_is_replaced_and_kept(folder: Installation, name: str):
    (folder.data / name).write_bytes(b"not a database" * 1000)
    (folder.data / f"{name}-shm").write_bytes(b"left")
    repaired = mend(folder)
    assert repaired.ok
    assert "a new one was made" in part(repaired, name).state
    aside = folder.data / ASIDE
    assert (aside / name).read_bytes() == b"not a database" * 1000
    assert (aside / f"{name}-shm").read_bytes() == b"left"
    assert all_is_well(folder)
    found = asyncio.run(histories())
    assert len(found) == (0 if name == TALKS else len(TALKED))
    assert repaired.lost_conversations == (TALKED if name == TALKS else [])
    assert repaired.without_session == (TALKED if name == HOME else [])
    if name == HOME:
        with closing(sqlite3.connect(aside / TALKS)) as kept:
            [count] = kept.execute("SELECT count(DISTINCT thread_id) FROM checkpoints").fetchone()
        assert count == len(TALKED)


def test_a_damaged_journal_is_kept_and_what_came_before_stays(folder: Installation):
    path, journal = folder.data / HOME, folder.data / f"{HOME}-wal"
    copy = folder.data.parent / "copy"
    copy.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        opened.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(20):
            opened.execute("UPDATE sessions SET title = ?", (f"after {number}",))
        for each in (path, journal):
            shutil.copyfile(each, copy / each.name)
    content = bytearray((copy / journal.name).read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes((copy / HOME).read_bytes())
    journal.write_bytes(content)
    repaired = mend(folder)
    assert "journal is damaged" in part(repaired, HOME).state
    assert part(repaired, HOME).tables["sessions"].saved == len(SESSIONS)
    assert (folder.data / ASIDE / journal.name).read_bytes() == content
    with closing(sqlite3.connect(path)) as opened:
        [title] = opened.execute("SELECT DISTINCT title FROM sessions").fetchone()
    assert title.startswith("after ")
    assert 5 <= int(title.split()[1]) < 15


def test_a_conversations_step_that_does_not_read_right_is_left_out(folder: Installation):
    path = folder.data / TALKS
    with closing(sqlite3.connect(path)) as opened, opened:
        newest = "SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?"
        opened.execute(
            f"UPDATE checkpoints SET checkpoint = x'c1' WHERE checkpoint_id = ({newest})",
            (TALKED[3],),
        )
    with path.open("ab") as file:
        file.write(b"more")
    with closing(sqlite3.connect(path)) as opened:
        [root] = opened.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_writes_1'"
        ).fetchone()
    damage_page(path, root - 1)
    tables = part(mend(folder), TALKS).tables
    assert tables["checkpoints"].known - tables["checkpoints"].saved == 1
    assert tables["writes"].known == tables["writes"].saved
    found = asyncio.run(histories())
    assert found[TALKED[3]][:3] == said(TALKED[3])[:3]
    assert {each for each in TALKED if found[each] == said(each)} >= set(TALKED) - {TALKED[3]}


def test_a_damaged_index_is_made_again(folder: Installation):
    [vectors] = (folder.data / "index").glob("*/chroma/chroma.sqlite3")
    vectors.write_bytes(b"damaged" * 1000)
    assert part(mend(folder), "knowledge index").ok
    assert all_is_well(folder)


def test_a_newer_programs_database_is_left_to_it(folder: Installation):
    path = folder.data / HOME
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("INSERT INTO schema_version VALUES (999, '')")
    damage_page(path, path.stat().st_size // 4096 - 3)
    before = path.read_bytes()
    found = part(mend(folder), HOME)
    path_is_same = path.read_bytes() == before
    assert (found.ok, path_is_same) == (False, True)
    assert "newer program" in found.state


def test_repair_is_refused_while_a_server_runs(folder: Installation):
    (folder.data / HOME).write_bytes(b"not a database" * 1000)
    before = contents(folder.data)
    with held(folder.data, by="a server"), pytest.raises(SetupError, match="in use by a server"):
        mend(folder)
    assert contents(folder.data) == before


def test_the_command_tells_a_program_what_it_did(folder: Installation):
    (folder.data / STORE).write_bytes(b"not a database" * 1000)
    command = [sys.executable, "-c", "from server.cli import main; main()", "doctor"]
    red = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert red.returncode == 1
    assert "--repair" in red.stdout
    ended = subprocess.run(
        [*command, "--repair", "--json"], cwd=PROJECT_ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["ok"] is True
    assert {each["name"] for each in told["parts"] if each["mended"]} == {STORE}
    assert (Path(told["aside"]) / STORE).exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", [HOME, TALKS])
def test_a_locked_database_is_told_as_a_problem(tmp_path: Path, name: str):
    patched = tmp_path / "patched"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text(
        "import home_energy.database\nhome_energy.database.BUSY_SECONDS = 1.0\n"
    )
    path = f"{patched}{os.pathsep}{TESTS}"
    server = Server(tmp_path / "data", variables={"PYTHONPATH": path})
    server.start()
    try:
        with server.client() as client:
            session = client.post("/get_session_id").json()["session_id"]
            with closing(sqlite3.connect(server.data_dir / name, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                started = time.monotonic()
                refused = client.post(
                    "/ask", params={"session_id": session}, json={"message": "one"}
                )
                seconds = time.monotonic() - started
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["code"] == "unavailable"
            for secret in ("Traceback", "sqlite", "locked", str(tmp_path)):
                assert secret not in refused.text
            assert seconds < 25
            again = client.post("/ask", params={"session_id": session}, json={"message": "two"})
            assert again.status_code == 200
    finally:
        server.stop(signal.SIGKILL)
