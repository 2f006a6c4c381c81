"""Our readers place every voxel where SimpleITK does, and refuse what it passes over."""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.errors import FileRefusedError, GeometryRefusedError, InputRefusedError
from navigator.io.images import read_image
from tests.navigator.io.nifti_writer import write_nifti

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("scan.nrrd", "scan.nii.gz", "scan.nii", "scan.mha")
NUMBERS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
ROUNDING_MM = {"scan.nrrd": 1e-9, "scan.mha": 1e-9, "scan.nii": 1e-4, "scan.nii.gz": 1e-4}
"""NIfTI keeps float32, and SimpleITK multiplies a rounded step and a rounded direction."""


def by_simpleitk(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read values and the affine from (k, j, i, 1) with the foreign reader, asked for points."""
    image = sitk.ReadImage(str(path))
    point = image.TransformContinuousIndexToPhysicalPoint
    origin = np.array(point((0.0, 0.0, 0.0)))
    affine = np.eye(4)
    affine[:3, 3] = origin
    affine[:3, :3] = np.stack([np.array(point(e)) - origin for e in np.eye(3).tolist()][::-1], 1)
    return sitk.GetArrayFromImage(image), affine


def assert_as_simpleitk(path: Path) -> None:
    ours, (values, affine) = read_image(path), by_simpleitk(path)
    np.testing.assert_array_equal(ours.values, values)
    np.testing.assert_allclose(ours.lps_from_index, affine, atol=ROUNDING_MM[path.name], rtol=0)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    name=st.sampled_from(FORMATS),
    numbers=st.sampled_from(NUMBERS),
    packed=st.booleans(),
    shape=st.tuples(*[st.integers(2, 9)] * 3),
    upright=st.booleans(),
)
def test_what_simpleitk_writes_is_read_as_it_reads_it(  # noqa: PLR0917 - drawn
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    name: str,
    numbers: str,
    packed: bool,  # noqa: FBT001
    shape: tuple[int, int, int],
    upright: bool,  # noqa: FBT001 - drawn
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 100, shape).astype(numbers)
    image = sitk.GetImageFromArray(values)
    turn = Rotation.random(random_state=rng).as_matrix()
    if upright:
        turn = np.eye(3)[:, rng.permutation(3)] * rng.choice([-1.0, 1.0], 3)
    image.SetDirection(turn.ravel().tolist())
    image.SetSpacing(rng.uniform(0.2, 5.0, 3).tolist())
    image.SetOrigin(rng.uniform(-800.0, 800.0, 3).tolist())
    path = tmp_path_factory.mktemp("image") / name
    sitk.WriteImage(image, str(path), useCompression=packed)
    assert_as_simpleitk(path)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_both_versions_of_nifti_are_read(tmp_path: Path, name: str) -> None:
    """SimpleITK reads the first alone; the second has to say the same."""
    stored = np.arange(60, dtype="<i2")
    read = []
    for version in (2, 1):
        write_nifti(
            tmp_path / name, codes=(1, 0), version=version, shape=(3, 4, 5),
            spacing=(0.5, 0.75, 2.0), handed=-1.0, quaternion=(0.5, -0.25, 0.125),
            offset=(1.0, 2.0, 3.0), values=stored.tobytes(),
        )  # fmt: skip
        read.append(read_image(tmp_path / name))
        np.testing.assert_array_equal(read[-1].values.ravel(), stored)
    np.testing.assert_array_equal(read[0].lps_from_index, read[1].lps_from_index)
    assert_as_simpleitk(tmp_path / name)


def patched(path: Path, *changes: tuple[str, int, tuple[float, ...]]) -> Path:
    """Write a small NIfTI file with numbers of its header changed: kind, byte, values."""
    write_nifti(path, values=np.arange(8, dtype="<i2").tobytes())
    content = bytearray(path.read_bytes())
    for kind, at, numbers in changes:
        struct.pack_into("<" + kind, content, at, *numbers)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("scale", [(2.0, -1000.0), (0.5, 0.0), (1.0, -1024.0), (0.0, 0.0)])
def test_stored_values_of_nifti_are_rescaled(tmp_path: Path, scale: tuple[float, float]) -> None:
    assert_as_simpleitk(patched(tmp_path / "scan.nii", ("2f", 112, scale)))


def test_a_scale_of_no_number_is_none(tmp_path: Path) -> None:
    """So other writers say that values are stored as they are."""
    path = patched(tmp_path / "scan.nii", ("2f", 112, (np.nan, np.nan)))
    np.testing.assert_array_equal(read_image(path).values.ravel(), np.arange(8))


@pytest.mark.hazard(7, 24)
def test_a_spacing_that_only_the_pixdim_has_is_asked_about(tmp_path: Path) -> None:
    """SimpleITK takes the pixdim and drops the sform's own step; the format says otherwise."""
    path = tmp_path / "scan.nii"
    write_nifti(path, codes=(0, 1), sform=np.diag([2.0, 2.0, 3.0, 1.0]))
    image = read_image(path)
    np.testing.assert_allclose(np.abs(image.lps_from_index).max(axis=0)[:3], [3.0, 2.0, 2.0])
    assert [f.code for f in image.findings] == ["nifti-spacings-disagree"]


@pytest.mark.parametrize(
    "change",
    [
        ("4s", 344, (b"ni1\0",)),
        ("4s", 344, (b"\0\0\0\0",)),
        ("2h", 70, (4, 32)),
        ("2h", 70, (1536, 128)),
        ("f", 108, (0.0,)),
        ("f", 108, (352.5,)),
        ("f", 108, (1e30,)),
        ("2f", 112, (np.inf, 0.0)),
        ("2f", 112, (0.0, -1024.0)),
        ("8h", 40, (3, 2, 2, 3, 1, 1, 1, 1)),
        ("8h", 40, (3, 2, 2, 1, 1, 1, 1, 1)),
        ("8h", 40, (3, 2, -2, 2, 1, 1, 1, 1)),
        ("8h", 40, (3, 32767, 32767, 2, 1, 1, 1, 1)),
        ("f", 292, (np.nan,)),
    ],
)
def test_a_nifti_header_that_contradicts_itself_is_refused(
    tmp_path: Path, change: tuple[str, int, tuple[float, ...]]
) -> None:
    with pytest.raises(InputRefusedError):
        read_image(patched(tmp_path / "scan.nii", change))


NRRD = {
    "type": "short", "dimension": "3", "sizes": "2 2 2", "endian": "little", "encoding": "raw",
    "space": "left-posterior-superior", "space directions": "(1,0,0) (0,0.5,0) (0,0,2)",
    "space origin": "(1,2,3)",
}  # fmt: skip
META = {
    "ObjectType": "Image", "NDims": "3", "DimSize": "2 2 2", "ElementType": "MET_SHORT",
    "Offset": "1 2 3", "TransformMatrix": "0 1 0 -1 0 0 0 0 1", "ElementSpacing": "1 2 3",
}  # fmt: skip
DATA = np.arange(8, dtype="<i2").tobytes()


def nrrd(path: Path, changed: dict[str, str | None], data: bytes = DATA, more: str = "") -> Path:
    """Write an NRRD with fields changed, added or (None) left out."""
    fields = {key: value for key, value in {**NRRD, **changed}.items() if value is not None}
    lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
    path.write_bytes(f"NRRD0005\n{lines}{more}\n".encode() + data)
    return path


def meta(path: Path, changed: dict[str, str | None], data: bytes = DATA, more: str = "") -> Path:
    """Write a MetaImage with fields changed, added or (None) left out."""
    fields = {key: value for key, value in {**META, **changed}.items() if value is not None}
    lines = "".join(f"{key} = {value}\n" for key, value in fields.items())
    path.write_bytes(f"{lines}{more}ElementDataFile = LOCAL\n".encode() + data)
    return path


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"endian": "big"},
        {"space": "RAS"},
        {"space": "left-anterior-superior"},
        {"space directions": "(0,1,0) (-1,0,0) (0,0,1)"},
        {"space directions": "(1,0,0) (0.25,1,0) (0,0,1)"},
        {"space directions": "( 1, 0, 0 ) (0,1e0,0)   (0,0,1.)"},
        {"type": "unsigned short int", "content": "liver", "measurement frame": "(1,0,0)"},
        {"kinds": "domain domain domain", "centers": "cell cell cell"},
    ],
)
def test_an_nrrd_is_read_as_simpleitk_reads_it(
    tmp_path: Path, changed: dict[str, str | None]
) -> None:
    """Sheared directions too: the affine holds them."""
    if "measurement frame" in changed:
        changed = {**changed, "measurement frame": "(1,0,0) (0,1,0) (0,0,1)"}
    assert_as_simpleitk(nrrd(tmp_path / "scan.nrrd", changed))


