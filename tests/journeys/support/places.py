"""The pages of the demo festival: who sees them, and where. Screenshots and the check of barriers walk this list."""

from __future__ import annotations

from dataclasses import dataclass

SLUG = "phu-nu-sang-tao-2026"


@dataclass(frozen=True)
class Place:
    """A page. ``role`` is who opens it (None: anybody); ``path`` may name ``{edition_id}``, ``{organisation_id}``.

    ``live`` pages never fall silent, ``full`` ones are pictured to their end, ``personal`` ones need a new sign-in
    because their path depends on who it is.
    """

    name: str
    path: str
    role: str | None = None
    live: bool = False
    full: bool = True

    @property
    def personal(self) -> bool:
        """Whether the path depends on the role that opens it."""
        return "{" in self.path


PLACES = [
    Place("public-start", "/"),
    Place("public-edition", f"/e/{SLUG}"),
    Place("public-tickets", f"/e/{SLUG}/tickets"),
    Place("public-catalogue", f"/e/{SLUG}/catalogue"),
    Place("public-map", f"/e/{SLUG}/map"),
    Place("public-programme", f"/e/{SLUG}/programme"),
    Place("public-contest", f"/e/{SLUG}/contest"),
    Place("public-help", "/help"),
    Place("public-sign-in", "/sign-in"),
    Place("public-not-found", "/nowhere"),
    Place("api-docs", "/api/docs"),
    Place("demo-outbox", "/dev/outbox"),
    Place("demo-components", "/dev/components"),
    Place("organiser-home", "/me", "owner"),
    Place("organiser-account", "/account", "owner"),
    Place("organiser-dashboard", "/manage/{edition_id}/", "owner"),
    Place("exhibitor-home", "/exhibitor/{organisation_id}/{edition_id}/", "exhibitor_owner"),
    Place("team-home", "/team/", "team_member"),
    Place("chair-contest", "/manage/{edition_id}/contest/", "jury_chair"),
]
