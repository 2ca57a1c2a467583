"""The server's own process: prepare, serve, and stop when it is told to."""

import asyncio
import gc
import logging
import os
import pickle
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import structlog
import uvicorn
from rich.console import Console

from home_energy import keys
from home_energy.data_folder import held, refuse_unfinished
from home_energy.database import open_database, private_folder, setup_errors
from home_energy.errors import SetupError
from home_energy.settings import Settings, get_settings
from server import logs, persistence
from server.address import is_loopback, url_of
from server.bodies import MAX_BODY_BYTES
from server.cut_off import settle
from server.guard import REFERENCE
from server.launch import PREPARE
from server.origins import STUDIO

STOP_SECONDS = 5
"""How long open requests may take to end once the server is told to stop."""

LAST_SECONDS = 20.0
"""After so long a stop that some thread holds up is ended: what was acknowledged is on disk."""

_CACHE = ".langgraph_api"
"""Where the runtime keeps its rows: a folder of this name where it was started."""


def main(host: str, port: str, *options: str) -> None:
    """Prepare if told to, then serve; what a person must mend is told in one sentence."""
    try:
        # What start-up makes lives as long as the process: looking through it would be in vain.
        gc.disable()
        settings = get_settings()
        with held(settings.data_dir, by="a server"):
            refuse_unfinished(settings.data_dir)
            if PREPARE in options:
                _prepare(settings)
            run(host, int(port))
    except SetupError as exc:
        Console(stderr=True, soft_wrap=True).print(str(exc), style="red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _prepare(settings: Settings) -> None:
    from server.prepare import prepare

    # The progress bars say the same; the server sets up its own logging later.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    prepare(settings, Console(stderr=True))


def run(host: str, port: int) -> None:
    """Serve with the environment that `serve` has set, until SIGINT or SIGTERM."""
    logs.configure()
    make_private(Path(_CACHE))
    move_damaged_aside(Path(_CACHE))
    asyncio.run(persistence.check())
    settle(Path(_CACHE), get_settings().data_dir / persistence.CHECKPOINTS_FILE)
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn stops cleanly, then raises the signal again, which then ends here.
        signal.signal(number, lambda *_: sys.exit(0))
    settings = get_settings()
    config = uvicorn.Config(
        "langgraph_api.server:app",
        host=host,
        port=port,
        access_log=False,
        log_config=logs.log_config(),
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        ws_max_size=MAX_BODY_BYTES,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    server = _Server(config, _welcome(host, port, settings))
    server.run()
    if not server.started:
        sys.exit(3)


class _Server(uvicorn.Server):
    """Says what can be opened, once it can be."""

    def __init__(self, config: uvicorn.Config, welcome: str) -> None:
        super().__init__(config)
        self._welcome = welcome

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end_in_time(LAST_SECONDS)
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.freeze()
            gc.enable()
            Console(soft_wrap=True, highlight=False).print(self._welcome, markup=False)


def make_private(cache: Path) -> None:
    """Keep the runtime's files, which hold what users say, and all to come, for their owner only.

    Raises SetupError when the folder cannot be made.
    """
    os.umask(0o077)
    private_folder(cache)
    with setup_errors(str(cache)):
        cache.chmod(0o700)
        for path in cache.iterdir():
            path.chmod(0o600)


def end_in_time(seconds: float) -> None:
    """End the process with code 0 after some seconds, if it has not ended by itself."""
    watch = threading.Timer(seconds, os._exit, args=(0,))
    watch.daemon = True
    watch.start()


def move_damaged_aside(cache: Path) -> None:
    """Rename the runtime's files that would keep it from starting; nothing of value is in them."""
    for path in sorted(cache.glob("*.pckl")):
        if not _is_whole(path):
            aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
            path.rename(aside)
            Console(stderr=True, soft_wrap=True).print(f"Moved a damaged file aside: {aside}")


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            # The runtime loads the same file, from a folder that only its owner may write to.
            content = pickle.load(file)  # noqa: S301
    except Exception:  # a damaged pickle may raise anything
        return False
    if not isinstance(content, dict):
        return False
    rows = content.values() if "langgraph_ops" in path.name else ()
    return all(
        isinstance(each, list) and all(isinstance(row, dict) for row in each) for each in rows
    )


def _welcome(host: str, port: int, settings: Settings) -> str:
    """Say what can be opened, with a request that can be pasted."""
    url = url_of(host, port)
    answers = "quoted from the documents" if settings.model == "extractive" else settings.model
    needs_key = not is_loopback(host) or keys.are_wanted(open_database(settings), settings.data_dir)
    header = " -H 'Authorization: Bearer YOUR_KEY'" if needs_key else ""
    who = (
        "Every door wants a key: `home-energy keys create --user NAME` makes one."
        if needs_key
        else f"No key has been created, so this machine is served as the user {keys.LOCAL_USER!r}."
    )
    return f"""
Home Energy Assistant is ready (answers: {answers}).

  API        {url}
  Reference  {url}{REFERENCE}
  Studio     {STUDIO}/studio/?baseUrl={url}

Try it:

  S=$(curl -s{header} -X POST {url}/get_session_id | cut -d'"' -f4)
  curl -s{header} "{url}/ask?session_id=$S" -H 'Content-Type: application/json' \\
    -d '{{"message": "How much does an LED bulb save?"}}'

{who}
Ctrl-C stops it.
"""


if __name__ == "__main__":
    main(*sys.argv[1:])
