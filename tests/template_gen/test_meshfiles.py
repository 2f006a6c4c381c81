"""A mesh file is read whole and sound, or refused; foreign programs read what we write."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import lib3mf
import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from template_gen.errors import FileRefusedError, MeshRefusedError
from template_gen.mesh import measure_soundness
from template_gen.meshfiles import load_3mf, load_mesh, load_stl, stl_bytes, threemf_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from template_gen.mesh import TriangleMesh

METADATA = {"Title": "Template X-1", "Description": "unit=mm"}


def test_stl_and_3mf_bring_every_vertex_back(tmp_path: Path, guide_solid: TriangleMesh) -> None:
    """The STL to the last bit; the 3MF to the last decimal that lib3mf itself reads."""
    (tmp_path / "a.stl").write_bytes(stl_bytes(guide_solid, "X"))
    (tmp_path / "a.3mf").write_bytes(threemf_bytes(guide_solid, METADATA))
    for name, tolerance_mm in (("a.stl", 0.0), ("a.3mf", 5e-6)):
        back = load_mesh(tmp_path / name)
        distance, place = map(np.asarray, cKDTree(guide_solid.vertices_mm).query(back.vertices_mm))
        assert distance.max() <= tolerance_mm
        np.testing.assert_array_equal(np.sort(place), np.arange(len(guide_solid.vertices_mm)))
        assert measure_soundness(back).genus == measure_soundness(guide_solid).genus
        assert measure_soundness(back).open_edges == 0


def test_a_foreign_reader_finds_the_same_solid_in_the_stl(
    tmp_path: Path, guide_solid: TriangleMesh
) -> None:
    (tmp_path / "a.stl").write_bytes(stl_bytes(guide_solid, "X"))
    foreign = trimesh.load_mesh(tmp_path / "a.stl")
    assert foreign.is_watertight
    assert foreign.is_winding_consistent
    assert foreign.volume == pytest.approx(measure_soundness(guide_solid).volume_mm3, rel=1e-9)
    assert 2 - foreign.euler_number == 2 * measure_soundness(guide_solid).genus


@pytest.mark.hazard(24)
def test_the_stl_header_names_the_unit_and_the_3mf_declares_it(guide_solid: TriangleMesh) -> None:
    assert b"unit=mm" in stl_bytes(guide_solid, "Template X-1 unit=mm")[:80]
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)  # noqa: FBT003 - lib3mf's own signature
    reader.ReadFromBuffer(threemf_bytes(guide_solid, METADATA))
    assert reader.GetWarningCount() == 0
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    group = model.GetMetaDataGroup()
    found = {
        group.GetMetaData(row).GetName(): group.GetMetaData(row).GetValue()
        for row in range(group.GetMetaDataCount())
    }
    assert found == METADATA


def test_an_stl_does_not_start_like_a_text_one(guide_solid: TriangleMesh) -> None:
    assert not stl_bytes(guide_solid, "Template")[:5].lower().startswith(b"solid")


@pytest.mark.hazard(26)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.5, 0.9, 0.999_999])
def test_a_truncated_or_lengthened_file_is_refused(
    tmp_path: Path, guide_solid: TriangleMesh, share: float
) -> None:
    whole = stl_bytes(guide_solid, "X")
    path = tmp_path / "a.stl"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(MeshRefusedError):
        load_stl(path)
    path.write_bytes(whole + whole[: 1 + int(share * len(whole))])
    with pytest.raises(MeshRefusedError):
        load_stl(path)
    package = threemf_bytes(guide_solid, METADATA)
    (tmp_path / "a.3mf").write_bytes(package[: int(share * len(package))])
    with pytest.raises(MeshRefusedError):
        load_3mf(tmp_path / "a.3mf")


@pytest.mark.hazard(26)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(
    tmp_path: Path, guide_solid: TriangleMesh, value: float
) -> None:
    damaged = bytearray(stl_bytes(guide_solid, "X"))
    damaged[84 + 50 * 7 + 12 : 84 + 50 * 7 + 16] = struct.pack("<f", value)
    (tmp_path / "a.stl").write_bytes(damaged)
    with pytest.raises(MeshRefusedError, match="finite"):
        load_stl(tmp_path / "a.stl")


def test_other_kinds_of_file_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.stl").write_text("solid x\nfacet normal 0 0 1\n" + 20 * "outer loop\n")
    with pytest.raises(MeshRefusedError, match="text STL"):
        load_mesh(tmp_path / "a.stl")
    (tmp_path / "b.stl").write_bytes(bytes(84))
    with pytest.raises(MeshRefusedError, match="none"):
        load_mesh(tmp_path / "b.stl")
    (tmp_path / "a.obj").write_bytes(b"")
    with pytest.raises(FileRefusedError, match=r"\.stl or \.3mf"):
        load_mesh(tmp_path / "a.obj")
    with pytest.raises(FileRefusedError):
        load_mesh(tmp_path / "none.stl")


@pytest.mark.hazard(24, 25)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("inch", "millimetre"),
        ("two", "one body"),
        ("mirror", "as it is drawn"),
        ("none", "one body"),
    ],
)
def test_a_3mf_that_prints_something_else_than_it_draws_is_refused(
    tmp_path: Path, guide_solid: TriangleMesh, fault: str, words: str
) -> None:
    library = lib3mf.get_wrapper()
    model = library.CreateModel()
    model.SetUnit(lib3mf.ModelUnit.Inch if fault == "inch" else lib3mf.ModelUnit.MilliMeter)
    placed = library.GetIdentityTransform()
    if fault == "mirror":
        placed.Fields[0][0] = -1.0
    points, rows = guide_solid.vertices_mm, guide_solid.triangles
    for _ in range({"two": 2, "none": 0}.get(fault, 1)):
        body = model.AddMeshObject()
        body.SetGeometry(
            [lib3mf.Position((lib3mf.ctypes.c_float * 3)(*point)) for point in points],
            [lib3mf.Triangle((lib3mf.ctypes.c_uint32 * 3)(*row)) for row in rows],
        )
        model.AddBuildItem(body, placed)
    model.QueryWriter("3mf").WriteToFile(str(tmp_path / "a.3mf"))
    with pytest.raises(MeshRefusedError, match=words):
        load_3mf(tmp_path / "a.3mf")


def test_the_same_mesh_gives_the_same_bytes(guide_solid: TriangleMesh) -> None:
    assert stl_bytes(guide_solid, "X") == stl_bytes(guide_solid, "X")
    assert threemf_bytes(guide_solid, METADATA) == threemf_bytes(guide_solid, METADATA)


@pytest.mark.hazard(48)
def test_a_3mf_that_unpacks_to_a_gigabyte_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.3mf", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("3D/3dmodel.model", "w", force_zip64=True) as part,
    ):
        for _ in range(64):
            part.write(bytes(2**24))
    assert (tmp_path / "bomb.3mf").stat().st_size < 2**30 / 900
    monkeypatch.setattr(zipfile.ZipFile, "testzip", None)
    with pytest.raises(MeshRefusedError, match="1073741824 bytes") as error:
        load_3mf(tmp_path / "bomb.3mf")
    assert error.value.refusal.code == "mesh-too-large"


def test_a_3mf_that_is_no_whole_archive_is_refused(
    tmp_path: Path, guide_solid: TriangleMesh
) -> None:
    whole = bytearray(threemf_bytes(guide_solid, METADATA))
    whole[len(whole) // 2] ^= 0x10
    (tmp_path / "a.3mf").write_bytes(whole)
    with pytest.raises(MeshRefusedError, match="whole ZIP"):
        load_3mf(tmp_path / "a.3mf")
