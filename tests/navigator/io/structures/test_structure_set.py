"""A structure set becomes voxels by area; what its outlines leave open is said or refused."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from navigator.errors import InputRefusedError
from navigator.imaging.contours import outlines_from_mask
from navigator.io.structures import load_mask, load_structure, open_structures
from tests.navigator.io.dicom_writer import FRAME_OF_REFERENCE
from tests.navigator.io.structures.balls import FRAME, GRID, LIVER, TUMOUR, scan_grid
from tests.navigator.io.structures.writers import Header, save, structure_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from navigator.model.volume import Mask

CLOSED, XOR = "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"


def drawn(mask: Mask, kind: str = CLOSED) -> list[tuple[str, np.ndarray]]:
    return [(kind, outline.points_mm) for outline in outlines_from_mask(mask)]


def written(path: Path, outlines: Sequence[tuple[str, np.ndarray]], **header: str) -> Path:
    rois = {"Tumour": list(outlines), "Isocentre": [("POINT", np.zeros((1, 3)))]}
    return save(structure_set(rois, header=Header(**header)), path / "rt.dcm")


def codes(path: Path, label: int | str = "Tumour", **options: object) -> set[tuple[str, str]]:
    found = load_structure(path, label, **options).findings
    return {(finding.code, finding.severity.value) for finding in found}


def refusal(path: Path, label: int | str = "Tumour", **options: object) -> str:
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, label, **options)
    return refused.value.refusal.code


def ring() -> Mask:
    return type(LIVER)(LIVER.members & ~TUMOUR.members, GRID)


@pytest.mark.parametrize("label", [1, "Tumour", "tumour "])
def test_outlines_on_the_slices_give_their_voxels(tmp_path: Path, label: int | str) -> None:
    path = written(tmp_path, drawn(TUMOUR))
    loaded = load_structure(path, label, grid=GRID)
    np.testing.assert_array_equal(loaded.mask.members, TUMOUR.members)
    assert loaded.findings == ()


def test_holes_are_holes_and_confirmed_unless_the_file_says_so(tmp_path: Path) -> None:
    for kind, expected in ((CLOSED, {("holes-assumed", "confirm")}), (XOR, set())):
        path = written(tmp_path, drawn(ring(), kind))
        np.testing.assert_array_equal(load_mask(path, label=1, grid=GRID).members, ring().members)
        assert codes(path, grid=GRID) == expected


def test_keyholes_are_holes(tmp_path: Path) -> None:
    """Outline and hole joined by a way there and back, as the standard wants it."""
    keyholes = []
    for k in range(GRID.shape_kji[0]):
        of_slice = [each for each in outlines_from_mask(ring()) if each.slice_index == k]
        if len(of_slice) == 2 and of_slice[1].is_hole:
            outer, hole = (each.points_mm for each in of_slice)
            keyholes.append((CLOSED, np.concatenate([outer, outer[:1], hole, hole[:1]])))
        else:
            keyholes += [(CLOSED, each.points_mm) for each in of_slice]
    path = written(tmp_path, keyholes)
    np.testing.assert_array_equal(load_mask(path, label=1, grid=GRID).members, ring().members)
    assert codes(path, grid=GRID) == set()


@pytest.mark.hazard(14)
def test_frames_of_reference_are_compared(tmp_path: Path) -> None:
    path = written(tmp_path, drawn(TUMOUR), frame_uid="1.2.3")
    assert refusal(path, grid=GRID) == "other-frame-of-reference"
    path = written(tmp_path, drawn(TUMOUR), series_uid="1.2.3")
    assert codes(path, grid=GRID) == {("drawn-on-other-series", "confirm")}
    path = written(tmp_path, drawn(TUMOUR), frame_uid="")
    assert codes(path, grid=GRID) == {("frame-of-reference-unknown", "confirm")}
    assert refusal(path, grid=scan_grid((2.0, 0.8, 0.8), origin_mm=(-20, -20, -21))) == (
        "structure-not-on-scan"
    )


def test_what_plastimatch_writes_is_read_voxel_for_voxel(tmp_path: Path) -> None:
    """Another program's outlines of our voxels, holes and small parts included."""
    program = shutil.which("plastimatch")
    if program is None:
        pytest.skip("plastimatch is not installed (Debian: plastimatch)")
    image = sitk.GetImageFromArray(ring().members.astype(np.uint8))
    image.SetSpacing([0.8, 0.8, 2.0])
    image.SetOrigin([-20.0, -20.0, -20.0])
    sitk.WriteImage(image, str(tmp_path / "ring.mha"))
    words = ["--input-ss-img", str(tmp_path / "ring.mha"), "--output-dicom", str(tmp_path / "out")]
    subprocess.run([program, "convert", *words], check=True, capture_output=True)  # noqa: S603 - a Debian program
    (path,) = (tmp_path / "out").glob("rtss*")
    dataset = dcmread(path)
    for roi in dataset.StructureSetROISequence:
        roi.ReferencedFrameOfReferenceUID = FRAME_OF_REFERENCE
    dataset.save_as(path)
    found = load_mask(path, label=1, grid=GRID).members
    np.testing.assert_array_equal(found, ring().members)


def test_points_and_open_lines_are_no_volume(tmp_path: Path) -> None:
    path = written(tmp_path, drawn(TUMOUR))
    assert refusal(path, "Isocentre", grid=GRID) == "no-closed-outline"
    rows = {entry.name: entry.outlines for entry in open_structures(path).entries}
    assert rows == {"Tumour": "", "Isocentre": "POINT"}
    line = ("OPEN_PLANAR", np.array([[0.0, 0, 0], [5, 0, 0], [5, 5, 0]]))
    path = written(tmp_path, [*drawn(TUMOUR), line])
    assert codes(path, grid=GRID) == {("outlines-left-out", "confirm")}


