"""Every sentence that people read, and whether each is well translated.

``python -m tests.support.messages`` lists what is wrong, ``… update`` brings the ``.po`` files up to date with the
sources first: new messages come in empty, gone ones leave. Nothing is guessed, so nothing is ever fuzzy.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parents[2]
LOCALE_DIR = ROOT / "app" / "web" / "locale"
GLOSSARY = LOCALE_DIR / "glossary.csv"
DOMAIN = "fairground"
TRANSLATED = ("vi", "id")
PACKAGES = ("app", "booths", "ticketing")
LEFT_OUT = {"node_modules", "migrations", "__pycache__", "static"}
PYTHON_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
JINJA_OPTIONS = {
    "extensions": "jinja2.ext.i18n,jinja2.ext.do",
    "newstyle_gettext": "true",
    "trimmed": "true",
    "trim_blocks": "true",
    "silent": "false",
}
_LITERAL = r'"((?:[^"\\]|\\.)*)"'
TYPESCRIPT_SINGLE = re.compile(rf"(?<![\w.])t\(\s*{_LITERAL}")
TYPESCRIPT_PLURAL = re.compile(rf"(?<![\w.])tn\(\s*{_LITERAL}\s*,\s*{_LITERAL}")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*[^{}]*\}")

#: What may hang on the end of a word without making it another one.
ENDINGS = {"vi": "", "id": "nya|lah|kah|ku|mu"}

Key = str | tuple[str, str]


@dataclass(frozen=True)
class Term:
    """A term of the field: its English and, for each language, the words that may stand for it."""

    english: str
    allowed: dict[str, tuple[str, ...]]


def source_files(root: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield the project's own sources with one of the suffixes."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in suffixes and not LEFT_OUT & set(path.parts):
                yield path


def messages() -> dict[Key, list[str]]:
    """Return every message of Python, Jinja, TypeScript and typst with the places that use it."""
    return _messages_below(ROOT)


@cache
def _messages_below(root: Path) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}
    for path in source_files(root, (".py", ".html", ".txt", ".xml", ".ts", ".typ")):
        for line, key in _messages_in(path):
            if key and key != ("", ""):
                found.setdefault(key, []).append(f"{path.relative_to(root)}:{line}")
    return found


def _messages_in(path: Path) -> Iterator[tuple[int, Key]]:
    if path.suffix in (".ts", ".typ"):
        yield from _messages_in_typescript(path.read_text(encoding="utf-8"))
        return
    with path.open("rb") as file:
        if path.suffix == ".py":
            entries: Any = extract("python", file, PYTHON_KEYWORDS, (), {"encoding": "utf-8"})
            for line, message, *_ in entries:
                yield line, (message[0], message[1]) if isinstance(message, tuple) else message
        elif "templates" in path.parts:
            for line, _, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), JINJA_OPTIONS):
                if isinstance(message, tuple | list):
                    words = [word for word in message if isinstance(word, str)]
                    yield line, (words[0], words[1]) if len(words) > 1 else words[0]
                elif isinstance(message, str):
                    yield line, message


def _messages_in_typescript(text: str) -> Iterator[tuple[int, Key]]:
    for match in TYPESCRIPT_SINGLE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, json.loads(f'"{match[1]}"')
    for match in TYPESCRIPT_PLURAL.finditer(text):
        one, many = (json.loads(f'"{part}"') for part in match.groups())
        yield text.count("\n", 0, match.start()) + 1, (one, many)


def catalogue_path(locale: str) -> Path:
    """Return where a language's messages stand."""
    return LOCALE_DIR / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalogue(locale: str) -> Catalog:
    """Read a language's messages; an empty catalogue when there is no file yet."""
    path = catalogue_path(locale)
    if not path.exists():
        return Catalog(locale=locale, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain=DOMAIN)


def glossary() -> list[Term]:
    """Read the glossary: columns ``en``, ``vi``, ``id``; alternatives are separated by ``|``."""
    if not GLOSSARY.exists():
        return []
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        return [
            Term(
                row["en"].strip().lower(),
                {locale: tuple(word.strip().lower() for word in row[locale].split("|")) for locale in TRANSLATED},
            )
            for row in csv.DictReader(file)
        ]


