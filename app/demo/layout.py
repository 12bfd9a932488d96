"""The two halls of the demo: 260 cells of 3 × 3 m in 180 booths, with aisles between them.

Cells are named as in a spreadsheet: ``B3`` is the second column, third row. Columns A, L, M and X of hall A and
A, G, R and X of hall B are aisles, and so are rows 2, 5 and 8.
"""

from dataclasses import dataclass
from random import Random

ZONES = {
    "crafts": "Thủ công mỹ nghệ",
    "textile": "Dệt may & áo dài",
    "tech": "Công nghệ & khởi nghiệp",
    "food": "Thực phẩm & OCOP",
    "herbs": "Dược liệu & mỹ phẩm",
    "cuisine": "Ẩm thực",
}
WATTS = {"crafts": 1000, "textile": 1200, "tech": 1500, "food": 1500, "herbs": 1000, "cuisine": 4000}
PRICES = {1: 4_800_000, 2: 9_200_000, 3: 13_200_000}
CORNER, MAIN_AISLE, KITCHEN = 600_000, 400_000, 500_000

Place = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """A rectangle of cells between aisles: columns and rows, both ends included, counted from 1."""

    zone: str
    columns: tuple[int, int]
    rows: tuple[int, int]


@dataclass(frozen=True)
class Booth:
    """A booth as it stands in the sheet."""

    hall: str
    code: str
    cells: tuple[Place, ...]
    zone: str
    corner: bool

    @property
    def price(self) -> int:
        """Rent for three days in VND."""
        price = PRICES[len(self.cells)] + (CORNER if self.corner else 0)
        if any(column in (11, 14) for column, _row in self.cells) and self.hall == HALL_A:
            price += MAIN_AISLE
        return price + (KITCHEN if self.zone == "cuisine" else 0)

    @property
    def watts(self) -> int:
        """Power at the booth's socket."""
        return WATTS[self.zone] + (len(self.cells) - 1) * WATTS[self.zone] // 2


HALL_A = "Hội trường A"
HALL_B = "Hội trường B"
#: Name, width and depth in cells, with the aisles along the sides and the foyer.
SIZE_A, SIZE_B = (HALL_A, 24, 12), (HALL_B, 24, 10)

WEST, EAST = (2, 11), (14, 23)
BLOCKS_A = [
    Block("tech", WEST, (1, 1)),
    Block("textile", EAST, (1, 1)),
    Block("crafts", WEST, (3, 4)),
    Block("crafts", EAST, (3, 4)),
    Block("crafts", WEST, (6, 7)),
    Block("textile", EAST, (6, 7)),
    Block("tech", WEST, (9, 10)),
    Block("textile", EAST, (9, 10)),
]
LEFT, MIDDLE, RIGHT = (2, 6), (8, 17), (19, 23)
BLOCKS_B = [
    Block(zone, columns, rows)
    for rows in ((1, 1), (3, 4), (6, 7), (9, 9))
    for zone, columns in (("herbs", LEFT), ("food", MIDDLE), ("cuisine", RIGHT))
]


def booths(random: Random) -> list[Booth]:
    """Cut both halls into booths: 110 of one cell, 60 of two, 10 of three."""
    return [
        *_cut(random, HALL_A, "A", BLOCKS_A, twos=35, threes=5),
        *_cut(random, HALL_B, "B", BLOCKS_B, twos=25, threes=5),
    ]


def name(place: Place) -> str:
    """``(2, 3)`` is ``B3``."""
    return f"{chr(ord('A') + place[0] - 1)}{place[1]}"


def _cut(random: Random, hall: str, letter: str, blocks: list[Block], *, twos: int, threes: int) -> list[Booth]:
    """Cut the blocks so that exactly this many booths have two and three cells; the others have one."""
    groups: list[tuple[str, tuple[Place, ...]]] = []
    strips: list[tuple[Block, list[Place]]] = []
    for block in blocks:
        first, last = block.columns
        if block.rows[0] < block.rows[1] and random.random() < 0.5:  # a booth across the end of the island
            groups.append((block.zone, ((first, block.rows[0]), (first, block.rows[1]))))
            twos, first = twos - 1, first + 1
        for row in range(block.rows[0], block.rows[1] + 1):
            strips.append((block, [(column, row) for column in range(first, last + 1)]))
    sizes: list[list[int]] = [[] for _strip in strips]

    def fullness(strip: int, size: int) -> tuple[float, float, float]:
        """How much of its zone, then of itself, a strip has given to booths of this size; chance breaks ties."""
        zone = strips[strip][0].zone
        peers = [i for i, (block, _cells) in enumerate(strips) if block.zone == zone]
        share = sum(sizes[i].count(size) for i in peers) / sum(len(strips[i][1]) for i in peers)
        return share, sum(sizes[strip]) / len(strips[strip][1]), random.random()

    for size in [3] * threes + [2] * twos:
        room = [i for i, (_block, cells) in enumerate(strips) if len(cells) - sum(sizes[i]) > size]
        _score, chosen = min((fullness(strip, size), strip) for strip in room)
        sizes[chosen].append(size)
    for (block, cells), own in zip(strips, sizes, strict=True):
        own += [1] * (len(cells) - sum(own))
        random.shuffle(own)
        start = 0
        for size in own:
            groups.append((block.zone, tuple(cells[start : start + size])))
            start += size
    groups.sort(key=lambda group: (group[1][0][1], group[1][0][0]))
    ends = {column for block in blocks for column in block.columns}
    return [
        Booth(hall, f"{letter}{number:02d}", cells, zone, any(column in ends for column, _row in cells))
        for number, (zone, cells) in enumerate(groups, start=1)
    ]
