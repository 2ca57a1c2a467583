"""A server with keys, a client for each who may come, and what one of its users has there."""

import json
import time
from functools import cached_property
from pathlib import Path

import httpx
from server_process import Server

from home_energy import kept, keys
from home_energy.database import open_database
from home_energy.knowledge.documents import Document
from home_energy.settings import Settings

SECRET = "alices-secret-4711"
RUN = {"assistant_id": "assistant", "input": {"messages": [{"role": "user", "content": "hi"}]}}
CARD = "calculation/alices"
"""The id of a document that alice keeps."""


class House:
    """Two users, an admin, and a stranger without a key."""

    def __init__(self, data_dir: Path) -> None:
        self.server = Server(data_dir)
        settings = Settings(_env_file=None, data_dir=data_dir)
        self.database = open_database(settings)

        def key(user: str, *, admin: bool = False) -> str:
            return keys.create(self.database, data_dir, user, admin=admin)[0]

        self.key = key
        self.keys = {
            "alice": key("alice"),
            "bob": key("bob.b@example.org"),
            "admin": key("root", admin=True),
        }
        self.server.start()
        self.alice, self.bob, self.admin = (self.server.client(key) for key in self.keys.values())
        self.stranger = self.server.client()

    def revoked_key(self) -> str:
        """Return a key of alice's that she may no longer use."""
        text = self.key("alice")
        found = next(info for info in keys.list_keys(self.database) if info.prefix in text)
        keys.revoke(self.database, found.id)
        return text

    def close(self) -> None:
        for client in (self.alice, self.bob, self.admin, self.stranger):
            client.close()


class Estate:
    """What alice has: a session with a secret turn, items, documents; and what an admin made."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.thread = house.alice.post("/get_session_id").json()["session_id"]
        self.ask()
        found = house.alice.get(f"/threads/{self.thread}/runs").json()
        self.run = found[0]["run_id"]
        state = house.alice.get(f"/threads/{self.thread}/state").json()
        self.checkpoint = state["checkpoint"]["checkpoint_id"]
        item = {"namespace": ["notes"], "key": "k", "value": {"v": SECRET}}
        assert house.alice.put("/store/items", json=item).status_code == 204
        text = f"Kept: {SECRET}."
        kept.keep(house.database, "alice", Document(CARD, "Card", text, "calculation"))

    def ask(self) -> None:
        """Take a turn that says the secret."""
        params, message = {"session_id": self.thread}, {"message": SECRET}
        asked = self._house.alice.post("/ask", params=params, json=message)
        assert asked.status_code == 200, asked.text

    def say(self) -> None:
        """Take a turn that says the secret on every channel of the event protocol."""
        wanted = {"messages": [{"role": "user", "content": SECRET}]}
        params = {"assistant_id": "assistant", "input": wanted}
        command = {"id": 1, "method": "run.start", "params": params}
        self._house.alice.post(f"/threads/{self.thread}/commands", json=command)

    @cached_property
    def live(self) -> tuple[str, str]:
        """A thread on which a run is under way, and that run."""
        alice = self._house.alice
        thread = alice.post("/get_session_id").json()["session_id"]
        wanted = {"messages": [{"role": "user", "content": "sleep 3"}]}
        started = alice.post(f"/threads/{thread}/runs", json={**RUN, "input": wanted})
        run = started.json()["run_id"]
        while alice.get(f"/threads/{thread}/runs/{run}").json()["status"] == "pending":
            time.sleep(0.02)
        return thread, run

    @cached_property
    def system(self) -> str:
        """The assistant that is there for everybody."""
        found = self._house.alice.post("/assistants/search", json={"graph_id": "assistant"}).json()
        return str(next(each for each in found if each["name"] == "assistant")["assistant_id"])

    @cached_property
    def assistant(self) -> str:
        wanted = {"graph_id": "assistant", "name": "Made by an admin"}
        made = self._house.admin.post("/assistants", json=wanted).json()
        return str(made["assistant_id"])

    @cached_property
    def cron(self) -> str:
        wanted = {**RUN, "schedule": "0 0 1 1 *"}
        return str(self._house.admin.post("/runs/crons", json=wanted).json()["cron_id"])

    def snapshot(self) -> str:
        """Return all that alice can read of it."""
        alice = self._house.alice
        seen: list[httpx.Response] = [
            alice.get(f"/threads/{self.thread}"),
            alice.get(f"/threads/{self.thread}/state"),
            alice.get(f"/threads/{self.thread}/runs"),
            alice.post("/store/items/search", json={"namespace_prefix": []}),
            alice.get("/sessions"),
        ]
        if "live" in self.__dict__:
            seen.append(alice.get("/threads/{}/runs/{}".format(*self.live)))
        return json.dumps([each.json() for each in seen], indent=1, sort_keys=True)
