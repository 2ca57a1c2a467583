"""Turns on one session follow each other, from whichever process, loop or task they come."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from talker import build

from graphs import one_turn
from home_energy import turns
from home_energy.errors import Busy
from home_energy.settings import get_settings
from server.persistence import checkpointer

TALKER = Path(__file__).with_name("talker.py")


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def talker(data_dir: Path, thread: str, name: str, turns: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(TALKER), str(data_dir), thread, name, str(turns)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def messages(thread: str) -> list[str]:
    async with checkpointer() as saver:
        state = await build(saver).aget_state({"configurable": {"thread_id": thread}})
    return [message.text for message in state.values["messages"]]


def assert_whole(said: list[str], expected: set[str]) -> None:
    """Every question is there once, and right after each comes its own answer."""
    assert len(said) == 2 * len(expected)
    assert set(said[::2]) == expected
    assert said[1::2] == [f"to {question}" for question in said[::2]]


@pytest.mark.slow
async def test_two_processes_lose_no_message(data_dir: Path):
    both = [talker(data_dir, "t", name, 20) for name in "ab"]
    codes = [await asyncio.to_thread(process.wait) for process in both]
    for process in both:
        process.stdout.close()
    assert codes == [0, 0]
    assert_whole(await messages("t"), {f"{name}{n}" for name in "ab" for n in range(20)})


@pytest.mark.slow
async def test_a_killed_turn_is_not_waited_for(data_dir: Path):
    hanging = talker(data_dir, "t", "x", 1)
    assert await asyncio.to_thread(hanging.stdout.readline) == "hanging\n"
    with pytest.raises(Busy):
        turns.begin(data_dir, "t")
    hanging.kill()
    hanging.wait()
    hanging.stdout.close()
    started = time.monotonic()
    async with checkpointer() as saver:
        config = {"configurable": {"thread_id": "t"}}
        await build(saver).ainvoke({"messages": [("user", "still there?")]}, config)
    assert time.monotonic() - started < one_turn.WAIT_SECONDS / 2
    assert (await messages("t"))[-2:] == ["still there?", "to still there?"]


async def test_tasks_of_one_process_follow_each_other():
    async with checkpointer() as saver:
        graph = build(saver)
        config = {"configurable": {"thread_id": "t"}}
        ask = [graph.ainvoke({"messages": [("user", f"q{n}")]}, config) for n in range(8)]
        await asyncio.gather(*ask)
    assert_whole(await messages("t"), {f"q{n}" for n in range(8)})


async def test_other_sessions_do_not_wait(data_dir: Path):
    held = turns.begin(data_dir, "one")
    async with checkpointer() as saver:
        config = {"configurable": {"thread_id": "two"}}
        async with asyncio.timeout(20):
            await build(saver).ainvoke({"messages": [("user", "hello")]}, config)
    held.end()


async def test_a_turn_that_waits_too_long_is_busy(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(one_turn, "WAIT_SECONDS", 0.1)
    held = turns.begin(data_dir, "t")
    async with checkpointer() as saver:
        graph, config = build(saver), {"configurable": {"thread_id": "t"}}
        with pytest.raises(Busy):
            await graph.ainvoke({"messages": [("user", "hello")]}, config)
        with pytest.raises(Busy):
            await graph.aupdate_state(config, {"messages": [("user", "hello")]})
        held.end()
        await graph.ainvoke({"messages": [("user", "hello")]}, config)
    assert await messages("t") == ["hello", "to hello"]


@pytest.mark.parametrize("when", [0.0, 0.001, 0.02])
async def test_a_cancelled_turn_lets_the_next_begin(data_dir: Path, when: float):
    async with checkpointer() as saver:
        graph, config = build(saver), {"configurable": {"thread_id": "t"}}
        task = asyncio.create_task(graph.ainvoke({"messages": [("user", "hang")]}, config))
        await asyncio.sleep(when)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(20):
            await graph.ainvoke({"messages": [("user", "hello")]}, config)
    assert (await messages("t"))[-1] == "to hello"


async def test_a_stream_that_is_left_lets_the_next_begin(data_dir: Path):
    async with checkpointer() as saver:
        graph, config = build(saver), {"configurable": {"thread_id": "t"}}
        stream = graph.astream({"messages": [("user", "one")]}, config, stream_mode="values")
        await anext(stream)
        await stream.aclose()
        turns.begin(data_dir, "t").end()


def test_many_threads_get_a_turn_one_after_the_other(data_dir: Path):
    inside, most, got = 0, 0, 0

    def take() -> None:
        nonlocal inside, most, got
        for _ in range(10):
            while True:
                try:
                    turn = turns.begin(data_dir, "t")
                    break
                except Busy:
                    time.sleep(0.001)
            inside += 1
            most, got = max(most, inside), got + 1
            time.sleep(0.0005)
            inside -= 1
            turn.end()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert got == 80
    assert list((data_dir / turns.FOLDER).iterdir()) == []


def test_files_of_killed_processes_are_swept_but_not_those_in_use(data_dir: Path):
    held = turns.begin(data_dir, "held")
    (data_dir / turns.FOLDER / "left").touch()
    turns.sweep(data_dir, older_than=3600)
    assert len(list((data_dir / turns.FOLDER).iterdir())) == 2
    turns.sweep(data_dir, older_than=-1)
    with pytest.raises(Busy):
        turns.begin(data_dir, "held")
    held.end()
    assert list((data_dir / turns.FOLDER).iterdir()) == []
