"""Why an application has its booth, or none."""

from typing import Any

import pytest

from app.kernel.i18n import LOCALES, use_locale
from booths.allocation.enums import REASON_NAMES, Reason
from booths.allocation.reasons import Market, organisations_in, sentences


def wish(number: int, **values: Any) -> dict[str, Any]:
    """An application for one cell of silk."""
    given = {"id": number, "organisation": number * 10, "cells": 1, "zone": "silk", "power": 0, "category": ""}
    return {**given, "goods": values.get("category", ""), **values}


def place(number: int, **values: Any) -> dict[str, Any]:
    """A booth of one cell of silk, away from the others."""
    given = {"id": number, "cells": 1, "zone": "silk", "power": 0, "neighbours": [], "beside": [], "corner": False}
    return {**given, **values}


def facts(wishes: list[dict[str, Any]], places: list[dict[str, Any]], placed: dict[int, int]) -> list[dict[str, Any]]:
    """What is said to the first of them."""
    market = Market(
        applications={item["id"]: item for item in wishes}, booths={item["id"]: item for item in places}, placed=placed
    )
    return market.facts(wishes[0]["id"])


@pytest.mark.parametrize(
    ("mine", "booth", "others", "reasons"),
    [
        ({}, {}, [], ["size", "zone", "alone"]),
        ({"zone": ""}, {}, [], ["size", "no_wish", "alone"]),
        ({"power": 5}, {"power": 9, "corner": True}, [], ["size", "zone", "power", "corner", "alone"]),
        ({}, {"cells": 2}, [], ["larger_none", "zone", "alone"]),
        ({}, {"cells": 2}, [place(8, zone="clay")], ["larger", "zone", "alone"]),
        ({}, {"cells": 2}, [place(9, zone="clay")], ["larger_gone", "zone", "alone"]),
        ({"zone": "clay"}, {}, [], ["size", "other_zone_none", "alone"]),
        ({"zone": "clay"}, {}, [place(9, zone="clay")], ["size", "other_zone_gone", "alone"]),
        ({"zone": "clay"}, {}, [place(8, zone="clay")], ["size", "other_zone", "alone"]),
        ({"category": "bowls"}, {"neighbours": [9]}, [place(9)], ["size", "zone", "apart"]),
        ({"category": "hats"}, {"neighbours": [9]}, [place(9)], ["size", "zone", "competitor"]),
        ({}, {"neighbours": [8, 9]}, [place(8), place(9)], ["size", "zone", "beside"]),
        ({}, {"neighbours": [8]}, [place(8)], ["size", "zone", "alone"]),
    ],
)
def test_what_is_said_fits_what_was_there(
    mine: dict[str, Any], booth: dict[str, Any], others: list[dict[str, Any]], reasons: list[str]
) -> None:
    placed = {1: 7} | ({2: 9} if any(item["id"] == 9 for item in others) else {})
    found = facts([wish(1, **mine), wish(2, category="hats")], [place(7, **booth), *others], placed)
    assert [fact["reason"] for fact in found] == reasons


@pytest.mark.parametrize(
    ("mine", "places", "sentence"),
    [
        ({"cells": 3}, [place(7)], "No booth with 3 cells or one more was free."),
        ({"power": 9}, [place(7)], "Booths with 1 cells or one more were free (1), but none of them has 9 W."),
        ({}, [place(7), place(8)], "The free booths with 1 cells or one more and enough power (2) went to"),
    ],
)
def test_who_gets_none_is_told_why(mine: dict[str, Any], places: list[dict[str, Any]], sentence: str) -> None:
    (said,) = sentences(facts([wish(1, **mine), wish(2)], places, {2: 7}), {})
    assert said.startswith(sentence)


def test_neighbours_are_named_only_when_they_may_be() -> None:
    beside = [{"organisation": 20, "goods": "hats"}, {"organisation": 30, "goods": ""}]
    found = facts([wish(1, category="bowls")], [place(7, beside=beside)], {1: 7})
    assert organisations_in(found) == {20, 30}
    assert sentences(found, {20: "Anh", 30: "B"})[-1] == "Beside Anh, B: nobody there offers the same goods (bowls)."
    assert sentences(found, {30: "B"})[-1] == "Beside B: nobody there offers the same goods (bowls)."
    assert len(sentences(found, {})) == 2


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_has_a_sentence_in_every_language(locale: str) -> None:
    values = {"cells": 2, "wanted": 2, "there": 2, "wished": 2, "zone": "Z", "has": 2, "needed": 2, "category": "C"}
    assert set(REASON_NAMES) == set(Reason)
    with use_locale(locale):
        said = sentences([{"reason": reason.value, "organisations": [1], **values} for reason in Reason], {1: "Anh"})
    assert len(set(said)) == len(Reason)
