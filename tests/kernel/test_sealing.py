"""Secrets at rest."""

from collections.abc import Callable

import pytest

from app.kernel import sealing
from app.kernel.sealing import SealBroken, Under, mark_of, marks, open_sealed, seal, unseal
from app.kernel.settings import Settings, secret_key

RAW, PURPOSE = b"JBSWY3DPEHPK3PXP", "a purpose"
#: Sealed for "7" and ``PURPOSE`` under the key "k" * 32 by a release from before there were marks.
UNMARKED = "ueHKsosK5eRlF/2fIf+htofIsBYhTb5QtDsm9pPPTD1WgnNT4RZ2JFZIadQ="
Choose = Callable[..., None]


@pytest.fixture
def under(monkeypatch: pytest.MonkeyPatch) -> Choose:
    """Choose the present key and the old ones."""

    def choose(key: str, old: str = "") -> None:
        given = Settings(key_encryption_key=key, key_encryption_key_old=old)
        monkeypatch.setattr(sealing, "settings", lambda: given)

    return choose


def test_what_is_sealed_opens_for_its_context_alone() -> None:
    sealed = seal(RAW, "7", PURPOSE)
    assert unseal(sealed, "7", PURPOSE) == RAW
    for context, other in (("8", PURPOSE), ("7", "another purpose")):
        with pytest.raises(SealBroken):
            unseal(sealed, context, other)


def test_the_same_is_never_sealed_to_the_same_text() -> None:
    assert seal(RAW, "7", PURPOSE) != seal(RAW, "7", PURPOSE)


def test_the_key_hangs_on_the_environment(under: Choose) -> None:
    under("k" * 32)
    sealed = seal(RAW, "7", PURPOSE)
    assert (len(mark_of(sealed)), mark_of(sealed)) == (8, marks()[0])
    under("x" * 32)
    with pytest.raises(SealBroken):
        unseal(sealed, "7", PURPOSE)


def test_old_keys_open_what_was_sealed_under_them_and_seal_nothing(under: Choose) -> None:
    under("k" * 32)
    sealed = seal(RAW, "7", PURPOSE)
    under("x" * 32, f" {'y' * 32},, {'k' * 32} ")
    assert open_sealed(sealed, "7", PURPOSE) == (RAW, Under.OLD)
    assert open_sealed(seal(RAW, "7", PURPOSE), "7", PURPOSE) == (RAW, Under.PRESENT)
    assert len(marks()) == 4  # the present one, two old ones, and the installation's secret


def test_what_was_sealed_before_there_was_a_key_opens_by_the_installations_secret(under: Choose) -> None:
    under("")
    sealed = seal(RAW, "7", PURPOSE)
    assert open_sealed(sealed, "7", PURPOSE) == (RAW, Under.PRESENT)
    under("x" * 32)
    assert open_sealed(sealed, "7", PURPOSE) == (RAW, Under.OLD)
    under("")
    with pytest.raises(SealBroken):
        unseal(sealed.replace(mark_of(sealed), "00000000"), "7", PURPOSE)
    under(secret_key().decode())
    assert open_sealed(sealed, "7", PURPOSE) == (RAW, Under.PRESENT)


def test_texts_from_before_there_were_marks_stay_readable(under: Choose) -> None:
    under("k" * 32)
    assert open_sealed(UNMARKED, "7", PURPOSE) == (RAW, Under.UNMARKED)
    under("x" * 32, "k" * 32)
    assert open_sealed(UNMARKED, "7", PURPOSE) == (RAW, Under.OLD)
    under("x" * 32)
    with pytest.raises(SealBroken):
        unseal(UNMARKED, "7", PURPOSE)


@pytest.mark.parametrize("text", ["", "sealed", "AAAA", "00000000.", "1a2b3c4d.####", "."])
def test_what_was_never_sealed_is_broken(text: str) -> None:
    with pytest.raises(SealBroken):
        unseal(text, "7", PURPOSE)
