"""An authenticator app for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyotp

from app.accounts.actor import SYSTEM
from app.accounts.services.two_step import begin_two_step, confirm_two_step, secret_to_confirm


def code_at(secret: str, at: datetime) -> str:
    """Return the six digits that a phone shows at an instant."""
    return pyotp.TOTP(secret.replace(" ", "")).at(at)


async def set_up(person_id: Any, *, now: datetime) -> tuple[str, list[str]]:
    """Let a person have a second step; returns the secret of her app and the recovery codes."""
    await begin_two_step(person_id=person_id, now=now)
    secret = await secret_to_confirm(person_id)
    assert secret is not None
    codes = await confirm_two_step(person_id=person_id, code=code_at(secret, now), actor=SYSTEM, now=now)
    return secret, codes
