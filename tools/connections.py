"""How this machine speaks to services it did not start."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import httpx

CONNECT_SECONDS = 0.5
"""How long a connection to a service's address may take."""


def client_options(base_url: str | None, seconds: float) -> dict[str, Any]:
    """Return what an httpx client of a service needs; no address is one on this machine.

    `seconds` is per read, so the caller sets a deadline around the whole call.
    """
    return {
        "timeout": httpx.Timeout(seconds, connect=CONNECT_SECONDS),
        # A kept connection belongs to the event loop that opened it, and clients outlive loops:
        # the command line has a new one each turn.
        "limits": httpx.Limits(max_keepalive_connections=0),
        # A proxy of the environment cannot reach this machine's own services.
        "trust_env": not is_loopback(base_url or "http://localhost"),
    }


def is_loopback(url: str) -> bool:
    """Say whether a service's address is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
