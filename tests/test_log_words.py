"""Every action that the code records is called something in the log."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import filter as filter_names
from pathlib import Path

from app.kernel.audit_words import known_actions, known_subjects
from app.main import register_modules

ROOT = Path(__file__).resolve().parents[1]
RECORDERS = {"record", "note", "_record", "move_applications", "move_document"}


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Yield every call that adds an entry to the log, or that passes one on."""
    for package in ("app", "booths", "ticketing"):
        for path in (ROOT / package).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if name in RECORDERS:
                        yield path, node


def words(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be; holes in a text become stars."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from words(node.body)
        yield from words(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)


def actions() -> Iterator[tuple[str, str]]:
    """Yield (file, action) of each call: the keyword ``action``, or a place that holds words joined by points."""
    for path, call in calls():
        named = [keyword.value for keyword in call.keywords if keyword.arg == "action"]
        for word in (word for node in named for word in words(node)):
            yield str(path.relative_to(ROOT)), word
        for word in (word for node in call.args for word in words(node)):
            if "." in word:
                yield str(path.relative_to(ROOT)), word


def test_every_action_has_its_words() -> None:
    register_modules()
    found = set(actions())
    assert len(found) > 70
    assert sorted(one for one in found if not filter_names(known_actions(), one[1])) == []


def test_no_words_are_left_of_an_action_that_is_gone() -> None:
    register_modules()
    used = [name for _file, action in actions() for name in filter_names(known_actions(), action)]
    assert known_actions().keys() - set(used) == set()


def test_every_subject_has_its_words() -> None:
    register_modules()
    found = {
        word
        for _path, call in calls()
        for keyword in call.keywords
        if keyword.arg == "subject_type"
        for word in words(keyword.value)
    }
    assert len(found) > 15
    assert found - known_subjects().keys() == set()
    referred = {field.subject for subject in known_subjects().values() for field in subject.fields.values()} - {""}
    assert referred - known_subjects().keys() == set()
