"""What a long session costs, and copying, rolling back and deleting it, at a real server."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError
from server_process import Server

from home_energy import keys, sessions
from home_energy.database import open_database
from home_energy.settings import Settings, get_settings
from server import history, sweep

pytestmark = pytest.mark.slow


class House:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.server = Server(data_dir, settings={"sweep_seconds": 0.3, "requests_per_minute": 0})
        self.database = open_database(Settings(_env_file=None, data_dir=data_dir))
        self.keys = {u: keys.create(self.database, data_dir, u)[0] for u in ("alice", "bob")}
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


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


async def talked(client: LangGraphClient, *said_texts: str) -> str:
    thread = (await client.threads.create())["thread_id"]
    for text in said_texts:
        await client.runs.wait(thread, "assistant", input=said(text))
    return thread


async def texts(client: LangGraphClient, thread: str) -> list[str]:
    state = await client.threads.get_state(thread)
    return [message["content"] for message in state["values"]["messages"]]


async def test_a_copy_has_the_whole_history_and_goes_its_own_way(
    house: House, alice: LangGraphClient
):
    thread = await talked(alice, "one", "two")
    copy = (await alice.threads.copy(thread))["thread_id"]  # type: ignore[index]
    assert sessions.owner_of(house.database, copy) == "alice"
    kept = [state["values"] for state in await alice.threads.get_history(thread, limit=100)]
    copied = [state["values"] for state in await alice.threads.get_history(copy, limit=100)]
    assert copied == kept
    await alice.runs.wait(copy, "assistant", input=said("three"))
    await alice.runs.wait(thread, "assistant", input=said("four"))
    both = ["one", "Turn 1: one", "two", "Turn 2: two"]
    assert await texts(alice, copy) == [*both, "three", "Turn 3: three"]
    assert await texts(alice, thread) == [*both, "four", "Turn 3: four"]
    await alice.threads.delete(thread)
    assert await texts(alice, copy) == [*both, "three", "Turn 3: three"]
    async with get_client(url=house.server.url, api_key=house.keys["bob"]) as bob:
        with pytest.raises(NotFoundError):
            await bob.threads.get_state(copy)
        with pytest.raises(NotFoundError):
            await bob.threads.copy(copy)


async def test_pruning_deletes_threads_of_ones_own_only(house: House, alice: LangGraphClient):
    mine = await talked(alice, "one")
    async with get_client(url=house.server.url, api_key=house.keys["bob"]) as bob:
        others = await talked(bob, "one")
        with pytest.raises((NotFoundError, httpx.HTTPStatusError)):
            await alice.threads.prune([others], strategy="delete")
        assert await texts(bob, others) == ["one", "Turn 1: one"]
    await alice.threads.prune([mine], strategy="delete")
    with pytest.raises(NotFoundError):
        await alice.threads.get_state(mine)
    assert sessions.was_deleted(house.database, mine)
    assert mine not in history.thread_ids(house.data_dir)


async def test_the_runtime_prunes_nothing_to_the_latest_state(alice: LangGraphClient):
    thread = await talked(alice, "one")
    with pytest.raises((UnprocessableEntityError, httpx.HTTPStatusError)):
        await alice.threads.prune([thread], strategy="keep_latest")
    assert await texts(alice, thread) == ["one", "Turn 1: one"]


async def test_superseded_states_go_while_turns_are_taken(
    house: House, alice: LangGraphClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(house.data_dir))
    get_settings.cache_clear()
    idle = await talked(alice, "one", "two", "three")
    before, _ = history.size_of(house.data_dir, idle)
    busy = (await alice.threads.create())["thread_id"]
    turns = asyncio.create_task(_ask(alice, busy, 10))
    session = sessions.find(house.database, idle)
    await sweep.prune_history([session])
    get_settings.cache_clear()
    await turns
    after, _ = history.size_of(house.data_dir, idle)
    assert after < before
    assert len(await texts(alice, busy)) == 20
    await alice.runs.wait(idle, "assistant", input=said("four"))
    assert (await texts(alice, idle))[::2] == ["one", "two", "three", "four"]


async def _ask(client: LangGraphClient, thread: str, turns: int) -> None:
    for number in range(turns):
        await client.runs.wait(thread, "assistant", input=said(str(number)))
