"""The picture on the demo festival's front page: crafts of the capital on one table."""

from io import BytesIO
from random import Random

from app.kernel.placeholder_base import PALETTES, Palette
from app.kernel.placeholders import draw_placeholder, shape_for

SIZE = (1440, 1080)
#: What stands before the silk: word, palette, width as a share of the picture's, left edge, foot.
THINGS = (
    ("giỏ tre", 4, 0.34, 0.02, 0.90),
    ("bát gốm", 3, 0.30, 0.67, 0.88),
    ("trà sen", 1, 0.24, 0.26, 0.97),
    ("trái cây", 0, 0.27, 0.47, 0.985),
)


def draw_cover(seed: int) -> bytes:
    """Draw the cover as a JPEG; the same seed gives the same bytes."""
    from PIL import Image, ImageDraw, ImageFilter

    chance = Random(seed)  # noqa: S311 - a drawing, no secret
    with Image.open(BytesIO(draw_placeholder(seed, "lụa", "", SIZE))) as drawn:
        picture = drawn.convert("RGB")
    width, height = SIZE
    for word, palette, share, left, foot in THINGS:
        side = round(width * share)
        layer = Image.new("RGBA", (side * 2, side * 2), (0, 0, 0, 0))
        shape_for(word, "", chance)(ImageDraw.Draw(layer), side * 2, Palette(*PALETTES[palette]), chance)
        x, y = round(width * left), round(height * foot - side * 0.89)
        shadow = Image.new("L", SIZE, 0)
        ground = (x + side * 0.12, y + side * 0.82, x + side * 0.98, y + side * 0.95)
        ImageDraw.Draw(shadow).ellipse(ground, fill=110)
        picture.paste((40, 30, 34), (0, 0), shadow.filter(ImageFilter.GaussianBlur(side * 0.03)))
        thing = layer.reduce(2)
        picture.paste(thing, (x, y), thing)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=86)
    return buffer.getvalue()
