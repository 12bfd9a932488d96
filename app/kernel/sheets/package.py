"""The packages that workbooks come in: unpacked under limits, so that a bomb is met here, and read without entities."""

import lzma
import struct
import zipfile
import zlib
from io import BytesIO
from xml.parsers import expat

from app.kernel.sheets import limits
from app.kernel.sheets.errors import NotASheet, SheetEncrypted, SheetTooLarge

#: What the standard library raises for packages that are damaged, each for another damage.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError)


def unpack(data: bytes, not_needed: tuple[str, ...]) -> dict[str, bytes]:
    """Unpack the XML parts but those that begin with one of ``not_needed``, counting what really comes out.

    Raises NotASheet, SheetEncrypted or SheetTooLarge.
    """
    parts: dict[str, bytes] = {}
    left = limits.MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            entries = package.infolist()
            if len(entries) > limits.MAX_PARTS:
                raise SheetTooLarge
            for entry in entries:
                name = entry.filename.lstrip("/")
                if not name.endswith((".xml", ".rels")) or name.startswith(not_needed):
                    continue
                if entry.flag_bits & 1:
                    raise SheetEncrypted
                _refuse_bomb(entry, left)
                with package.open(entry) as stream:
                    content = stream.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise SheetTooLarge
                parts[name] = content
    except _DAMAGE as error:
        raise NotASheet from error
    return parts


def _refuse_bomb(entry: zipfile.ZipInfo, left: int) -> None:
    packed = max(entry.compress_size, 1)
    bloated = entry.file_size > limits.RATIO_APPLIES_FROM_BYTES and entry.file_size / packed > limits.MAX_UNPACK_RATIO
    if entry.file_size > left or bloated:
        raise SheetTooLarge


def parser_of_xml() -> expat.XMLParserType:
    """Make a parser that refuses document types: no entity is ever declared, none expands."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise NotASheet

    parser.StartDoctypeDeclHandler = refuse
    return parser
