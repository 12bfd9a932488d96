"""The optimiser against every plan there is, on instances small enough to look at them all."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booths.allocation import optimiser
from booths.allocation.optimiser import COMPETITORS, EXTRA_CELL, PLACED, ZONE, possible, solve, worth


def application(number: int, **wish: Any) -> dict[str, Any]:
    """An application for one cell."""
    return {"id": number, "cells": 1, "zone": "", "power": 0, "goods": "", **wish}


def booth(number: int, **values: Any) -> dict[str, Any]:
    """A booth of one cell."""
    return {"id": number, "cells": 1, "zone": "", "power": 0, "neighbours": [], "beside": [], **values}


def value_of(plan: dict[int, dict[str, Any]], booths: dict[int, dict[str, Any]]) -> float:
    """What a plan (booth → application) is worth, counted without the optimiser's rows."""
    total = sum(worth(wish, booths[number]) for number, wish in plan.items())
    for number, wish in plan.items():
        for other in booths[number]["neighbours"]:
            if other > number and other in plan and wish["goods"] and plan[other]["goods"] == wish["goods"]:
                total -= COMPETITORS
    return total


def best_value(applications: list[dict[str, Any]], booths: list[dict[str, Any]]) -> float:
    """The best of all plans."""
    places = [*booths, *(None for _wish in applications)]
    by_id = {place["id"]: place for place in booths}
    best = 0.0
    for chosen in permutations(places, len(applications)):
        pairs = [(wish, place) for wish, place in zip(applications, chosen, strict=True) if place is not None]
        if all(possible(wish, place) for wish, place in pairs):
            best = max(best, value_of({place["id"]: wish for wish, place in pairs}, by_id))
    return best


WISHES = st.fixed_dictionaries(
    {
        "cells": st.integers(1, 2),
        "zone": st.sampled_from(["", "silk", "clay"]),
        "power": st.sampled_from([0, 1000]),
        "goods": st.sampled_from(["", "scarves", "bowls"]),
    }
)
PLACES = st.fixed_dictionaries(
    {"cells": st.integers(1, 3), "zone": st.sampled_from(["silk", "clay"]), "power": st.sampled_from([0, 1000, 2000])}
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WISHES, min_size=1, max_size=4), st.lists(PLACES, min_size=1, max_size=4))
def test_no_plan_is_better(wishes: list[dict[str, Any]], places: list[dict[str, Any]]) -> None:
    applications = [{"id": 100 + number, **wish} for number, wish in enumerate(wishes)]
    booths = [
        {
            **place,
            "id": number,
            "beside": [],
            "neighbours": [n for n in (number - 1, number + 1) if 0 <= n < len(places)],
        }
        for number, place in enumerate(places)
    ]
    found = solve({"applications": applications, "booths": booths, "seconds": 10})
    by_id = {wish["id"]: wish for wish in applications}
    plan = {number: by_id[wish] for wish, number, _worth in found["placed"]}
    assert len(plan) == len(found["placed"])
    assert len({wish for wish, _number, _worth in found["placed"]}) == len(found["placed"])
    assert all(possible(wish, booths[number]) for number, wish in plan.items())
    assert found["objective"] == pytest.approx(best_value(applications, booths))
    assert found["objective"] == pytest.approx(value_of(plan, dict(enumerate(booths))))
    assert found["gap"] == 0


def test_what_fits_nowhere_is_left_out() -> None:
    found = solve(
        {
            "applications": [application(1, cells=3), application(2, power=9000), application(3)],
            "booths": [booth(1), booth(2, cells=5)],
            "seconds": 5,
        }
    )
    assert [pair[:2] for pair in found["placed"]] == [[3, 1]]
    nothing = solve({"applications": [application(1, cells=3)], "booths": [booth(1)], "seconds": 5})
    assert nothing == {"placed": [], "objective": 0.0, "gap": 0.0, "status": "optimal"}


def test_the_zone_wished_for_is_worth_a_larger_booth() -> None:
    booths = [booth(1, zone="clay"), booth(2, zone="silk", cells=2)]
    found = solve({"applications": [application(7, zone="silk")], "booths": booths, "seconds": 5})
    assert found["placed"] == [[7, 2, PLACED + ZONE - EXTRA_CELL]]


def test_competitors_are_kept_apart_where_there_is_room() -> None:
    booths = [booth(1, neighbours=[2]), booth(2, neighbours=[1, 3]), booth(3, neighbours=[2])]
    rivals = [application(number, goods="scarves") for number in (1, 2)]
    found = solve({"applications": rivals, "booths": booths, "seconds": 5})
    assert {number for _wish, number, _worth in found["placed"]} == {1, 3}
    crowded = solve({"applications": rivals, "booths": booths[:2], "seconds": 5})
    assert crowded["objective"] == pytest.approx(2 * (PLACED + ZONE / 2) - COMPETITORS)


def test_it_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimiser, "TELL_SECONDS", 0.0)
    told: list[dict[str, Any]] = []
    booths = [booth(number, neighbours=[number - 1, number + 1], cells=1 + number % 2) for number in range(12)]
    wishes = [application(number, goods="scarves") for number in range(14)]
    solve({"applications": wishes, "booths": booths, "seconds": 5}, told.append)
    assert told[0]["note"] == "solving"
    assert told[0]["pairs"] == 14 * 12
