"""What `home-energy doctor` looks at, and how to mend it."""

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict
from urllib.parse import quote

import httpx
from langgraph_cli.schemas import Config

from agents import models
from home_energy import kept, keys
from home_energy.data_folder import refuse_unfinished
from home_energy.database import open_database
from home_energy.evidence.answer import Answer
from home_energy.evidence.verify import verify
from home_energy.keys import LOCAL_USER
from home_energy.knowledge import weights
from home_energy.knowledge.documents import Document
from home_energy.knowledge.embedding import Embedder
from home_energy.knowledge.search import Knowledge
from home_energy.settings import PROJECT_ROOT, Settings, get_settings
from server.address import LISTENS_ELSEWHERE
from server.persistence import CHECKPOINTS_FILE, STORE_FILE
from server.prepare import check_model
from tools.connections import is_loopback
from tools.knowledge import knowledge

BEYOND_SCHEMA = frozenset({"store.path"})
"""Keys that the server reads and its published schema lacks."""
OLLAMA_URL = "http://localhost:11434"
_REPAIR = (
    "Stop the server, then run `home-energy restore FILE --force` with a backup, or else "
    "`home-energy doctor --repair`."
)
_NEEDED_BYTES = 500_000_000
"""Of free disk: the weights, an index and its successor, and room for conversations."""


@dataclass(frozen=True)
class Check:
    """One line of the doctor's table."""

    name: str
    ok: bool
    state: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """Return the line for JSON."""
        return asdict(self)


class Unwell(Exception):
    """What a probe found wrong, as a sentence."""


def run_checks(settings: Settings) -> list[Check]:
    """Look at everything the assistant stands on; never raises."""
    probes: list[tuple[str, Callable[[Settings], str], str]] = [
        ("Python", _python, "Run `make setup` with Python 3.11 or newer."),
        ("packages", _packages, "Run `make setup`."),
        ("langgraph.json", _configuration, "Restore langgraph.json from the repository."),
        ("settings", _variables, "Correct the name as .env.example has it."),
        ("data folder", _data_folder, "Make it writable, or set HOME_ENERGY_DATA_DIR."),
        ("disk", _disk, "Free some space, or set HOME_ENERGY_DATA_DIR."),
        ("embedding model", _weights, "Run `home-energy models pull`."),
        ("knowledge index", _index, "Run `home-energy ingest knowledge`."),
        ("database", _database, _REPAIR),
        ("conversations", _conversations, _REPAIR),
        ("keys", _keys, _REPAIR),
        ("chat model", _chat_model, "Start it, or set HOME_ENERGY_MODEL as .env.example shows."),
        ("web search", _web_search, "Set TAVILY_API_KEY, or HOME_ENERGY_WEB_SEARCH=false."),
        ("tracing", _tracing, "Set LANGSMITH_API_KEY, or LANGSMITH_TRACING=false."),
    ]
    return [_check(name, probe, remedy, settings) for name, probe, remedy in probes]


def verify_answer(answer: Answer) -> list[str]:
    """Check an answer against the index and the local user's kept documents."""

    def find(document_id: str) -> Document | None:
        document = knowledge().document(document_id)
        return document or kept.find(open_database(get_settings()), LOCAL_USER, document_id)

    return verify(answer, find)


def unknown_keys(given: Mapping[str, Any], schema: type, where: str = "") -> Iterator[str]:
    """Yield the keys of a configuration that its TypedDict does not have, at any depth.

    The server ignores them without a word, so that a misspelt `disable_studio_auth` is open.
    """
    hints = get_type_hints(schema)
    for key, value in given.items():
        if key not in hints:
            yield f"{where}{key}"
        elif isinstance(value, Mapping):
            yield from _unknown_below(value, hints[key], f"{where}{key}.")


def _unknown_below(given: Mapping[str, Any], hint: object, where: str) -> Iterator[str]:
    if is_typeddict(hint):
        assert isinstance(hint, type)
        yield from unknown_keys(given, hint, where)
    elif get_origin(hint) is dict:
        for key, value in given.items():
            if isinstance(value, Mapping):
                yield from _unknown_below(value, get_args(hint)[1], f"{where}{key}.")
    else:
        schemas = [option for option in get_args(hint) if is_typeddict(option)]
        if len(schemas) == 1:
            yield from unknown_keys(given, schemas[0], where)


def _check(name: str, probe: Callable[[Settings], str], remedy: str, settings: Settings) -> Check:
    try:
        return Check(name, ok=True, state=probe(settings), remedy=remedy)
    except Exception as exc:  # a doctor that dies of an illness reports none
        return Check(name, ok=False, state=str(exc) or type(exc).__name__, remedy=remedy)


def _python(settings: Settings) -> str:
    return sys.version.split()[0]


