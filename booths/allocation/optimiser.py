"""The optimiser: booths for applications, as a mixed-integer programme solved by HiGHS in a child process.

Model. ``x[a, b]`` = 1 when application a gets booth b, for every pair that is possible at all: the booth has the
cells wanted or one more, and the power. Each application gets at most one booth, each booth at most one application.
The worth of a pair is ``PLACED + ZONE (half of it when no zone was wished) - EXTRA_CELL per surplus cell``. For every
two neighbouring booths and every kind of goods, ``y >= sum of x at both - 1`` counts competitors side by side, at
``-COMPETITORS`` each; a neighbour who had a booth before counts in the worth of the pair. The result carries HiGHS's
own relative gap: 0 means that no better plan exists.

Source of the form: assignment problem with pairwise conflicts (Burkard, Dell'Amico and Martello, Assignment Problems,
2nd ed., 2012, ch. 4 and 7).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

PLACED = 100.0
ZONE = 40.0
EXTRA_CELL = 25.0
COMPETITORS = 6.0

TELL_SECONDS = 1.0


def possible(application: Mapping[str, Any], booth: Mapping[str, Any]) -> bool:
    """Whether a booth can serve an application at all."""
    surplus = booth["cells"] - application["cells"]
    return bool(0 <= surplus <= 1 and booth["power"] >= application["power"])


def worth(application: dict[str, Any], booth: dict[str, Any]) -> float:
    """How good a possible booth is for an application."""
    zone = ZONE / 2 if not application["zone"] else (ZONE if application["zone"] == booth["zone"] else 0.0)
    rivals = sum(item["goods"] == application["goods"] for item in booth["beside"]) if application["goods"] else 0
    return PLACED + zone - EXTRA_CELL * float(booth["cells"] - application["cells"]) - COMPETITORS * rivals


def solve(payload: dict[str, Any], progress: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
    """Find a plan.

    ``payload``: ``applications`` (id, cells, zone, power, goods), ``booths`` (id, cells, zone, power, neighbours: ids
    of free ones, beside: holders of the others with their goods) and ``seconds`` to spend at most. Returns ``placed``
    ([application id, booth id, worth]), ``objective``, ``gap`` and ``status``.
    """
    import highspy
    import numpy as np

    applications, booths = payload["applications"], payload["booths"]
    pairs = [(a, b) for a in applications for b in booths if possible(a, b)]
    if not pairs:
        return {"placed": [], "objective": 0.0, "gap": 0.0, "status": "optimal"}
    costs = [worth(a, b) for a, b in pairs]
    rows: list[tuple[float, dict[int, float]]] = []
    by_application: dict[int, dict[int, float]] = defaultdict(dict)
    by_booth: dict[int, dict[int, float]] = defaultdict(dict)
    by_place: dict[tuple[int, str], dict[int, float]] = defaultdict(dict)
    for column, (application, booth) in enumerate(pairs):
        by_application[application["id"]][column] = 1.0
        by_booth[booth["id"]][column] = 1.0
        if application["goods"]:
            by_place[(booth["id"], application["goods"])][column] = 1.0
    rows += [(1.0, row) for row in by_application.values()]
    rows += [(1.0, row) for row in by_booth.values()]
    kinds = sorted({application["goods"] for application in applications if application["goods"]})
    for booth in booths:
        for other in booth["neighbours"]:
            if other <= booth["id"]:
                continue
            for goods in kinds:
                here, there = by_place.get((booth["id"], goods)), by_place.get((other, goods))
                if here and there:
                    rows.append((1.0, {**here, **there, len(costs): -1.0}))
                    costs.append(-COMPETITORS)

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", float(payload["seconds"]))
    solver.setOptionValue("mip_rel_gap", 1e-6)
    solver.setOptionValue("threads", 1)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(costs), len(rows)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.array(costs)
    model.col_lower_ = np.zeros(len(costs))
    model.col_upper_ = np.ones(len(costs))
    model.row_lower_ = np.full(len(rows), -highspy.kHighsInf)
    model.row_upper_ = np.array([limit for limit, _row in rows])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0, *(len(row) for _limit, row in rows)])
    model.a_matrix_.index_ = np.array([column for _limit, row in rows for column in row])
    model.a_matrix_.value_ = np.array([value for _limit, row in rows for value in row.values()])
    model.integrality_ = [
        highspy.HighsVarType.kInteger if column < len(pairs) else highspy.HighsVarType.kContinuous
        for column in range(len(costs))
    ]
    solver.passModel(model)
    if progress:
        report, began, told = progress, time.monotonic(), [0.0]

        def tell(event: Any) -> None:
            seconds = time.monotonic() - began
            if seconds - told[0] >= TELL_SECONDS:
                told[0] = seconds
                gap = float(event.data_out.mip_gap)
                report({"note": "solving", "seconds": round(seconds), "gap": gap if gap < 1 else None})

        solver.cbMipInterrupt.subscribe(tell)
        report({"note": "solving", "seconds": 0, "pairs": len(pairs)})
    solver.run()
    info, values = solver.getInfo(), solver.getSolution().col_value
    if info.primal_solution_status != 2:  # kSolutionStatusFeasible
        return {"placed": [], "objective": 0.0, "gap": 1.0, "status": "none_found"}
    placed = [
        [application["id"], booth["id"], worth(application, booth)]
        for (application, booth), value in zip(pairs, values, strict=False)
        if value > 0.5
    ]
    status = "optimal" if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal else "time_limit"
    gap = 0.0 if status == "optimal" else min(1.0, float(info.mip_gap))
    return {"placed": placed, "objective": float(info.objective_function_value), "gap": gap, "status": status}
