"""kill -9 at random moments while 16 clients talk: nothing acknowledged is lost, nothing doubled.

`KILLS=30 pytest tests/test_kill_under_load.py --log-cli-level=INFO` prints a line for each kill.
"""

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from installation import Installation, installed_fixture, prepared_fixture  # noqa: F401
from server_process import Server

from home_energy.settings import PROJECT_ROOT, Settings
from server.launch import environment

pytestmark = pytest.mark.slow

log = logging.getLogger(__name__)

CLIENTS = 16
KILLS = int(os.environ.get("KILLS", "6"))
SEED = 20261122


BUSY_AGAIN = """
import pickle, sys
from pathlib import Path
path = Path(".langgraph_api/.langgraph_ops.pckl")
rows = pickle.loads(path.read_bytes())
for row in rows["runs"] + rows["threads"]:
    row["status"] = sys.argv[1] if "run_id" in row else "busy"
path.write_bytes(pickle.dumps(rows))
"""
"""A program of its own, as the rows hold classes that only a server's environment can load."""


@dataclass
class Conversation:
    """What one client said on one session."""

    session: str
    acknowledged: list[str] = field(default_factory=list)
    in_flight: list[str] = field(default_factory=list)
    """Said when the server was killed: it may have been kept or not."""


class Client(threading.Thread):
    """Talks on one session, by our door or the server's own, until the server is gone."""

    def __init__(self, server: Server, conversation: Conversation, number: int) -> None:
        super().__init__()
        self._server, self._number = server, number
        self.conversation = conversation
        self.wrong: list[str] = []
        """Answers that were none."""

    def run(self) -> None:
        talk = self.conversation
        with self._server.client() as client:
            while True:
                said = f"client {self._number} says {len(talk.acknowledged + talk.in_flight)}"
                talk.in_flight.append(said)
                try:
                    answered = self._say(client, said)
                except httpx.TransportError:
                    return
                if answered.status_code != 200 or "__error__" in answered.text:
                    self.wrong.append(answered.text)
                    return
                talk.in_flight.remove(said)
                talk.acknowledged.append(said)

    def _say(self, client: httpx.Client, said: str) -> httpx.Response:
        session = self.conversation.session
        if self._number % 2:
            return client.post("/ask", params={"session_id": session}, json={"message": said})
        run = {
            "assistant_id": "assistant",
            "input": {"messages": [{"role": "user", "content": said}]},
        }
        return client.post(f"/threads/{session}/runs/wait", json=run)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data", settings={"requests_per_minute": 0})
    yield server
    if server.process is not None and server.process.poll() is None:
        server.stop(signal.SIGKILL)


def new_conversation(server: Server) -> Conversation:
    with server.client() as client:
        return Conversation(client.post("/get_session_id").json()["session_id"])


def talk_until_killed(server: Server, talks: list[Conversation], seconds: float) -> None:
    clients = [Client(server, talk, number) for number, talk in enumerate(talks)]
    for client in clients:
        client.start()
    clients[0].join(timeout=seconds)
    server.stop(signal.SIGKILL)
    for client in clients:
        client.join()
    assert [wrong for client in clients for wrong in client.wrong] == []


def messages_of(client: httpx.Client, session: str) -> list[dict[str, Any]]:
    values = client.get(f"/threads/{session}/state").json()["values"] or {}
    return values.get("messages", [])


def said_by(messages: list[dict[str, Any]], kind: str) -> list[str]:
    return [message["content"] for message in messages if message["type"] == kind]


def check(client: httpx.Client, talk: Conversation) -> int:
    """Compare a history with what was said; return how many turns nobody was told of are kept."""
    messages = messages_of(client, talk.session)
    kept = said_by(messages, "human")
    assert [each for each, times in Counter(kept).items() if times > 1] == []
    assert [each for each in kept if each in talk.acknowledged] == talk.acknowledged
    assert set(kept) <= {*talk.acknowledged, *talk.in_flight}
    for place, message in enumerate(messages):
        if message["content"] in talk.acknowledged:
            assert messages[place + 1]["type"] == "ai"
    return len(kept) - len(talk.acknowledged)


