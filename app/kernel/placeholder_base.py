"""What drawn pictures of products are made of: colours, and the flower that is their ornament."""

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw as Pen

Colour = tuple[int, int, int]
Shape = Callable[["Pen", float, "Palette", random.Random], None]


class Palette:
    """Colours of one picture: wall, table, the thing itself, its ornament."""

    def __init__(self, wall: str, table: str, main: str, accent: str) -> None:
        self.wall, self.table, self.main, self.accent = (_rgb(code) for code in (wall, table, main, accent))


def _rgb(code: str) -> Colour:
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that lies ``share`` (0 to 1) of the way from one to the other."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


PALETTES = (
    ("F3E4D3", "C9A27E", "9E1B32", "E0B04A"),
    ("E9EEE6", "B79F84", "0B6E4F", "EAD9B0"),
    ("EEE6EF", "A98A78", "5B2A4E", "E0B04A"),
    ("E6ECF3", "BFA68A", "2B3A8C", "F0E3CC"),
    ("FBEFD9", "A87B54", "C4622D", "F7DFA6"),
    ("F1E9E4", "8E6B57", "3A2A2A", "C8963E"),
    ("E4EFEE", "C2AE92", "2F7F86", "F2D7C4"),
    ("F8E6E4", "B98F7C", "C24A5C", "FBEFD9"),
)
WHITE, BLACK = (255, 255, 255), (30, 27, 34)


def flower(pen: "Pen", x: float, y: float, radius: float, petals: int, colour: Colour) -> None:
    """A flower of round petals."""
    for index in range(petals):
        angle = 2 * math.pi * index / petals
        px, py = x + radius * 0.7 * math.cos(angle), y + radius * 0.7 * math.sin(angle)
        pen.ellipse((px - radius * 0.45, py - radius * 0.45, px + radius * 0.45, py + radius * 0.45), fill=colour)
    pen.ellipse((x - radius * 0.3, y - radius * 0.3, x + radius * 0.3, y + radius * 0.3), fill=mix(colour, BLACK, 0.3))
