"""SimpleITK: rigid, Mattes mutual information over the body without metal."""

from __future__ import annotations

from pictures import read_mha, thinned
from with_sitk import matrix_carry, rigid


def register(request, _work):
    planning, body = thinned(read_mha(request["planning"]))
    intraop, sound = thinned(read_mha(request["intraop"]))
    return matrix_carry(rigid(planning, intraop, body, sound))