@pytest.mark.timeout(60 + 60 * KILLS)
def test_nothing_acknowledged_is_lost_or_doubled_however_often_it_is_killed(server: Server):
    moments = random.Random(SEED)
    server.start()
    everything: list[Conversation] = []
    for kill in range(KILLS):
        # Half of them are of before the last kill, or of one before that.
        old = moments.sample(everything, min(len(everything), CLIENTS // 2))
        talks = old + [new_conversation(server) for _ in range(CLIENTS - len(old))]
        everything += talks[len(old) :]
        before = sum(len(talk.acknowledged) for talk in talks)
        seconds = moments.uniform(0.05, 2.5)
        talk_until_killed(server, talks, seconds)
        started = server.start()
        with server.client() as client:
            unasked = sum(check(client, talk) for talk in talks)
            for talk in talks:
                go_on(client, talk)
        log.info(
            "kill %2d after %.2f s: %3d turns acknowledged and kept once, %2d kept untold, "
            "all %d sessions go on, ready again in %.1f s",
            kill + 1,
            seconds,
            sum(len(talk.acknowledged) for talk in talks) - before - len(talks),
            unasked,
            len(talks),
            started,
        )
    with server.client() as client:
        for talk in everything:
            check(client, talk)
        listed = client.get("/sessions", params={"limit": 1000}).json()["sessions"]
    assert {each["session_id"] for each in listed} == {talk.session for talk in everything}


def go_on(client: httpx.Client, talk: Conversation) -> None:
    """Ask once more; the answer counts every turn before it."""
    said = f"after {len(talk.acknowledged + talk.in_flight)}"
    answered = ask(client, talk.session, said)
    place = said_by(messages_of(client, talk.session), "human").index(said)
    assert answered.json()["answer"]["text"] == f"Turn {place + 1}: {said}"
    talk.acknowledged.append(said)


def ask(client: httpx.Client, session: str, said: str) -> httpx.Response:
    """Ask, once a turn that was cut off and is done again has ended."""
    end = time.monotonic() + 20
    while True:
        answered = client.post("/ask", params={"session_id": session}, json={"message": said})
        if answered.status_code != 409 or time.monotonic() > end:
            return answered
        time.sleep(0.1)


def wait_until_idle(client: httpx.Client, session: str) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        runs = client.get(f"/threads/{session}/runs").json()
        if all(run["status"] not in ("pending", "running") for run in runs):
            return
        time.sleep(0.1)
    raise AssertionError("a run does not end")


@pytest.mark.parametrize("status", ["running", "pending"])
def test_turns_that_were_kept_are_not_done_again(server: Server, status: str):
    server.start()
    talk = new_conversation(server)
    with server.client() as client:
        ask(client, talk.session, "one")
        ask(client, talk.session, "two")
    assert server.stop() == 0
    # As if the runtime's rows were last written while both turns were on their way.
    settings = Settings(_env_file=None, data_dir=server.data_dir)
    subprocess.run(
        [sys.executable, "-c", BUSY_AGAIN, status],
        env=environment(server.host, server.port, settings, PROJECT_ROOT / "langgraph.json"),
        cwd=server.data_dir,
        check=True,
    )
    server.start()
    with server.client() as client:
        wait_until_idle(client, talk.session)
        assert ask(client, talk.session, "three").json()["answer"]["text"] == "Turn 3: three"
        texts = [message["content"] for message in messages_of(client, talk.session)]
    assert texts == ["one", "Turn 1: one", "two", "Turn 2: two", "three", "Turn 3: three"]


def test_the_real_graph_loses_nothing_either(installed: Installation):
    variables = {
        "HOME_ENERGY_DATA_DIR": str(installed.data),
        "HOME_ENERGY_KNOWLEDGE_DIR": str(installed.documents),
        "HOME_ENERGY_REQUESTS_PER_MINUTE": "0",
    }
    server = Server(installed.data, stub=False, variables=variables)
    server.start()
    try:
        talks = [new_conversation(server) for _ in range(CLIENTS)]
        talk_until_killed(server, talks, random.Random(SEED).uniform(2, 4))
        server.start()
        with server.client() as client:
            for talk in talks:
                check(client, talk)
            asked = {"message": "How much do LED bulbs save?"}
            params = {"session_id": talks[0].session}
            assert "90%" in client.post("/ask", params=params, json=asked).text
        assert sum(len(talk.acknowledged) for talk in talks) > CLIENTS
    finally:
        server.stop(signal.SIGKILL)
