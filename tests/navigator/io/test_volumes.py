"""A scan that was written is the scan that is read; a file that says too little is refused."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import FileRefusedError, GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.hashing import hash_of_volume
from navigator.io.inspecting import inspect_path
from navigator.io.volumes import load_scan, save_scan
from navigator.model.volume import Grid, Volume
from tests.navigator.io.nifti_writer import write_nifti

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("scan.nrrd", "scan.nii.gz", "scan.nii", "scan.mha")
HEADER_LIMIT_MM = {"scan.nrrd": 1e-6, "scan.mha": 1e-6, "scan.nii.gz": 1e-3, "scan.nii": 1e-3}
"""NIfTI keeps its transform in float32."""
SIGNED_AXES = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1.0, -1.0), repeat=3)
]
"""The 48 ways in which the array axes can run along the patient's."""


def volume_along(order: tuple[int, ...], signs: tuple[float, ...]) -> Volume:
    """Build a small asymmetric scan whose axes run along the patient's in a given way."""
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, order] * signs * [2.5, 0.8, 0.7]
    affine[:3, 3] = [-31.25, 12.5, 140.0]
    values = np.arange(60, dtype=np.float32).reshape(3, 4, 5) - 30
    grid = Grid(shape_kji=(3, 4, 5), lps_from_index=affine, frame=Frame(FrameKind.LPS, "1"))
    return Volume(values, grid)


PLAIN = ((2, 1, 0), (1.0, 1.0, 1.0))


@pytest.mark.hazard(1)
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("order", "signs"), SIGNED_AXES)
def test_what_was_saved_is_loaded_in_all_48_orientations(
    tmp_path: Path, name: str, order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    volume = volume_along(order, signs)
    save_scan(volume, tmp_path / name)
    loaded = load_scan(tmp_path / name).volume
    limit = HEADER_LIMIT_MM[name]
    for landmark in ((0, 0, 0), (2, 1, 4), (0, 3, 2)):
        place = volume.grid.points_from_indices(landmark)
        index = np.rint(loaded.grid.indices_from_points(place)).astype(int)
        assert loaded.values_hu[tuple(index)] == volume.values_hu[landmark]
        assert np.abs(loaded.grid.points_from_indices(index) - place).max() < limit


@pytest.mark.hazard(43, 59)
@pytest.mark.parametrize("name", FORMATS)
def test_saving_twice_gives_the_same_bytes_and_leaves_nothing_else(
    tmp_path: Path, name: str
) -> None:
    save_scan(volume_along(*PLAIN), tmp_path / name)
    once = (tmp_path / name).read_bytes()
    save_scan(volume_along(*PLAIN), tmp_path / name)
    assert (tmp_path / name).read_bytes() == once
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.hazard(3)
@pytest.mark.parametrize("name", FORMATS)
def test_a_sheared_scan_is_not_straightened_in_silence(tmp_path: Path, name: str) -> None:
    plain = volume_along(*PLAIN)
    affine = plain.grid.lps_from_index.copy()
    affine[1, 0] = 0.4
    grid = Grid(shape_kji=(3, 4, 5), lps_from_index=affine, frame=plain.grid.frame)
    with pytest.raises(GeometryRefusedError) as refused:
        save_scan(Volume(plain.values_hu, grid), tmp_path / name)
    assert refused.value.refusal.code == "sheared-volume"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["scan.stl", "scan", "no/folder/scan.nrrd"])
