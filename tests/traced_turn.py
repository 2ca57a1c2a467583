"""One turn in a process of its own, and every connection it opened, as JSON on standard output."""

import asyncio
import json
import sys
from typing import Any

QUESTION = "How thick should loft insulation be?"
SECRET = "My meter is number 555-0199."
"""Said in the turn, so that a trace can be told by it."""


async def _turn() -> dict[str, Any]:
    from agents import models
    from agents.scripted_model import ScriptedModel
    from graphs.assistant import graph

    reply = "Loft insulation of mineral wool should be 270 mm thick in the UK [1]."
    turn: Any = {"messages": [{"role": "user", "content": f"{SECRET} {QUESTION}"}]}
    with models.using(ScriptedModel(replies=[reply])):
        return (await graph.ainvoke(turn))["answer"]


def main() -> None:
    opened: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in {"socket.connect", "socket.getaddrinfo"}:
            opened.append(repr(arguments[1:] if event == "socket.connect" else arguments))

    sys.addaudithook(watch)
    answer = asyncio.run(_turn())
    from langchain_core.tracers.langchain import wait_for_all_tracers

    wait_for_all_tracers()
    sys.stdout.write(json.dumps({"mode": answer["mode"], "opened": opened}) + "\n")


if __name__ == "__main__":
    main()
