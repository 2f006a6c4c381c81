"""A foreign rigid transform carries points where SimpleITK does; every other one is refused."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from navigator.errors import InputRefusedError
from navigator.io.findings import Severity
from navigator.io.transforms import load_foreign_transform
from navigator.io.transforms.foreign import parts_from_answer
from navigator.io.transforms.native_reader import parts_of_file
from tests.strategies import SUBNORMAL_RAD

if TYPE_CHECKING:
    from pathlib import Path

POINTS_MM = ((0.0, 0.0, 0.0), (150.0, -80.0, 20.0), (-31.0, 12.5, 400.0))
LIMIT_MM = 1e-9
AFFINE_LIMIT_MM = 1e-6
numbers_mm = st.floats(-300.0, 300.0)
angles_rad = st.floats(-3.14, 3.14) | st.sampled_from([0.0, *SUBNORMAL_RAD])
three = st.tuples(numbers_mm, numbers_mm, numbers_mm)


def rigid(kind: str, angles: Any, shift: Any, centre: Any) -> sitk.Transform:  # noqa: ANN401
    """Make one transform of a kind, with SimpleITK alone."""
    euler = sitk.Euler3DTransform(centre, *angles, shift)
    euler.SetComputeZYX(kind == "euler-zyx")
    if kind.startswith("euler"):
        return euler
    if kind == "shift":
        return sitk.TranslationTransform(3, shift)
    if kind == "identity":
        return sitk.Transform(3, sitk.sitkIdentity)
    classes = {
        "versor": sitk.VersorRigid3DTransform,
        "similarity": sitk.Similarity3DTransform,
        "turn": sitk.VersorTransform,
        "affine": lambda: sitk.AffineTransform(3),
    }
    made = classes[kind]()
    made.SetCenter(centre)
    if kind == "affine":
        made.SetMatrix(euler.GetMatrix())
    else:
        axis = np.array([0.6, 0.0, 0.8])
        made.SetRotation(axis.tolist(), float(angles[0]))
    if kind != "turn":
        made.SetTranslation(shift)
    return made


KINDS = ("euler", "euler-zyx", "versor", "similarity", "turn", "affine", "shift", "identity")


def assert_as_simpleitk(path: Path, limit_mm: float = AFFINE_LIMIT_MM) -> None:
    matrix = load_foreign_transform(path).matrix
    theirs = sitk.ReadTransform(str(path))
    for point in POINTS_MM:
        ours = matrix[:3, :3] @ point + matrix[:3, 3]
        np.testing.assert_allclose(ours, theirs.TransformPoint(point), atol=limit_mm, rtol=0)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3),
    angles=st.tuples(angles_rad, angles_rad, angles_rad),
    shift=three,
    centre=three,
)
def test_a_rigid_transform_carries_points_as_simpleitk_does(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], angles: Any, shift: Any, centre: Any  # noqa: ANN401
) -> None:  # fmt: skip
    """Also composites, of which the last one added is applied first."""
    parts = [rigid(kind, angles, shift, centre) for kind in kinds]
    whole = parts[0] if len(parts) == 1 else sitk.CompositeTransform(parts)
    path = tmp_path_factory.mktemp("transform") / "t.tfm"
    sitk.WriteTransform(whole, str(path))
    assert_as_simpleitk(path)


@pytest.mark.parametrize("kind", KINDS)
def test_hdf5_gives_the_same_matrix_as_text(tmp_path: Path, kind: str) -> None:
    made = rigid(kind, (0.1, -0.2, 0.3), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0))
    made = sitk.CompositeTransform([made, sitk.CompositeTransform([made, made])])
    for name in ("t.h5", "t.tfm"):
        flat = sitk.CompositeTransform(made)
        flat.FlattenTransform()
        sitk.WriteTransform(flat, str(tmp_path / name))
    # in this process: the child is the same code, and half a second slower
    assert len(parts_from_answer({"parts": parts_of_file(str(tmp_path / "t.h5"))})) == 3
    if kind in ("euler", "affine"):
        by_name = [load_foreign_transform(tmp_path / name).matrix for name in ("t.h5", "t.tfm")]
        np.testing.assert_allclose(*by_name, atol=1e-9)


def test_a_foreign_transform_is_never_simply_believed(tmp_path: Path) -> None:
    sitk.WriteTransform(sitk.Euler3DTransform(), str(tmp_path / "t.tfm"))
    read = load_foreign_transform(tmp_path / "t.tfm")
    assert [(f.code, f.severity) for f in read.findings] == [
        ("foreign-transform", Severity.CONFIRM)
    ]
    assert read.kind == "Euler3DTransform"
    assert len(read.sha256) == 64


def affine(matrix: Any) -> sitk.AffineTransform:  # noqa: ANN401 - nine numbers
    made = sitk.AffineTransform(3)
    made.SetMatrix(np.ravel(matrix).astype(float).tolist())
    return made


def scaled() -> sitk.Transform:
    made = sitk.Similarity3DTransform()
    made.SetScale(1.01)
    return made


NOT_RIGID = {
    "scale": lambda: affine(np.diag([1.0, 1.0, 1.001])),
    "shear": lambda: affine([[1, 0.01, 0], [0, 1, 0], [0, 0, 1]]),
    "mirror": lambda: affine(np.diag([-1.0, 1.0, 1.0])),
    "flat": lambda: affine(np.diag([1.0, 1.0, 0.0])),
    "similarity": scaled,
    "scale-versor": sitk.ScaleVersor3DTransform,
    "spline": lambda: sitk.BSplineTransform(3),
    "far": lambda: sitk.TranslationTransform(3, (6000.0, 0.0, 0.0)),
    "degrees": lambda: sitk.Euler3DTransform((0.0, 0.0, 0.0), 15.0, 0.0, 0.0),
}


@pytest.mark.hazard(20, 23)
@pytest.mark.parametrize("name", NOT_RIGID)
def test_what_is_no_rigid_motion_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    sitk.WriteTransform(NOT_RIGID[name](), str(tmp_path / "t.tfm"))
    with pytest.raises(InputRefusedError) as refused:
        load_foreign_transform(tmp_path / "t.tfm")
    assert refused.value.refusal.code == "transform-not-rigid"


def test_a_displacement_field_in_hdf5_is_refused(tmp_path: Path) -> None:
    field = sitk.Image([4, 4, 4], sitk.sitkVectorFloat64, 3)
    sitk.WriteTransform(sitk.DisplacementFieldTransform(field), str(tmp_path / "t.h5"))
    with pytest.raises(InputRefusedError, match="DisplacementField"):
        load_foreign_transform(tmp_path / "t.h5")


GOOD = (
    "#Insight Transform File V1.0\n#Transform 0\nTransform: Euler3DTransform_double_3_3\n"
    "Parameters: 0.1 0.2 -0.3 1 2 3\nFixedParameters: 10 20 30 0\n"
)
BAD = {
    "first-line": GOOD.replace("V1.0", "V2.0"),
    "dimension": GOOD.replace("_3_3", "_2_2"),
    "unknown-line": GOOD + "Offset: 1 2 3\n",
    "few": GOOD.replace(" 1 2 3\n", " 1 2\n"),
    "many": GOOD.replace(" 1 2 3\n", " 1 2 3 4\n"),
    "nan": GOOD.replace("0.2", "nan"),
    "infinite": GOOD.replace("0.2", "1e999"),
    "word": GOOD.replace("0.2", "0.2x"),
    "comma": GOOD.replace("0.2", "0,2"),
    "no-centre": GOOD[: GOOD.index("Fixed")],
    "cut-centre": GOOD[: GOOD.index(" 20")] + "\n",
    "twice": GOOD + "Parameters: 0 0 0 0 0 0\n",
    "two": GOOD + GOOD.partition("\n")[2],
    "none": GOOD.partition("\n")[0] + "\n",
    "empty": "",
    "other-digits": GOOD.replace("0.2", "0.\u0662"),
}


@pytest.mark.hazard(46)
@pytest.mark.parametrize("name", BAD)
def test_a_damaged_text_transform_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "t.tfm"
    path.write_text(GOOD, encoding="utf-8")
    assert_as_simpleitk(path)
    path.write_text(BAD[name], encoding="utf-8")
    with pytest.raises(InputRefusedError):
        load_foreign_transform(path)


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"parts": []}, {"parts": [1]}, {"parts": [["Euler3DTransform", [1], "x"]]},
     {"parts": [["Euler3DTransform", [True] * 6, [0, 0, 0]]]}, {"parts": [[1, [], []]]}],
)  # fmt: skip
def test_the_child_is_not_believed_either(answer: object) -> None:
    with pytest.raises(ValueError, match=r"transform|parameters"):
        parts_from_answer(answer)


@pytest.mark.parametrize("name", ["t.mat", "t", "t.json"])
def test_another_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputRefusedError, match="unknown-format"):
        load_foreign_transform(tmp_path / name)


@pytest.mark.hazard(26)
@pytest.mark.parametrize("kind", ["versor", "similarity"])
def test_a_versor_that_itk_mends_in_silence_is_refused(tmp_path: Path, kind: str) -> None:
    """Three bytes of the file make 0.3 of a versor to 1.9; ITK reads a half turn and is content."""
    path = tmp_path / "t.h5"
    made = rigid(kind, (0.6, 0.0, 0.0), (1.0, 2.0, 3.0), (0.0, 0.0, 0.0))
    sitk.WriteTransform(made, str(path))
    found = load_foreign_transform(path).matrix
    np.testing.assert_allclose(np.trace(found[:3, :3]), 1 + 2 * np.cos(0.6), atol=1e-9)
    versor = struct.pack("<3d", *made.GetParameters()[:3])
    assert path.read_bytes().count(versor) == 1
    damaged = path.read_bytes().replace(versor, struct.pack("<3d", 1.9, 0.0, 0.4))
    path.write_bytes(damaged)
    theirs = sitk.ReadTransform(str(path))
    assert np.linalg.norm(theirs.GetParameters()[:3]) == pytest.approx(1.0, abs=1e-9)
    with pytest.raises(InputRefusedError) as error:
        load_foreign_transform(path)
    assert error.value.refusal.code == "transform-not-rigid"
    assert "half turn" in str(error.value)
