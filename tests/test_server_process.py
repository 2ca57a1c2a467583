"""The server as a process: it starts, stops, survives a crash, and keeps to itself."""

import pickle
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from server_process import Server, free_port

from home_energy.errors import SetupError
from home_energy.settings import PROJECT_ROOT, Settings
from server.launch import environment, serve
from server.process import move_damaged_aside

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data")
    yield server
    if server.process is not None and server.process.poll() is None:
        server.stop(signal.SIGKILL)


def ask(server: Server, session: str, message: str) -> str:
    with server.client() as client:
        response = client.post("/ask", params={"session_id": session}, json={"message": message})
    return response.json()["answer"]["text"]


def new_session(server: Server) -> str:
    with server.client() as client:
        return client.post("/get_session_id").json()["session_id"]


def test_killed_server_goes_on_with_the_session_and_its_history(server: Server):
    server.start()
    session = new_session(server)
    assert ask(server, session, "one") == "Turn 1: one"
    server.stop(signal.SIGKILL)
    server.start()
    with server.client() as client:
        assert [t["thread_id"] for t in client.post("/threads/search", json={}).json()] == [session]
        state = client.get(f"/threads/{session}/state").json()
    assert len(state["values"]["messages"]) == 2
    assert ask(server, session, "two") == "Turn 2: two"


def test_killed_server_still_waits_for_the_reply_to_its_question(server: Server):
    server.start()
    session = new_session(server)
    assert ask(server, session, "delete it") == "Delete 1 record? Answer yes or no."
    server.stop(signal.SIGKILL)
    server.start()
    assert ask(server, session, "yes") == "You replied yes."


def test_files_of_the_server_are_for_its_owner_only(server: Server):
    cache = server.data_dir / ".langgraph_api"
    cache.mkdir(parents=True, mode=0o755)
    (cache / "left.pckl").write_bytes(pickle.dumps({}))
    (cache / "left.pckl").chmod(0o644)
    server.start()
    ask(server, new_session(server), "one")
    server.stop()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (cache, *cache.iterdir())}
    assert len(modes) > 3
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.parametrize("name", ["checkpoints.sqlite", "store.sqlite", "home_energy.sqlite"])
def test_damaged_database_is_told_in_one_sentence(server: Server, name: str):
    server.data_dir.mkdir()
    (server.data_dir / name).write_bytes(b"damaged " * 1000)
    with pytest.raises(AssertionError, match="the server ended"):
        server.start()
    assert server.process is not None
    assert server.process.wait() == 1
    [line] = server.log.strip().splitlines()
    assert name in line
    assert line.endswith("restore it from a backup.")


def test_database_damaged_in_its_middle_is_told_before_it_serves(server: Server):
    server.start()
    session = new_session(server)
    for number in range(20):
        ask(server, session, f"question {number}")
    server.stop()
    path = server.data_dir / "checkpoints.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = database.execute("PRAGMA page_size").fetchone()[0]
        root = database.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'checkpoints'"
        ).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * page)
        file.write(b"\xff" * page)
    with pytest.raises(AssertionError, match="the server ended"):
        server.start()
    line = server.log.strip().splitlines()[-1]
    assert "checkpoints.sqlite" in line
    assert "doctor --repair" in line


def test_origin_of_the_settings_may_act(server: Server):
    server.variables = {"HOME_ENERGY_CORS_ORIGINS": "https://a.example"}
    server.settings = {"cors_origins": ("https://a.example",)}
    server.start()
    with server.client() as client:
        allowed = client.post("/get_session_id", headers={"Origin": "https://a.example"})
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        refused = client.post("/get_session_id", headers={"Origin": "https://b.example"})
    assert (allowed.status_code, refused.status_code) == (200, 403)


def test_stopping_is_clean(server: Server):
    server.start()
    session = new_session(server)
    ask(server, session, "one")
    assert server.stop(signal.SIGINT) == 0
    assert (server.data_dir / ".langgraph_api" / ".langgraph_ops.pckl").exists()
    server.start()
    assert ask(server, session, "two") == "Turn 2: two"
    assert server.stop(signal.SIGTERM) == 0
    assert "Traceback" not in server.log
    assert "rror" not in server.log


def test_server_stops_in_time_while_a_turn_runs(server: Server):
    server.start()
    session = new_session(server)
    turn = threading.Thread(target=_ask_in_vain, args=(server, session))
    turn.start()
    time.sleep(0.5)
    started = time.monotonic()
    assert server.stop(signal.SIGTERM) == 0
    assert time.monotonic() - started < 15
    turn.join()


