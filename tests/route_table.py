"""Every route that the server has, found by walking the app that it serves.

`python tests/route_table.py` prints them as JSON; tests run that in a process of its own, since the
server reads its environment when it is imported.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute


class Door(NamedTuple):
    """A method and a path; WS stands for a web socket, MOUNT for whatever lies below a path."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def walk(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[Door]:
    """Find every way in; a kind of route that is not known here is an error."""
    for route in routes:
        if isinstance(route, Route):
            # A HEAD is answered by the GET.
            for method in sorted((route.methods or {"ANY"}) - {"HEAD"}):
                yield Door(method, prefix + route.path)
        elif isinstance(route, WebSocketRoute):
            yield Door("WS", prefix + route.path)
        elif isinstance(route, Mount):
            if route.routes:
                yield from walk(route.routes, prefix + route.path)
            else:
                yield Door("MOUNT", prefix + route.path)
        else:
            raise TypeError(f"nobody knows what a {type(route).__name__} lets in: {route!r}")


def doors() -> list[Door]:
    """Return the doors of the server that langgraph.json describes."""
    with tempfile.TemporaryDirectory(prefix="home-energy-routes-") as folder:
        found = subprocess.run(
            [sys.executable, __file__],
            env={**os.environ, "HOME_ENERGY_DATA_DIR": folder},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    return sorted({Door(*door) for door in json.loads(found.stdout.splitlines()[-1])})


def main() -> None:
    from home_energy.settings import PROJECT_ROOT, get_settings
    from server.launch import environment

    config = PROJECT_ROOT / "langgraph.json"
    os.environ.update(environment("127.0.0.1", 2024, get_settings(), Path(config)))
    from langgraph_api.server import app

    sys.stdout.write(json.dumps(list(walk(app.routes))) + "\n")


if __name__ == "__main__":
    main()