def test_where_nothing_can_be_written_nothing_is(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefusedError):
        save_scan(volume_along(*PLAIN), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_hash_is_that_of_type_shape_affine_and_slices() -> None:
    volume = volume_along(*PLAIN)
    stored = np.arange(-30, 30, dtype="<i2").reshape(3, 20)
    slices = [hashlib.sha256(b"<i2" + part.tobytes()).digest() for part in stored]
    content = b"<f4 (3, 4, 5)" + volume.grid.lps_from_index.tobytes() + b"".join(slices)
    assert hash_of_volume(volume) == hashlib.sha256(content).hexdigest()


def test_two_files_share_a_frame_only_where_they_hold_the_same_scan(tmp_path: Path) -> None:
    volume = volume_along(*PLAIN)
    other = Volume(volume.values_hu + 1, volume.grid)
    for name, scan in (("a.nrrd", volume), ("b.mha", volume), ("c.nrrd", other)):
        save_scan(scan, tmp_path / name)
    a, b, c = (
        load_scan(tmp_path / name).volume.grid.frame for name in ("a.nrrd", "b.mha", "c.nrrd")
    )
    assert a == b != c


def image_of(values: np.ndarray) -> sitk.Image:
    return sitk.GetImageFromArray(values)


@pytest.mark.parametrize(
    ("codes", "units", "code"),
    [
        ((0, 1), 2, None),
        ((0, 1), 0, None),
        ((0, 0), 2, "no-spatial-metadata"),
        ((0, 1), 1, "length-unit-not-mm"),
        ((0, 1), 3, "length-unit-not-mm"),
        ((0, 1), 5, "length-unit-not-mm"),
    ],
)
@pytest.mark.hazard(24)
def test_a_nifti_file_without_a_place_or_in_other_units_is_refused(
    tmp_path: Path, codes: tuple[int, int], units: int, code: str | None
) -> None:
    path = tmp_path / "scan.nii.gz"
    write_nifti(path, codes=codes, units=units)
    row = inspect_path(path)["series"][0]
    assert row["verdict"] == ("accepted" if code is None else "refused")
    if code is not None:
        with pytest.raises(GeometryRefusedError, match=code):
            load_scan(path)


@pytest.mark.parametrize(
    ("space", "first_mm"),
    [
        ("left-posterior-superior", [1.0, 2.0, 3.0]),
        ("right-anterior-superior", [-1.0, -2.0, 3.0]),
        ("left-anterior-superior", [1.0, -2.0, 3.0]),
        ("scanner-xyz", None),
        (None, None),
    ],
)
@pytest.mark.hazard(1)
def test_an_nrrd_file_is_turned_into_lps_or_refused(
    tmp_path: Path, space: str | None, first_mm: list[float] | None
) -> None:
    path = tmp_path / "scan.nrrd"
    place = (
        f"space: {space}\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (1,2,3)\n"
        if space
        else "spacings: 1 1 1\n"
    )
    path.write_bytes(
        b"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nendian: little\nencoding: raw\n"
        + place.encode()
        + b"\n"
        + bytes(16)
    )
    if first_mm is None:
        with pytest.raises(GeometryRefusedError, match="no-spatial-metadata"):
            load_scan(path)
    else:
        grid = load_scan(path).volume.grid
        np.testing.assert_allclose(grid.points_from_indices([0, 0, 0]), first_mm)


def test_a_meta_image_without_a_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scan.mha"
    path.write_bytes(
        b"ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\n"
        b"ElementDataFile = LOCAL\n" + bytes(16)
    )
    with pytest.raises(GeometryRefusedError, match="no ElementSpacing, no TransformMatrix"):
        load_scan(path)


@pytest.mark.parametrize(
    "image",
    [
        image_of(np.zeros((4, 5), dtype=np.int16)),
        image_of(np.zeros((2, 3, 4, 5), dtype=np.int16)),
        sitk.GetImageFromArray(np.zeros((3, 4, 5, 3), dtype=np.int16), isVector=True),
    ],
)
def test_what_is_not_one_3d_image_is_refused(tmp_path: Path, image: sitk.Image) -> None:
    sitk.WriteImage(image, str(tmp_path / "scan.mha"))
    with pytest.raises(GeometryRefusedError, match="not-one-3d-image"):
        load_scan(tmp_path / "scan.mha")


@pytest.mark.hazard(22)
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, bad: float) -> None:
    values = np.zeros((3, 4, 5))
    values[1, 2, 3] = bad
    sitk.WriteImage(image_of(values), str(tmp_path / "scan.mha"))
    with pytest.raises(GeometryRefusedError, match="non-finite-values"):
        load_scan(tmp_path / "scan.mha")


@pytest.mark.parametrize("name", ["scan.nrrd", "scan.nii.gz", "scan.mha"])
@pytest.mark.parametrize("content", [b"", b"nonsense\n" * 40])
def test_an_unreadable_file_is_one_line_of_reason_and_no_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileRefusedError) as refused:
        load_scan(tmp_path / name)
    assert refused.value.refusal.code == "unreadable-file"
    assert "\n" not in refused.value.refusal.got
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.hazard(55)
def test_a_file_cut_short_is_refused(tmp_path: Path, name: str, share: float) -> None:
    noise = np.random.default_rng(1).normal(0, 300, (12, 20, 20)).astype(np.float32)
    grid = Grid(shape_kji=(12, 20, 20), lps_from_index=np.eye(4), frame=Frame(FrameKind.LPS, "1"))
    save_scan(Volume(noise, grid), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FileRefusedError):
        load_scan(tmp_path / name)


@pytest.mark.hazard(48)
def test_a_compressed_flood_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii.gz"
    write_nifti(path, codes=(0, 1), units=2, values=bytes(8 * 2**20))
    with pytest.raises(FileRefusedError, match="more than"):
        load_scan(path)


