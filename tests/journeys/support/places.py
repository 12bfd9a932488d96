"""The pages of the demo festival: who sees them, and where. Screenshots and the check of barriers walk this list."""

from __future__ import annotations

from dataclasses import dataclass

SLUG = "phu-nu-sang-tao-2026"


@dataclass(frozen=True)
class Place:
    """A page. ``role`` is who opens it (None: anybody); ``path`` may name ids, such as ``{edition_id}``.

    ``live`` pages never fall silent, ``full`` ones are pictured to their end; ``status`` is what
    they answer; those that ``leads_on`` send on to where somebody belongs.
    """

    name: str
    path: str
    role: str | None = None
    live: bool = False
    full: bool = True
    status: int = 200
    leads_on: bool = False


PLACES = [
    Place("public-start", "/", leads_on=True),
    Place("public-edition", f"/e/{SLUG}"),
    Place("public-tickets", f"/e/{SLUG}/tickets"),
    Place("public-programme", f"/e/{SLUG}/programme"),
    Place("public-session", f"/e/{SLUG}/programme/{{session_id}}"),
    Place("public-contest", f"/e/{SLUG}/contest"),
    Place("public-idea", f"/e/{SLUG}/contest/{{entry_id}}"),
    Place("public-catalogue", f"/e/{SLUG}/catalogue"),
    Place("public-exhibitors", f"/e/{SLUG}/catalogue?view=exhibitors"),
    Place("public-saved", f"/e/{SLUG}/saved"),
    Place("public-map", f"/e/{SLUG}/map"),
    Place("public-apply", f"/e/{SLUG}/apply"),
    Place("public-apply-who", f"/e/{SLUG}/apply/who"),
    Place("public-apply-wish", f"/e/{SLUG}/apply/wish"),
    Place("public-apply-goods", f"/e/{SLUG}/apply/goods"),
    Place("public-apply-contact", f"/e/{SLUG}/apply/contact"),
    Place("public-help", "/help"),
    Place("public-sign-in", "/sign-in"),
    Place("public-sign-in-password", "/sign-in/password"),
    Place("public-pass", "/pass"),
    Place("public-not-found", "/nowhere", status=404),
    Place("api-docs", "/api/docs"),
    Place("demo-outbox", "/dev/outbox"),
    Place("demo-components", "/dev/components"),
    Place("me", "/me", "owner", leads_on=True),
    Place("account", "/account", "owner"),
    Place("account-data", "/account/data", "owner"),
    Place("account-erase", "/account/data/erase", "owner"),
    Place("organiser-editions", "/manage", "owner"),
    Place("organiser-new-edition", "/manage/new", "owner"),
    Place("organiser-dashboard", "/manage/{edition_id}", "owner"),
    Place("organiser-settings", "/manage/{edition_id}/settings", "owner"),
    Place("organiser-copy", "/manage/{edition_id}/copy", "owner"),
    Place("organiser-people", "/manage/{edition_id}/people", "owner"),
    Place("organiser-erase", "/manage/{edition_id}/people/erase", "owner"),
    Place("organiser-organisations", "/manage/{edition_id}/organisations", "owner"),
    Place("organiser-devices", "/manage/{edition_id}/devices", "owner"),
    Place("organiser-audit", "/manage/{edition_id}/audit", "owner"),
    Place("organiser-outbox", "/manage/{edition_id}/outbox", "owner"),
    Place("organiser-status", "/manage/{edition_id}/status", "owner"),
    Place("organiser-import", "/manage/{edition_id}/import", "owner"),
    Place("organiser-import-applications", "/manage/{edition_id}/import/applications", "owner"),
    Place("organiser-applications", "/manage/{edition_id}/applications", "owner"),
    Place("organiser-new-application", "/manage/{edition_id}/applications/new", "owner"),
    Place("organiser-application", "/manage/{edition_id}/applications/{application_id}", "owner"),
    Place("organiser-allocation", "/manage/{edition_id}/allocation", "owner"),
    Place("organiser-floorplan", "/manage/{edition_id}/floorplan", "owner"),
    Place("organiser-booth", "/manage/{edition_id}/booths/{booth_id}", "owner"),
    Place("organiser-plan-editor", "/manage/{edition_id}/floorplan/editor", "owner"),
    Place("organiser-booth-form", "/manage/{edition_id}/floorplan/editor/{booth_id}", "owner"),
    Place("organiser-programme", "/manage/{edition_id}/programme", "owner"),
    Place("organiser-programme-session", "/manage/{edition_id}/programme/{session_id}", "owner"),
    Place("organiser-tracks", "/manage/{edition_id}/programme/tracks", "owner"),
    Place("organiser-passes", "/manage/{edition_id}/passes", "owner"),
    Place("organiser-new-pass", "/manage/{edition_id}/passes/new", "owner"),
    Place("organiser-tickets", "/manage/{edition_id}/tickets", "owner"),
    Place("organiser-ticket-type", "/manage/{edition_id}/tickets/{type_id}", "owner"),
    Place("organiser-orders", "/manage/{edition_id}/orders", "owner"),
    Place("organiser-order", "/manage/{edition_id}/orders/{order_id}", "owner"),
    Place("organiser-box-office", "/manage/{edition_id}/box-office", "owner"),
    Place("organiser-payments", "/manage/{edition_id}/payments", "owner"),
    Place("organiser-contest", "/manage/{edition_id}/contest", "owner"),
    Place("chair-entry", "/manage/{edition_id}/contest/entries/{entry_id}", "owner"),
    Place("organiser-contest-settings", "/manage/{edition_id}/contest/settings", "owner"),
    Place("organiser-contest-round", "/manage/{edition_id}/contest/settings/rounds/{round_id}", "owner"),
    Place("organiser-contest-criterion", "/manage/{edition_id}/contest/settings/rounds/{round_id}/criteria/0", "owner"),
    Place("chair-judges", "/manage/{edition_id}/contest/judges", "owner"),
    Place("chair-assign", "/manage/{edition_id}/contest/{round_id}/assign", "owner"),
    Place("chair-progress", "/manage/{edition_id}/contest/{round_id}/progress", "owner", live=True),
    Place("chair-ranking", "/manage/{edition_id}/contest/{round_id}/ranking", "owner"),
    Place("exhibitor-me", "/me", "exhibitor_owner", leads_on=True),
    Place("organiser-catalogue", "/manage/{edition_id}/catalogue", "owner"),
    Place("exhibitor-home", "/exhibitor/{organisation_id}/{edition_id}", "exhibitor_owner"),
    Place("exhibitor-profile", "/exhibitor/{organisation_id}/{edition_id}/profile", "exhibitor_owner"),
    Place("exhibitor-products", "/exhibitor/{organisation_id}/{edition_id}/products", "exhibitor_owner"),
    Place("exhibitor-product", "/exhibitor/{organisation_id}/{edition_id}/products/{product_id}", "exhibitor_owner"),
    Place("exhibitor-contacts", "/exhibitor/{organisation_id}/{edition_id}/leads", "exhibitor_owner"),
    Place("team-ideas", "/team", "team_member"),
    Place("team-new", "/team/{edition_id}/new", "team_member"),
]
