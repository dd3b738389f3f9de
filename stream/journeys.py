"""`forewarn journeys draw`: a picture of each journey of a policy, an SVG file each.

Exit codes: 0, or 1 when there is no journey of the name that was asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path

from forewarn.alerts.journeys.builtin import journeys_of
from forewarn.alerts.journeys.drawing import draw
from forewarn.alerts.policy import AlertPolicy


def run(policy: AlertPolicy, name: str | None, out: Path) -> int:
    """Writes the pictures into a directory, which is made if need be, and prints their paths."""
    journeys = journeys_of(policy.journeys)
    if name is not None and name not in journeys:
        sys.stderr.write(f"there is no journey {name}; there are {', '.join(sorted(journeys))}\n")
        return 1
    out.mkdir(parents=True, exist_ok=True)
    for one in sorted(journeys) if name is None else (name,):
        path = out / f"journey-{one}.svg"
        path.write_text(draw(one, journeys[one]), encoding="utf-8")
        print(path)
    return 0
