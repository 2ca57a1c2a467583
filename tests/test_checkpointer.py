import asyncio
import json
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Annotated, NotRequired

import ormsgpack
import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.channels.delta import DeltaChannel
from langgraph.channels.untracked_value import UntrackedValue
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.serde.jsonplus import EXT_CONSTRUCTOR_SINGLE_ARG
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict

from home_energy.errors import SetupError
from home_energy.settings import get_settings
from server.persistence import checkpointer, store


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield tmp_path / "data"
    get_settings.cache_clear()


def merge_messages(current, updates):
    for update in updates:
        current = add_messages(current, update)
    return current


class Conversation(TypedDict):
    messages: Annotated[list[AnyMessage], DeltaChannel(merge_messages)]
    plan: NotRequired[str]
    evidence: NotRequired[Annotated[list[str], UntrackedValue]]


async def retrieve(state: Conversation):
    return {"plan": "answer", "evidence": ["x" * 10_000]}


async def answer(state: Conversation):
    heard = [message.text for message in state["messages"] if message.type == "human"]
    return {"messages": [AIMessage(f"{len(heard)} heard, {len(state['evidence'])} found")]}


def conversation(saver):
    builder = StateGraph(Conversation)
    builder.add_node(retrieve)
    builder.add_node(answer)
    builder.add_edge(START, "retrieve")
    builder.add_edge("retrieve", "answer")
    builder.add_edge("answer", END)
    return builder.compile(checkpointer=saver)


def config(thread_id="thread"):
    return {"configurable": {"thread_id": thread_id}}


async def talk(graph, *texts, thread_id="thread", durability="async"):
    for text in texts:
        await graph.ainvoke(
            {"messages": [HumanMessage(text)]},
            {**config(thread_id), "metadata": {"run_id": f"run {text}"}},
            durability=durability,
        )


async def texts_of(graph, thread_id="thread"):
    state = await graph.aget_state(config(thread_id))
    return [message.text for message in state.values.get("messages", [])]


async def checkpoint_ids(saver, thread_id="thread"):
    return [item.checkpoint["id"] async for item in saver.alist(config(thread_id))]


def after(*texts):
    """Return the messages of a conversation in which these were said."""
    return [
        text
        for number, said in enumerate(texts, start=1)
        for text in (said, f"{number} heard, 1 found")
    ]


async def test_the_saver_has_every_capability_of_the_conformance_suite():
    @checkpointer_test(name="checkpointer")
    async def opened():
        async with checkpointer() as saver:
            yield saver

    report = await validate(opened)
    report.print_report()
    assert report.passed_all()
    assert len(report.results) == 8


async def test_a_conversation_goes_on_after_a_restart():
    async with checkpointer() as saver:
        await talk(conversation(saver), "a")
    async with checkpointer() as saver:
        graph = conversation(saver)
        await talk(graph, "b")
        assert await texts_of(graph) == after("a", "b")


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
@pytest.mark.parametrize("turns", [1, 3, 60])
async def test_a_pruned_thread_still_gives_every_message_and_goes_on(durability, turns):
    said = [f"question {number}" for number in range(turns)]
    async with checkpointer() as saver:
        graph = conversation(saver)
        await talk(graph, *said, durability=durability)
        await talk(graph, "other", thread_id="other", durability=durability)
        before = await checkpoint_ids(saver)
        await saver.aprune(["thread"])
        left = await checkpoint_ids(saver)
        assert left[0] == before[0]
        assert len(left) <= len(before) if durability == "exit" else len(left) < len(before)
        assert await texts_of(graph) == after(*said)
        await talk(graph, "more", durability=durability)
        assert await texts_of(graph) == after(*said, "more")
        assert await texts_of(graph, "other") == after("other")


async def test_pruning_again_and_again_loses_nothing():
    async with checkpointer() as saver:
        graph = conversation(saver)
        said = [f"question {number}" for number in range(70)]
        for text in said:
            await talk(graph, text)
            await saver.aprune(["thread"])
        assert await texts_of(graph) == after(*said)
        assert len(await checkpoint_ids(saver)) <= 101


