"""Images that people upload: checked, cleaned, stored by the hash of their content, shown in four widths.

What is stored is never what was uploaded: the picture is decoded and encoded anew, turned upright and without the
camera's data (place, time, owner). Smaller sizes are made when first asked for.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from uuid import uuid4

from litestar import Response, get
from litestar.params import FromPath

from app.kernel.errors import AppError, NotFound
from app.kernel.i18n import N_
from app.kernel.placeholders import draw_placeholder
from app.kernel.settings import settings
from app.kernel.tables import MediaFile

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["clean_picture", "draw_placeholder", "media_handler", "media_srcset", "media_url", "store_image"]

P = ParamSpec("P")
T = TypeVar("T")

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 64 * 2**20  # the largest that phones take
#: So many are decoded at most. Of a larger JPEG every second, fourth or eighth pixel is, as its blocks allow; a
#: progressive one, a PNG and a WebP have to be decoded whole.
MAX_DECODED = 12 * 2**20
MAX_SIDE = 2_560
WIDTHS = (160, 320, 640, 1280)
FORMATS = ("JPEG", "PNG", "WEBP")
NAME = re.compile(r"([0-9a-f]{64})-(160|320|640|1280)\.webp")
CACHE = "public, max-age=31536000, immutable"


def _start_workers() -> None:
    """At most two pictures at a time in a process: decoding takes memory. A forked process has none of our threads."""
    global _workers
    _workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="images")


_workers: ThreadPoolExecutor
_start_workers()
os.register_at_fork(after_in_child=_start_workers)


class NotAPicture(AppError):
    """The bytes are no JPEG, PNG or WebP that can be decoded to its end."""

    code = "not_a_picture"
    status = 422
    message = N_("This file is no picture that can be read. Use a JPEG, PNG or WebP.")


class PictureTooLarge(AppError):
    """More bytes or pixels than one picture may have."""

    code = "picture_too_large"
    status = 413
    message = N_("This picture is too large: at most {megabytes} MB and {megapixels} megapixels.")

    def __init__(self, pixels: int = MAX_PIXELS) -> None:
        super().__init__(megabytes=MAX_BYTES // 2**20, megapixels=pixels // 2**20)


async def clean_picture(data: bytes, *, side: int = MAX_SIDE) -> tuple[bytes, str]:
    """Check and clean a picture that is kept elsewhere, at most ``side`` pixels wide and high: its bytes and type.

    Raises NotAPicture or PictureTooLarge.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge
    encoded, mime, _width, _height = await _in_worker(_clean, data, side)
    return encoded, mime


async def store_image(data: bytes, *, now: datetime) -> str:
    """Check, clean and store a picture; returns the hash that names it. The same picture is stored once.

    Raises NotAPicture or PictureTooLarge.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge
    encoded, mime, width, height = await _in_worker(_clean, data)
    digest = hashlib.sha256(encoded).hexdigest()
    path = _folder(digest) / (digest + (".jpg" if mime == "image/jpeg" else ".webp"))
    await _in_worker(_write, path, encoded)
    await MediaFile.insert(
        MediaFile(hash=digest, mime=mime, width=width, height=height, size_bytes=len(encoded), created_at=now)
    ).on_conflict(target=MediaFile.hash, action="DO NOTHING")
    return digest


def media_url(hash: str, width: int = 640) -> str:
    """Address of a stored picture, at least ``width`` pixels wide where it is that large itself."""
    best = next((offered for offered in WIDTHS if offered >= width), WIDTHS[-1])
    return f"/media/{hash}-{best}.webp"


def media_srcset(hash: str) -> str:
    """All sizes of a stored picture for an ``srcset`` attribute."""
    return ", ".join(f"{media_url(hash, width)} {width}w" for width in WIDTHS)


@get("/media/{name:str}", name="media", include_in_schema=False, opt={"public": True})
async def media_handler(name: FromPath[str]) -> Response[bytes]:
    """Give one size of a stored picture, for ever the same under its name."""
    match = NAME.fullmatch(name)
    content = await _in_worker(_variant, match[1], int(match[2])) if match else None
    if content is None:
        raise NotFound
    return Response(content, media_type="image/webp", headers={"Cache-Control": CACHE, "ETag": f'"{name}"'})


async def _in_worker(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(_workers, lambda: function(*args, **kwargs))


def _clean(data: bytes, side: int = MAX_SIDE) -> tuple[bytes, str, int, int]:
    """Decode fully, turn upright, encode anew; gives bytes, type, width and height."""
    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            _scale_down(opened)
            picture = ImageOps.exif_transpose(opened)
            picture = _in_srgb(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, ZeroDivisionError) as error:
        raise NotAPicture from error
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    if picture.mode == "RGBA":
        picture.save(buffer, "WEBP", quality=90)
        return buffer.getvalue(), "image/webp", picture.width, picture.height
    picture.save(buffer, "JPEG", quality=88, optimize=True, progressive=True)
    return buffer.getvalue(), "image/jpeg", picture.width, picture.height


def _scale_down(opened: "Picture") -> None:
    """Let a large JPEG be decoded at a part of its size. Raises PictureTooLarge for what is too large even so."""
    whole = opened.width * opened.height
    most = MAX_PIXELS if opened.format == "JPEG" and not opened.info.get("progressive") else MAX_DECODED
    if whole > most:
        raise PictureTooLarge(most)
    part = next(part for part in (1, 2, 4, 8) if whole <= MAX_DECODED * part**2)
    if part > 1:
        opened.draft(opened.mode, (opened.width // part, opened.height // part))


def _in_srgb(picture: "Picture") -> "Picture":
    """Give the pixels in sRGB as RGB or RGBA, with nothing else attached: no EXIF, no profile, no comment."""
    from PIL import Image, ImageCms

    profile = picture.info.get("icc_profile")
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    alpha = picture.convert("RGBA").getchannel("A") if has_alpha else None
    if alpha is not None and alpha.getextrema() == (255, 255):
        alpha = None
    plain = picture
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            changed = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            plain = changed or picture
    clean = Image.new("RGB", picture.size)
    clean.paste(plain.convert("RGB"))
    if alpha is not None:
        clean.putalpha(alpha)
    return clean


def _variant(digest: str, width: int) -> bytes | None:
    """Read one size of a stored picture, making it when it is not there; None without the picture."""
    from PIL import Image

    path = _folder(digest) / f"{digest}-{width}.webp"
    with suppress(FileNotFoundError):
        return path.read_bytes()
    source = next((path for path in _folder(digest).glob(f"{digest}.*")), None)
    if source is None:
        return None
    with Image.open(source, formats=FORMATS) as opened:
        opened.draft("RGB", (width * 2, width * 2))
        picture = opened.convert("RGBA" if opened.mode == "RGBA" else "RGB")
    if picture.width > width:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=80, method=4)
    _write(path, buffer.getvalue())
    return buffer.getvalue()


def is_stored(digest: str) -> bool:
    """Whether the file of a stored picture is there."""
    return next(_folder(digest).glob(f"{digest}.*"), None) is not None


def _folder(digest: str) -> Path:
    return settings().data_dir / "media" / digest[:2]


def _write(path: Path, content: bytes) -> None:
    """Put a file in place in one step: a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
