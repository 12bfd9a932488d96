"""Why an application has its booth, or none: facts, kept with the proposal, and the sentences they become."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.kernel.i18n import _, format_number, ngettext
from booths.allocation.enums import REASON_NAMES, Reason
from booths.allocation.optimiser import possible

Fact = dict[str, Any]
"""A reason with what it speaks of: ``{"reason": "zone", "zone": …, "there": 8, "wished": 12}``. Exhibitors stand in it
by number (``organisations``), so that their names are never kept twice."""

MOST_NEIGHBOURS = 4
#: What is said in watts stands as on the plan and in lists, without a sign between thousands.
WATTS = frozenset(("has", "needed"))
NOT_AS_WISHED = frozenset(
    (
        Reason.LARGER,
        Reason.LARGER_NONE,
        Reason.LARGER_GONE,
        Reason.OTHER_ZONE,
        Reason.OTHER_ZONE_NONE,
        Reason.OTHER_ZONE_GONE,
        Reason.COMPETITOR,
    )
)


@dataclass(frozen=True, kw_only=True)
class Market:
    """Everybody who was to be placed, every booth that was free, and who got which: application → booth."""

    applications: Mapping[int, Mapping[str, Any]]
    booths: Mapping[int, Mapping[str, Any]]
    placed: Mapping[int, int]

    def facts(self, application_id: int) -> list[Fact]:
        """Why this booth, in the order in which an exhibitor would ask; for who got none, why not."""
        wish = self.applications[application_id]
        if application_id not in self.placed:
            return self._none(wish)
        booth = self.booths[self.placed[application_id]]
        facts = [self._size(wish, booth), *self._zone(wish, booth)]
        if wish["power"]:
            facts.append(_fact(Reason.POWER, has=booth["power"], needed=wish["power"]))
        if booth["corner"]:
            facts.append(_fact(Reason.CORNER))
        return [*facts, *self._beside(wish, booth)]

    def _none(self, wish: Mapping[str, Any]) -> list[Fact]:
        fitting = sum(possible(wish, booth) for booth in self.booths.values())
        if fitting:
            return [_fact(Reason.ALL_GONE, there=fitting, wanted=wish["cells"])]
        of_size = sum(0 <= booth["cells"] - wish["cells"] <= 1 for booth in self.booths.values())
        if of_size:
            return [_fact(Reason.TOO_LITTLE_POWER, there=of_size, wanted=wish["cells"], needed=wish["power"])]
        return [_fact(Reason.NO_SIZE, wanted=wish["cells"])]

    def _size(self, wish: Mapping[str, Any], booth: Mapping[str, Any]) -> Fact:
        if booth["cells"] == wish["cells"]:
            return _fact(Reason.SIZE, cells=booth["cells"])
        taken = set(self.placed.values())
        exact = [item for item in self.booths.values() if item["cells"] == wish["cells"] and possible(wish, item)]
        left = [item for item in exact if item["id"] not in taken]
        if not exact:
            reason = Reason.LARGER_NONE
        elif not left:
            reason = Reason.LARGER_GONE
        else:
            reason = Reason.LARGER
        return _fact(reason, cells=booth["cells"], wanted=wish["cells"], there=len(exact))

    def _zone(self, wish: Mapping[str, Any], booth: Mapping[str, Any]) -> list[Fact]:
        wanted, zone = wish["zone"], booth["zone"]
        if not wanted:
            return [_fact(Reason.NO_WISH, zone=zone)]
        wished = Counter(item["zone"] for item in self.applications.values())[wanted]
        if wanted == zone:
            there = sum(item["zone"] == zone for item in self.booths.values())
            return [_fact(Reason.ZONE, zone=zone, wished=wished, there=there)]
        taken = set(self.placed.values())
        fitting = [item for item in self.booths.values() if item["zone"] == wanted and possible(wish, item)]
        if not fitting:
            reason = Reason.OTHER_ZONE_NONE
        elif all(item["id"] in taken for item in fitting):
            reason = Reason.OTHER_ZONE_GONE
        else:
            reason = Reason.OTHER_ZONE
        return [_fact(reason, zone=zone, wanted=wanted, there=len(fitting), wished=wished)]

    def _beside(self, wish: Mapping[str, Any], booth: Mapping[str, Any]) -> list[Fact]:
        """Who stands beside it: those placed with it, and those who had their booth before."""
        holder = {booth_id: application_id for application_id, booth_id in self.placed.items()}
        new = [self.applications[holder[other]] for other in booth["neighbours"] if other in holder]
        near = [*new, *booth["beside"]]
        if not near:
            return [_fact(Reason.ALONE)]
        same = [item["organisation"] for item in near if wish["goods"] and item["goods"] == wish["goods"]]
        if same:
            return [_fact(Reason.COMPETITOR, organisations=same, category=wish["category"])]
        others = [item["organisation"] for item in near][:MOST_NEIGHBOURS]
        if not wish["category"]:
            return [_fact(Reason.BESIDE, organisations=others)]
        return [_fact(Reason.APART, organisations=others, category=wish["category"])]


def sentences(facts: Iterable[Fact], names: Mapping[int, str]) -> list[str]:
    """Facts in the reader's language; ``names`` are the exhibitors' that may be said, by number."""
    return [said for fact in facts if (said := _sentence(fact, names))]


def notable(facts: Iterable[Fact]) -> list[Fact]:
    """The facts that tell of something not as it was wished for."""
    return [fact for fact in facts if Reason(fact["reason"]) in NOT_AS_WISHED]


def organisations_in(facts: Iterable[Fact]) -> set[int]:
    """The exhibitors that facts speak of."""
    return {number for fact in facts for number in fact.get("organisations", ())}


def _fact(reason: Reason, **values: Any) -> Fact:
    return {"reason": reason.value, **values}


def _sentence(fact: Fact, names: Mapping[int, str]) -> str:
    reason = Reason(fact["reason"])
    counted = {key: value for key, value in fact.items() if isinstance(value, int) and key not in WATTS}
    values = {**fact, **{key: format_number(value) for key, value in counted.items()}}
    if "organisations" in fact:
        known = [names[number] for number in fact["organisations"] if number in names]
        if not known:
            return ""
        values["neighbours"] = ", ".join(known)
    if reason == Reason.NO_WISH and not fact["zone"]:
        return _("No zone was asked for.")
    if reason == Reason.SIZE:
        return ngettext("{cells} cell, as asked for.", "{cells} cells, as asked for.", fact["cells"]).format(**values)
    return _(REASON_NAMES[reason]).format(**values)
