"""The table of invoices that finance makes for services and sponsors."""

from piccolo.columns import ForeignKey, Serial, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition


class ServiceInvoice(Table, tablename="payment_service_invoice"):
    """What an invoice for a service or a sponsor is for besides its document: how its payer is reached.

    Its id is the document's ``subject_id``. ``client_id`` is the form's own: sent twice it is one invoice. Of the
    secret link only a hash stands here.
    """

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, index=True)
    client_id = Varchar(length=64, unique=True)
    secret_hash = Varchar(length=64, unique=True)
    email = Varchar(length=254)
    phone = Varchar(length=20)
    made_at = Timestamptz(default=None)
    made_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null)


SERVICE_TABLES: list[type[Table]] = [ServiceInvoice]
