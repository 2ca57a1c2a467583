"""Documents come and go beside a server that answers all the while."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from installation import Installation, installed_fixture, prepared_fixture  # noqa: F401
from server_process import Server

from home_energy.evidence.answer import Answer

pytestmark = pytest.mark.slow

ASKERS = 4
SECONDS_A_QUESTION = 0.2
"""Of each asker: together they ask 20 a second, or as many as the machine can answer."""
SEEN_WITHIN = 5.0
"""Seconds from the end of an ingest until its documents answer."""
KNOWN = {
    "How thick should loft insulation be in the UK?": "270 mm",
    "How much less energy do LED bulbs use?": "90%",
    "How do heat pumps work in cold weather?": "outdoor air",
}
NIGHT_RATE = "What does the Aurora tariff charge at night?"
TARIFF = "# Aurora tariff\n\n## Night rate\n\nThe Aurora tariff charges 9 pence per kWh at night.\n"
ROOMS = 250
"""Other documents: enough that the ingest lasts while questions are asked."""


@dataclass
class Askers:
    """Threads that ask what is known, again and again, and look at each answer."""

    url: str
    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Askers":
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(ASKERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as client:
            session = new_session(client)
            while not self._stopped.is_set():
                started = time.monotonic()
                question, expected = list(KNOWN.items())[(self.asked + number) % len(KNOWN)]
                self._look(client, session, question, expected)
                self._stopped.wait(started + SECONDS_A_QUESTION - time.monotonic())

    def _look(self, client: httpx.Client, session: str, question: str, expected: str) -> None:
        try:
            answer = ask(client, session, question)
            whole = expected in answer.text and all(c.quote for c in answer.citations)
            if not whole:
                self.wrong.append(answer.text)
        except (httpx.HTTPError, AssertionError, ValueError) as exc:
            self.wrong.append(repr(exc))
        self.asked += 1


def new_session(client: httpx.Client) -> str:
    session: str = client.post("/get_session_id").json()["session_id"]
    return session


def ask(client: httpx.Client, session: str, question: str) -> Answer:
    reply = client.post("/ask", params={"session_id": session}, json={"message": question})
    assert reply.status_code == 200, reply.text
    return Answer.model_validate(reply.json()["answer"])


def cites_the_tariff(client: httpx.Client) -> bool:
    answer = ask(client, new_session(client), NIGHT_RATE)
    return any(citation.document_id == "aurora" for citation in answer.citations)


def variables(installation: Installation) -> dict[str, str]:
    return {
        "HOME_ENERGY_DATA_DIR": str(installation.data),
        "HOME_ENERGY_KNOWLEDGE_DIR": str(installation.documents),
    }


def begun_ingest(installation: Installation, folder: Path) -> "subprocess.Popen[str]":
    program = "from server.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "ingest", str(folder)],
        env={**os.environ, **variables(installation)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def seconds_until(state: Callable[[], bool], since: float) -> float:
    """Return after how many seconds a question was begun whose answer shows the state."""
    while (begun := time.monotonic()) < since + 30:
        if state():
            return begun - since
    return float("inf")


def wait_until_it_writes(installation: Installation, process: "subprocess.Popen[str]") -> None:
    before = set((installation.data / "index").glob("0*"))
    while process.poll() is None and not set((installation.data / "index").glob("0*")) - before:
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()


@pytest.fixture(name="server")
def server_fixture(installed: Installation) -> Iterator[Server]:
    server = Server(installed.data, stub=False, variables=variables(installed))
    server.start()
    yield server
    server.stop(signal.SIGKILL)


def test_documents_come_and_go_while_questions_are_answered(
    server: Server, installed: Installation, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "aurora.md").write_text(TARIFF, encoding="utf-8")
    for number in range(ROOMS):
        text = f"# Shed {number}\n\nShed {number} stands behind house {number} and is painted.\n"
        (own / f"shed-{number}.md").write_text(text, encoding="utf-8")
    with server.client() as client, Askers(server.url) as askers:
        assert not cites_the_tariff(client)
        first = begun_ingest(installed, own)
        wait_until_it_writes(installed, first)
        second = begun_ingest(installed, own)
        _, refusal = second.communicate(timeout=120)
        still_writing = first.poll() is None
        said = first.communicate(timeout=300)
        assert first.returncode == 0, said
        seen_after = seconds_until(lambda: cites_the_tariff(client), time.monotonic())
        assert seen_after < SEEN_WITHIN, (askers.asked, askers.wrong[:3], server.log[-2_000:])
        during = askers.asked
        (own / "aurora.md").unlink()
        last = begun_ingest(installed, own)
        said = last.communicate(timeout=300)
        assert last.returncode == 0, said
        gone_after = seconds_until(lambda: not cites_the_tariff(client), time.monotonic())
        assert gone_after < SEEN_WITHIN, server.log[-2_000:]
    assert still_writing, "the first ingest ended too early to refuse a second"
    assert second.returncode == 1
    assert refusal.strip() == "Another ingest is running: wait until it ends."
    assert during > 0
    assert askers.wrong == [], f"{len(askers.wrong)} of {askers.asked} answers"
