from io import BytesIO

from PIL import Image

from app.demo.cover import SIZE, draw_cover


def test_the_cover_is_the_same_each_time_and_large_enough() -> None:
    drawn = draw_cover(3)
    assert drawn == draw_cover(3)
    assert Image.open(BytesIO(drawn)).size == SIZE
