"""Secrets at rest."""

import pytest

from app.kernel import sealing
from app.kernel.sealing import SealBroken, seal, sealing_key, unseal
from app.kernel.settings import Settings

RAW = b"JBSWY3DPEHPK3PXP"


def test_what_is_sealed_opens_for_its_context_alone() -> None:
    key = sealing_key("a purpose")
    sealed = seal(RAW, "7", key)
    assert unseal(sealed, "7", key) == RAW
    for context, other in (("8", key), ("7", sealing_key("another purpose"))):
        with pytest.raises(SealBroken):
            unseal(sealed, context, other)


def test_the_same_is_never_sealed_to_the_same_text() -> None:
    key = sealing_key("a purpose")
    assert seal(RAW, "7", key) != seal(RAW, "7", key)


def test_the_key_hangs_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sealing_key("a purpose")
    monkeypatch.setattr(sealing, "settings", lambda: Settings(key_encryption_key="x" * 32))
    assert sealing_key("a purpose") != before
