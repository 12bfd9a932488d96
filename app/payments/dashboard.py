"""What payments says on the organiser's timeline and in her navigation."""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.events.queries import edition_by_id
from app.events.slots import DashboardItem, NavItem, Stage
from app.kernel.i18n import N_, _, ngettext
from app.kernel.waiting import Waiting, counted
from app.payments.enums import DocumentState, EntryState
from app.payments.enums_card import DisputeState
from app.payments.queries import counts_by_state
from app.payments.queries_bank import counts_of_entries
from app.payments.queries_card import disputes_of, inbox_of
from app.payments.queries_legal import refused_in, unanswered_in
from app.payments.queries_proof import waiting_proofs
from app.payments.transfers import CURRENCY, lacks_ways_to_pay

NAV = NavItem(title=N_("Payments"), path="/payments", icon="banknote", roles=(Role.FINANCE,), order=70)


async def payments_dashboard(edition_id: int, actor: Actor, now: datetime) -> list[DashboardItem]:
    """What payers lack, for who manages, too; for finance what is open, owed, unassigned, waits or was refused."""
    if not actor.has(Role.MANAGER, Role.FINANCE, edition_id=edition_id):
        return []
    may_see = actor.has(Role.FINANCE, edition_id=edition_id)
    counts = await counts_by_state(edition_id)
    base = f"/manage/{edition_id}/payments"
    items = []
    if await lacks_ways_to_pay(edition_id):
        in_dong = (await edition_by_id(edition_id)).currency == CURRENCY
        items.append(
            DashboardItem(
                stage=Stage.SELL,
                title=_("No bank account is set.") if in_dong else _("No way to pay is set."),
                detail=_("Invoices and the pages of payers cannot say where to pay."),
                href=f"{base}/terms" if may_see else "",
                waiting=1 if counts[DocumentState.OPEN] else 0,
            )
        )
    if not may_see:
        return items
    if due := counts[DocumentState.REFUND_DUE]:
        items.append(
            DashboardItem(stage=Stage.SELL, title=_("Money to give back"), href=f"{base}?state=refund_due", waiting=due)
        )
    if notices := len(await inbox_of(edition_id)):
        items.append(
            DashboardItem(
                stage=Stage.SELL, title=_("Notices of payments that wait"), href=f"{base}/inbox", waiting=notices
            )
        )
    if refused := len(await refused_in(edition_id)):
        items.append(
            DashboardItem(
                stage=Stage.SELL,
                title=_("E-invoices that were not issued"),
                href=f"{base}/inbox",
                waiting=refused,
            )
        )
    if unanswered := len(await unanswered_in(edition_id)):
        items.append(
            DashboardItem(
                stage=Stage.SELL,
                title=_("E-invoices that the provider does not answer"),
                href=f"{base}/inbox",
                waiting=unanswered,
            )
        )
    claims = [one for one in await disputes_of(edition_id) if one["state"] == DisputeState.NEEDS_ANSWER.value]
    if claims:
        items.append(
            DashboardItem(
                stage=Stage.SELL, title=_("Claims of cardholders"), href=f"{base}/disputes", waiting=len(claims)
            )
        )
    if still_open := counts[DocumentState.OPEN]:
        items.append(
            DashboardItem(
                stage=Stage.SELL,
                title=_("Open invoices"),
                detail=ngettext("%(num)s is not paid yet.", "%(num)s are not paid yet.", still_open)
                % {"num": still_open},
                href=f"{base}?state=open",
            )
        )
    if left := (await counts_of_entries(edition_id))[EntryState.LEFT]:
        items.append(
            DashboardItem(
                stage=Stage.SELL, title=_("Transfers to be assigned"), href=f"{base}/bank?state=left", waiting=left
            )
        )
    if proofs := len(await waiting_proofs(edition_id)):
        items.append(
            DashboardItem(
                stage=Stage.SELL, title=_("Proofs of transfer that wait"), href=f"{base}/bank", waiting=proofs
            )
        )
    return items


async def payments_waiting(now: datetime) -> list[Waiting]:
    """What providers told us and what has not had its effect yet."""
    inbox = "SELECT COUNT(*) AS count, MIN(received_at) AS since FROM payment_event WHERE handled_at IS NULL"
    return [await counted("payment_event", inbox)]


WAITING_WORDS = {
    "payment_event": lambda count: (
        ngettext("%(num)s payment notice waits", "%(num)s payment notices wait", count) % {"num": count}
    )
}
