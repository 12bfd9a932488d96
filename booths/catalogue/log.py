"""What changes to exhibitors' pages and products are called in the log."""

from app.accounts.tables import Organisation
from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_, ngettext
from booths.catalogue.tables import Product


def _how_many(photos: list[str]) -> str:
    return ngettext("%(num)s photo", "%(num)s photos", len(photos)) % {"num": len(photos)}


WORDS = LogWords(
    actions={
        "exhibitor_profile.save": N_("Changed an exhibitor's page"),
        "lead.remove": N_("Removed a contact"),
        "product.add": N_("Added a product"),
        "product.add_photos": N_("Added photos to a product"),
        "product.change": N_("Changed a product"),
        "product.first_photo": N_("Chose the first photo of a product"),
        "product.remove": N_("Removed a product"),
        "product.remove_photo": N_("Removed a photo of a product"),
    },
    subjects={
        "exhibitor_profile": Subject(
            name=N_("Exhibitor's page"),
            find=names_in(Organisation, Organisation.name),
            fields={
                "story": Field(N_("Story")),
                "website": Field(N_("Website")),
                "certificates": Field(N_("Certificates")),
                "contact_public": Field(N_("Contact details shown to everybody")),
                "photo": Field(N_("Photo"), picture=True),
            },
        ),
        "lead": Subject(name=N_("Contact")),
        "product": Subject(
            name=N_("Product"),
            find=names_in(Product, Product.name),
            fields={
                "description": Field(N_("Description")),
                "price_minor": Field(N_("Price"), money=True),
                "currency": Field(N_("Currency")),
                "unit": Field(N_("Unit")),
                "category": Field(N_("Kind of goods")),
                "certificates": Field(N_("Certificates")),
                "active": Field(N_("Shown")),
                "photos": Field(N_("Photos"), show=_how_many),
                "photo": Field(N_("Photo"), picture=True),
                "photo_id": Field(""),
            },
        ),
    },
)
