"""A recorded camera: what a phone sees when a code is held before it, as a Y4M file that Chromium plays."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import qrcode
from PIL import Image

WIDTH, HEIGHT, FRAMES_A_SECOND = 640, 480, 10
PAUSE_SECONDS = 2.5
PAPER = (236, 232, 224)


def write_camera_file(
    path: Path, codes: list[bytes], *, seconds_each: float = 2.0, seconds_between: float = 3.0
) -> Path:
    """Write a film that shows each PNG of a QR code in turn, with nothing to be seen in between.

    Chromium plays it again and again. The pause at its end is long enough for the scanner to take what comes next for
    a new scan, even of the same code. Returns ``path``.
    """
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode()
    nothing = _frame(Image.new("RGB", (WIDTH, HEIGHT), PAPER))
    with path.open("wb") as film:
        film.write(header)
        for code in codes:
            film.write(nothing * int(FRAMES_A_SECOND * seconds_between))
            film.write(_frame(_held_up(code)) * int(FRAMES_A_SECOND * seconds_each))
        film.write(nothing * int(FRAMES_A_SECOND * PAUSE_SECONDS))
    return path


def picture_of(text: str) -> bytes:
    """Return a PNG of a QR code that says ``text``."""
    picture = BytesIO()
    qrcode.make(text, border=4, box_size=8).save(picture, "PNG")
    return picture.getvalue()


def _held_up(code: bytes) -> Image.Image:
    """Return the picture of a code on paper in the middle of the view, slightly turned as by a hand."""
    picture = Image.open(BytesIO(code)).convert("RGB")
    shrink = HEIGHT * 0.9 / max(picture.size)
    size = (round(picture.width * shrink), round(picture.height * shrink))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    picture = picture.rotate(3, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))
    view = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    view.paste(picture, ((WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2))
    return view


def _frame(picture: Image.Image) -> bytes:
    """Return one frame: the luma plane, then both chroma planes at half size."""
    luma, blue, red = picture.convert("YCbCr").split()
    half = (WIDTH // 2, HEIGHT // 2)
    planes = (luma, blue.resize(half), red.resize(half))
    return b"FRAME\n" + b"".join(plane.tobytes() for plane in planes)
