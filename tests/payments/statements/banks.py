"""The five banks: how they number transfers and what they put around the payer's note.

Sources: statements published by relief funds in 2024 (Vietcombank), and what readers of such statements look for in
public repositories (headers of VietinBank eFAST, BIZ MBBank, Techcombank and BIDV iBank).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from tests.payments.statements.people import Party

HOLDER = "BAN TO CHUC NGAY HOI KHOI NGHIEP"


@dataclass(frozen=True)
class Bank:
    """A bank: ``wraps`` are what its texts look like, ``number`` makes the transaction number from time and serial."""

    code: str
    name: str
    account: str
    suffix: str
    wraps: tuple[str, ...]
    number: Callable[[datetime, int], str]


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def wrap(rng: Random, bank: Bank, note: str, sender: Party, when: datetime) -> str:
    """The description in the statement: the note within what the bank adds of its own."""
    return rng.choice(bank.wraps).format(
        note=note,
        name=sender.name,
        account=sender.account,
        bank=sender.bank,
        holder=HOLDER,
        own=bank.account,
        day=f"{when:%d%m%y}",
        clock=f"{when:%H%M%S}",
        n5=_digits(rng, 5),
        n6=_digits(rng, 6),
        n7=_digits(rng, 7),
        n10=_digits(rng, 10),
        n12=_digits(rng, 12),
    )


VIETCOMBANK = Bank(
    "VCB",
    "Vietcombank",
    "0011004455667",
    ".xlsx",
    (
        "MBVCB.{n10}.{note}.CT tu {account} {name} toi {own} {holder}",
        "MBVCB.{n7}.{note}.CT tu {account} toi {own}",
        "MBVCB.{n10}.{n6}.{note}.CT tu {account} {name} toi {own} {holder} tai VCB",
        "IBVCB.{n10}.{note}.CT tu {account} {name} toi {own} {holder}",
        "{n6}.{day}.{clock}.{note}",
        "0200970422{n12}{n6}VHQZ{n6}.{n5}.{n6}.{note}",
        "SHGD:{n10}.DD:{day}.BO:{name}.Remark:{note}",
        "{note}",
    ),
    lambda when, serial: f"{5000 + when.day * 7 % 400}.{serial}",
)
BIDV = Bank(
    "BIDV",
    "BIDV",
    "12010001234567",
    ".csv",
    (
        "TKThe :{account}, tai {bank}. {note} -CTLNHIDI{n12}-1/1-CRE-002",
        "REM Tfr Ac: {account} {name} {note}",
        "REM               B/O {name} F/O {holder} DTLS {note}",
        "{note} - {n12}",
        "QR - {note}",
    ),
    lambda when, serial: f"020{when:%y%m%d}{serial:07d}",
)
VIETINBANK = Bank(
    "CTG",
    "VietinBank",
    "118002233445",
    ".xlsx",
    (
        "CT DEN:{n12} {note}",
        "CT DEN:{n12} MBVCB.{n10}.{note}.CT tu {account} {name} toi {own}",
        "{note}; tai iPay",
        "QR - {note}",
        "{name} chuyen tien den {holder} - {note}",
        "{note}",
    ),
    lambda when, serial: str(1_900 + serial),
)
TECHCOMBANK = Bank(
    "TCB",
    "Techcombank",
    "19036688997012",
    ".xlsx",
    (
        "{note}",
        "IBFT {note}",
        "{note} FT{n12}",
        "{name} chuyen khoan. {note}",
        "{note} Trace {n6}",
        "Chuyen tien den tu NAPAS Noi dung: {note}",
    ),
    lambda when, serial: f"FT{when:%y%j}{serial:09d}",
)
MBBANK = Bank(
    "MBB",
    "MB Bank",
    "0680123456789",
    ".csv",
    (
        "{note}. TU: {name}",
        "{name} {note}- Ma giao dich/ Trace{n6} Trace {n6}",
        "CUSTOMER {note}. TU: {name}",
        "MOMO-CASHOUT-09{n7}-{note}-{n10}",
        "QR - {note}",
        "IBFT {note}",
    ),
    lambda when, serial: f"FT{when:%y%j}{serial:08d}",
)
BANKS = (VIETCOMBANK, BIDV, VIETINBANK, TECHCOMBANK, MBBANK)
