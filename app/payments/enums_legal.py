"""Closed sets of values of e-invoices."""

from enum import StrEnum

from app.kernel.i18n import N_


class LegalState(StrEnum):
    """Where an e-invoice stands that a provider is asked for. ``waiting``: not asked, or its answer is not known."""

    WAITING = "waiting"
    ISSUED = "issued"
    REFUSED = "refused"


LEGAL_STATE_NAMES = {
    LegalState.WAITING: N_("The provider is being asked"),
    LegalState.ISSUED: N_("Issued"),
    LegalState.REFUSED: N_("The provider refused it"),
}


class LegalFileKind(StrEnum):
    """What file an e-invoice is."""

    PDF = "pdf"
    XML = "xml"
