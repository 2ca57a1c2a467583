"""The app that is mounted in the LangGraph server: our doors, and the guard around all of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from agents.supervisor import intent_model
from home_energy.database import open_database
from home_energy.errors import HomeEnergyError
from home_energy.evidence import proof
from home_energy.settings import get_settings
from server import documents, sessions
from server.guard import REFERENCE, Guard
from server.origins import allowed_origins
from server.problems import Problem, handle_problems
from server.sweep import sweeping
from server.wake import wake_queue
from tools.knowledge import knowledge

log = structlog.stdlib.get_logger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Warm up what the first turn would wait for."""
    database = await asyncio.to_thread(open_database, get_settings())
    for warm_up in (knowledge, intent_model, proof.warm_up):
        await _try(warm_up)
    await wake_queue()
    async with sweeping():
        yield
    await asyncio.to_thread(database.close)


async def _try(warm_up: Callable[[], object]) -> None:
    """Warm up; what is missing is told again by each turn that needs it."""
    try:
        await asyncio.to_thread(warm_up)
    except HomeEnergyError as exc:
        log.warning("not_ready", reason=str(exc))


def build_app() -> FastAPI:
    """Wire the doors, the guard and the errors."""
    app: FastAPI = FastAPIOffline(
        docs_url=REFERENCE,
        redoc_url=None,
        title="Home Energy Assistant",
        summary="Proved answers on saving energy at home.",
        version=version("home-energy-assistant"),
        lifespan=lifespan,
    )
    doors = [*sessions.router.routes, *documents.router.routes]
    app.add_middleware(Guard, origins=_origins, doors=doors)
    handle_problems(app)
    # The server wraps each route in its authentication, and so must find them one by one.
    app.router.routes.extend(doors)
    _describe_problems(app)
    return app


def _origins() -> tuple[str, ...]:
    return allowed_origins(get_settings())


def _describe_problems(app: FastAPI) -> None:
    """Put the schema of our errors, which every door refers to, into the API's description."""
    describe = app.openapi

    def with_problems() -> dict[str, Any]:
        spec = describe()
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = spec["components"]["schemas"]
        schemas.update(schema.pop("$defs"), Problem=schema)
        return spec

    # FastAPI's documented way to extend the description.
    app.openapi = with_problems  # type: ignore[method-assign]


app = build_app()
