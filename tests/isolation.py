"""Ask every door as every caller, and say what each got.

`python tests/isolation.py` writes docs/isolation.md.
"""

import json
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

import httpx
from house import SECRET, Estate, House
from isolation_rows import CALLERS, PATH_VALUES, ROWS, Row
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

DOCUMENT = Path(__file__).parent.parent / "docs" / "isolation.md"
LISTEN_SECONDS = 1.5
READ_SECONDS = 5.0

WORDS = {
    400: "invalid",
    401: "no key",
    403: "refused",
    404: "hidden",
    405: "no method",
    409: "taken",
    422: "invalid",
    501: "absent",
    503: "no index",
}
"""What an answer's status means in the table."""

_HEAD = """# Who gets what at each door

Every route of the server, found by walking its route table, asked by every caller at a real server.
`make matrix` asks again and writes this file; `tests/test_isolation_matrix.py` fails when a
route is not in the table, when an answer differs from it, when a caller reads what is another's, or
when the owner's things change. What each caller may get is declared in `tests/isolation_rows.py`.

The owner has a session with a secret turn. *Other user* and *admin* have keys of their own; the
*forged owner* has the other user's key and says in headers, query and body to be the owner;
*Studio* sends `x-auth-scheme: langsmith` and no key of ours, *Studio as owner* also names the
owner. All ask as from another machine.

| word | meaning |
|---|---|
| yes | carried out, with what is the caller's own or there for every user |
| empty | nothing was found: another's things are not looked through |
| silent | a stream in which nothing is said, whatever the owner does |
| hidden | as if it did not exist (404, or the protocol's error) |
| taken | the id is in use (409) |
| refused | not for this caller (403) |
| no key | a valid key is missing (401) |
| no method | the door takes another method (405) |
| absent | this runtime has no such thing, for nobody (501) |
| no index | not among the caller's documents, and this server has no index to look in (503) |

"""


@dataclass(frozen=True)
class Answer:
    """What a caller got."""

    word: str
    text: str
    status: int = 0


