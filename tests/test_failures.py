"""That no failure, of an agent, a door or a database, reaches a client in its own words."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from canaries import CanaryServer, surfaces

from graphs.assistant import build_graph, graph
from graphs.rag import build_graph as build_rag
from home_energy.errors import TurnFailed
from home_energy.settings import get_settings
from tools import knowledge


@pytest.fixture
def no_index(tmp_path: Path, model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "models").symlink_to(model_dir / "models", target_is_directory=True)
    monkeypatch.setenv("HOME_ENERGY_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    knowledge.forget()
    yield tmp_path
    knowledge.forget()
    get_settings.cache_clear()


async def test_a_missing_index_fails_the_turn_without_telling_why(no_index: Path) -> None:
    turn: Any = {"messages": [{"role": "user", "content": "How thick should loft insulation be?"}]}
    with pytest.raises(TurnFailed) as failure:
        await graph.ainvoke(turn)
    assert "index" not in str(failure.value)
    assert str(no_index) not in str(failure.value)
    assert failure.value.__cause__ is None


@pytest.mark.usefixtures("settings")
async def test_a_model_that_is_not_offered_is_told_by_name() -> None:
    from agents.context import Context
    from home_energy.errors import BadInput

    turn: Any = {"messages": [{"role": "user", "content": "How thick should loft insulation be?"}]}
    with pytest.raises(BadInput, match="openai:gpt-4o"):
        await graph.ainvoke(turn, context=Context(model="openai:gpt-4o"))


def test_every_agent_fails_in_words_for_clients() -> None:
    for builder in (build_graph(), build_rag()):
        for name, node in builder.nodes.items():
            wrapped: Any = node.runnable
            # The one way out that `surfaces` cannot make fail, since it raises what it was given.
            if not name.startswith("__error_handler__"):
                assert (wrapped.afunc or wrapped.func).__code__.co_name == "guarded", name


PLACES = (
    "sessions.create",
    "sessions.touch",
    "sessions.owner_of",
    "sessions.was_deleted",
    "sessions.list_for",
    "sessions.delete",
    "kept.find",
    "keys.verify",
    "turns.begin",
    "documents.knowledge",
    "checkpoints.aget_tuple",
    "checkpoints.aput",
    "checkpoints.alist",
)
ERRORS = (
    "RuntimeError",
    "ValueError",
    "KeyError",
    "OSError",
    "SetupError",
    "TurnFailed",
    "OperationalError",
    "ExceptionGroup",
    "Unforeseen",
)
AGENTS = ("supervisor", "retriever", "summarizer", "records", "quoted_instead")


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CanaryServer]:
    server = CanaryServer(tmp_path_factory.mktemp("data"))
    server.start()
    yield server
    server.stop(signal.SIGKILL)


@pytest.fixture
def client(failing: CanaryServer) -> Iterator[httpx.Client]:
    with failing.client() as client:
        yield client


def new_thread(client: httpx.Client) -> str:
    return str(client.post("/get_session_id").json()["session_id"])


def told(said: dict[str, str]) -> list[str]:
    """Name the surfaces that tell what nobody may read."""
    return [name for name, text in said.items() if "canary" in text or "/secret" in text]


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
def test_no_error_of_an_agent_reaches_a_client(client: httpx.Client, error: str) -> None:
    for agent in AGENTS:
        said = surfaces(client, new_thread(client), f"raise {agent} {error}")
        assert told(said) == [], agent
        # The runs did fail, or else there was nothing to tell.
        assert said["ask"].startswith("500"), agent
        assert "__error__" in said["wait"], agent


@pytest.mark.slow
def test_no_error_of_the_two_step_graph_reaches_a_client(client: httpx.Client) -> None:
    for agent in ("retriever", "summarizer"):
        said = surfaces(client, new_thread(client), f"raise {agent} OSError", "rag")
        assert told(said) == [], agent
        assert "__error__" in said["wait"], agent


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_no_error_of_a_database_reaches_a_client(
    failing: CanaryServer, client: httpx.Client, place: str
) -> None:
    thread = new_thread(client)
    client.post("/ask", params={"session_id": thread}, json={"message": "fine"})
    with failing.broken(place):
        said = surfaces(client, thread, "fine")
        deleted = client.delete(f"/sessions/{thread}")
        said["delete"] = f"{deleted.status_code} {deleted.text}"
    after = {path: client.get(f"/threads/{thread}/{path}").text for path in ("runs", "state")}
    assert told({**said, **after}) == []
    # The answer of a turn without one is 500 here, so another door has to show that it broke.
    broken = [
        name for name, text in said.items() if text.startswith("500") and "no_answer" not in text
    ]
    assert broken or "__error__" in said["wait"]
