"""The recorded camera shows what it was given."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.journeys.support.camera import HEIGHT, WIDTH, write_camera_file


def test_a_film_has_a_header_and_frames_of_the_right_size(tmp_path: Path) -> None:
    code = BytesIO()
    Image.new("1", (50, 50), 0).save(code, "PNG")
    film = write_camera_file(
        tmp_path / "camera.y4m", [code.getvalue()], seconds_each=1, seconds_between=0.5
    ).read_bytes()
    header, _, frames = film.partition(b"\n")
    assert header == b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg"
    size = len(b"FRAME\n") + WIDTH * HEIGHT * 3 // 2
    assert len(frames) == (15 + 25) * size
    middle = len(b"FRAME\n") + (HEIGHT // 2) * WIDTH + WIDTH // 2
    assert frames[middle] > 200
    assert frames[14 * size + middle] < 20


def test_a_picture_that_is_higher_than_wide_keeps_its_shape(tmp_path: Path) -> None:
    code = BytesIO()
    Image.new("1", (50, 100), 0).save(code, "PNG")
    film = write_camera_file(tmp_path / "camera.y4m", [code.getvalue()], seconds_each=1, seconds_between=0).read_bytes()
    luma = film.partition(b"FRAME\n")[2][: WIDTH * HEIGHT]
    wide = sum(value < 20 for value in luma[HEIGHT // 2 * WIDTH :][:WIDTH])
    high = sum(value < 20 for value in luma[WIDTH // 2 :: WIDTH])
    assert 0.45 < wide / high < 0.55