async def test_an_interrupted_thread_can_be_pruned_and_resumed():
    async with checkpointer() as saver:
        builder = StateGraph(Conversation)
        builder.add_node(retrieve)
        builder.add_node(answer)
        builder.add_edge(START, "retrieve")
        builder.add_edge("retrieve", "answer")
        graph = builder.compile(checkpointer=saver, interrupt_before=["retrieve"])
        await talk(conversation(saver), "a")
        await talk(graph, "b")
        await saver.aprune(["thread"])
        assert (await graph.aget_state(config())).next == ("retrieve",)
        await graph.ainvoke(None, config())
        assert await texts_of(graph) == after("a", "b")


@pytest.mark.parametrize("durability", ["async", "exit"])
async def test_rolling_back_the_last_run_takes_exactly_its_messages(durability):
    async with checkpointer() as saver:
        graph = conversation(saver)
        await talk(graph, "a", "b", "wrong", durability=durability)
        await saver.adelete_for_runs(["run wrong"])
        await talk(graph, "c", durability=durability)
        assert await texts_of(graph) == after("a", "b", "c")


async def test_deleting_an_earlier_run_keeps_what_was_said_before_and_after():
    async with checkpointer() as saver:
        graph = conversation(saver)
        await talk(graph, "a", "wrong", "c")
        await saver.adelete_for_runs(["run wrong"])
        assert [text for text in await texts_of(graph) if "heard" not in text] == ["a", "c"]


async def test_a_copied_thread_has_every_message_and_a_life_of_its_own():
    async with checkpointer() as saver:
        graph = conversation(saver)
        await talk(graph, "a", "b")
        await saver.acopy_thread("thread", "copy")
        await talk(graph, "c", thread_id="copy")
        assert await texts_of(graph, "copy") == after("a", "b", "c")
        assert await texts_of(graph) == after("a", "b")
        await saver.adelete_thread("thread")
        assert await texts_of(graph, "copy") == after("a", "b", "c")
        assert await texts_of(graph) == []


async def test_the_history_of_a_thread_can_be_read_back():
    async with checkpointer() as saver:
        graph = conversation(saver)
        await talk(graph, "a", "b")
        ends = [
            [message.text for message in state.values["messages"]]
            async for state in graph.aget_state_history(config())
            if not state.next
        ]
        assert ends == [after("a", "b"), after("a")]


async def test_a_listing_left_unfinished_blocks_nobody():
    async with checkpointer() as saver, asyncio.timeout(5):
        await talk(conversation(saver), "a")
        listing = saver.alist(config())
        await anext(listing)
        await talk(conversation(saver), "b")
        await listing.aclose()


async def test_a_cancelled_run_leaves_the_file_unlocked(data_dir):
    async with checkpointer() as saver, checkpointer() as other:
        graph, elsewhere = conversation(saver), conversation(other)
        for number in range(20):
            turn = asyncio.create_task(talk(graph, str(number)))
            await asyncio.sleep(0.001 * number)
            turn.cancel()
            await asyncio.gather(turn, return_exceptions=True)
            async with asyncio.timeout(5):
                await talk(elsewhere, f"x{number}", thread_id="elsewhere")
        assert len(await texts_of(elsewhere, "elsewhere")) == 40


async def test_a_cancelled_maintenance_leaves_the_file_unlocked():
    async with checkpointer() as saver, checkpointer() as other:
        graph, elsewhere = conversation(saver), conversation(other)
        await talk(graph, "a", "b", "c")
        for number in range(24):
            work = [
                saver.aprune(["thread"]),
                saver.acopy_thread("thread", "copy"),
                saver.adelete_thread("copy"),
            ]
            task = asyncio.gather(*work, return_exceptions=True)
            await asyncio.sleep(0.0004 * number)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(5):
                await talk(elsewhere, f"x{number}", thread_id="elsewhere")
        assert await texts_of(graph) == after("a", "b", "c")


async def test_two_loops_can_write_at_once():
    def in_a_loop_of_its_own(thread_id):
        async def work():
            async with checkpointer() as saver:
                await talk(conversation(saver), *"abcdefgh", thread_id=thread_id)

        asyncio.run(work())

    await asyncio.gather(
        asyncio.to_thread(in_a_loop_of_its_own, "one"),
        asyncio.to_thread(in_a_loop_of_its_own, "two"),
    )
    async with checkpointer() as saver:
        graph = conversation(saver)
        for thread_id in ("one", "two"):
            assert await texts_of(graph, thread_id) == after(*"abcdefgh")


