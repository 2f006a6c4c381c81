"""A damaged file of structures is refused or read; nothing else ever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import InputRefusedError
from navigator.imaging.contours import outlines_from_mask
from navigator.io.structures import load_structure
from tests.navigator.io.structures.balls import ball, scan_grid
from tests.navigator.io.structures.writers import save, seg_nrrd, segmentation, structure_set

if TYPE_CHECKING:
    from pathlib import Path

GRID = scan_grid((4.0, 2.5, 2.5))
MASK = ball(GRID, (0.0, 0.0, 0.0), 12.0)
SAMPLE, LONG = 120, 20_000
FORMS = ("BINARY", "LABELMAP", "RTSTRUCT", "seg.nrrd")


def whole(folder: Path, form: str) -> Path:
    if form == "seg.nrrd":
        layer = MASK.members.astype(np.uint8)
        segments = [("x", 1, 0), ("y", 1, 1)]
        return seg_nrrd([layer, layer], segments, GRID.lps_from_index, folder / "x.seg.nrrd")
    if form == "RTSTRUCT":
        outlines = [("CLOSED_PLANAR", each.points_mm) for each in outlines_from_mask(MASK)]
        return save(structure_set({"x": outlines}), folder / "x.dcm")
    return save(segmentation({"x": MASK}, kind=form), folder / "x.dcm")


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip, cut, repeat or overwrite; headers more often than voxels."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, len(changed)))
        kind = int(rng.integers(0, 4))
        if kind == 0:
            changed[at] = int(rng.integers(0, 256))
        elif kind == 1:
            changed[at : at + 4] = rng.bytes(4)
        elif kind == 2:
            del changed[at : at + int(rng.integers(1, 60))]
        else:
            changed[at:at] = changed[at : at + int(rng.integers(1, 60))]
    return bytes(changed)


@pytest.mark.parametrize("form", FORMS)
def test_mutations_are_refused_or_read(tmp_path: Path, form: str, *, long_run: bool) -> None:
    path = whole(tmp_path, form)
    content = path.read_bytes()
    rng = np.random.default_rng(FORMS.index(form))
    refused = 0
    for _ in range(LONG if long_run else SAMPLE):
        path.write_bytes(mutated(content, rng))
        try:
            loaded = load_structure(path, "x", grid=GRID)
        except InputRefusedError as error:
            assert error.refusal.code  # noqa: PT017 - most are refused, some are read
            refused += 1
        else:
            assert loaded.mask.grid is GRID
            assert loaded.mask.members.any()
    assert refused > 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 0.99])
def test_a_file_cut_short_is_refused(tmp_path: Path, form: str, share: float) -> None:
    path = whole(tmp_path, form)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputRefusedError):
        load_structure(path, "x", grid=GRID)
