"""VietQR codes against published ones."""

import pytest

from app.payments.vietqr import crc16, vietqr

STATIC = "00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTA53037045802VN63049E6F"
DYNAMIC = (
    "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA"
    "530370454061800005802VN62340107NPS68690819thanh toan don hang63042E2E"
)
"""Both from the NAPAS specification's examples: account 0011012345678 at bank 970403, without and with an amount."""


@pytest.mark.parametrize("published", [STATIC, DYNAMIC], ids=["static", "dynamic"])
def test_the_checksum_is_that_of_published_codes(published: str) -> None:
    assert crc16(published[:-4]) == published[-4:]


def test_a_code_without_an_amount_is_the_published_one() -> None:
    assert vietqr("970403", "0011012345678", 0, "") == STATIC


def test_a_code_with_an_amount_differs_from_the_published_one_in_its_message_alone() -> None:
    made = vietqr("970403", "0011012345678", 180_000, "FG7KQ2M9XT")
    assert made[: DYNAMIC.index("6234")] == DYNAMIC[: DYNAMIC.index("6234")]
    assert made[DYNAMIC.index("6234") : -8] == "62140810FG7KQ2M9XT"
    assert made[-4:] == crc16(made[:-4])


@pytest.mark.parametrize(
    ("bank", "account", "amount", "reference"),
    [
        ("97040", "1", 1, "A"),
        ("970403", "", 1, "A"),
        ("970403", "1" * 20, 1, "A"),
        ("970403", "1", -1, "A"),
        ("970403", "1", 10**13, "A"),
        ("970403", "1", 1, "A" * 26),
        ("970403", "1", 1, "Hóa đơn"),
    ],
)
def test_what_the_format_cannot_carry_is_refused(bank: str, account: str, amount: int, reference: str) -> None:
    with pytest.raises(ValueError, match="VietQR"):
        vietqr(bank, account, amount, reference)
