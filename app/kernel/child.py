"""Heavy work in a child process that can be watched, stopped and killed.

The parent sends one JSON line and keeps the pipe open; the child answers in JSON lines: ``{"progress": …}``
any number of times, then ``{"result": …}`` or ``{"error": …}``. Bytes travel inside the JSON as base64.
Libraries that cost much memory (typst, highspy, scipy) are imported in children and nowhere else. A child
computes: it gets no settings, no secrets and no database, unless it is handed an environment that names them.
"""

import asyncio
import base64
import importlib
import inspect
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

Report = Callable[[dict[str, Any]], None]
OnProgress = Callable[[dict[str, Any]], Awaitable[None] | None]
ShouldCancel = Callable[[], Awaitable[bool] | bool]

ROOT = Path(__file__).resolve().parents[2]
KEPT_ENVIRONMENT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV"),
    *("OMP_NUM_THREADS", "PYTHONPATH", "PYTHONWARNINGS"),
)
GRACE_SECONDS = 2.0
POLL_SECONDS = 0.25
STDERR_TAIL = 8_192
PR_SET_PDEATHSIG = 1
BYTES_KEY = "$bytes"


class ChildError(Exception):
    """The child gave no result."""


class ChildFailed(ChildError):
    """The function raised, or the process died; ``kind`` names the exception, ``details`` ends its stderr."""

    def __init__(self, kind: str, message: str, details: str = "") -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.details = details


class ChildTimeout(ChildError):
    """The child took longer than its time limit and was killed."""


class ChildCancelled(ChildError):
    """``should_cancel`` said yes and the child was killed."""


async def run_in_child(
    target: str,
    payload: dict[str, Any],
    *,
    timeout: float,
    on_progress: OnProgress | None = None,
    should_cancel: ShouldCancel | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run ``module:function`` as ``function(payload, report)`` in a fresh interpreter; return its dictionary.

    ``timeout`` is in seconds. ``on_progress`` gets each dictionary that the child reports; ``should_cancel`` is
    asked four times a second. ``environment`` is what the child finds besides what every child has. The process is
    gone when this returns or raises, also when the caller is cancelled; it ends itself when the parent dies. Raises
    ChildFailed, ChildTimeout or ChildCancelled.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.kernel.child",
        target,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment() | dict(environment or {}),
    )
    answer = asyncio.create_task(_converse(process, payload, on_progress))
    errors = asyncio.create_task(_tail(process))
    watch = asyncio.create_task(_until_cancelled(should_cancel))
    try:
        await asyncio.wait({answer, watch}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            message = answer.result()
        elif watch.done():
            watch.result()
            raise ChildCancelled(target)
        else:
            raise ChildTimeout(f"{target} took longer than {timeout:g} s")
    finally:
        answer.cancel()
        watch.cancel()
        await _end(process)
        details = await errors
    if "result" in message:
        result: dict[str, Any] = message["result"]
        return result
    error = message.get("error") or {"kind": "Died", "message": f"exit status {process.returncode}"}
    raise ChildFailed(error["kind"], error["message"], details)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH", "")]))
    return kept


async def _converse(
    process: asyncio.subprocess.Process, payload: dict[str, Any], on_progress: OnProgress | None
) -> dict[str, Any]:
    """Send the request, pass progress on, return the last message (empty when there was none)."""
    if process.stdin is None or process.stdout is None:
        raise ChildFailed("NoPipe", "the child has no pipes")
    with suppress(ConnectionError):
        process.stdin.write(encode(payload) + b"\n")
        await process.stdin.drain()
    pending: list[bytes] = []
    while chunk := await process.stdout.read(65_536):
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            message = decode(b"".join([*pending, line]))
            pending.clear()
            if "progress" not in message:
                return message
            if on_progress is not None:
                said = on_progress(message["progress"])
                if inspect.isawaitable(said):
                    await said
        pending.append(rest)
    return {}


async def _tail(process: asyncio.subprocess.Process) -> str:
    """Read the child's stderr to its end and keep the last part."""
    tail = b""
    while process.stderr is not None and (chunk := await process.stderr.read(4_096)):
        tail = (tail + chunk)[-STDERR_TAIL:]
    return tail.decode(errors="replace")


async def _until_cancelled(should_cancel: ShouldCancel | None) -> None:
    """Return when cancelling is asked for; wait for ever when it cannot be."""
    if should_cancel is None:
        await asyncio.get_running_loop().create_future()
    while should_cancel is not None:
        said = should_cancel()
        if await said if inspect.isawaitable(said) else said:
            return
        await asyncio.sleep(POLL_SECONDS)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close the pipe, at which a child ends itself; wait a little; kill.

    No signal before the wait: sending one reaps a child that has just died, and its exit status is lost to asyncio.
    """
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), GRACE_SECONDS)
    except BaseException as error:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if not isinstance(error, TimeoutError):
            raise


def encode(value: dict[str, Any]) -> bytes:
    """Give the value as one line of JSON; bytes inside it become base64."""
    return json.dumps(value, default=_pack, ensure_ascii=False, separators=(",", ":")).encode()


def decode(line: bytes) -> dict[str, Any]:
    """Read what ``encode`` wrote."""
    value: dict[str, Any] = json.loads(line, object_hook=_unpack)
    return value


def _pack(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {BYTES_KEY: base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} cannot be sent to a child")


def _unpack(value: dict[str, Any]) -> Any:
    return base64.b64decode(value[BYTES_KEY]) if value.keys() == {BYTES_KEY} else value


def main(target: str) -> int:
    """Serve one request: the child's side."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print must not enter the channel
    try:
        request = decode(sys.stdin.buffer.readline())
        threading.Thread(target=_exit_at_end_of, args=(sys.stdin.buffer,), daemon=True).start()
        module, _, name = target.partition(":")
        function = getattr(importlib.import_module(module), name)
        message = {"result": function(request, lambda progress: _say(channel, {"progress": progress}))}
        _say(channel, message)
    except Exception as error:
        traceback.print_exc()
        _say(channel, {"error": {"kind": type(error).__name__, "message": str(error)[:2_000]}})
        return 1
    return 0


def _say(channel: Any, message: dict[str, Any]) -> None:
    view = memoryview(encode(message) + b"\n")
    while view:
        view = view[channel.write(view) :]


def _exit_at_end_of(pipe: BinaryIO) -> None:
    """The parent closes the pipe, or dies: either way nobody waits for the answer."""
    with suppress(OSError, ValueError):
        while pipe.read(4_096):
            pass
    os._exit(3)


def _die_with_parent() -> None:
    """Ask Linux for SIGKILL at the parent's death: a C library may hold the interpreter for long."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stderr.flush()
    os._exit(status)  # the watching thread sits in a read and holds the buffer's lock
