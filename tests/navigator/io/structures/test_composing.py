"""Where two structures overlap, the lesion wins, then what a needle must keep clear of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import InputRefusedError
from navigator.imaging.contours import outlines_from_mask
from navigator.io.structures import load_structures
from navigator.model.anatomy import Role
from tests.navigator.io.structures.balls import GRID, LIVER, TUMOUR, VESSEL, ball, scan_grid
from tests.navigator.io.structures.writers import save, segmentation, structure_set

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.model.volume import Mask

BODY = ball(GRID, (0.0, 0.0, 0.0), 18.0)
ALL = {"Body": BODY, "Liver": LIVER, "GTV": TUMOUR, "Vein": VESSEL}
NAMES = {"body": "Body", "liver": "Liver", "gtv": "GTV", "vessel": "Vein"}


def written(folder: Path, form: str, masks: dict[str, Mask]) -> Path:
    if form == "SEG":
        return save(segmentation(masks), folder / "seg.dcm")
    rois = {
        name: [("CLOSEDPLANAR_XOR", each.points_mm) for each in outlines_from_mask(mask)]
        for name, mask in masks.items()
    }
    return save(structure_set(rois), folder / "rt.dcm")


@pytest.mark.parametrize("form", ["SEG", "RTSTRUCT"])
def test_each_voxel_goes_to_the_first_in_rank(tmp_path: Path, form: str) -> None:
    loaded = load_structures(written(tmp_path, form, ALL), NAMES, GRID)
    masks = {name: loaded.labels.mask(name).members for name in NAMES}
    np.testing.assert_array_equal(masks["gtv"], TUMOUR.members)
    np.testing.assert_array_equal(masks["vessel"], VESSEL.members & ~TUMOUR.members)
    np.testing.assert_array_equal(masks["liver"], LIVER.members & ~TUMOUR.members & ~VESSEL.members)
    np.testing.assert_array_equal(masks["body"], BODY.members & ~LIVER.members)
    assert loaded.labels.names == tuple(NAMES)
    assert loaded.labels.structure("gtv").role is Role.LESION


@pytest.mark.hazard(39)
def test_overlaps_that_nobody_expects_are_told_with_their_voxels(tmp_path: Path) -> None:
    loaded = load_structures(written(tmp_path, "SEG", ALL), NAMES, GRID)
    told = {finding.what: finding.got for finding in loaded.findings}
    both = int((TUMOUR.members & VESSEL.members).sum())
    within = int((LIVER.members & VESSEL.members & ~TUMOUR.members).sum())
    assert both > 0
    assert told == {
        "'gtv' and 'vessel' overlap; what lies in both was taken for 'gtv'": (
            f"{both} voxels in both"
        ),
        "'vessel' and 'liver' overlap; what lies in both was taken for 'vessel'": (
            f"{within} voxels in both"
        ),
    }


def test_a_lesion_of_any_name_is_a_lesion(tmp_path: Path) -> None:
    path = written(tmp_path, "SEG", ALL)
    loaded = load_structures(
        path, {"liver": 2, "target": 3, "vessel": 4}, GRID, lesions=("target",)
    )
    np.testing.assert_array_equal(loaded.labels.mask("target").members, TUMOUR.members)


@pytest.mark.hazard(39)
def test_what_the_request_does_not_name_comes_along_unnamed(tmp_path: Path) -> None:
    """It was segmented, so it is known, and not free."""
    loaded = load_structures(written(tmp_path, "SEG", ALL), {"liver": "Liver"}, GRID)
    values = loaded.labels.values
    named = np.isin(values, loaded.labels.structure("liver").labels)
    np.testing.assert_array_equal(named, LIVER.members)
    np.testing.assert_array_equal(values > 0, LIVER.members | BODY.members)


def test_an_unnamed_structure_that_cannot_be_drawn_is_noted(tmp_path: Path) -> None:
    rois = {
        "Liver": [("CLOSEDPLANAR_XOR", each.points_mm) for each in outlines_from_mask(LIVER)],
        "Iso": [("POINT", np.zeros((1, 3)))],
    }
    path = save(structure_set(rois), tmp_path / "rt.dcm")
    findings = load_structures(path, {"liver": "Liver"}, GRID).findings
    assert [(each.code, each.severity.value) for each in findings] == [
        ("unnamed-structure-left-out", "note")
    ]


@pytest.mark.hazard(39)
def test_an_unnamed_structure_that_fills_something_and_is_left_out_is_confirmed(
    tmp_path: Path,
) -> None:
    """What it fills would look free to a needle."""
    rois = {
        name: [("CLOSED_PLANAR", each.points_mm) for each in outlines_from_mask(mask)]
        for name, mask in {"Liver": LIVER, "Bowel": VESSEL}.items()
    }
    dataset = structure_set(rois)
    dataset.ROIContourSequence[1].ContourSequence[0].ContourData[0] = "1e9"
    path = save(dataset, tmp_path / "rt.dcm")
    findings = load_structures(path, {"liver": "Liver"}, GRID).findings
    assert [(each.code, each.severity.value) for each in findings] == [
        ("unnamed-structure-left-out", "confirm")
    ]
    assert "Bowel" in findings[0].what


def test_what_was_seen_of_an_unnamed_structure_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "SEG", {"Liver": LIVER, "Body": BODY})
    half = scan_grid(origin_mm=(-20.0, -20.0, 0.0))
    findings = load_structures(path, {"liver": "Liver"}, half).findings
    clipped = [each.what for each in findings if each.code == "structure-clipped"]
    assert [what.split(" = ")[0] for what in clipped] == [
        "A part of Liver",
        "A part of Body",
    ]


@pytest.mark.hazard(39)
def test_a_structure_wholly_under_others_and_one_named_twice_are_refused(tmp_path: Path) -> None:
    inner = ball(GRID, (4.0, 2.0, 1.0), 3.0)
    path = written(tmp_path, "SEG", {"GTV": TUMOUR, "Bead": inner})
    for labels, code in (
        ({"gtv": "GTV", "bead": "Bead"}, "structure-hidden"),
        ({"gtv": "GTV", "bead": 1}, "structure-named-twice"),
        ({"gtv": "Nobody"}, "label-not-there"),
    ):
        with pytest.raises(InputRefusedError) as refused:
            load_structures(path, labels, GRID)
        assert refused.value.refusal.code == code
