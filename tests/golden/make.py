"""Writes what a release keeps of conversations: `python tests/golden/make.py`, once a release.

Needs what `home-energy ingest` has prepared. What it writes is never written again: tests load
the files of every release with the program as it is then.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

TALKS = {
    "10000000-0000-4000-8000-000000000001": [
        "Why do LED bulbs flicker?",
        "And how much do they save?",
        "What do I save when I replace 10 bulbs of 60 W by LEDs of 8 W, 3 hours a day?",
        "How do I bake sourdough?",
    ],
    "10000000-0000-4000-8000-000000000002": [
        "Note that my tariff is fixed until March",
        "How thick should loft insulation be, and save that",
        "Delete my note about the tariff",
    ],
    "10000000-0000-4000-8000-000000000003": ["Is a heat pump right for an old house?"] * 2,
}
"""By thread: what was said. The second ends with a question back."""
PRUNED = "10000000-0000-4000-8000-000000000003"
LONG, LISTENED = "10000000-0000-4000-8000-000000000004", 410
"""A thread with a snapshot of its messages, and how many it has."""


async def _write(folder: Path) -> dict[str, Any]:
    from graphs.assistant import build_graph
    from server.persistence import checkpointer

    told = {}
    async with checkpointer() as saver:
        graph = build_graph().compile(checkpointer=saver)
        for thread, texts in TALKS.items():
            config: Any = {"configurable": {"thread_id": thread}}
            for text in texts:
                turn: Any = {"messages": [{"role": "user", "content": text}]}
                durability: Any = "async" if thread == PRUNED else "exit"
                await graph.ainvoke(turn, config, durability=durability)
            state = await graph.aget_state(config)
            told[thread] = {
                "messages": [
                    {
                        "type": message.type,
                        "text": message.text,
                        "answer": message.additional_kwargs.get("answer"),
                    }
                    for message in state.values["messages"]
                ],
                "waits": bool(state.interrupts),
            }
        config = {"configurable": {"thread_id": LONG}}
        for number in range(LISTENED):
            turn = {
                "messages": [{"role": "user", "content": f"Heard {number}"}],
                "request": "listen",
            }
            await graph.ainvoke(turn, config, durability="exit")
        await saver.aprune([PRUNED, LONG])
    with closing(sqlite3.connect(folder / "checkpoints.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
    return told


def main() -> None:
    """Write the two files of this release."""
    from home_energy.settings import get_settings

    own = get_settings().data_dir
    released = version("home-energy-assistant")
    target = HERE / f"{released}.sqlite"
    if target.exists():
        raise SystemExit(f"{target.name} is there already: a release is written once.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("models", "index"):
            (folder / name).symlink_to(own / name, target_is_directory=True)
        os.environ["HOME_ENERGY_DATA_DIR"] = temporary
        os.environ["HOME_ENERGY_MODEL"] = "extractive"
        get_settings.cache_clear()
        told = asyncio.run(_write(folder))
        shutil.copyfile(folder / "checkpoints.sqlite", target)
    expected = json.dumps(told, indent=1, ensure_ascii=False)
    target.with_suffix(".json").write_text(expected + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
