"""What the details of a person's data are called on her page and in her sheet."""

from collections.abc import Callable, Mapping
from typing import Any

from app.kernel.i18n import N_, _

LABELS = {
    "action": N_("What was done"),
    "added_at": N_("Since"),
    "address": N_("Address"),
    "admitted_at": N_("Came in"),
    "allowed_at": N_("Officers may fill in since"),
    "amount_minor": N_("Amount"),
    "answer": N_("Answer"),
    "answered_at": N_("Answered"),
    "at": N_("When"),
    "bank": N_("Bank"),
    "body_text": N_("Text"),
    "browser": N_("Browser"),
    "channel": N_("Sent by"),
    "closed_at": N_("Until"),
    "comment_to_jury": N_("Comment to the jury"),
    "comment_to_team": N_("Comment to the team"),
    "consent_wording": N_("What you agreed to"),
    "confirmed_at": N_("Since"),
    "contact": N_("Contact"),
    "created_at": N_("Made at"),
    "currency": N_("Currency"),
    "description": N_("Description"),
    "edition_id": N_("Number of the festival"),
    "email": N_("Mail address"),
    "expertise": N_("Expertise"),
    "filename": N_("File"),
    "full_name": N_("Full name"),
    "given": N_("Given"),
    "given_through": N_("How it was given"),
    "granted_at": N_("Since"),
    "handed_over_at": N_("Handed over"),
    "holder": N_("Account holder"),
    "holder_name": N_("Holder"),
    "idea": N_("Idea"),
    "is_expert": N_("Expert"),
    "issued_at": N_("Made at"),
    "kind": N_("Kind"),
    "label": N_("Label"),
    "last_seen_at": N_("Last seen"),
    "left_at": N_("Left"),
    "locale": N_("Language"),
    "message": N_("Message"),
    "name": N_("Name"),
    "note": N_("Note"),
    "number": N_("Number"),
    "offered_at": N_("Sent at"),
    "order": N_("Order"),
    "organisation": N_("Organisation"),
    "paired_at": N_("Since"),
    "payer_name": N_("Payer"),
    "payer_address": N_("Address"),
    "payer_tax_code": N_("Tax code"),
    "phone": N_("Phone number"),
    "price_minor": N_("Price"),
    "purpose": N_("Purpose"),
    "question": N_("Question"),
    "reference": N_("Reference"),
    "registered_at": N_("Registered"),
    "removed_at": N_("Until"),
    "revoked_at": N_("Until"),
    "role": N_("Role"),
    "scored_at": N_("When"),
    "scores": N_("Scores"),
    "sent_at": N_("Sent at"),
    "serial": N_("Number"),
    "settled_at": N_("When"),
    "undone_at": N_("Taken back"),
    "settlement": N_("Decision"),
    "state": N_("State"),
    "subject": N_("Subject"),
    "subject_id": N_("Number"),
    "subject_type": N_("Kind"),
    "submitted_at": N_("Sent at"),
    "tax_number": N_("Tax number"),
    "taken_over_at": N_("Taken over"),
    "team": N_("Team"),
    "title": N_("Title"),
    "to_address": N_("Sent to"),
    "total_minor": N_("Amount"),
    "valid_from": N_("Valid from"),
    "valid_until": N_("Valid until"),
    "ward": N_("Ward"),
    "ward_before": N_("Ward as it was written"),
    "wording": N_("What you agreed to"),
}


def label_of(key: str) -> str:
    """A detail's label in the reader's language."""
    return _(LABELS[key])


def word_of(words: Mapping[str, Callable[[Any], str | None]], key: str, value: Any) -> Any:
    """What a stored code of a detail is called in the reader's language; any other value as it is."""
    word = words[key](value) if key in words else None
    return _(word) if word else value
