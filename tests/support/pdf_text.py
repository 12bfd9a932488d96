"""The words of a document that typst has set, without a program for it on the machine.

It reads what typst writes and no more: each page with its fonts in one dictionary, glyphs of two bytes, and a table
of letters for each font. Anything else is an error and not a missing word.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\s(.*?)\sendobj", re.DOTALL)
_LETTERS = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")
#: What is said about a piece and not set, such as what a picture shows.
_ASIDE = rb"<<(?:[^<>]|<[0-9A-Fa-f]*>)*>>"
_TOKEN = re.compile(_ASIDE + rb"|/(?P<font>\w+) [\d.]+ Tf|(?<!<)<(?P<hex>[0-9A-Fa-f]*)>|(?P<open>\()|(?P<end>\bET\b)")
_ESCAPED = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("b"): 8, ord("f"): 12}


def text_of(pdf: bytes) -> str:
    """Return the text of all pages: a line for each piece that was set at one go, in the order of the document."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    pages = [body for body in objects.values() if b"/Type/Page/" in body]
    return "\n".join(line for page in pages for line in _lines(page, objects))


def _lines(page: bytes, objects: dict[int, bytes]) -> Iterator[str]:
    fonts = re.search(rb"/Font<<(.*?)>>", objects[_reference(page, b"Resources")])
    letters: dict[bytes, dict[bytes, str]] = {}
    for name, number in re.findall(rb"/(\w+) (\d+) 0 R", fonts[1]) if fonts else ():
        table = _stream(objects[_reference(objects[int(number)], b"ToUnicode")])
        letters[name] = {
            bytes.fromhex(glyph.decode()): bytes.fromhex(shown.decode()).decode("utf-16-be")
            for glyph, shown in _LETTERS.findall(table)
        }
    font: dict[bytes, str] = {}
    line = ""
    for name, glyphs in _tokens(_stream(objects[_reference(page, b"Contents")])):
        if name is not None:
            font = letters[name]
        elif glyphs is not None:
            line += "".join(font[glyphs[at : at + 2]] for at in range(0, len(glyphs), 2))
        else:
            yield line
            line = ""


def _tokens(content: bytes) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Yield (font, None) for a change of font, (None, glyphs) for a string, (None, None) for the end of a text."""
    at = 0
    while found := _TOKEN.search(content, at):
        at = found.end()
        if found["font"]:
            yield found["font"], None
        elif found["end"]:
            yield None, None
        elif found["open"]:
            glyphs, at = _literal(content, at)
            yield None, glyphs
        elif found["hex"] is not None:
            yield None, bytes.fromhex(found["hex"].decode())


def _literal(content: bytes, at: int) -> tuple[bytes, int]:
    """Read a string that begins behind its parenthesis; returns it and where it ends."""
    made, depth = bytearray(), 1
    while True:
        byte = content[at]
        at += 1
        depth += (byte == ord("(")) - (byte == ord(")"))
        if depth == 0:
            return bytes(made), at
        if byte == ord("\\"):
            octal = re.compile(rb"[0-7]{3}").match(content, at)
            byte = int(octal[0], 8) if octal else _ESCAPED.get(content[at], content[at])
            at += 3 if octal else 1
        made.append(byte)


def _reference(body: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
    assert found is not None, (name, body[:200])
    return int(found[1])


def _stream(body: bytes) -> bytes:
    head, _, data = body.partition(b"stream\n")
    assert b"/FlateDecode" in head, head[:200]
    return zlib.decompressobj().decompress(data)
