"""Files that somebody would upload to do harm, or whose camera knew more than the picture shows."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image, PngImagePlugin

#: Stands in every file that carries something; nothing that is kept or served may hold it.
PAYLOAD = b"<script>alert('fairground-payload')</script>"
TEXT = PAYLOAD.decode()
PNG = b"\x89PNG\r\n\x1a\n"
ORIENTATION, ARTIST, EXIF_GPS = 0x0112, 0x013B, 0x8825


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture whose left half is red."""
    made = Image.new("RGB", size, "blue")
    made.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    buffer = io.BytesIO()
    made.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a piece of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, packed: bytes, *more: bytes) -> bytes:
    """Return a PNG of black and white of this size, with more pieces before its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return PNG + header + b"".join(more) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """Return so many zero bytes, packed, a thousandth of their size."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(count // 2**20 + 1)) + packer.flush()


def pixel_bomb() -> bytes:
    """Return a true picture of 20,000 × 20,000 in some tens of kilobytes."""
    return png(20_000, 20_000, zeros(20_000 * 2_501))


def text_bomb() -> bytes:
    """Return a picture whose remark unpacks to 128 MiB."""
    return png(8, 8, zlib.compress(bytes(16)), chunk(b"zTXt", b"Comment\x00\x00" + zeros(2**27)))


def profile_bomb() -> bytes:
    """Return a picture whose colour profile unpacks to 128 MiB."""
    return png(8, 8, zlib.compress(bytes(16)), chunk(b"iCCP", b"sRGB\x00\x00" + zeros(2**27)))


def package(parts: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return buffer.getvalue()


def nested() -> bytes:
    """Return a ZIP of ZIPs of ZIPs, which together hold a gigabyte of zeros."""
    inner = package({f"{number}.bin": bytes(2**20) for number in range(10)})
    for _ in range(2):
        inner = package({f"{number}.zip": inner for number in range(10)})
    return inner


WORKBOOK = b"""<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"""
RELATIONS = b"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
</Relationships>"""


def workbook_of(sheet: bytes, **more: bytes) -> bytes:
    """Return a workbook with this XML as its one worksheet."""
    parts = {
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": sheet,
    }
    return package({**parts, **more})


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    + SHEET.format('<row r="1"><c r="A1" t="inlineStr"><is><t>&c;</t></is></c></row>').encode()
)
EXTERNAL = (
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    + SHEET.format('<row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row>').encode()
)
SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{TEXT}<image href="file:///etc/passwd"/></svg>'.encode()
)


def gif_script() -> bytes:
    """Return what is a GIF and a script: the size of the picture begins a remark of the language."""
    return b"GIF89a/*" + picture("GIF")[8:] + b"*/=1;" + PAYLOAD


def from_a_camera() -> bytes:
    """Return a photo that lies on its side and tells where it was taken, and a script as who took it."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[ARTIST] = 6, TEXT
    exif.get_ifd(EXIF_GPS).update({1: "N", 2: (21.0, 1.0, 42.0), 3: "E", 4: (105.0, 51.0, 12.0)})
    return picture("JPEG", exif=exif, comment=PAYLOAD)


def with_remarks() -> bytes:
    """Return a PNG with a script in each kind of remark."""
    remarks = PngImagePlugin.PngInfo()
    remarks.add_text("Comment", TEXT)
    remarks.add_text("Author", TEXT, zip=True)
    remarks.add_itxt("XML:com.adobe.xmp", TEXT)
    return picture(pnginfo=remarks)


def moving(kind: str) -> bytes:
    """Return a picture of three frames."""
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "green")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=50)
    return buffer.getvalue()


def pdf_package() -> bytes:
    """Return what is a PDF from its beginning and a ZIP from its end."""
    return b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n" + package({"a.html": PAYLOAD})