@pytest.mark.parametrize(
    ("changed", "more"),
    [
        ({"space origin": None}, ""),
        ({"space directions": None}, ""),
        ({}, "space origin: (5,5,5)\n"),
        ({"sizes": "2 2 1"}, ""),
        ({"sizes": "2 2"}, ""),
        ({"sizes": "2 2 2e0"}, ""),
        ({"sizes": "-2 -2 2"}, ""),
        ({"type": "block"}, ""),
        ({"type": "int"}, ""),
        ({"encoding": "ascii"}, ""),
        ({"encoding": "bzip2"}, ""),
        ({"endian": None}, ""),
        ({"byte skip": "2"}, ""),
        ({"byte skip": "-1"}, ""),
        ({"line skip": "1"}, ""),
        ({"spacings": "1 1 1"}, ""),
        ({"space directions": "(1,0,0) (0,nan,0) (0,0,1)"}, ""),
        ({"space directions": "(1,0,0) (0,1,0) (0,0,1) (0,0,1)"}, ""),
        ({"space directions": "(1,0,0) (0,1,0)x(0,0,1)"}, ""),
        ({"space directions": "(1,0,0) (0,1,0) (1,1,0)"}, ""),
        ({"space directions": "(0,0,0) (0,1,0) (0,0,1)"}, ""),
        ({"space origin": "(1,2)"}, ""),
        ({"space origin": "(1,2,3e9)"}, ""),
        ({"space begin": "(1,2,3)"}, ""),
        ({"sizes": "2 2 2\x0bcontent: x"}, ""),
        ({"sizes": "2 2\u00a02"}, ""),
    ],
)
def test_an_nrrd_header_that_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, changed: dict[str, str | None], more: str
) -> None:
    with pytest.raises(InputRefusedError):
        read_image(nrrd(tmp_path / "scan.nrrd", changed, more=more))


