"""The QR codes that stand on the pages of a PDF, as a scanner reads them from paper."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import typst
import zxingcpp
from PIL import Image

_PAGE = """#set page(width: 595pt, height: 842pt, margin: 0pt)
#image("printed.pdf", page: {page}, width: 100%, height: 100%, fit: "contain")
"""


def codes_of(pdf: bytes) -> list[str]:
    """What the codes of all pages say, from the top of each page to its bottom and from left to right."""
    found = []
    with TemporaryDirectory() as folder:
        Path(folder, "printed.pdf").write_bytes(pdf)
        main = Path(folder, "page.typ")
        for page in range(1, pdf.count(b"/Type/Page/") + 1):
            main.write_text(_PAGE.format(page=page))
            drawn = typst.compile(str(main), root=folder, format="png", ppi=150)
            codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn)))
            corners = [(round(one.position.top_left.y / 20), one.position.top_left.x, one.text) for one in codes]
            found += [text for _row, _column, text in sorted(corners)]
    return found
