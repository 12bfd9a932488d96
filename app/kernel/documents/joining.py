"""Many PDFs in one, put together as they are made: in memory is never more than one of them.

It reads what typst writes without tags, and no more: a table of plain objects, one tree of pages. The trees become
branches of a new one and each object gets another number; streams are carried over as they are.
"""

import os
import re
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

_TABLE = re.compile(rb"startxref\n(\d+)\n%%EOF\s*\Z")
_ROOT = re.compile(rb"/Root (\d+) 0 R")
_PAGES = re.compile(rb"/Pages (\d+) 0 R")
_COUNT = re.compile(rb"/Count (\d+)")
#: What refers to an object, but not what stands in a text.
_REFERENCE = re.compile(rb"\((?:[^()\\]|\\.)*\)|(\d+) 0 R\b", re.DOTALL)
_LEFT_OUT = (b"/Type/Catalog", b"/Type/Metadata")
_CATALOGUE, _TREE, _ABOUT = 1, 2, 3


class NotJoined(ValueError):
    """A PDF that has another shape than typst's."""


class JoinedPdf:
    """A PDF that grows at its end, written beside ``path`` and put there when all is well.

    Only its owner reads the file. Use it as a context; ``pages`` counts what was added.
    """

    def __init__(self, path: Path, *, title: str, locale: str) -> None:
        self.path = path
        self.pages = 0
        self._about = (title, locale)
        self._draft = path.with_name(f".{path.name}.{uuid4().hex}")
        self._places = [0, 0, 0]  # of catalogue, tree and what it is about, which are written last
        self._branches: list[int] = []

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file: BinaryIO = os.fdopen(os.open(self._draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        self._file.write(b"%PDF-1.7\n%\x80\x80\x80\x80\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                if kind is None:
                    self._finish()
            if kind is None:
                os.replace(self._draft, self.path)
        finally:
            self._draft.unlink(missing_ok=True)

    def add(self, content: bytes) -> None:
        """Put the pages of a PDF behind those that are there. Raises NotJoined."""
        objects, tree = _objects(content)
        numbers = {number: len(self._places) + place + 1 for place, number in enumerate(objects)}
        for number, body in objects.items():
            head, stream, rest = body.partition(b"stream\n")
            head = _REFERENCE.sub(
                lambda found: b"%d 0 R" % numbers.get(int(found[1]), 0) if found[1] else found[0], head
            )
            if number == tree:
                head = head.replace(b"<<", b"<</Parent %d 0 R" % _TREE, 1)
            self._places.append(self._file.tell())
            self._file.write(b"%d 0 obj\n" % numbers[number] + head + stream + rest)
        self._branches.append(numbers[tree])
        counted = _COUNT.search(objects[tree])
        self.pages += int(counted[1]) if counted else 0

    def _finish(self) -> None:
        title, locale = self._about
        kids = b" ".join(b"%d 0 R" % number for number in self._branches)
        self._last(
            _CATALOGUE,
            b"<</Type/Catalog/Pages %d 0 R/Lang(%s)/ViewerPreferences<</DisplayDocTitle true>>>>"
            % (_TREE, locale.encode()),
        )
        self._last(_TREE, b"<</Type/Pages/Count %d/Kids[%s]>>" % (self.pages, kids))
        self._last(_ABOUT, b"<</Title<feff%s>>>" % title.encode("utf-16-be").hex().encode())
        table = self._file.tell()
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(self._places) + 1))
        self._file.writelines(b"%010d 00000 n \n" % place for place in self._places)
        self._file.write(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n"
            % (len(self._places) + 1, _CATALOGUE, _ABOUT, table)
        )

    def _last(self, number: int, body: bytes) -> None:
        self._places[number - 1] = self._file.tell()
        self._file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))


def _objects(content: bytes) -> tuple[dict[int, bytes], int]:
    """The objects that a joined PDF takes over, by number and as they are written, and the number of the page tree."""
    found, root = _TABLE.search(content, max(0, len(content) - 64)), _ROOT.search(content, max(0, len(content) - 400))
    if found is None or root is None:
        raise NotJoined("no table of objects at the end")
    table = int(found[1])
    lines = content[table:].split(b"\n")
    if lines[0] != b"xref":
        raise NotJoined("no plain table of objects")
    places = {
        number: int(line[:10])
        for number, line in enumerate(lines[2 : 2 + int(lines[1].split()[1])])
        if line[17:18] == b"n"
    }
    ends = dict(zip(sorted(places.values()), [*sorted(places.values())[1:], table], strict=True))
    objects = {
        number: content[at : ends[at]].removeprefix(b"%d 0 obj\n" % number) for number, at in sorted(places.items())
    }
    tree = _PAGES.search(objects[int(root[1])])
    if tree is None:
        raise NotJoined("no tree of pages")
    kept = {number: body for number, body in objects.items() if not any(one in body[:200] for one in _LEFT_OUT)}
    return kept, int(tree[1])
