"""Whose turn it is: what the server's authentication says, and nothing a client sends."""

from langgraph.runtime import Runtime

from agents.context import Context
from home_energy.keys import LOCAL_USER


def owner_of(runtime: Runtime[Context]) -> str:
    """Return the user who owns what this turn reads and writes."""
    server = runtime.server_info
    if server is None or server.user is None:
        return LOCAL_USER
    return server.user.identity or LOCAL_USER


def thread_of(runtime: Runtime[Context]) -> str | None:
    """Return the turn's thread, None where the graph runs without memory."""
    return runtime.execution_info.thread_id if runtime.execution_info else None


def run_of(runtime: Runtime[Context]) -> str | None:
    """Return the turn's run, None where the graph runs without a server."""
    return runtime.execution_info.run_id if runtime.execution_info else None
