"""Small drawn pictures of products for the demo festival: silk and lacquer colours, one plain thing on a table."""

import math
import random
import re
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from app.kernel import placeholder_things as things
from app.kernel.names import clean_text, search_text
from app.kernel.placeholder_base import BLACK, PALETTES, WHITE, Palette, Shape, flower, mix
from app.kernel.placeholder_words import EXACT, KNOWN

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw as Pen


def draw_placeholder(seed: int, title: str, category: str, size: tuple[int, int] = (640, 480)) -> bytes:
    """Draw a product as a JPEG; the same arguments give the same bytes.

    What is drawn follows from words in ``title`` and ``category`` (in Vietnamese, Indonesian or English).
    """
    from PIL import Image, ImageDraw, ImageFilter

    chance = random.Random(f"{seed}|{title}|{category}")  # noqa: S311 - a drawing, no secret
    colours = PALETTES[chance.randrange(len(PALETTES))]
    palette = Palette(*colours)
    width, height = size
    picture = _room(size, colours).copy()
    side = min(width * 3 // 4, height)
    floor = height * 0.80
    shadow = Image.new("L", (width // 4, height // 4), 0)  # soft anyway: a sixteenth of the work
    ImageDraw.Draw(shadow).ellipse(
        (width / 8 - side * 0.09, floor / 4 - side * 0.0125, width / 8 + side * 0.105, floor / 4 + side * 0.0175),
        fill=120,
    )
    shadow = shadow.filter(ImageFilter.GaussianBlur(side * 0.00625)).resize(size, Image.Resampling.BILINEAR)
    picture.paste(mix(palette.table, BLACK, 0.75), (0, 0), shadow)
    layer = Image.new("RGBA", (side * 2, side * 2), (0, 0, 0, 0))
    shape_for(title, category, chance)(ImageDraw.Draw(layer), side * 2, palette, chance)
    thing = layer.reduce(2)
    _light(thing)
    picture.paste(thing, ((width - side) // 2, round(floor - side * 0.86)), thing)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=86)
    return buffer.getvalue()


@lru_cache(maxsize=len(PALETTES))
def _room(size: tuple[int, int], colours: tuple[str, str, str, str]) -> "Picture":
    """A wall with light from the left, and a table."""
    from PIL import Image, ImageDraw, ImageOps

    palette = Palette(*colours)
    width, height = size
    ramp = Image.linear_gradient("L").rotate(68).resize(size)
    picture = ImageOps.colorize(ramp, mix(palette.wall, WHITE, 0.5), mix(palette.wall, palette.main, 0.22))
    table = ImageOps.colorize(
        Image.linear_gradient("L").resize((width, height // 3)),
        mix(palette.table, WHITE, 0.25),
        mix(palette.table, BLACK, 0.18),
    )
    edge = round(height * 0.68)
    picture.paste(table, (0, edge))
    ImageDraw.Draw(picture).line((0, edge, width, edge), fill=mix(palette.table, WHITE, 0.45), width=2)
    return picture


def _light(thing: "Picture") -> None:
    """Shade the drawn thing from the left, in place, without touching its outline."""
    from PIL import Image, ImageChops, ImageOps

    ramp = Image.linear_gradient("L").rotate(90).resize(thing.size)
    shades = ImageOps.colorize(ramp, (255, 255, 255), (150, 140, 150), mid=(236, 232, 236))
    lit = ImageChops.multiply(thing.convert("RGB"), shades)
    lit.putalpha(thing.getchannel("A"))
    thing.paste(lit)


def _bowl(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    top, left, right = 0.48 * s, 0.14 * s, 0.86 * s
    pen.rounded_rectangle((0.38 * s, 0.80 * s, 0.62 * s, 0.89 * s), 0.02 * s, fill=mix(palette.main, BLACK, 0.3))
    pen.chord((left, top - 0.37 * s, right, top + 0.37 * s), 0, 180, fill=palette.main)
    pen.ellipse((left, top - 0.09 * s, right, top + 0.09 * s), fill=mix(palette.main, WHITE, 0.25))
    pen.ellipse(
        (left + 0.03 * s, top - 0.06 * s, right - 0.03 * s, top + 0.075 * s), fill=mix(palette.main, BLACK, 0.35)
    )
    petals = chance.choice((5, 6, 8))
    for index in range(7):
        x, y = (0.26 + 0.08 * index) * s, (0.655 - 0.0045 * (index - 3) ** 2 * 1.4) * s
        flower(pen, x, y, 0.032 * s, petals, palette.accent)


def _cloth(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    """A folded length of silk over a rail, hanging in waves."""
    folds, phase = chance.choice((4, 5, 6)), chance.random() * 3
    left, right = 0.2 * s, 0.8 * s
    steps = 120
    for index in range(steps):
        share = index / steps
        x = left + (right - left) * share
        wave = math.sin(share * math.pi * 2 * folds + phase)
        colour = mix(palette.main, WHITE if wave > 0 else BLACK, abs(wave) * 0.28)
        bottom = (0.86 + 0.018 * math.sin(share * math.pi * 2 * folds + phase + 0.8)) * s
        pen.rectangle((x, 0.17 * s, x + (right - left) / steps + 1, bottom), fill=colour)
        band = 0.075 * s
        pen.rectangle((x, bottom - band * 1.7, x + (right - left) / steps + 1, bottom - band * 0.7),
                      fill=mix(palette.accent, WHITE if wave > 0 else BLACK, abs(wave) * 0.25))  # fmt: skip
    for row in range(3):
        for column in range(4 - row % 2):
            flower(
                pen, (0.28 + 0.145 * column + 0.07 * (row % 2)) * s, (0.3 + 0.15 * row) * s, 0.03 * s, 5, palette.accent
            )
    pen.rounded_rectangle((0.1 * s, 0.14 * s, 0.9 * s, 0.185 * s), 0.02 * s, fill=mix(palette.table, BLACK, 0.45))


def _tea(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    pen.ellipse((0.18 * s, 0.80 * s, 0.82 * s, 0.90 * s), fill=mix(palette.main, WHITE, 0.2))
    pen.ellipse((0.26 * s, 0.815 * s, 0.74 * s, 0.875 * s), fill=mix(palette.main, BLACK, 0.15))
    pen.arc(
        (0.62 * s, 0.52 * s, 0.84 * s, 0.74 * s), -90, 110, fill=mix(palette.main, BLACK, 0.1), width=int(0.035 * s)
    )
    pen.rounded_rectangle((0.27 * s, 0.46 * s, 0.73 * s, 0.85 * s), 0.13 * s, fill=palette.main)
    pen.rectangle((0.27 * s, 0.46 * s, 0.73 * s, 0.6 * s), fill=palette.main)
    pen.ellipse((0.27 * s, 0.405 * s, 0.73 * s, 0.515 * s), fill=mix(palette.main, WHITE, 0.35))
    pen.ellipse((0.295 * s, 0.42 * s, 0.705 * s, 0.508 * s), fill=(142, 84, 32))
    pen.rectangle((0.27 * s, 0.64 * s, 0.73 * s, 0.665 * s), fill=palette.accent)
    for offset in (0.4, 0.5, 0.6):
        points = [((offset + 0.018 * math.sin(y / 7 + offset * 9)) * s, (0.38 - 0.0065 * y) * s) for y in range(36)]
        pen.line(points, fill=(255, 255, 255, 120), width=int(0.014 * s), joint="curve")
    for index in range(3):
        x, y = (0.13 + 0.06 * index) * s, (0.86 - 0.012 * index) * s
        pen.ellipse((x, y, x + 0.1 * s, y + 0.04 * s), fill=mix((70, 120, 60), BLACK, chance.random() * 0.3))


def _basket(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    straw = mix((201, 154, 88), palette.main, 0.18)
    pen.arc((0.24 * s, 0.12 * s, 0.76 * s, 0.92 * s), 180, 360, fill=mix(straw, BLACK, 0.25), width=int(0.035 * s))
    for index in range(5):
        x, y = (0.27 + 0.115 * index) * s, (0.46 - 0.02 * (index % 2)) * s
        flower(pen, x, y, 0.075 * s, chance.choice((6, 8)), mix(palette.main, palette.accent, index / 5))
    rows, columns = 8, 14
    for row in range(rows):
        share = row / rows
        y, inset = (0.50 + 0.385 * share) * s, 0.09 * share
        left, right = (0.18 + inset) * s, (0.82 - inset) * s
        step = (right - left) / columns
        for column in range(columns):
            x = left + step * column
            dark = (row + column) % 2
            pen.rounded_rectangle((x, y, x + step * 1.04, y + 0.05 * s), 0.012 * s,
                                  fill=mix(straw, BLACK if dark else WHITE, 0.22 if dark else 0.18))  # fmt: skip
    pen.rounded_rectangle((0.155 * s, 0.475 * s, 0.845 * s, 0.53 * s), 0.025 * s, fill=mix(straw, BLACK, 0.3))


def _jar(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    content = mix((214, 138, 28), palette.main, chance.random() * 0.5)
    pen.rounded_rectangle((0.26 * s, 0.33 * s, 0.74 * s, 0.89 * s), 0.08 * s, fill=mix(content, WHITE, 0.15))
    pen.rounded_rectangle((0.285 * s, 0.43 * s, 0.715 * s, 0.87 * s), 0.06 * s, fill=content)
    pen.rounded_rectangle((0.3 * s, 0.24 * s, 0.7 * s, 0.36 * s), 0.025 * s, fill=mix(palette.main, BLACK, 0.15))
    pen.ellipse((0.3 * s, 0.215 * s, 0.7 * s, 0.275 * s), fill=mix(palette.main, WHITE, 0.2))
    pen.rectangle((0.26 * s, 0.53 * s, 0.74 * s, 0.75 * s), fill=mix(palette.wall, WHITE, 0.6))
    pen.rectangle((0.26 * s, 0.545 * s, 0.74 * s, 0.555 * s), fill=palette.main)
    pen.rectangle((0.26 * s, 0.725 * s, 0.74 * s, 0.735 * s), fill=palette.main)
    flower(pen, 0.5 * s, 0.64 * s, 0.06 * s, 6, palette.main)
    pen.rounded_rectangle((0.31 * s, 0.42 * s, 0.335 * s, 0.52 * s), 0.012 * s, fill=(255, 255, 255, 130))


def _box(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    front = palette.main
    pen.polygon([(0.12 * s, 0.5 * s), (0.24 * s, 0.36 * s), (0.88 * s, 0.36 * s), (0.78 * s, 0.5 * s)],
                fill=mix(front, WHITE, 0.22))  # fmt: skip
    pen.polygon([(0.78 * s, 0.5 * s), (0.88 * s, 0.36 * s), (0.88 * s, 0.76 * s), (0.78 * s, 0.89 * s)],
                fill=mix(front, BLACK, 0.4))  # fmt: skip
    pen.rectangle((0.12 * s, 0.5 * s, 0.78 * s, 0.89 * s), fill=front)
    pen.line((0.12 * s, 0.6 * s, 0.78 * s, 0.6 * s), fill=mix(front, BLACK, 0.5), width=int(0.01 * s))
    pen.rectangle((0.16 * s, 0.635 * s, 0.74 * s, 0.855 * s), outline=palette.accent, width=int(0.009 * s))
    for index in range(chance.choice((3, 4, 5))):
        x, y = (0.22 + 0.11 * index) * s, (0.77 - 0.03 * (index % 2)) * s
        pen.line((x, 0.84 * s, x, y), fill=palette.accent, width=int(0.008 * s))
        flower(pen, x, y - 0.02 * s, 0.04 * s, 6, palette.accent)
    pen.ellipse((0.425 * s, 0.575 * s, 0.475 * s, 0.625 * s), fill=palette.accent)


def _fruit(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    tones = [(221, 122, 38), (196, 52, 48), (120, 150, 52), (232, 176, 60)]
    base = chance.randrange(len(tones))
    for row, count in ((0, 2), (1, 3), (2, 4)):
        for index in range(count):
            x = (0.5 + (index - (count - 1) / 2) * 0.165) * s
            y, r = (0.40 + 0.13 * row) * s, 0.095 * s
            colour = mix(tones[(base + (index + row) % 2) % len(tones)], BLACK, 0.05 * ((index + row) % 3))
            pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
            pen.ellipse((x - r * 0.6, y - r * 0.65, x - r * 0.1, y - r * 0.2), fill=mix(colour, WHITE, 0.4))
            pen.ellipse((x - r * 0.08, y - r * 0.98, x + r * 0.3, y - r * 0.74), fill=(64, 110, 56))
    pen.chord((0.1 * s, 0.52 * s, 0.9 * s, 0.91 * s), 8, 172, fill=palette.main)
    pen.ellipse((0.105 * s, 0.705 * s, 0.895 * s, 0.77 * s), fill=mix(palette.main, WHITE, 0.2))


def _fan(pen: "Pen", s: float, palette: Palette, _chance: random.Random) -> None:
    box = (0.06 * s, 0.18 * s, 0.94 * s, 1.06 * s)
    ribs = 18
    for index in range(ribs):
        start = 200 + index * 140 / ribs
        colour = mix(palette.main, WHITE if index % 2 else BLACK, 0.12)
        pen.pieslice(box, start, start + 140 / ribs + 0.4, fill=colour)
    pen.arc((0.1 * s, 0.22 * s, 0.9 * s, 1.02 * s), 200, 340, fill=palette.accent, width=int(0.014 * s))
    pen.pieslice((0.3 * s, 0.42 * s, 0.7 * s, 0.82 * s), 200, 340, fill=mix(palette.table, BLACK, 0.4))
    for degrees in (222, 246, 270, 294, 318):
        angle = math.radians(degrees)
        flower(
            pen, (0.5 + 0.325 * math.cos(angle)) * s, (0.62 + 0.325 * math.sin(angle)) * s, 0.042 * s, 6, palette.accent
        )
    pen.polygon([(0.48 * s, 0.6 * s), (0.52 * s, 0.6 * s), (0.512 * s, 0.9 * s), (0.488 * s, 0.9 * s)],
                fill=mix(palette.table, BLACK, 0.5))  # fmt: skip


def _soap(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    for index, (x, y) in enumerate(((0.2, 0.74), (0.42, 0.74), (0.31, 0.59))):
        colour = mix(palette.main, palette.accent, 0.25 + 0.3 * index)
        left, top = x * s, y * s
        pen.rounded_rectangle((left, top, left + 0.38 * s, top + 0.145 * s), 0.04 * s, fill=colour)
        pen.rounded_rectangle((left + 0.02 * s, top + 0.012 * s, left + 0.36 * s, top + 0.05 * s), 0.02 * s,
                              fill=mix(colour, WHITE, 0.3))  # fmt: skip
        pen.rectangle((left + 0.14 * s, top, left + 0.24 * s, top + 0.145 * s), fill=mix(palette.wall, WHITE, 0.5))
    for _ in range(4):
        x, y = (0.34 + 0.32 * chance.random()) * s, (0.53 + 0.05 * chance.random()) * s
        flower(pen, x, y, 0.05 * s, 6, palette.accent)


SHAPES: dict[str, Shape] = {
    "tea": _tea,
    "bowl": _bowl,
    "cloth": _cloth,
    "basket": _basket,
    "jar": _jar,
    "box": _box,
    "fruit": _fruit,
    "fan": _fan,
    "soap": _soap,
    **things.SHAPES,
}


def shape_for(title: str, category: str, chance: random.Random) -> Shape:
    """Choose what is drawn: the title's first known word, else the category's, else by chance.

    In Vietnamese the thing comes first and what it is made of after it; of words at one place the longest counts.
    """
    for text in (title, category):
        exact, folded = f" {_words(clean_text(text).casefold())} ", f" {_words(search_text(text))} "
        places = [
            (place, -len(word), name)
            for name, known in KNOWN.items()
            for word in known
            if (place := (folded if word.isascii() and word not in EXACT else exact).find(f" {word} ")) >= 0
        ]
        if places:
            return SHAPES[min(places)[2]]
    return SHAPES[sorted(SHAPES)[chance.randrange(len(SHAPES))]]


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))