def placeholders(text: str) -> list[str]:
    """Return the placeholders of a message, sorted, each as often as it stands there."""
    return sorted(PLACEHOLDER.findall(text.replace("%%", "")))


def _words(term: str) -> re.Pattern[str]:
    """Find an English term as a whole word or words, in the singular or the plural."""
    plural = rf"|{re.escape(term[:-1])}ies" if term.endswith("y") else ""
    return re.compile(rf"(?<!\w)(?:{re.escape(term)}(?:s|es)?{plural})(?!\w)")


def departs_from(term: Term, locale: str, english: str, translated: str) -> bool:
    """Whether a translation of ``english`` uses none of the words that the glossary allows for the term."""
    if not _words(term.english).search(PLACEHOLDER.sub(" ", english).lower()):
        return False
    allowed = "|".join(re.escape(word) for word in term.allowed[locale])
    return not re.search(rf"(?<!\w)(?:{allowed})(?:{ENDINGS[locale]})?(?!\w)", translated.lower())


def problems(locale: str) -> list[str]:
    """Say what is wrong with a language's messages: one line for each fault, none when it is complete."""
    catalogue = read_catalogue(locale)
    terms = glossary()
    wrong: list[str] = []
    for key, places in sorted(messages().items(), key=str):
        english = key if isinstance(key, str) else key[1]
        entry = catalogue.get(key if isinstance(key, str) else key[0])
        forms = [entry.string] if entry and isinstance(entry.string, str) else list(entry.string) if entry else []
        where = f"{english!r} ({places[0]})"
        if entry is None or not forms or not all(forms):
            wrong.append(f"missing: {where}")
            continue
        if isinstance(key, tuple) and not isinstance(entry.string, tuple | list):
            wrong.append(f"no plural: {where}")
            continue
        if entry.fuzzy:
            wrong.append(f"fuzzy: {where}")
        for form in forms:
            if placeholders(form) != placeholders(english):
                wrong.append(f"placeholders differ: {where}: {form!r}")
            wrong += [
                f"departs from the glossary's {term.english!r}: {where}: {form!r}"
                for term in _longest_terms(terms, english)
                if departs_from(term, locale, english, form)
            ]
    return wrong


def _longest_terms(terms: list[Term], english: str) -> list[Term]:
    """Leave out a term that only stands inside a longer one, as ``pass`` inside ``pass holder``, or names a place."""
    left = PLACEHOLDER.sub(" ", english).lower()
    chosen = []
    for term in sorted(terms, key=lambda term: -len(term.english)):
        pattern = _words(term.english)
        if pattern.search(left):
            chosen.append(term)
            left = pattern.sub(" \0 ", left)
    return chosen


def update(locale: str) -> None:
    """Bring a language's file up to date with the sources; new messages come in untranslated."""
    template = Catalog(domain=DOMAIN, project="Fairground", charset="utf-8", fuzzy=False)
    for key, places in sorted(messages().items(), key=str):
        spots = [(place.rpartition(":")[0], None) for place in places]
        template.add(key, locations=spots)  # type: ignore[arg-type]
    catalogue = read_catalogue(locale)
    catalogue.fuzzy = False
    catalogue.update(template, no_fuzzy_matching=True, keep_user_comments=True)
    catalogue.obsolete.clear()
    path = catalogue_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)


def main() -> int:
    """List the faults of every language, after an update if asked."""
    parser = argparse.ArgumentParser(description="Check the translations, or bring their files up to date.")
    parser.add_argument("action", choices=["check", "update"], nargs="?", default="check")
    if parser.parse_args().action == "update":
        for locale in TRANSLATED:
            update(locale)
    wrong = [f"{locale}: {line}" for locale in TRANSLATED for line in problems(locale)]
    print("\n".join([*wrong, f"{len(messages())} messages, {len(wrong)} faults"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
