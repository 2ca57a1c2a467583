"""Which addresses a web page may be fetched from."""

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress

import httpx

from home_energy.errors import UnreadableDocument

WEB = "web"
"""Stands in the place of an ingested folder for documents that are web pages."""

MAX_URL = 2_000
"""In characters; longer addresses are refused."""

Resolve = Callable[[str, int], Sequence[str]]
"""From a host name and a port to its IP addresses; raises OSError."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:/?/", re.IGNORECASE)
_USER = re.compile(r"//.*@", re.DOTALL)
_PORTS = frozenset({80, 443})
"""Of those below 1024: the others belong to services that are no web server."""
# RFC 6052: how networks without IPv4 write an IPv4 address.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_url(source: str) -> bool:
    """Say whether a source is meant as an address, be it one that can be fetched or not."""
    return bool(_SCHEME.match(source))


def canonical(url: str) -> str:
    """Return the one way to write a page's address; raises UnreadableDocument."""
    try:
        found = httpx.URL(url.strip()).copy_with(fragment=None)
        port = found.port or 0
    except (httpx.InvalidURL, ValueError) as exc:
        raise UnreadableDocument("is not a web address") from exc
    if found.scheme not in ("http", "https"):
        raise UnreadableDocument("only http and https pages can be fetched")
    if not found.host:
        raise UnreadableDocument("is not a web address")
    if found.userinfo:
        raise UnreadableDocument("must not hold a user name or a password")
    if port > 65_535:
        raise UnreadableDocument("is not a web address")
    if 0 < port < 1024 and port not in _PORTS:
        raise UnreadableDocument(f"port {port} is not that of a web server")
    written = str(found if found.raw_path != b"/" else found.copy_with(path="/"))
    if len(written) > MAX_URL:
        raise UnreadableDocument(f"its address is longer than {MAX_URL:,} characters")
    return written


def shown(url: str) -> str:
    """Return an address fit to be shown: without a user name and password."""
    try:
        return canonical(url)
    except UnreadableDocument:
        return _USER.sub("//", url.encode(errors="replace").decode())[:MAX_URL]


def origins(urls: Iterable[str]) -> set[tuple[str, int]]:
    """Return host and port of the addresses that are any; http leads to https on the same host."""
    found: set[tuple[str, int]] = set()
    for url in urls:
        with suppress(UnreadableDocument):
            host, port = origin(canonical(url))
            found |= {(host, each) for each in (_PORTS if port in _PORTS else {port})}
    return found


def origin(url: str) -> tuple[str, int]:
    """Return host and port of a canonical address."""
    found = httpx.URL(url)
    return found.host, found.port or (443 if found.scheme == "https" else 80)


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host as this machine knows them; raises OSError."""
    # The system also takes `2130706433` and `0x7f.1` for addresses; they are checked like others.
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(
    url: str, *, resolve: Resolve = resolve, private: Collection[tuple[str, int]] = ()
) -> list[str]:
    """Return the IP addresses to connect to for a canonical address.

    One that is not public is refused for the whole name, whichever others it has, unless its
    host and port are among `private`. Raises UnreadableDocument.
    """
    host, port = origin(url)
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as exc:
        raise UnreadableDocument(f"there is no host {host!r}, or the network is down") from exc
    if not addresses:
        raise UnreadableDocument(f"there is no host {host!r}, or the network is down")
    if (host, port) not in private and not all(map(is_public, addresses)):
        raise UnreadableDocument("is at a private address, and these are not fetched")
    return list(addresses)


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet, also where it stands in another."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not found.is_multicast
    if found.ipv4_mapped is not None:
        return is_public(str(found.ipv4_mapped))
    if found in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    if found.sixtofour is not None or found.teredo is not None:
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_site_local)
