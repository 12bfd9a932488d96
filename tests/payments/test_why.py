"""Why something waits or failed: kept without a language, said in the reader's, never lost."""

from __future__ import annotations

import pytest

from app.kernel.i18n import use_locale
from app.kernel.money import Money
from app.payments.errors import AlreadyPaid, AmountDiffers
from app.payments.errors_card import StripeRefused
from app.payments.why import NOT_COME, STRIPES, kept, said, with_why

DIFFERS = AmountDiffers(number="HD1-2026-00001", due=Money(50_000, "VND"), given=Money(40_000, "VND"))


def test_what_people_may_see_is_said_in_each_language() -> None:
    text = kept(DIFFERS, 400)
    sentences = {}
    for locale in ("vi", "id", "en"):
        with use_locale(locale):
            sentences[locale] = said(text)
            assert sentences[locale] == DIFFERS.sentence()
    assert sentences["en"] == "Invoice HD1-2026-00001 asks for 50.000\xa0₫; 40.000\xa0₫ is another amount."
    assert len(set(sentences.values())) == 3


def test_what_names_too_much_is_cut_to_what_it_is() -> None:
    text = kept(StripeRefused(reason="x" * 500), 300)
    assert len(text) <= 300
    with use_locale("en"):
        assert said(text) == "This cannot be done."


@pytest.mark.parametrize("text", ["RuntimeError: sold out", "", "[1, 2]", "[]", "{", '["no_such_code", {}]', "null"])
def test_what_is_none_of_ours_is_shown_as_it_is(text: str) -> None:
    with use_locale("vi"):
        assert said(text) == text
        assert with_why([{"id": 1, "error": text}]) == [{"id": 1, "error": text, "foreign": True}]


def test_an_error_of_the_service_keeps_its_kind_and_words() -> None:
    assert kept(RuntimeError("sold out"), 400) == "RuntimeError: sold out"
    assert len(kept(RuntimeError("x" * 500), 400)) == 400


def test_what_stripe_calls_a_reason_is_said_in_each_language() -> None:
    for text in STRIPES:
        words = set()
        for locale in ("vi", "id", "en"):
            with use_locale(locale):
                words.add(said(text))
        assert len(words) == 3
        assert text not in words
    with use_locale("en"):
        assert said(NOT_COME) == "The payment did not come."
        assert with_why([{"error": kept(AlreadyPaid(number="A"), 300)}])[0]["foreign"] is False
