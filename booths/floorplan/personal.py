"""Floor plans hold nothing of people: cells are held by organisations."""

from app.accounts.personal.registry import PersonalData

DATA = PersonalData(impersonal=frozenset(f"booth.{name}" for name in ("code", "zone", "currency", "short_code")))
