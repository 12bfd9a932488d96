"""What Stripe tells of checkouts that were paid: a ``checkout.session.completed`` as long as a real one.

Shapes are those of https://docs.stripe.com/api/checkout/sessions/object and https://docs.stripe.com/api/events/object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def session_id(document_id: int) -> str:
    """The name of the checkout at Stripe by which a document is paid."""
    return f"cs_test_a1{document_id:056d}"


def notice(row: Mapping[str, Any], site: str, at: int) -> bytes:
    """The notice that a checkout was paid, of which ``row`` tells: ``id`` and ``number`` of its document, ``attempt``,
    ``amount`` as Stripe counts it, ``currency``. ``site`` is where the service is, ``at`` when it was paid (seconds).
    """
    event = {
        "id": f"evt_1Bench{row['id']:018d}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": at,
        "data": {"object": _session(row, site, at)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
    }
    return json.dumps(event, indent=2).encode()


def _session(row: Mapping[str, Any], site: str, at: int) -> dict[str, Any]:
    amount = row["amount"]
    return {
        "id": session_id(row["id"]),
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": f"{site}/pay/card/back",
        "client_reference_id": row["number"],
        "client_secret": None,
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
        "consent": None,
        "consent_collection": None,
        "created": at - 90,
        "currency": row["currency"].lower(),
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"), None
        ),
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": {
            "address": {
                **dict.fromkeys(("city", "line1", "line2", "postal_code", "state"), None),
                "country": "VN",
            },
            "business_name": None,
            "email": f"thu{row['id']}@example.vn",
            "individual_name": None,
            "name": "Nguyễn Thị Thử",
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "customer_email": None,
        "discounts": [],
        "expires_at": at + 3_510,
        "invoice": None,
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                **dict.fromkeys(
                    ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options"), None
                ),
                "metadata": {},
            },
        },
        "livemode": False,
        "locale": "vi",
        "metadata": {"document_id": str(row["id"]), "attempt_id": str(row["attempt"]), "site": site},
        "mode": "payment",
        "payment_intent": f"pi_3Bench{row['id']:018d}",
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "paid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "complete",
        "submit_type": None,
        "subscription": None,
        "success_url": f"{site}/pay/card/done",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted",
        "url": None,
        "wallet_options": None,
    }
