"""Ticket types of an edition whose currency is changed."""

from app.events.queries import EditionInfo
from app.kernel.i18n import N_
from ticketing.sales.enums import VoucherEffect
from ticketing.sales.tables import TicketType
from ticketing.sales.tables_own import OrderRules
from ticketing.sales.tables_vouchers import Voucher


async def prices_held(edition: EditionInfo, wanted: str) -> list[str]:
    """Name prices in another currency than the wanted one; ticket types that are free take it.

    In the transaction that changes the currency.
    """
    others = (TicketType.edition == edition.id) & (TicketType.currency != wanted)
    if await TicketType.exists().where(others & ((TicketType.price_minor > 0) | TicketType.donation.eq(True))):
        return [N_("prices of tickets")]
    if await OrderRules.exists().where((OrderRules.edition == edition.id) & (OrderRules.fee_minor > 0)):
        return [N_("the fee for cancelled tickets")]
    in_money = Voucher.effect.is_in([VoucherEffect.AMOUNT.value, VoucherEffect.PRICE.value])
    if await Voucher.exists().where((Voucher.edition == edition.id) & in_money):
        return [N_("vouchers of an amount")]
    await TicketType.update({TicketType.currency: wanted}).where(others)
    return []
