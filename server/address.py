"""Which addresses only this machine can reach."""

import ipaddress

LISTENS_ELSEWHERE = "HOME_ENERGY_LISTENS_ELSEWHERE"
"""Set by what starts the server, when other machines can reach it: then every door wants a key."""


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int) -> str:
    """Return the address that a client on this machine opens."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
