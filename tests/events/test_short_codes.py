"""Codes that people type, and where short codes lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import short_codes
from app.events.errors import ShortCodeUnknown
from app.events.short_codes import (
    codes_of,
    register_resolver,
    register_short_code,
    register_short_codes,
    resolve_short_code,
)
from app.events.tables import ShortCode
from app.events.typed_codes import ALPHABET, new_code, read_code, show_code
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.race import drop_index, meet_after, race, unguarded, winners

letters = st.sampled_from(ALPHABET)


def test_codes_have_no_letter_that_looks_like_a_digit() -> None:
    assert not set("1ILOU") & set(ALPHABET)
    assert len(ALPHABET) == 31


def test_a_code_is_read_as_people_type_it() -> None:
    code = "0ABCDEF" + new_code(8)[-1]
    made = next(code[:-1] + letter for letter in ALPHABET if read_code(code[:-1] + letter, 8))
    assert show_code(made) == f"0ABC-DEF{made[-1]}"
    assert read_code(f" oabc-def{made[-1].lower()} ", 8) == made
    assert read_code(made[:-1], 8) is None
    assert read_code("!" + made[1:], 8) is None


@given(place=st.integers(min_value=0, max_value=7), letter=letters)
def test_any_one_wrong_character_is_found(place: int, letter: str) -> None:
    code = new_code(8)
    wrong = code[:place] + letter + code[place + 1 :]
    assert (read_code(wrong, 8) is None) == (wrong != code)


@given(place=st.integers(min_value=0, max_value=6))
def test_two_exchanged_neighbours_are_found(place: int) -> None:
    code = new_code(8)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (read_code(wrong, 8) is None) == (wrong != code)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Things with an even number have a page."""
    monkeypatch.setattr(short_codes, "_resolvers", {})

    async def thing(target_id: int) -> str | None:
        return f"/things/{target_id}" if target_id % 2 == 0 else None

    register_resolver("thing", thing)
    register_resolver("thing", thing)
    with pytest.raises(ValueError, match="already have a resolver"):
        register_resolver("thing", lambda target_id: thing(target_id))


@pytest.mark.engines
async def test_a_code_leads_to_its_thing_and_stays_the_same(database: str, resolver: None) -> None:
    edition = await make_edition()
    code = await register_short_code("thing", 8, edition.id, NOW)
    assert await register_short_code("thing", 8, edition.id, NOW) == code
    row, path = await resolve_short_code(f"{code[:3]}-{code[3:].lower()}")
    assert (path, row["target_id"], row["edition"]) == ("/things/8", 8, edition.id)


async def test_unknown_codes_and_gone_things_say_so(database: str, resolver: None) -> None:
    edition = await make_edition()
    gone = await register_short_code("thing", 7, edition.id, NOW)
    nobody = await register_short_code("other", 8, edition.id, NOW)
    for typed in (gone, nobody, new_code(7), "nonsense"):
        with pytest.raises(ShortCodeUnknown):
            await resolve_short_code(typed)


async def test_many_codes_are_made_at_once(database: str) -> None:
    edition = await make_edition()
    wanted = list(range(1, 1201))
    first = await register_short_codes("product", [3, 4, 3], edition.id, NOW)
    made = await register_short_codes("product", wanted, edition.id, NOW)
    assert sorted(made) == wanted
    assert len(set(made.values())) == 1200
    assert {3: made[3], 4: made[4]} == first
    assert await codes_of("product", []) == {}


@pytest.mark.race
async def test_a_target_gets_one_code_however_many_ask(database: str) -> None:
    edition = await make_edition()
    results = await race(20, lambda _number: register_short_code("booth", 1, edition.id, NOW))
    assert len(set(winners(results))) == 1
    assert len(winners(results)) == 20
    assert await ShortCode.count() == 1


@pytest.mark.race
async def test_without_its_index_a_target_gets_two_codes(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    await drop_index("short_code_target_is_one")
    unguarded(monkeypatch, short_codes)
    meet_after(monkeypatch, short_codes, "codes_of", parties=2)
    await race(2, lambda _number: register_short_code("booth", 1, edition.id, NOW))
    assert await ShortCode.count() == 2
