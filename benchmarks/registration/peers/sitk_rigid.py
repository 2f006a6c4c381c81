"""SimpleITK: rigid, Mattes mutual information over the body without metal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pictures import Carry, Request, read_mha, thinned
from with_sitk import matrix_carry, rigid

if TYPE_CHECKING:
    from pathlib import Path


def register(request: Request, _work: Path) -> Carry:
    planning, body = thinned(read_mha(request["planning"]))
    intraop, sound = thinned(read_mha(request["intraop"]))
    return matrix_carry(rigid(planning, intraop, body, sound))
