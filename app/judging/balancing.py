"""Which judge reads which idea: a balanced proposal. Pure functions, no database."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence

Pair = tuple[int, int]
"""(entry id, judge id)"""


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
    of proposed pairs can lower the highest load. The same input gives the same answer.
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
    return [(entry, judge) for entry in entries for judge in sorted(held[entry] - fixed[entry])]


def _even_out(
    held: dict[int, set[int]], fixed: Mapping[int, set[int]], able: Mapping[int, list[int]], load: dict[int, int]
) -> None:
    """Move proposed pairs along the shortest chain from a busy judge to one with two fewer, until there is none."""
    moved = True
    while moved:
        moved = False
        for busy in sorted(load, key=lambda judge: -load[judge]):
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