def _packages(settings: Settings) -> str:
    """Compare the server, whose internals we touch, with the version in langgraph.json."""
    wanted = _langgraph_json()["api_version"]
    if version("langgraph-api") != wanted:
        raise Unwell(f"langgraph-api is {version('langgraph-api')}, not {wanted}")
    return f"home-energy-assistant {version('home-energy-assistant')}, langgraph-api {wanted}"


def _configuration(settings: Settings) -> str:
    config = _langgraph_json()
    unknown = sorted(set(unknown_keys(config, Config)) - BEYOND_SCHEMA)
    if unknown:
        raise Unwell(f"unknown: {', '.join(unknown)}")
    if not config["auth"].get("disable_studio_auth"):
        raise Unwell("auth.disable_studio_auth is off: Studio users come in without a key")
    if not config["http"].get("enable_custom_route_auth"):
        raise Unwell("http.enable_custom_route_auth is off: our doors have no lock")
    return f"graphs: {', '.join(config['graphs'])}"


def _langgraph_json() -> dict[str, Any]:
    text = (PROJECT_ROOT / "langgraph.json").read_text(encoding="utf-8")
    config: dict[str, Any] = json.loads(text)
    return config


def _variables(settings: Settings) -> str:
    known = {f"HOME_ENERGY_{name.upper()}" for name in Settings.model_fields}
    given = {name for name in os.environ if name.startswith("HOME_ENERGY_")}
    unknown = given - known - {LISTENS_ELSEWHERE}
    if unknown:
        raise Unwell(f"no such setting: {', '.join(sorted(unknown))}")
    return f"{len(given)} set, the rest as they come"


def _data_folder(settings: Settings) -> str:
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = settings.data_dir / ".writable"
    probe.write_bytes(b"")
    probe.unlink()
    refuse_unfinished(settings.data_dir)
    return str(settings.data_dir)


def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(settings.data_dir).free
    if free < _NEEDED_BYTES:
        raise Unwell(f"{free / 1e6:.0f} MB free")
    return f"{free / 1e9:.1f} GB free"


def _weights(settings: Settings) -> str:
    return weights.verify(settings.data_dir).name


def _index(settings: Settings) -> str:
    opened = Knowledge.open(settings.data_dir, Embedder.open(settings.data_dir))
    if not opened.search("heating", limit=1):
        raise Unwell("a search for heating finds nothing")
    return f"{len(opened.documents())} documents, version {opened.version}"


def _database(settings: Settings) -> str:
    database = open_database(settings)
    with database.read() as connection:
        if connection.dialect.name != "sqlite":
            return f"{connection.dialect.name}: reachable"
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if found != "ok":
        raise Unwell(str(found))
    return "whole"


def _conversations(settings: Settings) -> str:
    found = [n for n in (CHECKPOINTS_FILE, STORE_FILE) if (settings.data_dir / n).exists()]
    for name in found:
        address = f"file:{quote(str(settings.data_dir / name))}?mode=ro"
        database = sqlite3.connect(address, uri=True)
        try:
            state = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as exc:
            raise Unwell(f"{name}: {exc}") from exc
        finally:
            database.close()
        if state != "ok":
            raise Unwell(f"{name}: {state}")
    return "whole" if found else "none yet"


def _keys(settings: Settings) -> str:
    if not keys.any_keys(open_database(settings)):
        return f"none: on this machine, the user {LOCAL_USER!r} needs none"
    return f"{len(keys.list_keys(open_database(settings)))} created: every door wants one"


def _chat_model(settings: Settings) -> str:
    if settings.model == models.EXTRACTIVE:
        return "none: answers are quoted"
    check_model(settings)
    url = settings.model_base_url
    if url is None and settings.model.startswith("ollama:"):
        url = OLLAMA_URL
    if url is None:
        return f"{settings.model}, not called"
    try:
        httpx.get(url, timeout=2, trust_env=not is_loopback(url))
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise Unwell(f"nothing answers at {url} ({type(exc).__name__})") from exc
    return f"{settings.model}, {url} answers"


def _web_search(settings: Settings) -> str:
    if not settings.web_search:
        return "off"
    if not (os.environ.get("TAVILY_API_KEY") or settings.web_search_base_url):
        raise Unwell("on, but TAVILY_API_KEY is not set")
    return "on"


def _tracing(settings: Settings) -> str:
    names = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2")
    if not any(os.environ.get(name, "").lower() == "true" for name in names):
        return "off"
    if not (os.environ.get("LANGSMITH_API_KEY") or os.environ.get("LANGCHAIN_API_KEY")):
        raise Unwell("on, but LANGSMITH_API_KEY is not set")
    return "on: what is asked and answered goes to LangSmith"
