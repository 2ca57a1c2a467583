"""A run that is put in the queue starts at once, where the stock queue looks every half second."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import asyncio, json, sys, time, uuid
from langgraph_runtime_inmem import database, ops
from server import wake

async def delay_of_a_run():
    # The queue is already waiting when the run arrives, as it is on a quiet server.
    async with database.connect() as conn:
        thread_id, run_id = uuid.uuid4(), uuid.uuid4()
        await anext(await ops.Threads.put(conn, thread_id, metadata={}, if_exists="raise"))

        async def first():
            while True:
                async for run, attempt in ops.Runs.next(wait=True, limit=5):
                    return time.monotonic()

        waiting = asyncio.create_task(first())
        await asyncio.sleep(0.05)
        put = await ops.Runs.put(
            conn, ASSISTANT, {"config": {}}, thread_id=thread_id, run_id=run_id,
            metadata={}, prevent_insert_if_inflight=False,
        )
        await anext(put)
        started = time.monotonic()
        found = await waiting
        await ops.Runs.set_status(conn, run_id, "success")
        return found - started

async def main():
    conn = database.InMemConnectionProto()
    conn.store["assistants"].append(
        {"assistant_id": ASSISTANT, "graph_id": "a", "config": {}, "metadata": {}, "name": "a"}
    )
    stock = [await delay_of_a_run() for _ in range(3)]
    if sys.argv[1] == "another version":
        wake.TESTED = "0.0.0"
    before = ops.Runs.next
    installed = await wake.wake_queue()
    woken = [await delay_of_a_run() for _ in range(3)]
    print(json.dumps({
        "stock": min(stock), "woken": max(woken),
        "installed": installed, "untouched": ops.Runs.next is before,
    }))

ASSISTANT = uuid.uuid4()
asyncio.run(main())
"""


def measure(case: str, tmp_path: Path) -> dict:
    environment = {
        **os.environ,
        "LANGGRAPH_RUNTIME_EDITION": "inmem",
        "DATABASE_URI": ":memory:",
        "REDIS_URI": "fake",
        "MIGRATIONS_PATH": "__inmem",
        "LOG_LEVEL": "WARNING",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, case],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_new_run_starts_at_once(tmp_path: Path):
    measured = measure("this version", tmp_path)
    assert measured["installed"]
    assert measured["woken"] < measured["stock"] / 4


def test_another_runtime_version_keeps_the_stock_queue(tmp_path: Path):
    measured = measure("another version", tmp_path)
    assert not measured["installed"]
    assert measured["untouched"]