def test_missing_far_and_single_planes_are_told(tmp_path: Path) -> None:
    outlines = drawn(TUMOUR)
    assert len(outlines) == 6
    path = written(tmp_path, [*outlines[:3], *outlines[4:]])
    assert codes(path, grid=GRID) == {("planes-missing", "confirm")}
    path = written(tmp_path, outlines[::2])
    assert codes(path, grid=GRID) == {("planes-far-apart", "confirm")}
    # a slice half-way between two planes is drawn as one of them: the volume stays what it is
    loaded = load_structure(path, 1, grid=GRID)
    assert loaded.mask.volume_ml == pytest.approx(TUMOUR.volume_ml, rel=0.1)
    path = written(tmp_path, outlines[3:4])
    assert codes(path, grid=GRID) == {("single-plane", "confirm")}


def test_planes_between_slices_are_carried_over_and_told(tmp_path: Path) -> None:
    path = written(tmp_path, drawn(TUMOUR))
    grid = scan_grid((1.6, 0.7, 0.7), origin_mm=(-20.2, -19.6, -20.7))
    loaded = load_structure(path, 1, grid=grid)
    assert [finding.code for finding in loaded.findings] == ["structure-resampled"]
    centre = grid.points_from_indices(np.argwhere(loaded.mask.members)).mean(axis=0)
    wanted = GRID.points_from_indices(np.argwhere(TUMOUR.members)).mean(axis=0)
    assert np.linalg.norm(centre - wanted) <= 0.8
    assert loaded.mask.volume_ml == pytest.approx(TUMOUR.volume_ml, rel=0.08)


def test_a_vessel_narrower_than_its_voxels_is_told(tmp_path: Path) -> None:
    """Bands 0.6 pixels wide within a row of pixels: one voxel wide they have two thirds more."""
    bands = []
    for k in range(4, 12):
        indices = [[k, 9.65, 5.5], [k, 9.65, 30.5], [k, 10.25, 30.5], [k, 10.25, 5.5]]
        bands.append((CLOSED, GRID.points_from_indices(indices)))
    loaded = load_structure(written(tmp_path, bands), 1, grid=GRID)
    told = [(finding.code, finding.severity.value) for finding in loaded.findings]
    assert told == [("structure-resampled", "confirm")]
    assert "+66.7%" in loaded.findings[0].got


def test_clipped_and_empty_structures_are_told_and_refused(tmp_path: Path) -> None:
    path = written(tmp_path, drawn(TUMOUR))
    assert codes(path, grid=scan_grid(origin_mm=(4.0, -20.0, -20.0))) == {
        ("structure-clipped", "confirm")
    }
    assert refusal(path, grid=scan_grid(origin_mm=(20.0, -20.0, -20.0))) == "empty-structure"


def test_without_a_scan_it_is_drawn_on_its_own_planes(tmp_path: Path) -> None:
    mask = load_mask(written(tmp_path, drawn(TUMOUR)), label="Tumour")
    assert mask.grid.frame == FRAME
    assert mask.volume_ml == pytest.approx(TUMOUR.volume_ml, rel=0.02)
    centre = mask.grid.points_from_indices(np.argwhere(mask.members)).mean(axis=0)
    wanted = GRID.points_from_indices(np.argwhere(TUMOUR.members)).mean(axis=0)
    assert np.abs(centre - wanted).max() <= 0.1


def test_an_offset_a_count_and_a_number_that_cannot_be_are_refused(tmp_path: Path) -> None:
    rois = {"Tumour": drawn(TUMOUR)}
    for keyword, value, code in (
        ("ContourOffsetVector", [1, 0, 0], "outline-offset"),
        ("NumberOfContourPoints", 3, "outline-damaged"),
    ):
        dataset = structure_set(rois)
        setattr(dataset.ROIContourSequence[0].ContourSequence[0], keyword, value)
        assert refusal(save(dataset, tmp_path / "rt.dcm"), grid=GRID) == code


@pytest.mark.parametrize("value", ["nan", "1e300", "9" * 1000, "a", ""])
def test_a_coordinate_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    path = written(tmp_path, drawn(TUMOUR))
    content = path.read_bytes()
    dataset = dcmread(path)
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    element = contour.get_item("ContourData")
    first = element.value.split(b"\\")[0]
    changed = element.value.replace(first, value.encode(), 1)
    changed += b" " * (len(changed) % 2)
    contour[0x30060050] = element._replace(value=changed, length=len(changed))
    dataset.save_as(path)
    assert path.read_bytes() != content
    assert refusal(path, grid=GRID) in {"outline-damaged", "unreadable-file"}


@pytest.mark.filterwarnings("ignore:.*exceeds the size of 64 kByte")
def test_an_outline_longer_than_64_kilobytes_is_read(tmp_path: Path) -> None:
    """Files in explicit syntax store it with an unknown representation (PS3.5, 6.2.2)."""
    turns = np.linspace(0.0, 2 * np.pi, 4000, endpoint=False)
    circle = np.stack([9.0 * np.cos(turns), 9.0 * np.sin(turns), np.zeros(4000)], axis=1)
    outlines = [(CLOSED, circle + np.array([0.01, 0.02, height])) for height in (-2.0, 0.0, 2.0)]
    mask = load_mask(written(tmp_path, outlines), label=1, grid=GRID)
    assert mask.volume_ml == pytest.approx(np.pi * 81.0 * 6.0 / 1000.0, rel=0.02)


def test_the_same_outline_twice_is_refused(tmp_path: Path) -> None:
    outlines = drawn(TUMOUR)
    assert refusal(written(tmp_path, [*outlines, outlines[2]]), grid=GRID) == "outlines-cross"
