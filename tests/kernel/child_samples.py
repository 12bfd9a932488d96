"""What the tests of the child process run in it."""

import os
import time
from collections.abc import Callable
from typing import Any

Report = Callable[[dict[str, Any]], None]


def echo(payload: dict[str, Any], report: Report) -> dict[str, Any]:
    print("a library prints this")
    os.write(1, b"and a C library this\n")
    for step in range(payload.get("steps", 0)):
        report({"done": step + 1})
    return {"echo": payload, "pid": os.getpid()}


def big(payload: dict[str, Any], report: Report) -> dict[str, Any]:
    return {"data": b"\x00\xff" * payload["pairs"]}


def environment(payload: dict[str, Any], report: Report) -> dict[str, Any]:
    return dict(os.environ)


def fail(payload: dict[str, Any], report: Report) -> dict[str, Any]:
    raise ValueError("no solution")


def die(payload: dict[str, Any], report: Report) -> dict[str, Any]:
    os._exit(7)


def sleep(payload: dict[str, Any], report: Report) -> dict[str, Any]:
    report({"pid": os.getpid()})
    time.sleep(60)
    return {}


def stubborn(payload: dict[str, Any], report: Report) -> dict[str, Any]:
    """Hold the interpreter in C, so that the thread which watches the pipe cannot run."""
    import ctypes

    report({"pid": os.getpid()})
    ctypes.PyDLL(None).sleep(60)
    return {}
