"""More things that pictures of products show: packets, bottles, cakes, bags, hats, clothes, pictures, toys, devices."""

import random
from typing import TYPE_CHECKING

from app.kernel.placeholder_base import BLACK, WHITE, Palette, Shape, flower, mix

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw as Pen


def _packet(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    """A standing bag of dried food with a window and a label."""
    pen.polygon([(0.24 * s, 0.2 * s), (0.76 * s, 0.2 * s), (0.8 * s, 0.89 * s), (0.2 * s, 0.89 * s)], fill=palette.main)
    pen.rectangle((0.24 * s, 0.2 * s, 0.76 * s, 0.27 * s), fill=mix(palette.main, BLACK, 0.25))
    pen.line((0.24 * s, 0.285 * s, 0.76 * s, 0.285 * s), fill=palette.accent, width=int(0.01 * s))
    pen.rounded_rectangle((0.29 * s, 0.34 * s, 0.71 * s, 0.56 * s), 0.02 * s, fill=mix(palette.wall, WHITE, 0.6))
    flower(pen, 0.5 * s, 0.45 * s, 0.075 * s, chance.choice((5, 6, 8)), palette.accent)
    pen.rounded_rectangle((0.32 * s, 0.62 * s, 0.68 * s, 0.84 * s), 0.05 * s, fill=mix((222, 178, 110), BLACK, 0.05))
    for _grain in range(70):
        x, y = (0.34 + 0.32 * chance.random()) * s, (0.64 + 0.18 * chance.random()) * s
        tone = mix((240, 206, 140), (150, 92, 40), chance.random())
        pen.ellipse((x - 0.014 * s, y - 0.009 * s, x + 0.014 * s, y + 0.009 * s), fill=tone)


def _bottle(pen: "Pen", s: float, palette: Palette, _chance: random.Random) -> None:
    glass = mix(palette.main, BLACK, 0.15)
    pen.rounded_rectangle((0.43 * s, 0.12 * s, 0.57 * s, 0.2 * s), 0.015 * s, fill=palette.accent)
    pen.rectangle((0.445 * s, 0.19 * s, 0.555 * s, 0.36 * s), fill=glass)
    pen.polygon([(0.445 * s, 0.34 * s), (0.555 * s, 0.34 * s), (0.67 * s, 0.48 * s), (0.33 * s, 0.48 * s)], fill=glass)
    pen.rounded_rectangle((0.33 * s, 0.45 * s, 0.67 * s, 0.89 * s), 0.05 * s, fill=glass)
    pen.rectangle((0.33 * s, 0.54 * s, 0.67 * s, 0.78 * s), fill=mix(palette.wall, WHITE, 0.5))
    pen.rectangle((0.33 * s, 0.555 * s, 0.67 * s, 0.565 * s), fill=palette.main)
    pen.rectangle((0.33 * s, 0.755 * s, 0.67 * s, 0.765 * s), fill=palette.main)
    flower(pen, 0.5 * s, 0.66 * s, 0.06 * s, 6, palette.main)
    pen.rounded_rectangle((0.36 * s, 0.47 * s, 0.375 * s, 0.53 * s), 0.008 * s, fill=(255, 255, 255, 150))


def _cakes(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    """Small cakes on a plate."""
    tone = chance.choice(((226, 178, 96), (142, 170, 84), (214, 138, 84), (236, 214, 158)))
    pen.ellipse((0.06 * s, 0.72 * s, 0.94 * s, 0.91 * s), fill=mix(palette.main, WHITE, 0.15))
    pen.ellipse((0.14 * s, 0.745 * s, 0.86 * s, 0.87 * s), fill=mix(palette.main, WHITE, 0.75))
    for row, count in ((0, 2), (1, 3), (2, 4)):
        for index in range(count):
            x, y = (0.5 + (index - (count - 1) / 2) * 0.175) * s, (0.47 + 0.135 * row) * s
            shade = mix(tone, BLACK, 0.06 * ((index + row) % 3))
            pen.rounded_rectangle(
                (x - 0.08 * s, y, x + 0.08 * s, y + 0.125 * s), 0.045 * s, fill=mix(shade, BLACK, 0.2)
            )
            pen.ellipse((x - 0.08 * s, y - 0.035 * s, x + 0.08 * s, y + 0.055 * s), fill=shade)
            flower(pen, x, y + 0.01 * s, 0.022 * s, 5, mix(shade, BLACK, 0.3))


def _bag(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    pen.arc((0.3 * s, 0.1 * s, 0.7 * s, 0.72 * s), 180, 360, fill=mix(palette.main, BLACK, 0.35), width=int(0.03 * s))
    pen.polygon([(0.2 * s, 0.4 * s), (0.8 * s, 0.4 * s), (0.87 * s, 0.89 * s), (0.13 * s, 0.89 * s)], fill=palette.main)
    pen.rectangle((0.2 * s, 0.4 * s, 0.8 * s, 0.45 * s), fill=mix(palette.main, BLACK, 0.25))
    for row in range(3):
        for column in range(5 - row % 2):
            x = (0.28 + 0.11 * column + 0.055 * (row % 2)) * s
            flower(pen, x, (0.54 + 0.13 * row) * s, 0.035 * s, chance.choice((5, 6)), palette.accent)


def _hat(pen: "Pen", s: float, palette: Palette, _chance: random.Random) -> None:
    """The conical hat of palm leaves with its ribbon."""
    straw = (228, 204, 150)
    pen.arc((0.3 * s, 0.55 * s, 0.7 * s, 1.0 * s), 20, 160, fill=palette.main, width=int(0.025 * s))
    pen.polygon([(0.5 * s, 0.22 * s), (0.95 * s, 0.72 * s), (0.05 * s, 0.72 * s)], fill=straw)
    pen.ellipse((0.05 * s, 0.65 * s, 0.95 * s, 0.79 * s), fill=mix(straw, BLACK, 0.12))
    for step in range(1, 8):
        y, half = (0.22 + 0.0625 * step) * s, 0.056 * step * s
        pen.arc((0.5 * s - half, y - 0.03 * s, 0.5 * s + half, y + 0.05 * s), 0, 180, fill=mix(straw, BLACK, 0.3),
                width=int(0.006 * s))  # fmt: skip
    for x in (0.38, 0.5, 0.62):
        flower(pen, x * s, 0.6 * s, 0.038 * s, 6, palette.main)


def _dress(pen: "Pen", s: float, palette: Palette, _chance: random.Random) -> None:
    """A long tunic on a hanger."""
    dark, wire = mix(palette.main, BLACK, 0.25), mix(palette.table, BLACK, 0.5)
    pen.arc((0.46 * s, 0.06 * s, 0.54 * s, 0.15 * s), 150, 380, fill=wire, width=int(0.012 * s))
    pen.line((0.3 * s, 0.24 * s, 0.5 * s, 0.14 * s, 0.7 * s, 0.24 * s), fill=wire, width=int(0.016 * s))
    sleeve = ((0.12, 0.2), (0.2, 0.24), (0.34, 0.58), (0.25, 0.61), (0.14, 0.4))
    for side in (-1, 1):
        pen.polygon([((0.5 + side * x) * s, y * s) for x, y in sleeve], fill=dark)
    body = [(0.4, 0.19), (0.6, 0.19), (0.66, 0.25), (0.61, 0.5), (0.72, 0.9), (0.28, 0.9), (0.39, 0.5), (0.34, 0.25)]
    pen.polygon([(x * s, y * s) for x, y in body], fill=palette.main)
    pen.rectangle((0.455 * s, 0.155 * s, 0.545 * s, 0.215 * s), fill=dark)
    for index, (x, y) in enumerate(((0.45, 0.36), (0.53, 0.46), (0.44, 0.58), (0.54, 0.68), (0.42, 0.78), (0.6, 0.82))):
        flower(pen, x * s, y * s, (0.026 + 0.005 * (index % 2)) * s, 6, palette.accent)


def _frame(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    """A framed picture of hills, a sun and flowers."""
    pen.rectangle((0.14 * s, 0.2 * s, 0.86 * s, 0.89 * s), fill=mix(palette.table, BLACK, 0.55))
    pen.rectangle((0.19 * s, 0.25 * s, 0.81 * s, 0.84 * s), fill=mix(palette.wall, WHITE, 0.4))
    x = (0.34 + 0.3 * chance.random()) * s
    pen.ellipse((x, 0.32 * s, x + 0.13 * s, 0.45 * s), fill=palette.accent)
    hills = ((0.19, 0.62), (0.36, 0.46), (0.52, 0.62), (0.67, 0.5), (0.81, 0.64), (0.81, 0.84), (0.19, 0.84))
    pen.polygon([(x * s, y * s) for x, y in hills], fill=palette.main)
    for index in range(5):
        flower(pen, (0.27 + 0.115 * index) * s, (0.74 + 0.02 * (index % 2)) * s, 0.035 * s, 6, palette.accent)


def _toy(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    """Building blocks: a tower and an arch."""
    tones = [palette.main, palette.accent, mix(palette.main, WHITE, 0.45), mix(palette.accent, BLACK, 0.3)]
    chance.shuffle(tones)
    blocks = ((0.14, 0.69, 0.34, 0.89), (0.36, 0.69, 0.62, 0.89), (0.64, 0.69, 0.86, 0.89), (0.24, 0.49, 0.44, 0.68),
              (0.5, 0.49, 0.72, 0.68))  # fmt: skip
    for index, (left, top, right, bottom) in enumerate(blocks):
        tone = tones[index % 4]
        pen.rounded_rectangle((left * s, top * s, right * s, bottom * s), 0.02 * s, fill=tone)
        flower(pen, (left + right) / 2 * s, (top + bottom) / 2 * s, 0.05 * s, 5, mix(tone, BLACK, 0.3))
    pen.polygon([(0.3 * s, 0.48 * s), (0.48 * s, 0.26 * s), (0.66 * s, 0.48 * s)], fill=tones[3])


def _device(pen: "Pen", s: float, palette: Palette, _chance: random.Random) -> None:
    """A phone that shows a chart: software, services and sensors."""
    pen.rounded_rectangle((0.3 * s, 0.14 * s, 0.7 * s, 0.89 * s), 0.05 * s, fill=mix(palette.main, BLACK, 0.55))
    pen.rounded_rectangle((0.33 * s, 0.19 * s, 0.67 * s, 0.82 * s), 0.02 * s, fill=mix(palette.wall, WHITE, 0.6))
    pen.rectangle((0.33 * s, 0.19 * s, 0.67 * s, 0.29 * s), fill=palette.main)
    for index, high in enumerate((0.1, 0.17, 0.13, 0.24)):
        left = (0.37 + 0.07 * index) * s
        pen.rectangle((left, (0.62 - high) * s, left + 0.045 * s, 0.62 * s), fill=palette.accent)
    for y in (0.67, 0.72, 0.77):
        pen.line((0.37 * s, y * s, 0.63 * s, y * s), fill=mix(palette.main, WHITE, 0.5), width=int(0.014 * s))
    pen.ellipse((0.48 * s, 0.835 * s, 0.52 * s, 0.875 * s), fill=mix(palette.wall, BLACK, 0.2))


def _noodles(pen: "Pen", s: float, palette: Palette, chance: random.Random) -> None:
    """A deep bowl of noodle soup with chopsticks."""
    for shift in (0.0, 0.05):
        pen.line(((0.52 + shift) * s, 0.5 * s, (0.82 + shift) * s, 0.16 * s), fill=mix(palette.table, BLACK, 0.45),
                 width=int(0.018 * s))  # fmt: skip
    pen.chord((0.12 * s, 0.18 * s, 0.88 * s, 0.9 * s), 0, 180, fill=palette.main)
    pen.rounded_rectangle((0.38 * s, 0.85 * s, 0.62 * s, 0.9 * s), 0.015 * s, fill=mix(palette.main, BLACK, 0.3))
    pen.ellipse((0.12 * s, 0.44 * s, 0.88 * s, 0.64 * s), fill=mix(palette.main, WHITE, 0.3))
    pen.ellipse((0.16 * s, 0.46 * s, 0.84 * s, 0.62 * s), fill=(206, 140, 70))
    for index in range(9):
        x = (0.22 + 0.05 * index) * s
        pen.arc((x, 0.48 * s, x + 0.18 * s, 0.6 * s), 20 * index, 20 * index + 210, fill=(246, 232, 196),
                width=int(0.014 * s))  # fmt: skip
    for _leaf in range(8):
        x, y = (0.28 + 0.44 * chance.random()) * s, (0.5 + 0.07 * chance.random()) * s
        pen.ellipse((x, y, x + 0.05 * s, y + 0.022 * s), fill=(84, 140, 62))


SHAPES: dict[str, Shape] = {
    "packet": _packet,
    "bottle": _bottle,
    "cakes": _cakes,
    "bag": _bag,
    "hat": _hat,
    "dress": _dress,
    "frame": _frame,
    "toy": _toy,
    "device": _device,
    "noodles": _noodles,
}
