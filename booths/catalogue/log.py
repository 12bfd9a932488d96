"""What changes to exhibitors' pages and products are called in the log."""

from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from booths.catalogue.tables import Product

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
        "lead": Subject(name=N_("Contact")),
        "product": Subject(
            name=N_("Product"),
            find=names_in(Product, Product.name),
            fields={
                "price_minor": Field(N_("Price"), money=True),
                "currency": Field(N_("Currency")),
                "description": Field(N_("Description")),
                "unit": Field(N_("Unit")),
                "category": Field(N_("Category")),
                "certificates": Field(N_("Certificates")),
                "photos": Field(N_("Photos")),
                "photo": Field(N_("Photo")),
                "photo_id": Field(""),
            },
        ),
    },
)
