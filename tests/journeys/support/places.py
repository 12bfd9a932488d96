"""The pages of the demo festival: who sees them, and where. Screenshots and the check of barriers walk this list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SLUG = "phu-nu-sang-tao-2026"


@dataclass(frozen=True)
class Place:
    """A page. ``role`` is who opens it (None: anybody); ``path`` may name ids, such as ``{edition_id}``.

    ``live`` pages never fall silent, ``full`` ones are pictured to their end; ``status`` is what
    they answer; those that ``leads_on`` send on to where somebody belongs; those of ``judging`` are opened once the
    first round has begun, the others before.
    """

    name: str
    path: str
    role: str | None = None
    live: bool = False
    full: bool = True
    status: int = 200
    leads_on: bool = False
    judging: bool = False


PLACES = [
    Place("public-start", "/", leads_on=True),
    Place("public-edition", f"/e/{SLUG}"),
    Place("public-tickets", f"/e/{SLUG}/tickets"),
    Place("public-buyer", f"/e/{SLUG}/tickets/order?n-{{type_id}}=1"),
    Place("public-order", f"/e/{SLUG}/tickets/done/{{order_secret}}"),
    Place("public-own-order", f"/e/{SLUG}/tickets/done/{{own_secret}}"),
    Place("public-own-names", f"/e/{SLUG}/tickets/done/{{own_secret}}/names"),
    Place("public-own-cancel", f"/e/{SLUG}/tickets/done/{{own_secret}}/cancel"),
    Place("public-own-cancel-sum", f"/e/{SLUG}/tickets/done/{{own_secret}}/cancel?ticket={{own_item_id}}"),
    Place("public-own-change", f"/e/{SLUG}/tickets/done/{{own_secret}}/change/{{own_item_id}}"),
    Place("public-own-give", f"/e/{SLUG}/tickets/done/{{own_secret}}/give/{{own_item_id}}"),
    Place("public-given-ticket", f"/e/{SLUG}/tickets/given/{{given_token}}"),
    Place("public-tickets-again", f"/e/{SLUG}/tickets/again"),
    Place("public-invoice", f"/e/{SLUG}/invoices/done/{{invoice_secret}}"),
    Place("public-card-elsewhere", "/pay/card/done"),
    Place("public-programme", f"/e/{SLUG}/programme"),
    Place("public-session", f"/e/{SLUG}/programme/{{session_id}}"),
    Place("public-contest", f"/e/{SLUG}/contest"),
    Place("public-idea", f"/e/{SLUG}/contest/{{entry_id}}"),
    Place("public-enter", f"/e/{SLUG}/contest/enter"),
    Place("public-catalogue", f"/e/{SLUG}/catalogue"),
    Place("public-exhibitors", f"/e/{SLUG}/catalogue?view=exhibitors"),
    Place("public-exhibitor", f"/e/{SLUG}/exhibitors/{{organisation_id}}"),
    Place("public-contact", f"/e/{SLUG}/exhibitors/{{organisation_id}}/contact"),
    Place("public-booth", f"/e/{SLUG}/booths/{{booth_id}}"),
    Place("public-product", f"/e/{SLUG}/products/{{product_id}}"),
    Place("public-saved", f"/e/{SLUG}/saved"),
    Place("public-map", f"/e/{SLUG}/map"),
    Place("public-apply", f"/e/{SLUG}/apply"),
    Place("public-apply-who", f"/e/{SLUG}/apply/who"),
    Place("public-apply-wish", f"/e/{SLUG}/apply/wish"),
    Place("public-apply-goods", f"/e/{SLUG}/apply/goods"),
    Place("public-apply-contact", f"/e/{SLUG}/apply/contact"),
    Place("public-help", "/help"),
    Place("public-help-organiser", "/help/organiser"),
    Place("public-help-finance", "/help/finance"),
    Place("public-help-visitor", "/help/visitor"),
    Place("public-sign-in", "/sign-in"),
    Place("public-sign-in-password", "/sign-in/password"),
    Place("public-sign-in-link", "/sign-in/{sign_in_token}"),
    Place("public-second-step-over", "/sign-in/two-step", status=410),
    Place("public-device-card", "/invite/{invite_token}"),
    Place("public-take-over", "/take-over/{take_over_token}"),
    Place("public-pass", "/pass"),
    Place("public-pass-holder", "/pass/{pass_secret}"),
    Place("public-pass-data", "/pass/{pass_secret}/data"),
    Place("public-pass-check", "/P/{pass_code}"),
    Place("public-not-found", "/nowhere", status=404),
    Place("gate-phone-unpaired", "/gate/"),
    Place("judge-tablet-unpaired", "/sign-in?next=%2Fjudge%2F"),
    Place("api-docs", "/api/docs"),
    Place("demo-outbox", "/dev/outbox"),
    Place("demo-components", "/dev/components"),
    Place("me", "/me", "owner", leads_on=True),
    Place("account", "/account", "owner"),
    Place("account-contacts", "/account/contacts", "owner"),
    Place("account-contact-link", "/account/contacts/link/used", "owner", status=410),
    Place("account-data", "/account/data", "owner"),
    Place("account-filled-in", "/account/filled-in", "exhibitor_owner"),
    Place("account-erase", "/account/data/erase", "owner"),
    Place("account-two-step", "/account/two-step", "owner"),
    Place("organiser-editions", "/manage", "owner"),
    Place("organiser-new-edition", "/manage/new", "owner"),
    Place("organiser-dashboard", "/manage/{edition_id}", "owner"),
    Place("organiser-settings", "/manage/{edition_id}/settings", "owner"),
    Place("organiser-copy", "/manage/{edition_id}/copy", "owner"),
    Place("organiser-postpone", "/manage/{edition_id}/postpone?starts_on=2027-01-15", "owner"),
    Place("organiser-cancel", "/manage/{edition_id}/cancel", "owner"),
    Place("organiser-people", "/manage/{edition_id}/people", "owner"),
    Place("organiser-registered", "/manage/{edition_id}/people/registered", "owner"),
    Place("organiser-register", "/manage/{edition_id}/people/registered/new", "owner"),
    Place("organiser-registered-person", "/manage/{edition_id}/people/registered/{helped_id}", "owner"),
    Place("organiser-erase", "/manage/{edition_id}/people/erase", "owner"),
    Place("organiser-organisations", "/manage/{edition_id}/organisations", "owner"),
    Place("organiser-duplicates", "/manage/{edition_id}/duplicates", "owner"),
    Place(
        "organiser-duplicates-compare",
        "/manage/{edition_id}/duplicates/compare?kind=person&first={twice_id}&second={twice_again_id}",
        "owner",
    ),
    Place("organiser-duplicates-merged", "/manage/{edition_id}/duplicates/merged", "owner"),
    Place("organiser-devices", "/manage/{edition_id}/devices", "owner"),
    Place("organiser-audit", "/manage/{edition_id}/audit", "owner"),
    Place("organiser-outbox", "/manage/{edition_id}/outbox", "owner"),
    Place("organiser-status", "/manage/{edition_id}/status", "owner"),
    Place("organiser-import", "/manage/{edition_id}/import", "owner"),
    Place("organiser-import-applications", "/manage/{edition_id}/import/applications", "owner"),
    Place("organiser-import-preview", "/manage/{edition_id}/import/batch/{batch_id}", "owner"),
    Place("organiser-applications", "/manage/{edition_id}/applications", "owner"),
    Place("organiser-new-application", "/manage/{edition_id}/applications/new", "owner"),
    Place("organiser-application", "/manage/{edition_id}/applications/{application_id}", "owner"),
    Place("organiser-allocation", "/manage/{edition_id}/allocation", "owner"),
    Place("organiser-booth-fees", "/manage/{edition_id}/booth-fees", "owner"),
    Place("organiser-fee-plan", "/manage/{edition_id}/booth-fees/plan", "owner"),
    Place("organiser-fee-waiver", "/manage/{edition_id}/booth-fees/{application_id}", "owner"),
    Place("organiser-floorplan", "/manage/{edition_id}/floorplan", "owner"),
    Place("organiser-booth", "/manage/{edition_id}/booths/{booth_id}", "owner"),
    Place("organiser-plan-editor", "/manage/{edition_id}/floorplan/editor", "owner"),
    Place("organiser-booth-form", "/manage/{edition_id}/floorplan/editor/{booth_id}", "owner"),
    Place("organiser-new-booth", "/manage/{edition_id}/floorplan/editor/new", "owner"),
    Place("organiser-new-hall", "/manage/{edition_id}/floorplan/halls/new", "owner"),
    Place("organiser-hall", "/manage/{edition_id}/floorplan/halls/{hall_id}", "owner"),
    Place("organiser-programme", "/manage/{edition_id}/programme", "owner"),
    Place("organiser-programme-session", "/manage/{edition_id}/programme/{session_id}", "owner"),
    Place("organiser-new-session", "/manage/{edition_id}/programme/new", "owner"),
    Place("organiser-tracks", "/manage/{edition_id}/programme/tracks", "owner"),
    Place("organiser-passes", "/manage/{edition_id}/passes", "owner"),
    Place("organiser-new-pass", "/manage/{edition_id}/passes/new", "owner"),
    Place("organiser-pass", "/manage/{edition_id}/passes/{pass_id}", "owner"),
    Place("organiser-tickets", "/manage/{edition_id}/tickets", "owner"),
    Place("organiser-ticket-type", "/manage/{edition_id}/tickets/{type_id}", "owner"),
    Place("organiser-order-rules", "/manage/{edition_id}/tickets/rules", "owner"),
    Place("organiser-new-ticket-type", "/manage/{edition_id}/tickets/new", "owner"),
    Place("organiser-orders", "/manage/{edition_id}/orders", "owner"),
    Place("organiser-order", "/manage/{edition_id}/orders/{order_id}", "owner"),
    Place("organiser-box-office", "/manage/{edition_id}/box-office", "owner"),
    Place("organiser-box-office-passes", "/manage/{edition_id}/box-office/{box_office_order_id}", "owner"),
    Place("organiser-payments", "/manage/{edition_id}/payments", "owner"),
    Place("organiser-new-invoice", "/manage/{edition_id}/payments/new", "owner"),
    Place("organiser-ledger", "/manage/{edition_id}/payments/ledger", "owner"),
    Place("organiser-drawers", "/manage/{edition_id}/payments/drawers", "owner"),
    Place("organiser-daily-close", "/manage/{edition_id}/payments/days", "owner"),
    Place("organiser-payouts", "/manage/{edition_id}/payments/payouts", "owner"),
    Place("organiser-exports", "/manage/{edition_id}/payments/exports", "owner"),
    Place("organiser-drawer", "/manage/{edition_id}/payments/drawers/{drawer_id}", "owner"),
    Place("organiser-payment-terms", "/manage/{edition_id}/payments/terms", "owner"),
    Place("organiser-payment-legal", "/manage/{edition_id}/payments/{document_id}/legal", "owner"),
    Place("organiser-payment", "/manage/{edition_id}/payments/{document_id}", "owner"),
    Place("organiser-transfers", "/manage/{edition_id}/payments/bank", "owner"),
    Place("organiser-transfer", "/manage/{edition_id}/payments/bank/{transfer_id}", "owner"),
    Place("organiser-statements", "/manage/{edition_id}/payments/bank/statements", "owner"),
    Place("organiser-statement", "/manage/{edition_id}/payments/bank/statements/batch/{statement_id}", "owner"),
    Place("organiser-payment-inbox", "/manage/{edition_id}/payments/inbox", "owner"),
    Place("organiser-payment-disputes", "/manage/{edition_id}/payments/disputes", "owner"),
    Place("gates", "/manage/{edition_id}/gates", "owner"),
    Place("gates-new", "/manage/{edition_id}/gates/new", "owner"),
    Place("gates-gate", "/manage/{edition_id}/gates/{gate_id}", "owner"),
    Place("gates-new-list", "/manage/{edition_id}/gates/lists/new", "owner"),
    Place("gates-list", "/manage/{edition_id}/gates/lists/{list_id}", "owner"),
    Place("gates-new-phone", "/manage/{edition_id}/gates/phones/new", "owner"),
    Place("gates-phone", "/manage/{edition_id}/gates/phones/{gate_device_id}", "owner"),
    Place("live", "/manage/{edition_id}/live", "owner", live=True),
    Place("live-conflicts", "/manage/{edition_id}/live/conflicts", "owner"),
    Place("organiser-contest", "/manage/{edition_id}/contest", "owner"),
    Place("chair-entry", "/manage/{edition_id}/contest/entries/{entry_id}", "owner"),
    Place("organiser-contest-settings", "/manage/{edition_id}/contest/settings", "owner"),
    Place("organiser-contest-round", "/manage/{edition_id}/contest/settings/rounds/{round_id}", "owner"),
    Place("organiser-contest-criterion", "/manage/{edition_id}/contest/settings/rounds/{round_id}/criteria/0", "owner"),
    Place("chair-judges", "/manage/{edition_id}/contest/judges", "owner"),
    Place("chair-assign", "/manage/{edition_id}/contest/{round_id}/assign", "owner", judging=True),
    Place("chair-progress", "/manage/{edition_id}/contest/{round_id}/progress", "owner", live=True, judging=True),
    Place("chair-ranking", "/manage/{edition_id}/contest/{round_id}/ranking", "owner", judging=True),
    Place("exhibitor-me", "/me", "exhibitor_owner", leads_on=True),
    Place("organiser-catalogue", "/manage/{edition_id}/catalogue", "owner"),
    Place("exhibitor-home", "/exhibitor/{organisation_id}/{edition_id}", "exhibitor_owner"),
    Place("exhibitor-profile", "/exhibitor/{organisation_id}/{edition_id}/profile", "exhibitor_owner"),
    Place("exhibitor-products", "/exhibitor/{organisation_id}/{edition_id}/products", "exhibitor_owner"),
    Place("exhibitor-new-product", "/exhibitor/{organisation_id}/{edition_id}/products/new", "exhibitor_owner"),
    Place("exhibitor-product", "/exhibitor/{organisation_id}/{edition_id}/products/{product_id}", "exhibitor_owner"),
    Place("exhibitor-contacts", "/exhibitor/{organisation_id}/{edition_id}/leads", "exhibitor_owner"),
    Place("exhibitor-application", f"/e/{SLUG}/apply/mine/{{own_application_id}}", "exhibitor_owner"),
    Place("team-ideas", "/team", "team_member"),
    Place("team-new", "/team/{edition_id}/new", "team_member"),
    Place("team-idea", "/team/ideas/{own_entry_id}", "team_member"),
    Place("team-idea-form", "/team/ideas/{own_entry_id}/edit/1", "team_member"),
    Place("judge-ideas", "/judge/", "judge", judging=True),
    Place("judge-idea", "/judge/entries/{assignment_id}", "judge", judging=True),
]


def walks(places: Iterable[Place]) -> list[tuple[bool, str | None, list[Place]]]:
    """Return the places by the one who opens them, those from before judging first: (judging, role, places)."""
    found: dict[tuple[bool, str | None], list[Place]] = {}
    for place in places:
        found.setdefault((place.judging, place.role), []).append(place)
    return [(*key, found[key]) for key in sorted(found, key=lambda key: key[0])]


#: Pages that are not walked, each with its reason.
NOT_WALKED = {
    "/e/{slug}/tickets/done/{secret}/card": "leads on to the order",
    "/e/{slug}/apply/mine/{application_id}/fee/{document_id}/card": "leads on to the application",
    "/e/{slug}/apply/mine/{application_id}/fee/{document_id}/proof": "leads on to the application",
    "/e/{slug}/tickets/done/{secret}/give/{item_id}/withdraw": "leads on to the order",
    "/e/{slug}/tickets/done/{secret}/proof": "leads on to the order",
    "/e/{slug}/tickets/done/{secret}/resend": "leads on to the order",
    "/e/{slug}/invoices/done/{secret}/card": "leads on to the invoice",
    "/e/{slug}/invoices/done/{secret}/proof": "leads on to the invoice",
    "/pay/card/back": "leads on to the order; what it says to others is public-card-elsewhere",
    "/manage/{edition_id}/payments/{document_id}/card-refunds/{payment_id}": "test_card_payment.py looks at it",
    "/s/{code}": "leads on to what the code stands for",
    "/p/{code}": "is /P/{code}",
    "/sign-in/two-step": "asks who has half signed in; what it says to others is public-second-step-over",
    "/account/contacts/link/{token}": "asks for one press; what it says of an old link is account-contact-link",
    "/exhibitor": "leads on to exhibitor-home",
    "/places/wards": "what a field offers while somebody types",
    "/manage/{edition_id}/live/now": "a part of the live page",
    "/manage/{edition_id}/box-office/order": "leads on to the order, or is the box office with a word beside the field",
}
