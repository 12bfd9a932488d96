"""Passwords are hashed at next to no cost in tests: hundreds are set and tried, and none is worth guessing."""

from __future__ import annotations

from argon2 import PasswordHasher

from app.accounts.services import sign_in

#: What the service hashes with.
AS_SERVED = sign_in._hasher
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hash_cheaply() -> None:
    """Let this process hash passwords cheaply from now on; services in processes of their own hash as ever."""
    sign_in._hasher = CHEAP
