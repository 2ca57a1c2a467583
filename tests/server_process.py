"""The real server in a process of its own, on a free port, with a data folder of its own."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx

from home_energy.settings import PROJECT_ROOT, Settings
from server.launch import ARGUMENTS, environment

TESTS = Path(__file__).parent
START_SECONDS = 180
UNLIMITED = {"requests_per_minute": 0, "failed_keys_per_minute": 0}
"""A test asks more in a minute than people do."""
OWN_VARIABLES = ("HOME_ENERGY_", "LANGSMITH_", "LANGCHAIN_", "LANGGRAPH_", "OPENAI_", "TAVILY_")


@dataclass
class Server:
    data_dir: Path
    stub: bool = True
    """Serve tests/stub_graph.py in the place of both graphs."""
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ from the defaults."""
    host: str = "127.0.0.1"
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        return (self.data_dir / "server.log").read_text(encoding="utf-8")

    def start(self) -> float:
        """Start, wait until it is ready, and return how many seconds that took."""
        self.port = self.port or free_port()
        wanted = {**UNLIMITED, **self.settings}
        settings = Settings(_env_file=None, data_dir=self.data_dir, **wanted)
        config = self._config()
        clean = {
            name: value
            for name, value in environment(self.host, self.port, settings, config).items()
            if not (name in os.environ and name.startswith(OWN_VARIABLES))
            or name in ("LANGGRAPH_STRICT_MSGPACK",)
        }
        self.data_dir.mkdir(exist_ok=True)
        log = (self.data_dir / "server.log").open("a")
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, *ARGUMENTS, self.host, str(self.port)],
            env={**clean, "PYTHONPATH": str(TESTS), **self.variables},
            cwd=self.data_dir,
            stdout=log,
            stderr=log,
            text=True,
        )
        log.close()
        self._wait_until_ready()
        return time.monotonic() - started

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def _config(self) -> Path:
        path = PROJECT_ROOT / "langgraph.json"
        if not self.stub:
            return path
        config = json.loads(path.read_text(encoding="utf-8"))
        config["graphs"]["assistant"]["path"] = "stub_graph:graph"
        config["graphs"]["rag"]["path"] = "stub_graph:rag"
        for part in ("checkpointer", "store"):
            config[part]["path"] = str(PROJECT_ROOT / config[part]["path"])
        self.data_dir.mkdir(exist_ok=True)
        copy = self.data_dir / "langgraph.json"
        copy.write_text(json.dumps(config), encoding="utf-8")
        return copy

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.log}")
            try:
                if httpx.get(f"{self.url}/ok", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the server did not become ready: {self.log}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@lru_cache(maxsize=1)
def shared_server() -> Server:
    """Start one keyless server with the stub graph for every test module that can share one."""
    folder = tempfile.TemporaryDirectory(prefix="home-energy-server-")
    server = Server(Path(folder.name), variables={"BG_JOB_TIMEOUT_SECS": "3"})
    server.start()

    def end() -> None:
        server.stop(signal.SIGKILL)
        folder.cleanup()

    atexit.register(end)
    return server
