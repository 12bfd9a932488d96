"""Which judge reads which idea: a balanced proposal. Pure functions, no database."""

import math
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from random import Random

Pair = tuple[int, int]
"""(entry id, judge id)"""
SEED = 2026
WARMEST = 3.0
"""How much worse a change of places may begin by being, in squared meetings."""
TRIES_FOR_EACH = 150
TRIES_AT_MOST = 80_000


def propose(
    entries: Sequence[int],
    judges: Sequence[int],
    *,
    per_entry: int,
    forbidden: Collection[Pair] = (),
    kept: Collection[Pair] = (),
) -> list[Pair]:
    """New pairs so that each idea has ``per_entry`` judges where enough may judge it, with even loads.

    ``kept`` pairs stay and count towards both; ``forbidden`` ones are never proposed. The ideas with the fewest
    possible judges are served first, then loads are evened out along chains of exchanges, after which no exchange
    of proposed pairs can lower the highest load. Last, judges change places so that each meets the others about
    equally often (see :func:`_mix`). The same input gives the same answer.
    """
    held: dict[int, set[int]] = {entry: set() for entry in entries}
    for entry, judge in kept:
        if entry in held:
            held[entry].add(judge)
    blocked = set(forbidden)
    able = {entry: [judge for judge in judges if (entry, judge) not in blocked] for entry in entries}
    load = dict.fromkeys(judges, 0)
    for taken in held.values():
        for judge in taken:
            if judge in load:
                load[judge] += 1
    fixed = {entry: set(taken) for entry, taken in held.items()}
    order = sorted(range(len(entries)), key=lambda index: (len(able[entries[index]]), index))
    place = {judge: index for index, judge in enumerate(judges)}
    for turn, index in enumerate(order):
        entry = entries[index]
        while len(held[entry]) < per_entry:
            free = [judge for judge in able[entry] if judge not in held[entry]]
            if not free:
                break
            # Among equally loaded judges a moving start mixes the panels.
            best = min(free, key=lambda judge: (load[judge], (place[judge] - turn) % len(judges)))
            held[entry].add(best)
            load[best] += 1
    _even_out(held, fixed, able, load)
    _mix(held, fixed, blocked)
    return [(entry, judge) for entry in entries for judge in sorted(held[entry] - fixed[entry])]


def meetings(pairs: Iterable[Pair]) -> Counter[Pair]:
    """How often two judges, named by rising id, read the same idea."""
    panels: dict[int, set[int]] = {}
    for entry, judge in pairs:
        panels.setdefault(entry, set()).add(judge)
    return Counter(pair for panel in panels.values() for pair in combinations(sorted(panel), 2))


def _mix(held: dict[int, set[int]], fixed: Mapping[int, set[int]], blocked: Collection[Pair]) -> None:
    """Let judges of two ideas change places while that lowers the sum of squared meetings of two judges.

    Panels that share judges evenly make marks comparable across ideas. A change of places touches no load and no
    size of a panel. Simulated annealing with a fixed seed: worse changes are taken now and then, ever more rarely,
    so that the search leaves a poor valley; its end takes improvements alone.
    """
    slots = [(entry, judge) for entry, panel in held.items() for judge in sorted(panel - fixed[entry])]
    if len(slots) < 2:
        return
    before, gained = {entry: set(panel) for entry, panel in held.items()}, 0
    met = meetings((entry, judge) for entry, panel in held.items() for judge in panel)
    chance = Random(SEED)  # noqa: S311 - repeatable, and nothing secret
    tries = min(TRIES_AT_MOST, TRIES_FOR_EACH * len(slots))
    for turn in range(tries):
        first, second = chance.randrange(len(slots)), chance.randrange(len(slots))
        (one, giver), (other, taker) = slots[first], slots[second]
        if one == other or giver in held[other] or taker in held[one]:
            continue
        if (one, taker) in blocked or (other, giver) in blocked:
            continue
        worse = _change_places(held, met, one, giver, other, taker)
        warmth = WARMEST * (1 - turn / (tries * 0.9))
        if worse <= 0 or (warmth > 0 and chance.random() < math.exp(-worse / warmth)):
            slots[first], slots[second] = (one, taker), (other, giver)
            gained -= worse
        else:
            _change_places(held, met, one, taker, other, giver)
    if gained < 0:
        held.update(before)


def _change_places(held: dict[int, set[int]], met: Counter[Pair], one: int, giver: int, other: int, taker: int) -> int:
    """``giver`` goes from idea ``one`` to ``other`` and ``taker`` the other way; gives the change of the sum of
    squared meetings."""
    change = 0
    for entry, leaves, comes in ((one, giver, taker), (other, taker, giver)):
        panel = held[entry]
        panel.remove(leaves)
        for judge in panel:
            old = (judge, leaves) if judge < leaves else (leaves, judge)
            change += 1 - 2 * met[old]
            met[old] -= 1
            new = (judge, comes) if judge < comes else (comes, judge)
            change += 1 + 2 * met[new]
            met[new] += 1
        panel.add(comes)
    return change


def _even_out(
    held: dict[int, set[int]], fixed: Mapping[int, set[int]], able: Mapping[int, list[int]], load: dict[int, int]
) -> None:
    """Move proposed pairs along the shortest chain from a busy judge to one with two fewer, until there is none."""
    moved = True
    while moved:
        moved = False
        least = min(load.values(), default=0)
        for busy in sorted(load, key=lambda judge: -load[judge]):
            if load[busy] < least + 2:
                break
            chain = _chain(busy, held, fixed, able, load)
            if chain:
                for entry, giver, taker in chain:
                    held[entry].remove(giver)
                    held[entry].add(taker)
                load[busy] -= 1
                load[chain[-1][2]] += 1
                moved = True
                break


def _chain(
    busy: int,
    held: Mapping[int, set[int]],
    fixed: Mapping[int, set[int]],
    able: Mapping[int, list[int]],
    load: Mapping[int, int],
) -> list[tuple[int, int, int]]:
    """Breadth-first search over judges; a step hands one idea on. Returns (entry, giver, taker) steps, or nothing."""
    came: dict[int, tuple[int, int]] = {}
    waiting = deque([busy])
    while waiting:
        giver = waiting.popleft()
        for entry, panel in held.items():
            if giver not in panel or giver in fixed[entry]:
                continue
            for taker in able[entry]:
                if taker in panel or taker in came or taker == busy:
                    continue
                came[taker] = (entry, giver)
                if load[taker] <= load[busy] - 2:
                    return _steps(came, busy, taker)
                waiting.append(taker)
    return []


def _steps(came: Mapping[int, tuple[int, int]], start: int, end: int) -> list[tuple[int, int, int]]:
    steps: list[tuple[int, int, int]] = []
    taker = end
    while taker != start:
        entry, giver = came[taker]
        steps.append((entry, giver, taker))
        taker = giver
    return steps[::-1]
