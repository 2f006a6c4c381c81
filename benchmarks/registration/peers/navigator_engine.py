"""Our deformable engine, called from Python: the scans read as its commands read them.

Run twice in a process: the first run compiles what is not yet cached, the second one is warm.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from navigator.app.choices import MaskChoice, load_choice, twin_grid
from navigator.io.volumes import load_scan
from navigator.registration.whole import register_deformable

if TYPE_CHECKING:
    from pictures import Carry, Request


def register(request: Request, _work: Path) -> Carry:
    planning, intraop = (load_scan(Path(request[name])) for name in ("planning", "intraop"))
    grid = planning.volume.grid
    chosen = MaskChoice(path=Path(request["liver"]), label="1")
    liver = load_choice(chosen, grid, planning.patient, twin=twin_grid(grid))
    return register_deformable(planning.volume, intraop.volume, liver=liver.mask).to_intraop
