"""Turns at once queue, are refused, interrupt or roll back, and hold up nobody else."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, RateLimitError
from server_process import Server

from home_energy import keys
from home_energy.database import open_database
from home_energy.settings import Settings
from server.auth import WAITING_ON_THREAD

pytestmark = pytest.mark.slow


class House:
    def __init__(self, data_dir: Path) -> None:
        self.server = Server(data_dir)
        database = open_database(Settings(_env_file=None, data_dir=data_dir))
        self.keys = {user: keys.create(database, data_dir, user)[0] for user in ("alice", "bob")}
        self.server.start()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("data"))
    yield house
    house.server.stop(signal.SIGKILL)


@pytest.fixture
async def alice(house: House) -> AsyncIterator[LangGraphClient]:
    async with get_client(url=house.server.url, api_key=house.keys["alice"]) as client:
        yield client


@pytest.fixture
async def rest(house: House) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"X-Api-Key": house.keys["alice"]}
    async with httpx.AsyncClient(
        base_url=house.server.url, headers=headers, timeout=60, trust_env=False
    ) as client:
        yield client


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


async def started(client: LangGraphClient, thread: str, text: str) -> str:
    """Start a run and wait until it is running."""
    run = await client.runs.create(thread, "assistant", input=said(text))
    for _ in range(1000):
        if (await client.runs.get(thread, run["run_id"]))["status"] != "pending":
            return run["run_id"]
        await asyncio.sleep(0.02)
    raise AssertionError("the run did not start")


async def texts(client: LangGraphClient, thread: str) -> list[str]:
    state = await client.threads.get_state(thread)
    return [message["content"] for message in state["values"]["messages"]]


async def test_enqueued_turns_follow_each_other(alice: LangGraphClient):
    thread = (await alice.threads.create())["thread_id"]
    asked = [
        alice.runs.wait(thread, "assistant", input=said(f"q{n}"), multitask_strategy="enqueue")
        for n in range(WAITING_ON_THREAD)
    ]
    await asyncio.gather(*asked)
    history = await texts(alice, thread)
    assert sorted(history[::2]) == [f"q{n}" for n in range(WAITING_ON_THREAD)]
    assert history[1::2] == [f"Turn {n}: {q}" for n, q in enumerate(history[::2], start=1)]


async def test_reject_is_a_conflict_and_loses_nothing(alice: LangGraphClient):
    thread = (await alice.threads.create())["thread_id"]
    first = await started(alice, thread, "sleep 1")
    with pytest.raises(ConflictError):
        await alice.runs.create(thread, "assistant", input=said("no"), multitask_strategy="reject")
    await alice.runs.join(thread, first)
    assert await texts(alice, thread) == ["sleep 1", "Turn 1: sleep 1"]


async def test_interrupt_stops_the_turn_and_answers_the_new_one(alice: LangGraphClient):
    thread = (await alice.threads.create())["thread_id"]
    first = await started(alice, thread, "sleep 20")
    async with asyncio.timeout(15):
        await alice.runs.wait(
            thread, "assistant", input=said("now this"), multitask_strategy="interrupt"
        )
    assert (await alice.runs.get(thread, first))["status"] == "interrupted"
    history = await texts(alice, thread)
    assert history.count("now this") == 1
    assert history[-1].endswith("now this")
    assert (await alice.threads.get(thread))["status"] == "idle"


async def test_rollback_forgets_the_turn_it_replaces(alice: LangGraphClient):
    thread = (await alice.threads.create())["thread_id"]
    await alice.runs.wait(thread, "assistant", input=said("kept"))
    await started(alice, thread, "sleep 20")
    async with asyncio.timeout(15):
        await alice.runs.wait(
            thread, "assistant", input=said("instead"), multitask_strategy="rollback"
        )
    assert await texts(alice, thread) == ["kept", "Turn 1: kept", "instead", "Turn 2: instead"]
    assert (await alice.threads.get(thread))["status"] == "idle"


async def test_doors_take_turns(alice: LangGraphClient, rest: httpx.AsyncClient):
    thread = (await alice.threads.create())["thread_id"]

    async def ask(text: str) -> None:
        while True:
            answered = await rest.post(
                "/ask", params={"session_id": thread}, json={"message": text}
            )
            if answered.status_code == 200:
                return
            assert answered.json()["code"] == "busy"
            await asyncio.sleep(0.01)

    async def run(text: str) -> None:
        await alice.runs.wait(thread, "assistant", input=said(text), multitask_strategy="enqueue")

    await asyncio.gather(*(do(f"{do.__name__} {n}") for n in range(4) for do in (ask, run)))
    history = await texts(alice, thread)
    assert sorted(history[::2]) == sorted(f"{do} {n}" for n in range(4) for do in ("ask", "run"))
    assert history[1::2] == [f"Turn {n}: {q}" for n, q in enumerate(history[::2], start=1)]


async def test_one_caller_cannot_hold_up_the_queue(house: House, alice: LangGraphClient):
    threads = [(await alice.threads.create())["thread_id"] for _ in range(4)]
    for _ in range(WAITING_ON_THREAD + 1):
        for thread in threads:
            await alice.runs.create(thread, "assistant", input=said("sleep 2"))
    for thread in threads:
        with pytest.raises(RateLimitError) as refused:
            await alice.runs.create(thread, "assistant", input=said("one more"))
        assert int(refused.value.response.headers["retry-after"]) > 0
    async with get_client(url=house.server.url, api_key=house.keys["bob"]) as bob:
        own = (await bob.threads.create())["thread_id"]
        before = time.monotonic()
        await bob.runs.wait(own, "assistant", input=said("hi"))
        waited = time.monotonic() - before
    for thread in threads:
        await alice.threads.delete(thread)
    # Alice's turns take ten seconds in all, and longer where they hold up the queue.
    assert waited < 2
