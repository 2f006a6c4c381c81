"""A header whose lengths are no millimetres is refused; one with two places says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.nifti_transforms import transforms_from_header
from navigator.io.structures import load_label_map, load_mask
from navigator.io.volumes import load_scan
from navigator.model.volume import Grid
from tests.navigator.io.nifti_writer import write_nifti

if TYPE_CHECKING:
    from pathlib import Path

DIRECTIONS = "space directions: (1,0,0) (0,1,0) (0,0,1)\n"


def write_nrrd(path: Path, fields: str, directions: str = DIRECTIONS) -> Path:
    """Write 2 x 2 x 2 voxels of 1 mm, with fields of the caller's."""
    header = (
        "NRRD0005\ntype: short\ndimension: 3\nsizes: 2 2 2\nendian: little\nencoding: raw\n"
        f"space: left-posterior-superior\n{directions}space origin: (0,0,0)\n{fields}\n"
    )
    path.write_bytes(header.encode() + b"\1\0" * 8)
    return path


def code_of(path: Path) -> str:
    """Load a file as a scan and as a label map; give the code by which both refuse it."""
    with pytest.raises(GeometryRefusedError) as scan:
        load_scan(path)
    with pytest.raises(GeometryRefusedError) as mask:
        load_mask(path, label=1)
    assert scan.value.refusal == mask.value.refusal
    return scan.value.refusal.code


def codes_of(path: Path) -> list[tuple[str, str]]:
    return [(f.code, f.severity.value) for f in load_scan(path).findings]


@pytest.mark.hazard(24)
@pytest.mark.parametrize(
    "fields",
    [
        'space units: "cm" "cm" "cm"\n',
        'space units: "m" "m" "m"\n',
        'space units: "mm" "mm" "um"\n',
        'spaceunits: "cm" "cm" "cm"\n',
        'Space Units: "inch" "inch" "inch"\n',
    ],
)
def test_an_nrrd_file_in_other_units_is_refused(tmp_path: Path, fields: str) -> None:
    assert code_of(write_nrrd(tmp_path / "scan.nrrd", fields)) == "length-unit-not-mm"


@pytest.mark.parametrize(
    "fields",
    [
        "",
        'space units: "mm" "mm" "mm"\n',
        'space units: "" "" ""\n',
        'space units: "Millimeter" "mm" "mm"\n',
        'kinds: domain domain domain\nspace units: "mm" "mm" "mm"\n',
        "kinds: space space space\n",
        "# space units: cm cm cm\n",
    ],
)
def test_an_nrrd_file_in_millimetres_is_read(tmp_path: Path, fields: str) -> None:
    path = write_nrrd(tmp_path / "scan.nrrd", fields)
    np.testing.assert_allclose(load_scan(path).volume.grid.spacing_mm, 1.0)
    assert load_mask(path, label=1).members.all()


@pytest.mark.hazard(1)
@pytest.mark.parametrize(
    ("fields", "directions"),
    [
        ("kinds: domain domain time\n", DIRECTIONS),
        ("", "space directions: (1,0,0) (0,1,0) none\n"),
        ("", "space directions: none (0,1,0) (0,0,1)\n"),
    ],
)
def test_an_nrrd_axis_that_does_not_run_through_space_is_refused(
    tmp_path: Path, fields: str, directions: str
) -> None:
    path = write_nrrd(tmp_path / "scan.nrrd", fields, directions)
    assert code_of(path) == "no-spatial-metadata"


@pytest.mark.hazard(24)
@pytest.mark.parametrize(("unit", "code"), [("mm", None), ("?", None), ("cm", "x"), ("um", "x")])
def test_a_meta_image_in_other_units_is_refused(
    tmp_path: Path, unit: str, code: str | None
) -> None:
    path = tmp_path / "scan.mha"
    path.write_bytes(
        b"ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\n"
        b"Offset = 0 0 0\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nElementSpacing = 1 1 1\n"
        + f"DistanceUnits = {unit}\nElementDataFile = LOCAL\n".encode()
        + b"\1\0" * 8
    )
    if code is None:
        assert load_scan(path).findings == ()
    else:
        assert code_of(path) == "length-unit-not-mm"


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_a_unit_that_is_not_given_is_noted(tmp_path: Path, name: str) -> None:
    write_nifti(tmp_path / name, units=0)
    assert codes_of(tmp_path / name) == [("length-unit-unknown", "note")]
    write_nifti(tmp_path / name, units=2)
    assert codes_of(tmp_path / name) == []


@pytest.mark.hazard(24)
@pytest.mark.parametrize("units", [0, 2])
@pytest.mark.parametrize("as_written", [1e-1, 1e-3, 1e-12])
def test_voxels_that_are_too_small_are_not_taken_for_granted(
    tmp_path: Path, units: int, as_written: float
) -> None:
    """Written in centimetres or metres by a program that left the unit out, or wrote another."""
    spacing = (0.8 * as_written, 0.8 * as_written, 1.5 * as_written)
    write_nifti(tmp_path / "scan.nii", units=units, spacing=spacing)
    if as_written == 1e-1:
        assert ("spacing-below-0.1-mm", "confirm") in codes_of(tmp_path / "scan.nii")
    else:
        assert code_of(tmp_path / "scan.nii") == "length-unit-not-mm"


SHIFTED = np.diag([1.0, 1.0, 1.0, 1.0]) + np.outer([1, 0, 0, 0], [0, 0, 0, 5.0])
TURNED = np.block(
    [
        [Rotation.from_euler("z", 1.0, degrees=True).as_matrix(), np.zeros((3, 1))],
        [np.zeros((1, 3)), np.ones((1, 1))],
    ]
)