PLAIN_NAME = "photo.png"
#: Pictures: name of the attack → name of the file, kind it says it is, content, and whether it may be taken.
PICTURES: dict[str, tuple[str, str, Callable[[], bytes], bool]] = {
    "20,000 × 20,000": (PLAIN_NAME, "image/png", pixel_bomb, False),
    "bomb in a remark": (PLAIN_NAME, "image/png", text_bomb, False),
    "bomb in a profile": (PLAIN_NAME, "image/png", profile_bomb, False),
    "zip in zip": (PLAIN_NAME, "image/png", nested, False),
    "GIF that is a script": ("photo.gif", "image/gif", gif_script, False),
    "moving GIF": ("photo.gif", "image/gif", lambda: moving("GIF"), False),
    "PDF that is a ZIP": ("photo.jpg", "image/jpeg", pdf_package, False),
    "SVG": ("photo.svg", "image/svg+xml", lambda: SVG, False),
    "SVG named PNG": (PLAIN_NAME, "image/png", lambda: SVG, False),
    "SVG that says it is XML": ("photo.jpg", "image/jpeg", lambda: b'<?xml version="1.0"?>' + SVG, False),
    "page named PNG": (PLAIN_NAME, "image/png", lambda: b"<!doctype html>" + PAYLOAD, False),
    "PNG cut off": (PLAIN_NAME, "image/png", lambda: picture(size=(600, 400))[:-300], False),
    "JPEG cut off": ("photo.jpg", "image/jpeg", lambda: picture("JPEG", (600, 400))[:-300], False),
    "head of a JPEG": ("photo.jpg", "image/jpeg", lambda: b"\xff\xd8\xff\xe0" + PAYLOAD, False),
    "empty": (PLAIN_NAME, "image/png", lambda: b"", False),
    "zero bytes": (PLAIN_NAME, "image/png", lambda: bytes(5_000), False),
    "PNG with a page behind": (PLAIN_NAME, "image/png", lambda: picture() + b"<html>" + PAYLOAD, True),
    "JPEG with a ZIP behind": ("a.jpg", "image/jpeg", lambda: picture("JPEG") + package({"a.html": PAYLOAD}), True),
    "JPEG from a camera": ("photo.jpg", "image/jpeg", from_a_camera, True),
    "PNG with remarks": (PLAIN_NAME, "image/png", with_remarks, True),
    "moving PNG": (PLAIN_NAME, "image/apng", lambda: moving("PNG"), True),
    "moving WebP": ("photo.webp", "image/webp", lambda: moving("WEBP"), True),
    "CMYK": ("photo.jpg", "image/jpeg", lambda: picture("JPEG", mode="CMYK"), True),
    "PNG that says it is a page": ("photo.html", "text/html", picture, True),
    "JPEG named SVG": ("photo.svg", "image/svg+xml", lambda: picture("JPEG"), True),
    "way out of the folder": ("../../../x.png", "image/png", picture, True),
    "way out of the folder on Windows": ("..\\..\\x.png", "image/png", picture, True),
    "whole path": ("/etc/passwd", "image/png", picture, True),
    "name with a zero byte": ("a.png\x00.html", "image/png", picture, True),
    "name with a script": (f"{TEXT}.png", "image/png", picture, True),
    "long name": ("ệ" * 1_000 + ".png", "image/png", picture, True),
}
CSV = "organisation,contact,phone,cells\nHộ gốm,Tạ Thu Hương,0912345671,1\n".encode()
#: Sheets: name of the attack → name of the file, content, and the code it is refused with, or "" when it is taken.
SHEETS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "worksheet of 256 MiB": ("a.xlsx", lambda: workbook_of(bytes(2**28)), "sheet_too_large"),
    "many worksheets that are large together": (
        "a.xlsx",
        lambda: workbook_of(b"", **{f"xl/worksheets/sheet{n}.xml": b" " * 2**20 for n in range(2, 210)}),
        "sheet_too_large",
    ),
    "thousands of parts": (
        "a.xlsx",
        lambda: workbook_of(b"", **{f"{n}.xml": b"" for n in range(2_100)}),
        "sheet_too_large",
    ),
    "zip in zip": ("a.xlsx", nested, "not_a_sheet"),
    "entities in entities": ("a.xlsx", lambda: workbook_of(LAUGHS), "not_a_sheet"),
    "entity that is a file": ("a.xlsx", lambda: workbook_of(EXTERNAL), "not_a_sheet"),
    "SVG": ("a.csv", lambda: SVG, "not_a_sheet"),
    "page named XLS": ("a.xls", lambda: b"\n<html><table><tr><td>" + PAYLOAD, "not_a_sheet"),
    "page with a mark before": ("a.csv", lambda: b"\xef\xbb\xbf<!doctype html>" + PAYLOAD, "not_a_sheet"),
    "picture named XLSX": ("a.xlsx", picture, "not_a_sheet"),
    "picture named CSV": ("a.csv", lambda: picture("JPEG"), "not_a_sheet"),
    "GIF that is a script": ("a.csv", gif_script, "not_a_sheet"),
    "PDF that is a ZIP": ("a.xlsx", pdf_package, "not_a_sheet"),
    "workbook cut off": ("a.xlsx", lambda: workbook_of(SHEET.format("").encode())[:-40], "not_a_sheet"),
    "empty": ("a.csv", lambda: b"", "sheet_empty"),
    "zero bytes": ("a.csv", lambda: bytes(5_000), "not_a_sheet"),
    "way out of the folder": ("../../../x.csv", lambda: CSV, ""),
    "way out of the folder on Windows": ("..\\..\\x.csv", lambda: CSV, ""),
    "name with a zero byte": ("a.csv\x00.html", lambda: CSV, ""),
    "name with a script": (f"{TEXT}.csv", lambda: CSV, ""),
    "long name": ("ệ" * 1_000 + ".csv", lambda: CSV, ""),
    "cell with a script": ("a.csv", lambda: CSV.replace("Hộ gốm".encode(), PAYLOAD), ""),
}