def test_the_keys_of_a_writer_are_kept(tmp_path: Path) -> None:
    more = "Segment0_Name:=Leber\\nrechts: \u2713\nSegment0_LabelValue:=1\n"
    path = nrrd(tmp_path / "scan.nrrd", {}, more=more)
    tags = {"Segment0_Name": "Leber\nrechts: \u2713", "Segment0_LabelValue": "1"}
    assert read_image(path).tags == tags


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"BinaryDataByteOrderMSB": "True"},
        {"CenterOfRotation": "5 5 5", "AnatomicalOrientation": "RAI", "Modality": "MET_MOD_CT"},
        {"ElementType": "MET_USHORT", "ElementSize": "1 2 3"},
    ],
)
def test_a_meta_image_is_read_as_simpleitk_reads_it(
    tmp_path: Path, changed: dict[str, str | None]
) -> None:
    assert_as_simpleitk(meta(tmp_path / "scan.mha", changed))


@pytest.mark.parametrize(
    ("changed", "more"),
    [
        ({"Offset": None, "offset": "1 2 3"}, ""),
        ({"Position": "9 9 9"}, ""),
        ({}, "Offset = 7 7 7\n"),
        ({"HeaderSize": "4"}, ""),
        ({"HeaderSize": "-1"}, ""),
        ({"BinaryData": "False"}, ""),
        ({"ElementToIntensityFunctionSlope": "2"}, ""),
        ({"ElementToIntensityFunctionOffset": "-1024"}, ""),
        ({"ElementSpacing": "1 -2 3"}, ""),
        ({"ElementSpacing": "1 2"}, ""),
        ({"TransformMatrix": "2 0 0 0 2 0 0 0 2"}, ""),
        ({"TransformMatrix": "1 0 0 1 0 0 0 0 1"}, ""),
        ({"TransformMatrix": "1 0 0 0 1 0 0 0 nan"}, ""),
        ({"ElementType": "MET_SHORT_ARRAY"}, ""),
        ({"ElementType": "MET_INT"}, ""),
        ({"DimSize": "2 2 1"}, ""),
        ({"DimSize": "2 2 3"}, ""),
        ({"CompressedData": "True"}, ""),
        ({"CompressedData": "yes"}, ""),
        ({"Comment": "x\x0cOffset = 1 2 3", "Offset": None}, ""),
        ({"DimSize": "2 2\u20282"}, ""),
        ({}, "Modality MET_MOD_CT\n"),
        ({"BinaryDataByteOrderMSB": "True", "ElementByteOrderMSB": "False"}, ""),
    ],
)
def test_a_meta_image_that_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, changed: dict[str, str | None], more: str
) -> None:
    with pytest.raises(InputRefusedError):
        read_image(meta(tmp_path / "scan.mha", changed, more=more))


