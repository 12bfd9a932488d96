"""What payers write into a transfer, and how a reference comes out of their hands."""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum
from random import Random

from tests.payments.statements.people import ALPHABET, plain


class Kind(StrEnum):
    """What is particular about a line; a line may have several."""

    CLEAN = "clean"
    LOWER = "lower"
    SPACED = "spaced"
    PUNCTUATED = "punctuated"
    JOINED = "joined"
    RUN_ON = "run_on"
    WRAPPED = "wrapped"
    CUT = "cut"
    HEADLESS = "headless"
    MISREAD = "misread"
    SWAPPED = "swapped"
    GARBLED = "garbled"
    SEVERAL = "several"
    ABBREVIATED = "abbreviated"
    THIRD_PARTY = "third_party"
    NO_REFERENCE = "no_reference"
    UNDER = "under"
    OVER = "over"
    DOUBLE = "double"
    IN_PARTS = "in_parts"
    INTEREST = "interest"
    FEE = "fee"
    DEBIT = "debit"
    STRANGER = "stranger"
    OTHER_CODE = "other_code"
    DEPOSIT = "deposit"


#: How one reference may be spoilt while it can still be read by somebody.
SPOILING = {
    Kind.LOWER: 14,
    Kind.SPACED: 16,
    Kind.PUNCTUATED: 8,
    Kind.JOINED: 14,
    Kind.RUN_ON: 8,
    Kind.WRAPPED: 8,
    Kind.CUT: 8,
    Kind.HEADLESS: 4,
    Kind.MISREAD: 5,
    Kind.SWAPPED: 3,
    Kind.GARBLED: 6,
}
LOOKALIKES = {
    **{"B": "8", "8": "B", "S": "5", "5": "S", "Z": "2", "2": "Z", "G": "6", "6": "G", "U": "V", "V": "U"},
    **{"D": "O", "Q": "O", "L": "1", "J": "I", "M": "N", "N": "M", "T": "7", "7": "T"},
}
PHRASES = (
    "{code}",
    "{code}",
    "{code} thanh toán gian hàng",
    "Thanh toán hóa đơn {code}",
    "{name} chuyển tiền {code}",
    "{name} nộp tiền thuê gian {code}",
    "{code} {name}",
    "ck {code}",
    "Tiền vé {code}",
    "Phí tham gia hội chợ {code} đợt 1",
    "{code} cảm ơn ban tổ chức",
)
WITHOUT = ("{name} chuyển tiền", "{name} thanh toán tiền gian hàng", "tiền gian hàng", "{name} CK", "nộp phí hội chợ")
FOR_ANOTHER = ("{name} nộp hộ {payer} {code}", "{code} trả giúp {payer}", "con gái {payer} đóng tiền {code}", "{code}")
SEPARATORS = (" ", ", ", " + ", " va ", ";", "/", "-", " ")
GLUED_BEFORE = ("thanhtoan", "ck", "tienve", "TT", "gianhang", "hoadon", "MA", "ND")
GLUED_AFTER = ("gianhang", "chuyentien", "thanhtoan", "camon", "CK", "hoicho")


def note_with(rng: Random, code: str, name: str) -> str:
    """A note of somebody of that name with the code in it, with signs."""
    return rng.choice(PHRASES).format(code=code, name=name)


def note_without(rng: Random, name: str) -> str:
    """A note that names no invoice."""
    return rng.choice(WITHOUT).format(name=name)


def note_for_another(rng: Random, code: str, name: str, payer: str) -> str:
    """A note of somebody who pays for somebody else, who may be named; ``code`` may be empty."""
    phrases = FOR_ANOTHER if code else FOR_ANOTHER[:3]
    return " ".join(rng.choice(phrases).format(code=code, name=name, payer=payer).split())


def several_codes(rng: Random, codes: list[str], *, abbreviated: bool) -> str:
    """Codes of one transfer in a row, with ``abbreviated`` the FG only at the first."""
    if abbreviated:
        codes = [codes[0], *(code[2:] for code in codes[1:])]
    return rng.choice(SEPARATORS).join(codes)


def spoilt(rng: Random, code: str, kind: Kind, taken: Collection[str]) -> str:
    """The reference as that kind of hand writes it, never one of the references ``taken`` that are others'."""
    changed = _BY_KIND[kind](rng, code) if kind in _BY_KIND else code
    tries = 0
    while changed in taken and changed != code and tries < 20:
        changed, tries = _BY_KIND[kind](rng, code), tries + 1
    return code if changed in taken else changed


def garbled(text: str) -> str:
    """What a bank makes of signs that it does not know."""
    return text.encode("ascii", "replace").decode()


def _lower(rng: Random, code: str) -> str:
    return rng.choice((code.lower(), code.lower(), code.capitalize(), code[:2] + code[2:].lower()))


def _with_between(marks: tuple[str, ...]) -> Callable[[Random, str], str]:
    def change(rng: Random, code: str) -> str:
        mark = rng.choice(marks)
        letters = list(code)
        for place in sorted(rng.sample(range(1, len(code)), rng.choice((1, 1, 2, 3))), reverse=True):
            letters.insert(place, mark)
        return "".join(letters)

    return change


def _joined(rng: Random, code: str) -> str:
    before = rng.choice((*GLUED_BEFORE, ""))
    after = rng.choice(GLUED_AFTER) if not before else rng.choice((*GLUED_AFTER, ""))
    whole = before + code + after
    return whole.upper() if rng.random() < 0.4 else whole


def _run_on(rng: Random, code: str) -> str:
    digits = "".join(rng.choices("0123456789", k=rng.choice((6, 8, 10))))
    return rng.choice((code + digits, digits + code, code + "FT" + digits))


def _misread(rng: Random, code: str) -> str:
    places = [place for place in range(2, len(code)) if code[place] in LOOKALIKES] or [len(code) - 1]
    place = rng.choice(places)
    return code[:place] + LOOKALIKES.get(code[place], rng.choice(ALPHABET)) + code[place + 1 :]


def _swapped(rng: Random, code: str) -> str:
    places = [place for place in range(2, len(code) - 1) if code[place] != code[place + 1]]
    place = rng.choice(places)
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


_BY_KIND: dict[Kind, Callable[[Random, str], str]] = {
    Kind.LOWER: _lower,
    Kind.SPACED: _with_between((" ", " ", "  ")),
    Kind.PUNCTUATED: _with_between((".", "-", "_", "/", ". ")),
    Kind.JOINED: _joined,
    Kind.RUN_ON: _run_on,
    Kind.WRAPPED: _with_between(("\n",)),
    Kind.CUT: lambda rng, code: code[: rng.randrange(6, len(code))],
    Kind.HEADLESS: lambda rng, code: code[rng.choice((1, 2)) :],
    Kind.MISREAD: _misread,
    Kind.SWAPPED: _swapped,
}


def unsigned(rng: Random, text: str, kind: Kind) -> str:
    """The note as it leaves the payer's bank: signs dropped, or garbled for that kind."""
    if kind == Kind.GARBLED:
        return garbled(text)
    return plain(text) if rng.random() < 0.9 else text
