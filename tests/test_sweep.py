"""What a sweep takes away and what it leaves, without a server and at a real one."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.messages import AIMessage
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError
from server_process import Server
from talker import build
from typer.testing import CliRunner

from home_energy import kept, keys, sessions, turns
from home_energy.database import Database, open_database
from home_energy.errors import Busy, NotFound
from home_energy.knowledge.documents import Document
from home_energy.settings import Settings, get_settings
from server import history, threads
from server.cli import app
from server.persistence import CHECKPOINTS_FILE, checkpointer
from server.sweep import Sweeper, delete_session

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=40)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HOME_ENERGY_SESSION_TTL_DAYS", "30")
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    yield database
    database.close()


async def talked(
    database: Database, *said: Any, last: datetime = NOW, durability: str = "async"
) -> str:
    session_id = sessions.create(database, "alice", now=last)
    async with checkpointer() as saver:
        graph = build(saver)
        for message in said:
            await graph.ainvoke({"messages": [message]}, config(session_id), durability=durability)
    return session_id


async def texts(session_id: str) -> list[str]:
    async with checkpointer() as saver:
        state = await build(saver).aget_state(config(session_id))
    return [message.text for message in state.values.get("messages", [])]


def config(session_id: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": session_id}}


async def test_sessions_past_their_time_go_with_their_history(
    settings: Settings, database: Database
):
    old = await talked(database, "long ago", last=OLD)
    new = await talked(database, "just now")
    swept = await Sweeper(settings, database).sweep(NOW)
    assert swept["sessions"] == 1
    assert [session.session_id for session in sessions.list_for(database, "alice")] == [new]
    assert history.thread_ids(settings.data_dir) == {new}
    assert history.size_of(settings.data_dir, old) == (0, 0)


async def test_without_a_time_to_live_no_session_goes(settings: Settings, database: Database):
    old = await talked(database, "long ago", last=OLD)
    forever = settings.model_copy(update={"session_ttl_days": 0})
    await Sweeper(forever, database).sweep(NOW)
    assert await texts(old) == ["long ago", "to long ago"]


async def test_a_session_that_answers_is_not_deleted(settings: Settings, database: Database):
    old = await talked(database, "long ago", last=OLD)
    turn = turns.begin(settings.data_dir, old)
    swept = await Sweeper(settings, database).sweep(NOW)
    assert swept["sessions"] == 0
    with pytest.raises(Busy):
        delete_session(database, settings.data_dir, sessions.find(database, old))
    turn.end()
    assert await texts(old) == ["long ago", "to long ago"]


async def test_a_session_used_meanwhile_is_not_deleted(settings: Settings, database: Database):
    old = sessions.find(database, await talked(database, "long ago", last=OLD))
    sessions.touch(database, old.session_id, "alice", now=NOW)
    with pytest.raises(NotFound):
        delete_session(database, settings.data_dir, old, unused_since=OLD + timedelta(days=1))
    assert await texts(old.session_id) == ["long ago", "to long ago"]


async def test_superseded_states_of_unused_sessions_go_and_messages_stay(
    settings: Settings, database: Database
):
    week_ago = await talked(database, *"abcdef", last=NOW - timedelta(days=8))
    new = await talked(database, *"abcdef")
    before = history.size_of(settings.data_dir, week_ago)
    sweeper = Sweeper(settings, database)
    assert (await sweeper.sweep(NOW))["pruned"] == 1
    after = history.size_of(settings.data_dir, week_ago)
    assert after[0] < before[0]
    assert after[1] < before[1]
    assert history.size_of(settings.data_dir, new)[0] == before[0]
    assert await texts(week_ago) == [t for c in "abcdef" for t in (c, f"to {c}")]
    assert (await sweeper.sweep(NOW))["pruned"] == 0, "what was pruned is not looked at again"


async def test_histories_of_no_session_go_once_they_are_known_for_an_hour(
    settings: Settings, database: Database
):
    left = await talked(database, "a")
    sessions.delete(database, left, "alice")
    sweeper = Sweeper(settings, database)
    await sweeper.sweep(NOW)
    assert history.thread_ids(settings.data_dir) == {left}
    swept = await sweeper.sweep(NOW + timedelta(hours=2))
    assert swept["strays"] == 1
    assert history.thread_ids(settings.data_dir) == set()


def document(number: int) -> Document:
    return Document(id=f"calc:{number}", title="", text=f"document {number}", source="calculator")


def citing(kept_document: Document) -> AIMessage:
    answer = {"citations": [{"sha256": kept_document.sha256}]}
    return AIMessage("proved", additional_kwargs={"answer": answer})


async def test_kept_documents_go_when_the_last_session_that_quotes_them_does(
    settings: Settings, database: Database
):
    both, one, recorded = document(1), document(2), document(3)
    for each in (both, one, recorded):
        kept.keep(database, "alice", each, now=OLD)
    kept.keep(database, "bob", one, now=OLD)
    await talked(database, "q", citing(both))
    await talked(database, citing(both), citing(one), citing(recorded), last=OLD)
    with database.write() as connection:
        data = json.dumps({"citations": [{"sha256": recorded.sha256}]})
        connection.exec_driver_sql(
            "INSERT INTO records VALUES ('r', 'alice', NULL, 'note', 't', 't', ?, 'k', 1, 'x', "
            "'x', NULL)",
            (data,),
        )
    swept = await Sweeper(settings, database).sweep(NOW)
    assert swept["documents"] == 1
    assert kept.find(database, "alice", both.id)
    assert kept.find(database, "alice", recorded.id)
    assert kept.find(database, "alice", one.id) is None
    assert kept.find(database, "bob", one.id)


async def test_a_step_that_fails_keeps_no_other_from_being_taken(
    settings: Settings, database: Database
):
    await talked(database, "a", last=OLD)
    (settings.data_dir / "store.sqlite").write_bytes(b"no database" * 1000)
    swept = await Sweeper(settings, database).sweep(NOW)
    assert swept["sessions"] == 1
    assert "bytes" not in swept


async def test_space_is_given_back_while_another_connection_is_open(
    settings: Settings, database: Database
):
    long = [f"{number} " + "words " * 2000 for number in range(150)]
    old = await talked(database, *long, last=OLD, durability="exit")
    path = settings.data_dir / CHECKPOINTS_FILE
    async with checkpointer() as saver:
        await saver.adelete_thread("nothing")
        full = path.stat().st_size
        swept = await Sweeper(settings, database).sweep(NOW)
        assert swept["bytes"] > full / 2
        assert path.stat().st_size < full / 4
    assert await texts(old) == []


def test_a_file_of_an_older_version_is_written_anew(tmp_path: Path):
    path = tmp_path / CHECKPOINTS_FILE
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(4000000))")
        connection.execute("DELETE FROM t")
    connection.close()
    assert history.give_space_back(tmp_path) > 3_000_000
    assert history.give_space_back(tmp_path) == 0


def test_ended_runs_go_by_age_and_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    from langgraph_runtime_inmem import database as runtime

    def run(status: str, seconds: int) -> dict[str, Any]:
        ended = NOW - timedelta(seconds=seconds)
        return {"run_id": uuid4(), "thread_id": uuid4(), "status": status, "updated_at": ended}

    young = [run("success", seconds) for seconds in range(10)]
    older = [run("error", 100 + number) for number in range(10)]
    aged = run("interrupted", 5000)
    waiting, working = run("pending", 5000), run("running", 5000)
    rows = [aged, *older, *young, waiting, working]
    monkeypatch.setitem(runtime.GLOBAL_STORE, "runs", rows)
    drop = partial(threads.drop_ended_runs, NOW - timedelta(seconds=1000))
    crowd_before = NOW - timedelta(seconds=60)
    assert drop(most=100, crowd_before=crowd_before) == 1
    assert runtime.GLOBAL_STORE["runs"] == [*older, *young, waiting, working]
    assert drop(most=15, crowd_before=crowd_before) == 5
    assert runtime.GLOBAL_STORE["runs"] == [*older[:5], *young, waiting, working]
    assert drop(most=0, crowd_before=crowd_before) == 5
    assert runtime.GLOBAL_STORE["runs"] == [*young, waiting, working]


def test_the_copy_in_a_thread_row_goes_when_it_is_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    from langgraph_runtime_inmem import database as runtime

    rows = [{"updated_at": NOW - timedelta(minutes=m), "values": {"m": [m]}} for m in (1, 9, 10)]
    monkeypatch.setitem(runtime.GLOBAL_STORE, "threads", rows)
    assert threads.lighten(NOW - timedelta(minutes=5)) == 2
    assert [row["values"] for row in rows] == [{"m": [1]}, {}, {}]


class House:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.server = Server(data_dir, settings={"sweep_seconds": 0.5})
        self.database = open_database(Settings(_env_file=None, data_dir=data_dir))
        self.key, _ = keys.create(self.database, data_dir, "alice")
        self.server.start()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.server.stop(signal.SIGKILL)


@pytest.fixture
async def alice(house: House):
    async with get_client(url=house.server.url, api_key=house.key) as client:
        yield client


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


async def is_listed(client: LangGraphClient, thread: str) -> bool:
    return thread in {row["thread_id"] for row in await client.threads.search(limit=100)}


@pytest.mark.slow
async def test_a_session_deleted_by_another_process_is_gone_at_once(
    house: House, alice: LangGraphClient, monkeypatch: pytest.MonkeyPatch
):
    thread = (await alice.threads.create())["thread_id"]
    await alice.runs.wait(thread, "assistant", input=said("secret"))
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(house.data_dir))
    get_settings.cache_clear()
    result = CliRunner().invoke(app, ["sessions", "delete", thread])
    get_settings.cache_clear()
    assert result.exit_code == 0, result.output
    for read in (alice.threads.get, alice.threads.get_state, alice.runs.list):
        with pytest.raises(NotFoundError):
            await read(thread)
    with pytest.raises(NotFoundError):
        await alice.runs.create(thread, "assistant", input=said("more"))

    for _ in range(150):
        if not await is_listed(alice, thread):
            break
        await asyncio.sleep(0.1)
    assert not await is_listed(alice, thread)
    assert thread not in history.thread_ids(house.data_dir)


@pytest.mark.slow
async def test_sessions_go_and_others_go_on_while_the_server_serves(
    house: House, alice: LangGraphClient, monkeypatch: pytest.MonkeyPatch
):
    old, new = [(await alice.threads.create())["thread_id"] for _ in range(2)]
    for thread in (old, new):
        await alice.runs.wait(thread, "assistant", input=said("one"))
    with house.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE sessions SET last_at = '2020-01-01T00:00:00+00:00' WHERE session_id = ?", (old,)
        )
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(house.data_dir))
    get_settings.cache_clear()
    run = CliRunner().invoke
    listed = json.loads(
        run(app, ["sessions", "prune", "--older-than", "30d", "--dry-run", "--json"]).output
    )
    assert listed["sessions"] == [old]
    shown = json.loads(run(app, ["sessions", "show", old, "--json"]).output)
    assert shown["user"] == "alice"
    assert shown["checkpoints"] > 0
    busy = asyncio.create_task(alice.runs.wait(new, "assistant", input=said("sleep 1")))
    pruned = await asyncio.to_thread(
        run, app, ["sessions", "prune", "--older-than", "30d", "--json"]
    )
    assert json.loads(pruned.output)["done"] == 1
    idle = ["sessions", "prune", "--older-than", "1m", "--superseded", "--json"]
    superseded = await asyncio.to_thread(run, app, idle)
    assert json.loads(superseded.output)["done"] == 0
    get_settings.cache_clear()
    await busy
    with pytest.raises(NotFoundError):
        await alice.threads.get_state(old)
    state = await alice.threads.get_state(new)
    assert [m["content"] for m in state["values"]["messages"]] == [
        "one",
        "Turn 1: one",
        "sleep 1",
        "Turn 2: sleep 1",
    ]


@pytest.mark.slow
async def test_a_wrong_session_is_told_in_a_sentence(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
):
    from server.cli import main

    for command in ("show", "delete"):
        with pytest.raises(SystemExit) as ended:
            main(["sessions", command, "no-such"])
        assert ended.value.code == 1
        assert "There is no session 'no-such'" in capsys.readouterr().err
