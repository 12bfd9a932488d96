"""Tables of the catalogue: what exhibitors show, who scanned their codes, who left a contact.

Products belong to an organisation, not to an edition: they are shown in each edition in which it has a booth.
"""

from piccolo.columns import (
    JSON,
    BigInt,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    Serial,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from app.accounts.tables import Organisation
from app.events.tables import Edition


class ExhibitorProfile(Table, tablename="exhibitor_profile"):
    """What an organisation says of itself. Its phone and mail are shown only while ``contact_public``."""

    id: Serial
    organisation = ForeignKey(Organisation, null=False, unique=True)
    story = JSON(default="{}")
    photo = Varchar(length=64, default=None, null=True)
    website = Varchar(length=200, default="")
    contact_public = Boolean(default=False)
    changed_at = Timestamptz(default=None, null=True)


class Product(Table, tablename="product"):
    """One thing that an organisation makes. ``search_text`` is lower case without diacritics."""

    id: Serial
    organisation = ForeignKey(Organisation, null=False)
    code = Varchar(length=40, default="")
    name = JSON(default="{}")
    description = JSON(default="{}")
    price_minor = BigInt(default=None, null=True)
    currency = Varchar(length=3, default="VND")
    unit = Varchar(length=40, default="")
    category = Varchar(length=80, default="", index=True)
    position = SmallInt(default=0)
    active = Boolean(default=True)
    search_text = Text(default="")
    created_at = Timestamptz(default=None, null=True)
    changed_at = Timestamptz(default=None, null=True)


class ProductPhoto(Table, tablename="product_photo"):
    """A photo of a product; the one with the least ``position`` stands for it."""

    id: Serial
    product = ForeignKey(Product, null=False, on_delete=OnDelete.cascade)
    hash = Varchar(length=64)
    position = SmallInt(default=0)


class Certificate(Table, tablename="certificate"):
    """What somebody vouched for: of one product, or (``product`` empty) of the whole organisation."""

    id: Serial
    organisation = ForeignKey(Organisation, null=False, index=True)
    product = ForeignKey(Product, default=None, null=True, on_delete=OnDelete.cascade, index=True)
    name = Varchar(length=120)
    year = SmallInt(default=None, null=True)
    number = Varchar(length=60, default="")
    valid_until = Date(default=None, null=True)


class CodeScan(Table, tablename="code_scan"):
    """How often one browser opened one short code on one day. ``visitor`` is a hash that changes every day."""

    id: Serial
    edition = ForeignKey(Edition, null=False)
    kind = Varchar(length=20)
    target_id = Integer()
    day = Date(default=None)
    visitor = Varchar(length=64, default="")
    times = Integer(default=1)
    first_at = Timestamptz(default=None, null=True)


class Lead(Table, tablename="lead"):
    """A visitor who asked an exhibitor to get in touch, and the sentence that she agreed to."""

    id: Serial
    edition = ForeignKey(Edition, null=False)
    organisation = ForeignKey(Organisation, null=False)
    product = ForeignKey(Product, default=None, null=True, on_delete=OnDelete.set_null)
    name = Varchar(length=160)
    phone = Varchar(length=20, default="")
    email = Varchar(length=254, default="")
    message = Text(default="")
    consent_wording = Text(default="")
    client_id = Varchar(length=40, unique=True)
    created_at = Timestamptz(default=None, null=True)


TABLES: list[type[Table]] = [ExhibitorProfile, Product, ProductPhoto, Certificate, CodeScan, Lead]
