"""The text of a VietQR code: a bank transfer that every Vietnamese banking app can read.

Source: EMVCo Merchant-Presented QR 1.1 (fields and checksum) and NAPAS "VietQR" 1.0 (GUID ``A000000727``, service
``QRIBFTTA`` for a transfer to an account, currency 704, country VN).
"""

import re

_GUID = "A000000727"
_TO_ACCOUNT = "QRIBFTTA"


def crc16(text: str) -> str:
    """CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF) of ASCII text, as four hexadecimal capitals."""
    crc = 0xFFFF
    for byte in text.encode("ascii"):
        crc ^= byte << 8
        for _bit in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return f"{crc:04X}"


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def vietqr(bank_bin: str, account: str, amount: int, reference: str) -> str:
    """The text of the code for a transfer of ``amount`` VND with ``reference`` as its message.

    ``bank_bin`` is the bank's six digits at NAPAS. Without an amount (0) the code can be used again and the payer types
    it. Raises ValueError for values that the format cannot carry.
    """
    if not re.fullmatch(r"\d{6}", bank_bin) or not re.fullmatch(r"[0-9A-Za-z]{1,19}", account):
        raise ValueError("a VietQR code needs a bank's six digits and an account of 1 to 19 letters and digits")
    if amount < 0 or len(str(amount)) > 13 or not re.fullmatch(r"[ -~]{0,25}", reference):
        raise ValueError("the amount or the reference does not fit into a VietQR code")
    beneficiary = _field("00", bank_bin) + _field("01", account)
    merchant = _field("00", _GUID) + _field("01", beneficiary) + _field("02", _TO_ACCOUNT)
    text = _field("00", "01") + _field("01", "12" if amount else "11") + _field("38", merchant) + _field("53", "704")
    if amount:
        text += _field("54", str(amount))
    text += _field("58", "VN")
    if reference:
        text += _field("62", _field("08", reference))
    text += "6304"
    return text + crc16(text)
