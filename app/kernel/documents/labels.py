"""Sheets of labels and badges with QR codes, ready for scissors."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from app.kernel.documents.pdf import compile_pdf
from app.kernel.documents.qr import qr_svg

MOST_AT_ONCE = 500  # typst's memory grows by some 100 MiB per 500 labels
SECONDS_PER_CHUNK = 120


@dataclass(frozen=True)
class Label:
    """One label: the text in its QR code, and what people read. ``band`` is a word on colour, such as a role."""

    link: str
    title: str
    subtitle: str = ""
    code: str = ""
    band: str = ""


async def label_sheets(
    labels: Sequence[Label], *, columns: int = 3, rows: int = 7, heading: str = "", foot: Sequence[str] = ()
) -> list[bytes]:
    """Set labels on A4, ``columns`` × ``rows`` to a sheet; one PDF for every 500 labels, in whole sheets.

    ``heading`` is the PDF's title, ``foot`` are lines that stand at the foot of every label.
    Raises DocumentFailed, and ValueError for a grid that leaves no room for a QR code.
    """
    if not (1 <= columns <= 5 and 1 <= rows <= 13):
        raise ValueError(f"{columns} × {rows} labels do not fit on A4")
    per_sheet = columns * rows
    per_file = max(MOST_AT_ONCE // per_sheet, 1) * per_sheet
    files = []
    for start in range(0, len(labels), per_file):
        chunk = labels[start : start + per_file]
        pictures = {f"{number}.svg": qr_svg(label.link).encode() for number, label in enumerate(chunk)}
        data = {
            "heading": heading,
            "columns": columns,
            "rows": rows,
            "foot": list(foot),
            "labels": [
                {
                    "picture": f"{number}.svg",
                    "title": label.title,
                    "subtitle": label.subtitle,
                    "code": label.code,
                    "band": label.band,
                }
                for number, label in enumerate(chunk)
            ],
        }
        files.append(await compile_pdf("labels.typ", data, images=pictures, seconds=SECONDS_PER_CHUNK))
    return files


def one_file(name: str, files: Sequence[bytes]) -> tuple[str, str, bytes]:
    """Name, media type and bytes to send: the PDF itself, or a ZIP of several."""
    if len(files) == 1:
        return f"{name}.pdf", "application/pdf", files[0]
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for number, content in enumerate(files, start=1):
            package.writestr(zipfile.ZipInfo(f"{name}-{number}.pdf"), content)
    return f"{name}.zip", "application/zip", buffer.getvalue()
