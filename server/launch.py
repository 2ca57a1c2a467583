"""Start the server: check the address, then become a process of its own that serves."""

import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from dotenv import dotenv_values

from home_energy.errors import SetupError
from home_energy.settings import PROJECT_ROOT, Settings
from server.address import LISTENS_ELSEWHERE, is_loopback, url_of
from server.origins import allowed_origins

RUN_SECONDS = 120
"""The longest a run may take; the model and the web have shorter limits of their own."""
ARGUMENTS = ("-P", "-m", "server.process")
"""What a Python interpreter runs to become the server; -P keeps the data folder out of imports."""
PREPARE = "--prepare"
"""Argument of that process: fetch the weights and bring the index up to date first."""


def serve(
    host: str, port: int, settings: Settings, *, config: Path = PROJECT_ROOT / "langgraph.json"
) -> NoReturn:
    """Become the server process, which prepares, serves, and ends with 0 when it is stopped.

    Raises SetupError, whose sentence says what to do, when host and port cannot be used.
    """
    _check_port(host, port)
    _make_folder(settings.data_dir)
    sys.stdout.flush()
    # A new interpreter, since the serializer reads LANGGRAPH_STRICT_MSGPACK when it is imported;
    # in the data folder, since the runtime keeps its files where it starts.
    os.chdir(settings.data_dir)
    command = [sys.executable, *ARGUMENTS, host, str(port), PREPARE]
    os.execve(sys.executable, command, environment(host, port, settings, config))  # noqa: S606 - our own interpreter


def _check_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as exc:
        raise SetupError(f"{host!r} is not an address of this machine: set HOST.") from exc
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError as exc:
            raise SetupError(f"Port {port} needs more rights: choose one above 1023.") from exc
        except OSError as exc:
            raise SetupError(
                f"Port {port} of {host} cannot be used ({exc.strerror}): "
                "stop what uses it, or choose another with PORT."
            ) from exc


def _make_folder(data_dir: Path) -> None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise SetupError(
            f"{str(data_dir)!r} cannot be made ({exc.strerror}): set HOME_ENERGY_DATA_DIR."
        ) from exc


def environment(host: str, port: int, settings: Settings, config: Path) -> dict[str, str]:
    """Return the environment of the server process: what the LangGraph command line would set."""
    wanted = json.loads(config.read_text(encoding="utf-8"))
    given = {**_dotenv(), **os.environ, **_own_settings(settings)}
    if not is_loopback(host):
        given[LISTENS_ELSEWHERE] = "true"
    return {
        **given,
        "LANGSERVE_GRAPHS": json.dumps(wanted["graphs"]),
        "LANGGRAPH_AUTH": json.dumps(wanted["auth"]),
        "LANGGRAPH_HTTP": json.dumps(_http(wanted["http"], settings)),
        "LANGGRAPH_CHECKPOINTER": json.dumps(_absolute(wanted["checkpointer"], config.parent)),
        "LANGGRAPH_STORE": json.dumps(_absolute(wanted["store"], config.parent)),
        "LANGGRAPH_RUNTIME_EDITION": "inmem",
        "LANGGRAPH_STRICT_MSGPACK": "true",
        "LANGGRAPH_ALLOW_BLOCKING": "false",
        "LANGGRAPH_API_URL": url_of(host, port),
        "LANGSMITH_LANGGRAPH_API_VARIANT": "local_dev",
        "DATABASE_URI": ":memory:",
        "REDIS_URI": "fake",
        "MIGRATIONS_PATH": "__inmem",
        "ALLOW_PRIVATE_NETWORK": "true" if is_loopback(host) else "false",
        "N_JOBS_PER_WORKER": str(settings.jobs),
        "BG_JOB_TIMEOUT_SECS": given.get("BG_JOB_TIMEOUT_SECS", str(RUN_SECONDS)),
        "LOG_LEVEL": given.get("LOG_LEVEL", "WARNING"),
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "ANONYMIZED_TELEMETRY": "False",
    }


def _dotenv() -> dict[str, str]:
    """Return what `.env` says; the providers' own keys are read from the environment."""
    values = dotenv_values(PROJECT_ROOT / ".env")
    return {name: value for name, value in values.items() if value is not None}


def _own_settings(settings: Settings) -> dict[str, str]:
    """Hand the settings on, as they may differ from what the environment says."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return {
        f"HOME_ENERGY_{name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _http(http: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    cors = {**http["cors"], "allow_origins": list(allowed_origins(settings))}
    return {**http, "cors": cors}


def _absolute(section: Mapping[str, Any], root: Path) -> dict[str, Any]:
    path = str(section["path"])
    return {**section, "path": str(root / path) if path.startswith(".") else path}
