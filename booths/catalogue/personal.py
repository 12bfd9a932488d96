"""What the catalogue holds of people: the contacts that visitors left with exhibitors."""

from datetime import datetime
from typing import Any

from app.accounts.personal.registry import Held, PersonalData, Rows
from app.accounts.personal.whom import Whom
from app.kernel.database import fetch
from app.kernel.i18n import N_
from booths.catalogue.tables import ExhibitorProfile, Lead, Product


def _of(whom: Whom) -> Any:
    mine: Any = Lead.id < 0
    if whom.phones:
        mine = mine | Lead.phone.is_in(list(whom.phones))
    if whom.emails:
        mine = mine | Lead.email.is_in(list(whom.emails))
    return mine


async def _leads(whom: Whom) -> Rows:
    return await Lead.select(
        Lead.edition.as_alias("edition_id"),
        Lead.organisation.name.as_alias("organisation"),
        Lead.name,
        Lead.phone,
        Lead.email,
        Lead.message,
        Lead.consent_wording,
        Lead.created_at,
    ).where(_of(whom))


async def _erase_leads(whom: Whom, now: datetime) -> int:
    return len(await Lead.delete().where(_of(whom)).returning(Lead.id))


async def expire(edition_id: int, at_most: int) -> int:
    """Delete the contacts that visitors of an edition left."""
    return len(
        await fetch(
            "DELETE FROM lead WHERE id IN (SELECT id FROM lead WHERE edition = {} ORDER BY id LIMIT {}) RETURNING id",
            edition_id,
            at_most,
        )
    )


DATA = PersonalData(
    held=(
        Held(
            key="leads",
            title=N_("Contacts that you left with exhibitors"),
            purpose=N_("So that the exhibitor can get in touch, as you agreed."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_leads,
            erase=_erase_leads,
        ),
    ),
    erased=frozenset(f"lead.{name}" for name in ("name", "phone", "email", "message", "consent_wording", "client_id")),
    texts=(ExhibitorProfile.story, ExhibitorProfile.website, Product.name, Product.description, Product.search_text),
    impersonal=frozenset(
        {
            *(f"product.{name}" for name in ("code", "currency", "unit", "category")),
            "exhibitor_profile.photo",
            "product_photo.hash",
            *(f"certificate.{name}" for name in ("name", "number")),
            *(f"code_scan.{name}" for name in ("kind", "visitor")),  # a keyed hash that is another one each day
        }
    ),
    expire=expire,
)
