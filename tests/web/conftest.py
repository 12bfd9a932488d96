"""The built front end, made once where it is missing."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "app" / "web"
BUILD = WEB / "static" / "build"


@pytest.fixture(scope="session")
def hook() -> ModuleType:
    """The build hook, loaded by path as the command line does."""
    spec = importlib.util.spec_from_file_location("fairground_hatch_build", WEB / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def manifest(hook: ModuleType) -> dict[str, str]:
    """Logical name to file of every built asset."""
    path = BUILD / "manifest.json"
    if not path.exists():
        reason = hook.build(ROOT)
        assert reason is None, reason
    names: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return names
