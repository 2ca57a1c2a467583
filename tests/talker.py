"""Talks on one thread from a process of its own: `python talker.py DATA_DIR THREAD NAME TURNS`."""

import asyncio
import os
import sys

from langchain_core.messages import AIMessage
from langgraph.graph import START, StateGraph

from agents.state import InputState, OutputState, State
from graphs.one_turn import OneTurn, one_turn
from server.persistence import checkpointer


async def answer(state: State) -> dict[str, list[AIMessage]]:
    await asyncio.sleep(0.005)
    said = state["messages"][-1].text
    if said == "hang":
        sys.stdout.write("hanging\n")
        sys.stdout.flush()
        await asyncio.sleep(600)
    return {"messages": [AIMessage(f"to {said}")]}


def build(saver) -> OneTurn:
    builder = StateGraph(State, input_schema=InputState, output_schema=OutputState)
    builder.add_node(answer)
    builder.add_edge(START, "answer")
    return one_turn(builder.compile(checkpointer=saver))


async def talk(thread: str, name: str, turns: int) -> None:
    async with checkpointer() as saver:
        graph = build(saver)
        config = {"configurable": {"thread_id": thread}}
        for number in range(turns):
            said = "hang" if turns == 1 else f"{name}{number}"
            await graph.ainvoke({"messages": [("user", said)]}, config, durability="exit")


if __name__ == "__main__":
    os.environ["HOME_ENERGY_DATA_DIR"] = sys.argv[1]
    asyncio.run(talk(sys.argv[2], sys.argv[3], int(sys.argv[4])))