def _ask_in_vain(server: Server, session: str) -> None:
    with server.client() as client:
        try:
            client.post("/ask", params={"session_id": session}, json={"message": "sleep 60"})
        except httpx.TransportError:
            return


DAMAGES = {
    "empty": b"",
    "no pickle": b"not a pickle",
    "no dict": pickle.dumps(["no", "dict"]),
    "wrong rows": pickle.dumps({"threads": 5, "runs": None}),
    "wrong row": pickle.dumps({"threads": [1, 2]}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_file_is_moved_aside_and_a_whole_one_stays(tmp_path: Path, damage: bytes):
    damaged, whole = tmp_path / ".langgraph_ops.pckl", tmp_path / "store.pckl"
    damaged.write_bytes(damage)
    whole.write_bytes(pickle.dumps({("a",): {}}))
    move_damaged_aside(tmp_path)
    assert not damaged.exists()
    assert len(list(tmp_path.glob(".langgraph_ops.pckl.damaged-*"))) == 1
    assert whole.exists()


def test_damaged_rows_do_not_keep_the_server_from_going_on(server: Server):
    server.start()
    session = new_session(server)
    ask(server, session, "one")
    assert server.stop() == 0
    files = sorted((server.data_dir / ".langgraph_api").glob("*.pckl"))
    assert len(files) >= 3
    for path, damage in zip(files, [*DAMAGES.values()] * 2, strict=False):
        path.write_bytes(damage)
    server.start()
    assert ask(server, session, "two") == "Turn 2: two"


def test_nothing_leaves_the_machine(server: Server):
    with Catcher() as catcher:
        proxy = f"http://127.0.0.1:{catcher.port}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        server.variables = dict.fromkeys(names, proxy) | {"NO_PROXY": "", "no_proxy": ""}
        server.start()
        ask(server, new_session(server), "one")
        assert server.stop() == 0
    assert catcher.connections == 0
    assert "langsmith" not in server.log.lower().replace("smith.langchain.com", "")
    assert "Welcome to" not in server.log


def test_environment_hardens_the_server(tmp_path: Path):
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path,
        jobs=7,
        cors_origins="https://a.example,https://b.example",
    )
    found = environment("0.0.0.0", 2024, settings, PROJECT_ROOT / "langgraph.json")
    assert found["LANGGRAPH_STRICT_MSGPACK"] == "true"
    assert found["LANGGRAPH_ALLOW_BLOCKING"] == "false"
    assert found["N_JOBS_PER_WORKER"] == "7"
    assert found["HOME_ENERGY_LISTENS_ELSEWHERE"] == "true"
    assert found["HOME_ENERGY_CORS_ORIGINS"] == "https://a.example,https://b.example"
    assert "https://b.example" in found["LANGGRAPH_HTTP"]
    assert Settings(_env_file=None).jobs == 16


def test_server_that_listens_elsewhere_wants_a_key_even_from_this_machine(server: Server):
    server.variables = {"HOME_ENERGY_LISTENS_ELSEWHERE": "true"}
    server.start()
    with server.client() as client:
        assert client.get("/sessions").status_code == 401
        assert client.get("/reference").status_code == 200


def test_busy_port_is_told_in_one_sentence(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=rf"^Port {port} of 127\.0\.0\.1 cannot be used"):
            serve("127.0.0.1", port, Settings(_env_file=None, data_dir=tmp_path))


def test_address_of_another_machine_is_told_in_one_sentence(tmp_path: Path):
    with pytest.raises(SetupError, match=r"\.$"):
        serve("203.0.113.1", free_port(), Settings(_env_file=None, data_dir=tmp_path))


class Catcher:
    """A proxy that counts who connects, and answers nobody."""

    def __enter__(self) -> "Catcher":
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._count)
        self._thread.start()
        return self

    def _count(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            connection.close()
            if self._ending:
                return
            self.connections += 1

    _ending = False

    def __exit__(self, *_: object) -> None:
        self._ending = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._socket.close()


def test_a_thread_that_never_ends_does_not_hold_up_a_stop():
    script = (
        "import threading, time\n"
        "from server.process import end_in_time\n"
        "threading.Thread(target=time.sleep, args=(300,)).start()\n"
        "end_in_time(0.5)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=PROJECT_ROOT, timeout=60)
    assert ended.returncode == 0
