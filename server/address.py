"""Which addresses only this machine can reach, and who is behind an address."""

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope

LISTENS_ELSEWHERE = "HOME_ENERGY_LISTENS_ELSEWHERE"
"""Set by what starts the server, when other machines can reach it: then every door wants a key."""

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_SITE_PREFIX = 64
"""Bits of an IPv6 address that one customer has to himself; the rest he may choose."""


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_local(scope: Scope) -> bool:
    """Tell whether the request was made on this machine, under a name of its own.

    The Host header is checked so that a web page cannot reach the server under the page's name;
    what a proxy on this machine passes on was made elsewhere, whoever the proxy is.
    """
    headers = Headers(scope=scope)
    if any(name in headers for name in _FORWARDED):
        return False
    host, _, port = headers.get("host", "").rpartition(":")
    if not port.isdigit():
        host = f"{host}:{port}" if host else port
    return is_loopback((scope.get("client") or ("",))[0]) and is_loopback(host)


def site_of(scope: Scope) -> str:
    """Return the address that a request comes from; of IPv6, the part that its user cannot vary."""
    host = str((scope.get("client") or ("",))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _SITE_PREFIX), strict=False))
    return host


def url_of(host: str, port: int) -> str:
    """Return the address that a client on this machine opens."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