@pytest.mark.hazard(55)
def test_a_flipped_bit_in_a_compressed_file_is_found_by_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii.gz"
    write_nifti(path, codes=(0, 1), units=2)
    damaged = bytearray(path.read_bytes())
    damaged[-6] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(FileRefusedError, match="not whole"):
        load_scan(path)


@pytest.mark.hazard(46, 55)
@pytest.mark.parametrize("name", ["scan.mha", "scan.nrrd", "scan.nii.gz"])
def test_damaged_voxels_never_come_in_as_others_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    noise = np.random.default_rng(1).normal(0, 300, (6, 20, 20)).astype(np.float32)
    grid = Grid(shape_kji=(6, 20, 20), lps_from_index=np.eye(4), frame=Frame(FrameKind.LPS, "1"))
    save_scan(Volume(noise, grid), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for place in np.linspace(len(whole) // 4, len(whole) - 1, 25).astype(int):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        (tmp_path / name).write_bytes(damaged)
        try:
            values = load_scan(tmp_path / name).volume.values_hu
        except (FileRefusedError, GeometryRefusedError):
            continue
        np.testing.assert_array_equal(values, noise)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", FORMATS)
def test_a_header_with_any_byte_changed_is_read_or_refused_and_nothing_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    save_scan(volume_along(*PLAIN), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    rng = np.random.default_rng(5)
    for place in rng.integers(0, min(len(whole), 400), 60):
        damaged = bytearray(whole)
        damaged[place] = rng.integers(256)
        (tmp_path / name).write_bytes(damaged)
        with contextlib.suppress(FileRefusedError, GeometryRefusedError):
            load_scan(tmp_path / name)
    assert capfd.readouterr() == ("", "")


NRRD_ELSEWHERE = (
    b"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nendian: little\nencoding: raw\n"
    b"space: LPS\nspace origin: (0,0,0)\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n"
    b"data file: other.raw\n"
)
META_ELSEWHERE = (
    b"ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\n"
    b"Offset = 0 0 0\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nElementSpacing = 1 1 1\n"
    b"ElementDataFile = other.raw\n"
)


@pytest.mark.hazard(51)
@pytest.mark.parametrize(
    ("name", "header"), [("scan.nrrd", NRRD_ELSEWHERE), ("scan.mha", META_ELSEWHERE)]
)
def test_a_header_that_points_to_another_file_is_not_followed(
    tmp_path: Path, name: str, header: bytes
) -> None:
    (tmp_path / "other.raw").write_bytes(bytes(16))
    (tmp_path / name).write_bytes(header)
    with pytest.raises(FileRefusedError, match="another file"):
        load_scan(tmp_path / name)


@pytest.mark.hazard(55)
@pytest.mark.parametrize("name", ["scan.nrrd", "scan.mha"])
def test_an_uncompressed_file_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    image = image_of(np.arange(6000, dtype=np.int16).reshape(15, 20, 20))
    sitk.WriteImage(image, str(tmp_path / name), useCompression=False)
    whole = (tmp_path / name).read_bytes()
    for cut in (1, 2, 1000, 11_000):
        (tmp_path / name).write_bytes(whole[:-cut])
        with pytest.raises(FileRefusedError):
            load_scan(tmp_path / name)


def test_a_series_asked_of_an_image_file_is_refused(tmp_path: Path) -> None:
    save_scan(volume_along(*PLAIN), tmp_path / "scan.nrrd")
    with pytest.raises(FileRefusedError, match="no-such-series"):
        load_scan(tmp_path / "scan.nrrd", series_uid="1.2.3")


def test_inspect_says_what_load_does(tmp_path: Path) -> None:
    volume = volume_along(*PLAIN)
    save_scan(volume, tmp_path / "scan.nrrd")
    (row,) = inspect_path(tmp_path / "scan.nrrd")["series"]
    assert row["shape_kji"] == [3, 4, 5]
    np.testing.assert_allclose(row["lps_from_index"], volume.grid.lps_from_index)
    assert row["verdict"] == "confirm"
    assert [finding["code"] for finding in row["findings"]] == ["spacing-above-2-mm"]
    assert set(row) == {
        *("uid", "description", "instances", "shape_kji", "lps_from_index", "verdict", "findings")
    }


def test_a_segmentation_is_not_taken_for_a_scan(tmp_path: Path) -> None:
    save_scan(volume_along(*PLAIN), tmp_path / "scan.nrrd")
    header, _, rest = (tmp_path / "scan.nrrd").read_bytes().partition(b"\n\n")
    path = tmp_path / "scan.seg.nrrd"
    path.write_bytes(header + b"\nSegment0_ID:=liver\nSegment0_Name:=Liver\n\n" + rest)
    with pytest.raises(GeometryRefusedError) as refused:
        load_scan(path)
    assert refused.value.refusal.code == "segmentation-not-scan"