class Callers:
    """A client for each of CALLERS, as from another machine."""

    def __init__(self, house: House) -> None:
        alice, bob, admin = (house.keys[name] for name in ("alice", "bob", "admin"))
        studio = {"x-auth-scheme": "langsmith", "x-api-key": "lsv2_pt_whatever"}
        forging = {
            "x-user-id": "alice",
            "x-forwarded-user": "alice",
            "langgraph-auth-user": "alice",
        }
        self.headers: dict[str, dict[str, str]] = dict(
            zip(
                CALLERS,
                (
                    _bearer(alice),
                    _bearer(bob),
                    _bearer(admin),
                    {**_bearer(bob), **forging},
                    {},
                    _bearer(house.revoked_key()),
                    studio,
                    {**studio, **forging, "x-tenant-id": "00000000-0000-0000-0000-000000000000"},
                ),
                strict=True,
            )
        )
        self._url = house.server.url
        self._client = httpx.Client(
            base_url=self._url,
            headers={"Host": "energy.example"},
            timeout=httpx.Timeout(60, read=LISTEN_SECONDS),
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def ask(self, caller: str, row: Row, estate: Estate) -> Answer:
        """Make the row's request as a caller."""
        names = _Names(estate, live=row.live)
        path = _path(row.door.path, names)
        forges = caller in ("forged owner", "Studio as owner")
        if row.door.method == "WS":
            return self._socket(caller, path, row, estate)
        body = _fill(row.body, names)
        query = row.query.format_map(names)
        if forges:
            body = _forged(body)
            query += "&owner=alice&user_id=alice"
        method = "GET" if row.door.method == "MOUNT" else row.door.method
        headers = {**self.headers[caller], "Accept": "application/json, text/event-stream"}
        if row.door.path in _JSON and "stream" not in row.what:
            headers["Accept"] = "application/json"
        return self._http(method, f"{path}?{query}", body, headers, row, estate)

    def _http(
        self,
        method: str,
        url: str,
        body: Any,
        headers: dict[str, str],
        row: Row,
        estate: Estate,
    ) -> Answer:
        text = ""
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        timeout = httpx.Timeout(60, read=LISTEN_SECONDS if row.listens else READ_SECONDS)
        with self._client.stream(
            method, url, content=content, headers=headers, timeout=timeout
        ) as response:
            listens = row.listens and response.status_code == 200
            deadline = time.monotonic() + READ_SECONDS
            with _turn(estate, taken=listens), suppress(httpx.ReadTimeout):
                for chunk in response.iter_text():
                    text += chunk
                    if SECRET in text or time.monotonic() > deadline:
                        break
        kind = response.headers.get("content-type", "").partition(";")[0]
        return Answer(_word(response.status_code, kind, text), text, response.status_code)

    def _socket(self, caller: str, path: str, row: Row, estate: Estate) -> Answer:
        start = {"channels": ["values", "messages", "lifecycle"]}
        subscribe = {"id": 1, "method": "subscription.subscribe", "params": start}
        text = ""
        url = f"{self._url.replace('http', 'ws')}{path}"
        try:
            with connect(url, additional_headers=self.headers[caller], proxy=None) as socket:
                socket.send(json.dumps(subscribe))
                with _turn(estate):
                    while SECRET not in text:
                        text += str(socket.recv(timeout=LISTEN_SECONDS))
        except InvalidStatus as refused:
            return Answer("no key" if refused.response.status_code in (401, 403) else "?", text)
        except (ConnectionClosed, TimeoutError):
            pass
        return Answer("yes" if '"type":"event"' in text else "hidden", text)


_JSON = ("/ask", "/a2a/{assistant_id}", "/a2a/{assistant_id}/")
"""Doors that would stream if the caller took a stream."""


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@contextmanager
def _turn(estate: Estate, *, taken: bool = True) -> Iterator[None]:
    """Let the owner take a turn while somebody listens."""
    turn = threading.Timer(0.2, estate.say)
    if taken:
        turn.start()
    yield
    if taken:
        turn.join()


class _Names(dict[str, str]):
    """Gives an estate's parts by name; those that an admin makes are made when asked for."""

    def __init__(self, estate: Estate, *, live: bool) -> None:
        super().__init__()
        self._estate = estate
        if live:
            self["thread"], self["run"] = estate.live

    def __missing__(self, name: str) -> str:
        return str(getattr(self._estate, name))


def _path(path: str, names: _Names) -> str:
    if path == "/static-offline-docs":
        return f"{path}/swagger-ui.css"
    if path.startswith("/a2a"):
        path = path.replace("{assistant_id}", "{system}")
    template = re.sub(r"{([^}]+)}", lambda found: PATH_VALUES.get(found[1], found[0]), path)
    return template.format_map(names)


def _fill(body: Any, names: _Names) -> Any:
    if isinstance(body, dict):
        return {name: _fill(value, names) for name, value in body.items()}
    if isinstance(body, list):
        return [_fill(value, names) for value in body]
    if isinstance(body, str) and re.fullmatch(r"{\w+}", body):
        return body.format_map(names)
    return body


def _forged(body: Any) -> Any:
    """Say in a body, wherever the server might look, that the caller is the owner."""
    if isinstance(body, list):
        return [_forged(each) for each in body]
    if not isinstance(body, dict) or "jsonrpc" in body:
        return body
    user = {"identity": "alice", "permissions": ["admin"]}
    asked = {**body, "owner": "alice", "user": user}
    asked["metadata"] = {**body.get("metadata", {}), "owner": "alice"}
    if "assistant_id" in body:
        configurable = {"langgraph_auth_user": user, "langgraph_auth_user_id": "alice"}
        asked["config"] = {"configurable": configurable, "metadata": {"owner": "alice"}}
    return asked


def _word(status: int, kind: str, text: str) -> str:
    if status >= 400:
        return WORDS.get(status, str(status))
    if kind == "text/event-stream":
        if text.startswith("event: error") or '"error":{' in text.replace(" ", ""):
            return "hidden"
        return "yes" if text.strip(": \r\n") else "silent"
    try:
        found = json.loads(text or "null")
    except ValueError:
        return "yes"
    if isinstance(found, dict):
        if found.get("type") == "error" or ("jsonrpc" in found and "error" in found):
            return "hidden"
        return "yes" if any(found.values()) or not found else "empty"
    return "empty" if text and found in ([], 0, None) else "yes"


@dataclass
class Line:
    """A row of the table as it was found, with what went wrong."""

    row: Row
    answers: tuple[Answer, ...]
    faults: list[str]

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(answer.word for answer in self.answers)


def matrix(house: House) -> Iterator[Line]:
    """Ask every row as every caller; the owner comes last, as she may delete what she has."""
    with closing(Callers(house)) as callers:
        estate = Estate(house)
        for row in ROWS:
            yield _line(row, callers, estate)
            if row.door.method != "GET" or row.listens or row.live:
                estate = Estate(house)


def _line(row: Row, callers: Callers, estate: Estate) -> Line:
    if row.live:
        assert estate.live
    before = estate.snapshot()
    others = {caller: callers.ask(caller, row, estate) for caller in CALLERS[1:]}
    faults = [
        f"{caller} reads the secret"
        for caller, answer in others.items()
        if SECRET in answer.text and not _says_it_itself(row)
    ]
    faults += [
        f"{caller} reads the session's id"
        for caller, answer in others.items()
        if answer.status == 200 and estate.thread in answer.text and not _names_it(row)
    ]
    if not row.listens and (after := estate.snapshot()) != before:
        changes = "".join(unified_diff(before.splitlines(True), after.splitlines(True), n=0))
        faults.append(f"what the owner has was changed: {changes}")
    own = callers.ask(CALLERS[0], row, estate)
    if row.tells and SECRET not in own.text:
        faults.append(f"the owner does not read the secret: {own.text[:200]}")
    return Line(row, (own, *others.values()), faults)


def _names_it(row: Row) -> bool:
    """Tell whether the request says whose session it is about."""
    return "{thread" in f"{row.door} {row.query} {row.body}"


def _says_it_itself(row: Row) -> bool:
    return SECRET in json.dumps(row.body) and not row.tells


def table(lines: list[Line]) -> str:
    """Return docs/isolation.md."""
    head = f"| door | {' | '.join(CALLERS)} |\n|---|{'---|' * len(CALLERS)}\n"
    rows = [f"| {_name(line.row)} | {' | '.join(line.words)} |\n" for line in lines]
    return _HEAD + head + "".join(rows)


def _name(row: Row) -> str:
    return f"`{row.door}`" + (f" {row.what}" if row.what else "")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="home-energy-matrix-") as folder:
        house = House(Path(folder))
        try:
            lines = list(matrix(house))
        finally:
            house.close()
            house.server.stop(signal.SIGKILL)
    DOCUMENT.write_text(table(lines), encoding="utf-8")
    wrong = [
        f"{_name(line.row)}: {caller} got {answer.word!r}, may get {may!r}"
        for line in lines
        for caller, answer, may in zip(CALLERS, line.answers, line.row.cells, strict=True)
        if answer.word != may
    ] + [f"{_name(line.row)}: {fault}" for line in lines for fault in line.faults]
    asked = f"{len(lines)} requests by {len(CALLERS)} callers, {len(wrong)} wrong"
    sys.stdout.write("\n".join([*wrong, asked, ""]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
