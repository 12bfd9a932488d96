"""The build hook where something is missing: it says so in one sentence and leaves the plain styles."""

from pathlib import Path
from types import ModuleType

import pytest

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Undo"\nmsgstr "Hoàn tác"\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a catalogue and a lock file, and no packages."""
    catalogue = tmp_path / "app" / "web" / "locale" / "vi" / "LC_MESSAGES"
    catalogue.mkdir(parents=True)
    (catalogue / "fairground.po").write_text(PO, encoding="utf-8")
    (tmp_path / "app" / "web" / "package-lock.json").write_text("{}", encoding="utf-8")
    return tmp_path


def test_without_node_the_reason_is_left_in_the_marker(
    tree: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(hook.shutil, "which", lambda _name: None)
    reason = hook.build(tree)
    assert reason == "Node is not installed here"
    build = tree / "app" / "web" / "static" / "build"
    assert [path.name for path in build.iterdir()] == [".missing"]
    assert (build / ".missing").read_text(encoding="utf-8") == reason + "\n"


def test_where_npm_fails_its_first_words_are_told(
    tree: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tree / "npm"
    failing.write_text("#!/bin/sh\necho 'npm error network unreachable' >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr(hook, "_find_node", lambda _scratch: ([str(failing)], [str(failing)]))
    reason = hook.build(tree)
    assert reason == "npm could not install the front end's packages: npm error network unreachable"


def test_catalogues_are_compiled_even_so(tree: Path, hook: ModuleType) -> None:
    assert hook.compile_catalogues(tree / "app" / "web" / "locale") == 1
    compiled = tree / "app" / "web" / "locale" / "vi" / "LC_MESSAGES" / "fairground.mo"
    assert "Hoàn tác".encode() in compiled.read_bytes()