@pytest.mark.parametrize("name", ["scan.nrrd", "scan.mha", "scan.nii"])
def test_bytes_behind_the_voxels_are_refused(tmp_path: Path, name: str) -> None:
    """A wrong size in the header shows itself by nothing else."""
    sitk.WriteImage(sitk.Image(3, 4, 5, sitk.sitkInt16), str(tmp_path / name), useCompression=False)
    read_image(tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\0")
    with pytest.raises(FileRefusedError):
        read_image(tmp_path / name)


def test_a_gzip_stream_of_several_members_is_one(tmp_path: Path) -> None:
    packed = gzip.compress(DATA[:5]) + gzip.compress(DATA[5:])
    path = nrrd(tmp_path / "scan.nrrd", {"encoding": "gzip"}, packed)
    np.testing.assert_array_equal(read_image(path).values.ravel(), np.arange(8))
    with pytest.raises(FileRefusedError):
        read_image(nrrd(tmp_path / "scan.nrrd", {"encoding": "gzip"}, packed + b"\0"))


@pytest.mark.hazard(48)
@pytest.mark.parametrize("claim", ["2147483648 1 1", "8192 8192 8192", "4096 4096 4096"])
@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_a_header_that_announces_far_more_than_its_file_holds_is_refused_at_once(
    tmp_path: Path, claim: str, encoding: str
) -> None:
    path = nrrd(tmp_path / "scan.nrrd", {"sizes": claim, "encoding": encoding}, b"\0" * 1000)
    with pytest.raises(FileRefusedError) as refused:
        read_image(path)
    assert refused.value.refusal.code == "too-large"
    changed = {"DimSize": claim, "CompressedData": str(encoding == "gzip")}
    with pytest.raises(FileRefusedError):
        read_image(meta(tmp_path / "scan.mha", changed, b"\0" * 1000))


@pytest.mark.hazard(48)
def test_a_bomb_is_not_inflated_beyond_what_its_header_announces(tmp_path: Path) -> None:
    """A thousand to one: a megabyte for a gigabyte, behind headers of 16 bytes and of 512 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([packer.compress(bytes(2**24)) for _ in range(64)] + [packer.flush()])
    assert len(bomb) < 2**30 / 1000
    for sizes in ("2 2 2", "512 512 1024"):
        path = nrrd(tmp_path / "scan.nrrd", {"sizes": sizes, "encoding": "gzip"}, bomb)
        with pytest.raises(FileRefusedError, match="more than the"):
            read_image(path)
    path = nrrd(tmp_path / "scan.nrrd", {"sizes": "512 512 2048", "encoding": "gzip"}, bomb)
    with pytest.raises(FileRefusedError, match="too-large"):
        read_image(path)
    write_nifti(tmp_path / "scan.nii", codes=(0, 1))
    (tmp_path / "scan.nii.gz").write_bytes(
        gzip.compress((tmp_path / "scan.nii").read_bytes()) + bomb
    )
    with pytest.raises(FileRefusedError, match="more than the"):
        read_image(tmp_path / "scan.nii.gz")


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scan.nrrd").mkdir()
    with pytest.raises(FileRefusedError, match="a folder"):
        read_image(tmp_path / "scan.nrrd")


def test_layers_and_time_points_are_no_scan(tmp_path: Path) -> None:
    directions = {"dimension": "4", "sizes": "2 2 2 2"}
    directions |= {"space directions": "none (1,0,0) (0,1,0) (0,0,1)"}
    directions |= {"kinds": "list domain domain domain"}
    with pytest.raises(GeometryRefusedError, match="not-one-3d-image"):
        read_image(nrrd(tmp_path / "scan.nrrd", directions, DATA * 2))
