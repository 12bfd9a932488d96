"""Notices of SePay, which tells of every transfer on a bank account: what it sends, and what that does here.

Another teller is another file like this one: ``read_webhook`` knows its notices, ``line_of`` makes them transfers, and
the rest of the house sees those alone. Source: SePay's description of its webhooks ("Tích hợp WebHooks").
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from app.kernel.money import MOST, Money
from app.kernel.settings import settings
from app.payments.bank_lines import BankLine, our_account
from app.payments.enums import EntrySource
from app.payments.errors_bank import NoticeNotGenuine, NoticesNotConfigured, NoticeUnreadable
from app.payments.services.entries import BANK_ZONE, keep_entries, told_otherwise
from app.payments.services.inbox import IGNORED

PROVIDER = "sepay"
CAME, WENT = "transfer.in", "transfer.out"
MOST_BYTES = 64 * 1024
CURRENCY = "VND"
YEARS = range(2000, 2200)

Short = Annotated[str, Meta(max_length=100)]
Long = Annotated[str, Meta(max_length=2_000)]


class Notice(msgspec.Struct, rename="camel"):
    """A notice as SePay sends it. ``transfer_amount`` in đồng, ``transaction_date`` in Vietnam's time."""

    id: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    transaction_date: Short
    account_number: Annotated[str, Meta(min_length=1, max_length=40)]
    transfer_type: Literal["in", "out"]
    transfer_amount: Annotated[int, Meta(gt=0, le=MOST)]
    content: Long | None = None
    reference_code: Short | None = None
    description: Long | None = None
    gateway: Short | None = None
    sub_account: Short | None = None


def read_webhook(body: bytes, authorization: str) -> Notice:
    """The notice in a webhook's body. Raises NoticesNotConfigured, NoticeNotGenuine, NoticeUnreadable."""
    check_key(authorization)
    try:
        notice = msgspec.json.decode(body, type=Notice, strict=False)
        line_of(notice)
    except (msgspec.DecodeError, ValueError) as error:
        raise NoticeUnreadable from error
    return notice


def check_key(authorization: str) -> None:
    """Compare the key in a header ``Apikey …`` in a time that tells nothing of ours.

    Raises NoticesNotConfigured without a key here, NoticeNotGenuine for another one.
    """
    key = settings().sepay_api_key
    if not key:
        raise NoticesNotConfigured
    scheme, _blank, given = authorization.strip().partition(" ")
    genuine = hmac.compare_digest(given.strip().encode(), key.encode())
    if scheme.lower() != "apikey" or not genuine:
        raise NoticeNotGenuine


def kind_of(notice: Notice) -> str:
    """What the inbox calls a notice: money came, or went."""
    return CAME if notice.transfer_type == "in" else WENT


def line_of(notice: Notice) -> BankLine:
    """The transfer of which a notice tells. Without the bank's number SePay's own stands in.

    Raises ValueError for a time that is none, or of another century.
    """
    at = datetime.fromisoformat(notice.transaction_date)
    if at.year not in YEARS:
        raise ValueError(notice.transaction_date)
    local = at.replace(tzinfo=ZoneInfo(BANK_ZONE)) if at.tzinfo is None else at
    return BankLine(
        account=our_account(settings().bank_account, notice.account_number, notice.sub_account or ""),
        booked_at=local.astimezone(UTC),
        day=local.astimezone(ZoneInfo(BANK_ZONE)).date(),
        amount=Money(notice.transfer_amount, CURRENCY),
        purpose=notice.content or notice.description or "",
        number=notice.reference_code or f"SEPAY{notice.id:010d}",
    )


async def transfer_told(payload: Mapping[str, Any], now: datetime) -> str:
    """The effect of a notice of money that came: the transfer is kept once, and matched by a job.

    Notices of one number and amount for two purposes are of two transfers, as lines of one statement are: one that is
    sent again is the same event, with the same purpose.
    """
    line = line_of(msgspec.convert(payload, Notice))
    kept = await keep_entries([line], source=EntrySource.WEBHOOK, now=now)
    if not kept.new and (other := await told_otherwise(line)):
        kept = await keep_entries([other, line], source=EntrySource.WEBHOOK, now=now)
    return "kept" if kept.new else IGNORED
