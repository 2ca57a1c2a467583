"""kill -9 at random moments while 16 clients talk: nothing acknowledged is lost, nothing doubled.

`KILLS=30 pytest tests/test_kill_under_load.py --log-cli-level=INFO` prints a line for each kill.
"""

import logging
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from installation import Installation, installed_fixture, prepared_fixture  # noqa: F401
from server_process import Server

pytestmark = pytest.mark.slow

log = logging.getLogger(__name__)

CLIENTS = 16
KILLS = int(os.environ.get("KILLS", "6"))
SEED = 20261122


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
            "kill %2d after %.2f s: %3d turns acknowledged, 0 lost, 0 twice, %2d kept untold, "
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
    known = len(said_by(messages_of(client, talk.session), "human"))
    answered = client.post("/ask", params={"session_id": talk.session}, json={"message": said})
    assert answered.json()["answer"]["text"] == f"Turn {known + 1}: {said}"
    talk.acknowledged.append(said)


def test_the_real_graph_loses_nothing_either(installed: Installation):
    server = Server(
        installed.data,
        stub=False,
        settings={"requests_per_minute": 0, "knowledge_dir": installed.documents},
    )
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
