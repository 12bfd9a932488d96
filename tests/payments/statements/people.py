"""Open invoices to be paid, and the people and firms that pay them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

#: Letters and digits of a reference: A–Z and 2–9 without O and I.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
FEES = (150_000, 200_000, 350_000, 500_000, 1_200_000, 1_500_000, 2_500_000, 3_300_000, 5_500_000, 12_000_000)
LARGEST_INSTANT = 499_999_999

FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô")
MIDDLES = ("Thị", "Thị Thu", "Thị Ngọc", "Thị Mỹ", "Thu", "Ngọc", "Minh", "Văn", "Hữu", "Thị Kim", "Thị Thúy", "Quang")
GIVEN = (
    *("Lan", "Hương", "Ánh", "Đông", "Hoa", "Mai", "Hạnh", "Phượng", "Tuyết", "Yến", "Nguyệt", "Oanh", "Quỳnh", "Thảo"),
    *("Trang", "Vân", "Xuân", "Diễm", "Bích", "Liên", "Nhung", "Thắm", "Hiền", "Loan", "Dũng", "Tâm", "Khánh", "Ý"),
)
FIRMS = (
    *("Hợp tác xã Gốm Bàu Trúc", "Hợp tác xã Dệt thổ cẩm Mỹ Nghiệp", "Công ty TNHH Mây tre đan Phú Vinh"),
    *("Hộ kinh doanh Bánh tráng Tây Ninh", "Công ty CP Thủ công mỹ nghệ truyền thống Đồng Tháp", "HTX Nấm Đông Anh"),
    *("Công ty TNHH Trà sen Tây Hồ", "Hộ kinh doanh Nước mắm Cát Hải", "Công ty TNHH MTV Sơn mài Tương Bình Hiệp"),
)
#: Family names that no payer bears: whoever has one of these is a stranger.
STRANGE_FAMILIES = ("Quách", "Tống", "Lưu", "Kiều", "Mạc", "Giang", "Thạch", "Ông", "Tạ", "Doãn")
BANKS = ("VPBANK", "ACB", "AGRIBANK", "SACOMBANK", "TPBANK", "VIB", "SHB", "HDBANK", "OCB", "MSB")


@dataclass(frozen=True)
class OpenInvoice:
    """What is owed: ``amount`` in đồng, ``reference`` as it stands in the code that the payer scans."""

    reference: str
    amount: int
    payer: str


@dataclass(frozen=True)
class Party:
    """Who sent the money: a name as the bank writes it, an account, a bank."""

    name: str
    account: str
    bank: str


def plain(text: str) -> str:
    """The text as banks carry it: without Vietnamese signs."""
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def random_reference(rng: Random) -> str:
    """``FG`` and eight to ten characters; check characters are left to the caller's own maker."""
    return "FG" + "".join(rng.choices(ALPHABET, k=rng.choice((8, 8, 8, 9, 10))))


def make_invoices(
    count: int, *, seed: int = 1, reference: Callable[[Random], str] = random_reference
) -> list[OpenInvoice]:
    """So many open invoices: most payers have one, some several of one amount, some share their name with another.

    ``reference`` makes the references, such as the service's own with its check character.
    """
    rng = Random(f"invoices:{seed}")
    made: dict[str, OpenInvoice] = {}
    while len(made) < count:
        payer, fee = _payer(rng), rng.choice(FEES)
        for _ in range(min(rng.choice((1, 1, 1, 1, 2, 3)), count - len(made))):
            amount = fee if rng.random() < 0.5 else rng.choice(FEES) + rng.randrange(0, 90) * 1_000
            if rng.random() < 0.001:
                amount = rng.randrange(500, 900) * 1_000_000
            code = reference(rng)
            made[code] = OpenInvoice(code, amount, payer)
    return list(made.values())


def party_of(rng: Random, name: str) -> Party:
    """The sender with that name; banks drop the signs, write capitals and cut long names of firms."""
    written = plain(name).upper()
    if len(written) > 30 and rng.random() < 0.5:
        written = written[:30].rstrip()
    return Party(written, "".join(rng.choices("0123456789", k=rng.choice((10, 12, 13, 14)))), rng.choice(BANKS))


def stranger(rng: Random) -> str:
    """A name that no payer bears."""
    return f"{rng.choice(STRANGE_FAMILIES)} {rng.choice(MIDDLES)} {rng.choice(GIVEN)}"


def _payer(rng: Random) -> str:
    if rng.random() < 0.15:
        return f"{rng.choice(FIRMS)} {rng.choice(GIVEN)}"
    return f"{rng.choice(FAMILIES)} {rng.choice(MIDDLES)} {rng.choice(GIVEN)}"
