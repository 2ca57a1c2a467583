"""A conversation at the terminal, kept like any other session."""

import asyncio
import io
import sys
from contextlib import AsyncExitStack, suppress
from typing import Any

from home_energy.errors import BadInput
from home_energy.settings import Settings
from server import terminal

HELP = """/new      start again, with nothing remembered
/sources  show the words that the last answer quotes
/save     keep the last answer
/help     show this
/quit     end (Ctrl-D does too)"""


def chat(settings: Settings, context: dict[str, Any], session_id: str | None = None) -> None:
    """Talk until /quit or the end of the input; NotFound for a session that is not there."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    # It lets `input` remember lines and move in them; not every Python has it.
    with suppress(ImportError):
        import readline  # noqa: F401
    # Reading in this thread and not on the loop, so that Ctrl-C ends the wait for a line.
    with asyncio.Runner() as runner:
        talk = Talk(settings, context)
        runner.run(talk.open(session_id))
        try:
            while (line := _read("you> ")) is not None:
                if line and not _command(talk, line, runner):
                    _turn(talk, line, runner)
        finally:
            runner.run(talk.close())
        if talk.session_id and sys.stdin.isatty():
            terminal.say(f"Go on with: home-energy chat --session {talk.session_id}", "dim")


class Talk:
    """One conversation after another, each a session of the local user."""

    def __init__(self, settings: Settings, context: dict[str, Any]) -> None:
        self._settings = settings
        self._context = context
        self.model = settings.model
        """The one that should write the answers."""
        self._stack = AsyncExitStack()
        self._graph: Any = None
        self.session_id: str | None = None
        """None until the first turn, so that a chat without one leaves nothing behind."""
        self.answer: dict[str, Any] | None = None
        """The last answer."""

    async def open(self, session_id: str | None) -> None:
        """Open the conversations; continue the session of that id, if one is given."""
        from graphs.assistant import build_graph
        from home_energy import sessions
        from home_energy.database import open_database
        from home_energy.keys import LOCAL_USER
        from server.persistence import checkpointer

        if session_id is not None:
            sessions.require(open_database(self._settings), session_id, LOCAL_USER)
        self.session_id = session_id
        saver = await self._stack.enter_async_context(checkpointer())
        self._graph = build_graph().compile(checkpointer=saver, name="assistant")

    async def close(self) -> None:
        """Close what `open` opened."""
        await self._stack.aclose()

    def new(self) -> None:
        """Forget what was said."""
        self.session_id = self.answer = None

    async def say(self, turn: object) -> dict[str, Any]:
        """Take a turn, or the reply to a question; returns the graph's output."""
        from home_energy import sessions
        from home_energy.database import open_database
        from home_energy.keys import LOCAL_USER

        database = open_database(self._settings)
        if self.session_id is None:
            self.session_id = sessions.create(database, LOCAL_USER)
        sessions.touch(database, self.session_id, LOCAL_USER)
        config = {"configurable": {"thread_id": self.session_id}}
        # One checkpoint a turn, as at every other door.
        result: dict[str, Any] = await self._graph.ainvoke(
            turn, config, context=self._context, durability="exit"
        )
        self.answer = result.get("answer", self.answer)
        return result


def _command(talk: Talk, line: str, runner: asyncio.Runner) -> bool:
    """Carry out a line that starts with a slash; False when it is none."""
    if not line.startswith("/"):
        return False
    match line:
        case "/new":
            talk.new()
            terminal.say("A new conversation.", "dim")
        case "/sources":
            terminal.say_quotes(talk.answer)
        case "/save":
            _turn(talk, "save that", runner)
        case "/help":
            terminal.say(HELP, "dim")
        case _:
            terminal.say(f"There is no {line.split()[0]}.\n{HELP}", "dim")
    return True


def _turn(talk: Talk, line: str, runner: asyncio.Runner) -> None:
    from langgraph.types import Command

    turn: Any = {"messages": [{"role": "user", "content": line}]}
    try:
        result = runner.run(talk.say(turn))
        while waiting := result.get("__interrupt__"):
            terminal.say(waiting[0].value["question"])
            reply = _read("> ")
            result = runner.run(talk.say(Command(resume=reply or "no")))
    except BadInput as exc:
        terminal.complain(str(exc))
        return
    terminal.say_answer(result["answer"], model=talk.model)


def _read(prompt: str) -> str | None:
    """Read a line; None at the end of the input or on /quit."""
    at_terminal = sys.stdin.isatty()
    try:
        line = input(prompt if at_terminal else "").strip()
    except (EOFError, KeyboardInterrupt):
        if at_terminal:
            terminal.say("")
        return None
    return None if line in {"/quit", "/exit"} else line
