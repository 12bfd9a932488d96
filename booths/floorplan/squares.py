"""Cells of a hall's floor as people write them and as the plan counts them."""

import re
from collections.abc import Iterable

Square = tuple[int, int]
"""(x, y) of a cell, from 0; x grows to the east, y to the south."""

FARTHEST = 199


def parse_squares(written: str) -> list[Square]:
    """Cells as ``A1 A2 B1`` or ``0,0 1,0`` (x, y). Raises ValueError."""
    squares: list[Square] = []
    for part in re.split(r"[\s;]+", written.strip()):
        letters = re.fullmatch(r"([A-Za-z]{1,2})(\d{1,3})", part)
        pair = re.fullmatch(r"(\d{1,3}),(\d{1,3})", part)
        if letters:
            column = 0
            for letter in letters[1].upper():
                column = column * 26 + ord(letter) - 64
            squares.append((column - 1, int(letters[2]) - 1))
        elif pair:
            squares.append((int(pair[1]), int(pair[2])))
        else:
            raise ValueError(written)
    if not squares or len(set(squares)) != len(squares):
        raise ValueError(written)
    if any(not (0 <= x <= FARTHEST and 0 <= y <= FARTHEST) for x, y in squares):
        raise ValueError(written)
    return squares


def show_square(square: Square) -> str:
    """A cell as ``A1``."""
    number, letters = square[0] + 1, ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{square[1] + 1}"


def show_squares(squares: Iterable[Square]) -> str:
    """Cells as ``A1 A2``, row by row."""
    return " ".join(show_square(square) for square in sorted(squares, key=lambda square: (square[1], square[0])))


def touch_one_another(squares: Iterable[Square]) -> bool:
    """Whether squares form one piece, side by side (corners do not count)."""
    left = set(squares)
    if not left:
        return False
    queue = [left.pop()]
    while queue:
        x, y = queue.pop()
        for neighbour in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if neighbour in left:
                left.remove(neighbour)
                queue.append(neighbour)
    return not left
