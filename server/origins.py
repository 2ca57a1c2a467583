"""Whether a web page of another site made a request, which a browser sends unasked."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import Scope

from home_energy.settings import Settings

STUDIO = "https://smith.langchain.com"
"""Where Studio's page comes from; langgraph.json says the same to `langgraph dev`."""

_READS = ("GET", "HEAD", "OPTIONS")
REFUSED = (
    "A page of another site may not do this: open the server's own address, or add the page's "
    "origin to HOME_ENERGY_CORS_ORIGINS."
)


def allowed_origins(settings: Settings) -> tuple[str, ...]:
    """Return the origins that browsers may call from: for the CORS headers and for the guard."""
    return (STUDIO, *settings.cors_origins)


def is_foreign(scope: Scope, allowed: Collection[str]) -> bool:
    """Tell whether a page that is not in `allowed` asks for more than reading.

    A request with a key is no page's doing: a browser asks first whether it may send the header.
    """
    headers = Headers(scope=scope)
    if scope["type"] == "http" and scope["method"] in _READS:
        return False
    if "authorization" in headers or "x-api-key" in headers:
        return False
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return not (
        origin in allowed or "*" in allowed or origin.partition("://")[2] == headers.get("host")
    )
