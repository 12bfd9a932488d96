import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.kernel import child
from app.kernel.child import ChildCancelled, ChildFailed, ChildTimeout, decode, encode, run_in_child

SAMPLES = "tests.kernel.child_samples"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def gone(pid: int, seconds: float = 5) -> bool:
    for _ in range(int(seconds / 0.05)):
        if not alive(pid):
            break
        await asyncio.sleep(0.05)
    return not alive(pid)


async def test_result_progress_and_bytes_come_back() -> None:
    seen: list[dict[str, Any]] = []
    answer = await run_in_child(
        f"{SAMPLES}:echo",
        {"steps": 3, "text": "Nguyễn\n", "raw": b"\x00\xfe"},
        timeout=20,
        on_progress=seen.append,
    )
    assert answer["echo"] == {"steps": 3, "text": "Nguyễn\n", "raw": b"\x00\xfe"}
    assert answer["pid"] != os.getpid()
    assert seen == [{"done": 1}, {"done": 2}, {"done": 3}]


async def test_progress_may_be_awaited() -> None:
    seen: list[int] = []

    async def on_progress(progress: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        seen.append(progress["done"])

    await run_in_child(f"{SAMPLES}:echo", {"steps": 2}, timeout=20, on_progress=on_progress)
    assert seen == [1, 2]


async def test_large_request_and_answer() -> None:
    answer = await run_in_child(f"{SAMPLES}:big", {"pairs": 1_000_000, "ballast": "x" * 500_000}, timeout=30)
    assert answer["data"] == b"\x00\xff" * 1_000_000


async def test_child_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for children")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:password@host/name")
    seen = await run_in_child(f"{SAMPLES}:environment", {}, timeout=20)
    assert "SECRET_KEY" not in seen
    assert "DATABASE_URL" not in seen


async def test_exception_is_named() -> None:
    with pytest.raises(ChildFailed) as caught:
        await run_in_child(f"{SAMPLES}:fail", {}, timeout=20)
    assert caught.value.kind == "ValueError"
    assert caught.value.message == "no solution"
    assert "child_samples.py" in caught.value.details


async def test_unknown_function_is_a_failure() -> None:
    with pytest.raises(ChildFailed, match="AttributeError"):
        await run_in_child(f"{SAMPLES}:nowhere", {}, timeout=20)


async def test_silent_death_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit status is known also when it is long dead before the event loop hears of it."""
    heard, converse = asyncio.ThreadedChildWatcher._do_waitpid, child._converse

    async def slowly(*arguments: Any) -> dict[str, Any]:
        said = await converse(*arguments)
        await asyncio.sleep(0.2)
        return said

    def late(watcher: Any, loop: Any, pid: int, callback: Any, args: Any) -> None:
        time.sleep(0.6)
        heard(watcher, loop, pid, callback, args)

    monkeypatch.setattr(asyncio.ThreadedChildWatcher, "_do_waitpid", late)
    monkeypatch.setattr(child, "_converse", slowly)
    with pytest.raises(ChildFailed, match="exit status 7"):
        await run_in_child(f"{SAMPLES}:die", {}, timeout=20)


@pytest.mark.parametrize("name", ["sleep", "stubborn"])
async def test_timeout_kills(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.3)
    pids: list[int] = []
    with pytest.raises(ChildTimeout):
        await run_in_child(f"{SAMPLES}:{name}", {}, timeout=1.5, on_progress=lambda said: pids.append(said["pid"]))
    assert await gone(pids[0], 0.5)


async def test_cancel_when_asked() -> None:
    pids: list[int] = []

    async def asked() -> bool:
        return bool(pids)

    with pytest.raises(ChildCancelled):
        await run_in_child(
            f"{SAMPLES}:sleep",
            {},
            timeout=30,
            on_progress=lambda said: pids.append(said["pid"]),
            should_cancel=asked,
        )
    assert await gone(pids[0], 0.5)


async def test_cancelled_caller_leaves_no_orphan() -> None:
    pids: list[int] = []
    started = asyncio.Event()

    def on_progress(said: dict[str, Any]) -> None:
        pids.append(said["pid"])
        started.set()

    task = asyncio.create_task(run_in_child(f"{SAMPLES}:sleep", {}, timeout=30, on_progress=on_progress))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(pids[0], 0.5)


async def test_failing_progress_handler_leaves_no_orphan() -> None:
    pids: list[int] = []

    def broken(said: dict[str, Any]) -> None:
        pids.append(said["pid"])
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        await run_in_child(f"{SAMPLES}:sleep", {}, timeout=30, on_progress=broken)
    assert await gone(pids[0], 0.5)


PARENT = f"""
import asyncio
from app.kernel.child import run_in_child
show = lambda said: print(said["pid"], flush=True)
asyncio.run(run_in_child("{SAMPLES}:%s", {{}}, timeout=60, on_progress=show))
"""


@pytest.mark.parametrize("name", ["sleep", "stubborn"])
def test_child_dies_with_a_killed_parent(name: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(child.ROOT)}
    with subprocess.Popen([sys.executable, "-c", PARENT % name], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert asyncio.run(gone(pid))


def test_only_bytes_are_packed() -> None:
    value = {"a": [b"x", {"b": b""}], "c": {"$bytes": "eA==", "more": 1}}
    assert decode(encode(value)) == value
    with pytest.raises(TypeError):
        encode({"a": object()})