@pytest.mark.hazard(1)
@pytest.mark.parametrize(
    ("sform", "apart_mm"),
    [
        (SHIFTED, 5.0),
        # by hand: the far corner lies 99 * sqrt(2) mm out, and a degree is pi / 180 of that
        (TURNED, 99 * np.sqrt(2) * np.pi / 180),
        (np.diag([1.0, 1.0, 1.001, 1.0]), 0.019),
    ],
)
def test_two_places_for_one_image_are_to_be_confirmed(
    tmp_path: Path, sform: np.ndarray, apart_mm: float
) -> None:
    path = tmp_path / "scan.nii"
    air = np.full(100 * 100 * 20, -1000, np.int16).tobytes()
    write_nifti(path, codes=(1, 1), sform=sform, shape=(100, 100, 20), values=air)
    scan = load_scan(path)
    (finding,) = [f for f in scan.findings if f.code == "nifti-transforms-disagree"]
    assert finding.severity.value == "confirm"
    assert f"up to {apart_mm:.2f} mm" in finding.got
    # the far corner in LPS by each: the finding names the one that was taken
    corner = np.array([99.0, 99.0, 19.0, 1.0])
    lps = np.diag([-1.0, -1.0, 1.0, 1.0])
    taken = scan.volume.grid.points_from_indices([19, 99, 99])
    by = {"sform": (lps @ sform @ corner)[:3], "qform": (lps @ corner)[:3]}
    used = min(by, key=lambda form: float(np.linalg.norm(by[form] - taken)))
    assert f"the {used} was used" in finding.got


@pytest.mark.hazard(14)
def test_a_mask_with_two_places_is_refused_unless_it_lies_on_its_scan(tmp_path: Path) -> None:
    path = tmp_path / "labels.nii"
    write_nifti(path, codes=(1, 1), sform=SHIFTED, values=b"\1\0" * 8)
    with pytest.raises(GeometryRefusedError, match="nifti-transforms-disagree"):
        load_mask(path, label=1)
    grid = load_scan(path).volume.grid
    assert load_mask(path, label=1, grid=grid).members.all()
    assert load_label_map(path, {"liver": 1}, grid).mask("liver").members.all()
    other = Grid(
        shape_kji=(2, 2, 2),
        lps_from_index=grid.lps_from_index + np.outer([5.0, 0, 0, 0], [0, 0, 0, 1.0]),
        frame=Frame(FrameKind.LPS, "1"),
    )
    with pytest.raises(GeometryRefusedError, match="label-map-not-on-scan"):
        load_mask(path, label=1, grid=other)


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 1), (1, 4)])
def test_one_place_is_enough_and_two_that_agree_are_one(
    tmp_path: Path, codes: tuple[int, int]
) -> None:
    path = tmp_path / "scan.nii"
    write_nifti(path, codes=codes, sform=np.eye(4) if min(codes) else None)
    assert load_scan(path).findings == ()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    angle=st.sampled_from([0.0, 1e-4, 1e-3, 0.03, 1.0, 3.0]),
    axes=st.permutations([0, 1, 2]),
    signs=st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
)
def test_the_rounding_of_a_quaternion_is_no_disagreement(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    angle: float,
    axes: list[int],
    signs: tuple[float, float, float],
) -> None:
    """ITK writes both; near a half turn float32 leaves 0.4 mm between them over a scan."""
    path = tmp_path_factory.mktemp("nifti") / "scan.nii"
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=3)
    turn = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    image = sitk.Image(400, 300, 2, sitk.sitkInt16) - 1000
    image.SetSpacing([0.8, 0.7, 250.0])
    image.SetOrigin((200.0 * rng.normal(size=3)).tolist())
    image.SetDirection((turn @ (np.eye(3)[:, axes] * signs)).ravel().tolist())
    sitk.WriteImage(image, str(path))
    scan = load_scan(path)
    assert "nifti-transforms-disagree" not in [finding.code for finding in scan.findings]
    # and the two are what ITK made of them
    transforms = transforms_from_header(path.read_bytes())
    assert transforms.qform is not None
    ras_from_kji = np.diag([-1.0, -1.0, 1.0, 1.0]) @ scan.volume.grid.lps_from_index
    np.testing.assert_allclose(transforms.qform[:, [2, 1, 0, 3]], ras_from_kji, atol=0.3)


def test_the_second_version_of_the_format_says_the_same(tmp_path: Path) -> None:
    read = []
    for version in (1, 2):
        path = tmp_path / f"{version}.nii"
        write_nifti(
            path, codes=(1, 1), version=version, shape=(5, 6, 7), spacing=(0.5, 0.75, 2.0),
            handed=-1.0, quaternion=(0.5, -0.25, 0.125), offset=(1.0, 2.0, 3.0), sform=SHIFTED,
        )  # fmt: skip
        read.append(transforms_from_header(path.read_bytes()))
    for name in ("qform", "sform", "quaternion_scalar", "shape_ijk", "length_unit"):
        np.testing.assert_array_equal(getattr(read[0], name), getattr(read[1], name))
    turn = Rotation.from_quat([0.5, -0.25, 0.125, read[0].quaternion_scalar]).as_matrix()
    assert read[0].qform is not None
    np.testing.assert_allclose(read[0].qform[:3, :3], turn * [0.5, 0.75, -2.0], atol=1e-12)


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf, 3e38])
def test_a_transform_of_wild_numbers_agrees_with_none(tmp_path: Path, wild: float) -> None:
    path = tmp_path / "scan.nii"
    write_nifti(path, codes=(1, 1), quaternion=(wild, 0.0, 0.0))
    try:
        codes = [finding.code for finding in load_scan(path).findings]
    except GeometryRefusedError:
        return
    assert "nifti-transforms-disagree" in codes
