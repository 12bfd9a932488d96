"""References in transfers: made, mangled as banks and people do, and found again."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.typed_codes import new_code
from app.payments.references import (
    ALPHABET,
    LEAST_CUT,
    LENGTH,
    PREFIX,
    Reading,
    find_references,
    new_reference,
    reference_of,
)

LETTERS = string.ascii_uppercase + string.digits
references = st.lists(st.integers(0, 30), min_size=8, max_size=8).map(reference_of)
places = st.integers(len(PREFIX), LENGTH - 1)
words = st.sampled_from(
    (
        "",
        "MBVCB.123.",
        "Thanh toán gian hàng ",
        "CT tu 0123 toi 0456 ",
        "chuyen tien",
        "FG ",
        "IBFT ",
        "NGUYEN THI HOA ",
    )
)


def whole(text: str) -> list[str]:
    """The whole references of today's length that are read in a text."""
    return [reading.code for reading in find_references(text) if reading.whole and len(reading.code) == LENGTH]


@given(references)
def test_a_reference_has_twelve_characters_that_cannot_be_taken_for_others(reference: str) -> None:
    assert re.fullmatch(r"FG[A-Z2-9]{10}", reference)
    assert not set(reference) & set("01OIL")
    assert whole(reference) == [reference]


def test_no_two_of_many_are_alike() -> None:
    assert len({new_reference() for _ in range(20_000)}) == 20_000


@given(references, words, words, st.lists(st.sampled_from(("", "", " ", "-", ".", "  ", "/", "_")), min_size=12),
       st.lists(st.booleans(), min_size=12))  # fmt: skip
def test_it_is_found_in_either_case_with_signs_inside_and_words_around(
    reference: str, before: str, after: str, signs: list[str], lower: list[bool]
) -> None:
    inside = "".join(
        (letter.lower() if small else letter) + sign
        for letter, sign, small in zip(reference, signs, lower, strict=False)
    )
    assert reference in whole(before + inside + after)


@given(references, references, words)
def test_two_in_one_transfer_are_both_found(first: str, second: str, between: str) -> None:
    assert [code for code in whole(first + between + second) if code in (first, second)] == list(
        dict.fromkeys((first, second))
    )


@given(references, places, places, st.sampled_from(ALPHABET), st.sampled_from(ALPHABET))
def test_two_wrong_characters_are_noticed(reference: str, one: int, other: int, first: str, second: str) -> None:
    letters = list(reference)
    letters[one], letters[other] = first, second
    read = "".join(letters)
    assert whole(read)[:1] == ([reference] if read == reference else [])


@given(references, places, places)
def test_exchanged_characters_are_noticed(reference: str, one: int, other: int) -> None:
    letters = list(reference)
    letters[one], letters[other] = letters[other], letters[one]
    read = "".join(letters)
    assert (reference in whole(read)) == (read == reference)


@given(references, places, st.sampled_from("01OIL"))
def test_one_character_that_is_none_of_ours_is_computed(reference: str, place: int, sign: str) -> None:
    assert whole(reference[:place] + sign + reference[place + 1 :]) == [reference]


@given(references, places, places, st.sampled_from("01OIL"), st.sampled_from(ALPHABET))
def test_with_one_computed_another_wrong_one_is_still_noticed(
    reference: str, place: int, other: int, sign: str, wrong: str
) -> None:
    letters = list(reference)
    letters[other] = wrong
    letters[place] = sign
    changed = other != place and reference[other] != wrong
    assert (reference in whole("".join(letters))) != changed
    assert len(whole("".join(letters))) == (not changed)


@given(references, st.sampled_from("01OIL"), st.sampled_from("01OIL"))
def test_two_characters_that_are_none_of_ours_are_given_up(reference: str, one: str, other: str) -> None:
    assert reference not in whole(reference[:4] + one + reference[5:8] + other + reference[9:])


@given(references, st.integers(0, LENGTH - 1), words, st.sampled_from(("", " ", ".CT tu 0123", " - FT26331")))
def test_a_cut_one_is_given_as_a_part(reference: str, kept: int, before: str, after: str) -> None:
    read = find_references(before + reference[:kept] + after)
    parts = [reading for reading in read if not reading.whole]
    completed = Reading(reference, True) in read  # by the first letters of what follows
    assert completed or (Reading(reference[:kept], False) in parts) == (kept >= LEAST_CUT)
    assert all(len(part.code) >= LEAST_CUT for part in parts)


@given(references, st.data())
def test_a_lost_character_is_never_completed(reference: str, data: st.DataObject) -> None:
    place = data.draw(places)
    read = reference[:place] + reference[place + 1 :]
    assert reference not in [reading.code for reading in find_references(read)]


@given(st.lists(references, min_size=1, max_size=40, unique=True), st.text(alphabet=LETTERS + " .-", max_size=140))
def test_no_document_is_found_in_text_that_does_not_name_it(known: list[str], text: str) -> None:
    read = find_references(text)
    assert not {reading.code for reading in read if reading.whole} & set(known)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    for reading in find_references(text):
        assert reading.code.startswith(PREFIX)
        assert LEAST_CUT <= len(reading.code) <= LENGTH


@pytest.mark.parametrize("text", ["", "FG", "FGFGFG", "chuyen tien", "FG7KQ2M", "\x00", "ﬁFG", "FG" * 5_000])
def test_nothing_whole_is_read_where_nothing_stands(text: str) -> None:
    assert not whole(text)


@given(references, references)
def test_the_prefix_may_be_lost_of_a_word_of_its_own(first: str, second: str) -> None:
    assert {first, second} <= set(whole(f"TT {first}, {second[2:].lower()} va {second[1:]}"))
    assert second not in whole(f"TT x{second[2:]}") or second[2:].startswith("FG")


def test_references_of_before_are_read_too() -> None:
    earlier = PREFIX + new_code(8)
    for text in (f"MBVCB.123.{earlier.lower()}.CT tu 0123 toi", f"TT {earlier.replace('0', 'O')}"):
        assert Reading(earlier, True) in find_references(text)
    several = [PREFIX + new_code(8) for _number in range(50)]
    assert set(several) <= {reading.code for reading in find_references(" ".join(several))}


def test_diacritics_and_letters_of_other_widths_do_not_matter() -> None:
    reference = new_reference()
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in reference)
    assert whole(f"Thanh toán {wide} hội chợ") == [reference]
    assert reference in whole(reference.replace("D", "Đ"))