def test_an_acknowledged_turn_survives_kill_nine(data_dir):
    script = textwrap.dedent(
        """
        import asyncio, sys, time
        sys.path.insert(0, sys.argv[1])
        from server.persistence import checkpointer
        from test_checkpointer import conversation, talk

        async def main():
            async with checkpointer() as saver:
                graph = conversation(saver)
                await talk(graph, "a", "b")
                print("acknowledged", flush=True)
                time.sleep(60)

        asyncio.run(main())
        """
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "acknowledged\n"
    child.kill()
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()

    async def read():
        async with checkpointer() as saver:
            return await texts_of(conversation(saver))

    assert asyncio.run(read()) == after("a", "b")


@pytest.mark.slow
async def test_a_hundred_turns_stay_small(data_dir):
    async with checkpointer() as saver:
        await talk(conversation(saver), *map(str, range(100)))
        await saver.aprune(["thread"])
        await saver.conn.execute("VACUUM")
        await saver.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sum(file.stat().st_size for file in data_dir.iterdir()) < 500_000


async def test_a_crafted_checkpoint_constructs_no_class():
    crafted = ormsgpack.packb(
        ormsgpack.Ext(
            EXT_CONSTRUCTOR_SINGLE_ARG, ormsgpack.packb(("subprocess", "Popen", ["true"]))
        )
    )
    async with checkpointer() as saver:
        assert saver.serde.loads_typed(("msgpack", crafted)) == ["true"]


async def test_files_are_private_and_survive_power_loss(data_dir):
    async with checkpointer() as saver, store() as kept:
        await talk(conversation(saver), "a")
        await kept.aput(("alice", "notes"), "one", {"text": "x"})
        for connection in (saver.conn, kept.conn):
            for pragma, value in {
                "journal_mode": "wal",
                "synchronous": 2,
                "busy_timeout": 30_000,
            }.items():
                async with connection.execute(f"PRAGMA {pragma}") as cursor:
                    assert await cursor.fetchone() == (value,)
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data_dir.iterdir()}
    assert {"checkpoints.sqlite", "checkpoints.sqlite-wal", "store.sqlite"} <= set(files)
    assert set(files.values()) == {0o600}


async def test_the_store_keeps_items_over_a_restart():
    async with store() as kept:
        await kept.aput(("alice", "notes"), "one", {"text": "x"})
    async with store() as kept:
        assert (await kept.aget(("alice", "notes"), "one")).value == {"text": "x"}
        assert await kept.aget(("bob", "notes"), "one") is None


@pytest.mark.parametrize(("name", "opener"), [("checkpoints", checkpointer), ("store", store)])
async def test_a_damaged_file_is_said_to_be_so(data_dir, name, opener):
    data_dir.mkdir()
    (data_dir / f"{name}.sqlite").write_bytes(b"not a database" * 1000)
    with pytest.raises(SetupError, match="is not a database: restore it"):
        async with opener():
            pass


async def test_the_servers_own_wrapper_reads_a_long_thread_as_fast_as_a_short_one(monkeypatch):
    monkeypatch.setenv("DATABASE_URI", ":memory:")
    monkeypatch.setenv("REDIS_URI", "fake")
    monkeypatch.setenv("LANGGRAPH_RUNTIME_EDITION", "inmem")
    from langgraph_api._checkpointer import _adapter

    queries = []
    async with checkpointer() as saver:
        wrapped = _adapter._CustomCheckpointerAdapter(
            saver, _adapter.CheckpointerCapabilities.from_type(type(saver))
        )
        graph = conversation(wrapped)
        said = [str(number) for number in range(20)]
        await talk(graph, *said)
        await saver.conn.set_trace_callback(queries.append)
        assert await texts_of(graph) == after(*said)
        await saver.conn.set_trace_callback(None)
    assert len(queries) <= 6


async def test_runs_are_found_by_an_index(data_dir):
    async with checkpointer() as saver:
        await talk(conversation(saver), "a")
    with sqlite3.connect(data_dir / "checkpoints.sqlite") as connection:
        [(metadata,)] = connection.execute("SELECT metadata FROM checkpoints LIMIT 1")
        indexes = [row[1] for row in connection.execute("PRAGMA index_list(checkpoints)")]
    connection.close()
    assert json.loads(metadata)["run_id"] == "run a"
    assert "checkpoints_by_run" in indexes
