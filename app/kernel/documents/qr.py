"""QR codes as SVG and PNG.

The mask pattern is fixed: choosing the best of eight costs five times as long and phones read them all alike.
"""

import re
from functools import lru_cache
from io import BytesIO
from itertools import groupby

from markupsafe import Markup, escape

MASK_PATTERN = 2
BORDER = 4
Matrix = tuple[tuple[bool, ...], ...]


#: What a code holds in five and a half bits a letter, as all of ours do.
_SHORT = re.compile(r"[0-9A-Z $%*+\-./:]+")
#: How large codes of so many such letters are: what was found for one is not looked for again.
_versions: dict[tuple[int, bool], int] = {}


@lru_cache(maxsize=64)
def _code(text: str, high: bool) -> Matrix:
    import qrcode  # brings Pillow along
    from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M
    from qrcode.util import MODE_ALPHA_NUM, QRData

    size = (len(text), high)
    code = qrcode.QRCode(
        version=_versions.get(size) if _SHORT.fullmatch(text) else None,
        error_correction=ERROR_CORRECT_H if high else ERROR_CORRECT_M,
        border=BORDER,
        mask_pattern=MASK_PATTERN,
    )
    if _SHORT.fullmatch(text):
        code.add_data(QRData(text.encode(), mode=MODE_ALPHA_NUM, check_data=False))
        code.make(fit=size not in _versions)
        _versions[size] = code.version
    else:
        code.add_data(text)
        code.make(fit=True)
    return tuple(tuple(map(bool, row)) for row in code.get_matrix())


def qr_svg(text: str, *, label: str = "", high: bool = False) -> Markup:
    """The code as SVG markup: one path on white, quiet zone included, sized by its container.

    ``label`` is what a screen reader says; ``high`` takes level H, for a code that carries a logo.
    """
    size, path = _drawing(text, high)
    name = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704 - digits and an escaped label only
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" {name} shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def qr_png(text: str, box: int = 10, *, high: bool = False) -> bytes:
    """The code as a black and white PNG, ``box`` pixels to a module, quiet zone included."""
    from PIL import Image

    matrix = _code(text, high)
    size = len(matrix)
    image = Image.new("1", (size, size))
    image.putdata([0 if dark else 255 for row in matrix for dark in row])
    buffer = BytesIO()
    image.resize((size * box, size * box), Image.Resampling.NEAREST).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


@lru_cache(maxsize=512)
def _drawing(text: str, high: bool) -> tuple[int, str]:
    """How wide the code is, in modules, and its path: some kilobytes where the matrix itself takes ten times that."""
    matrix = _code(text, high)
    rows = enumerate(matrix)
    return len(matrix), "".join(f"M{x} {y}h{length}v1h-{length}z" for y, row in rows for x, length in _runs(row))


def _runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Start and length of each stretch of dark modules."""
    runs, x = [], 0
    for dark, group in groupby(row):
        length = len(list(group))
        if dark:
            runs.append((x, length))
        x += length
    return runs
