"""A 3MF is one body in millimetres, printed as it is drawn, or refused: nothing unknown passes."""

from __future__ import annotations

import io
import itertools
import struct
import sys
import zipfile
from typing import TYPE_CHECKING

import lib3mf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_gen import packages, threemf
from template_gen.errors import FileRefusedError, MeshRefusedError, TemplateRefusedError
from template_gen.mesh import measure_soundness
from template_gen.meshfiles import load_3mf, load_mesh, threemf_bytes
from template_gen.threemf import read_threemf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from template_gen.mesh import TriangleMesh

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
EXTENSIONS = {
    "p": "http://schemas.microsoft.com/3dmanufacturing/production/2015/06",
    "m": "http://schemas.microsoft.com/3dmanufacturing/material/2015/02",
    "b": "http://schemas.microsoft.com/3dmanufacturing/beamlattice/2017/02",
    "s": "http://schemas.microsoft.com/3dmanufacturing/slice/2015/07",
    "t": "http://schemas.microsoft.com/3dmanufacturing/trianglesets/2021/07",
}
DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in EXTENSIONS.items())
CORNERS = np.array(list(itertools.product((0, 1), (0, 1), (0, 1))))
FACES = (
    *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5)),
    *((0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6)),
    *((0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
)
"""Of a cube, outward by the right-hand rule."""
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" '
    'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/3D/3dmodel.model" Id="rel0" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)
MODEL = "3D/3dmodel.model"


def box_model(size_mm: tuple[float, float, float] = (2.0, 3.0, 4.0)) -> str:
    """Write a box as the model of a 3MF."""
    vertices = "".join(f'<vertex x="{x!r}" y="{y!r}" z="{z!r}"/>'
                       for x, y, z in (CORNERS * size_mm).tolist())  # fmt: skip
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in FACES)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<model unit="millimeter" xmlns="{CORE}" '
        f'{DECLARED}><resources><object id="1" type="model"><mesh><vertices>{vertices}</vertices>'
        f"<triangles>{triangles}</triangles></mesh></object></resources>"
        f'<build><item objectid="1"/></build></model>'
    )


def package(model: str | bytes, method: int = zipfile.ZIP_DEFLATED, **others: str | bytes) -> bytes:
    """Pack a model; `others` replaces the parts named types and rels."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("[Content_Types].xml", others.get("types", TYPES))
        archive.writestr("_rels/.rels", others.get("rels", RELS))
        archive.writestr(MODEL, model)
    return packed.getvalue()


def by_lib3mf(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read the body with the library of the 3MF consortium."""
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.ReadFromBuffer(content)
    bodies = model.GetMeshObjects()
    assert bodies.Count() == 1
    assert bodies.MoveNext()
    body = bodies.GetCurrentMeshObject()
    vertices = np.array([list(vertex.Coordinates) for vertex in body.GetVertices()])
    return vertices, np.array([list(row.Indices) for row in body.GetTriangleIndices()])


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
    """Give code and text of the refusal of a file."""

    def run(content: bytes) -> tuple[str, str]:
        (tmp_path / "a.3mf").write_bytes(content)
        with pytest.raises(TemplateRefusedError) as error:
            load_mesh(tmp_path / "a.3mf")
        return error.value.refusal.code, str(error.value)

    return run


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_box_has_the_volume_of_its_sides(tmp_path: Path, method: int) -> None:
    path = tmp_path / "box.3mf"
    path.write_bytes(package(box_model((2.0, 3.0, 4.5)), method))
    found = measure_soundness(load_3mf(path))
    assert found.volume_mm3 == 27.0
    assert (found.open_edges, found.shells, found.genus) == (0, 1, 0)


def test_a_plate_is_read_as_lib3mf_reads_it_to_the_last_bit(
    tmp_path: Path, guide_solid: TriangleMesh
) -> None:
    content = threemf_bytes(guide_solid, {"Title": "T", "Description": "unit=mm"})
    (tmp_path / "a.3mf").write_bytes(content)
    vertices_mm, triangles = read_threemf(tmp_path / "a.3mf")
    foreign_mm, foreign = by_lib3mf(content)
    np.testing.assert_array_equal(vertices_mm, foreign_mm)
    np.testing.assert_array_equal(triangles, foreign)


@given(
    value=st.floats(-1e4, 1e4, width=32),
    form=st.sampled_from(["{!r}", "{:.9e}", "{:+.12f}", "{:E}"]),
)
def test_every_way_to_write_a_number_is_read(
    tmp_path_factory: pytest.TempPathFactory, value: float, form: str
) -> None:
    text = form.format(value)
    path = tmp_path_factory.mktemp("a") / "a.3mf"
    path.write_bytes(package(box_model().replace('x="2.0"', f'x="{text}"')))
    vertices_mm, _ = read_threemf(path)
    np.testing.assert_array_equal(vertices_mm[4:, 0], np.float32(text))


UUID = "99096246-83e2-5378-81ed-5318136727fd"
BASE_MATERIALS = '<basematerials id="2"><base name="a" displaycolor="#FFFFFF"/></basematerials>'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('unit="millimeter" ', ""),
        ('objectid="1"', 'objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0 0"'),
        ('objectid="1"', 'objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0 0 "'),
        ('objectid="1"', 'objectid="1" transform="1.0 -0 0 0 1e0 0 0 0 1 0 0 0" partnumber="7"'),
        ("<resources>", '<metadata name="Title">a &lt; b</metadata><resources>'),
        ("<resources>", '<!-- made by hand -->\n<resources xml:lang="en">'),
        ("<object ", f'<object name="a &amp; b" p:UUID="{UUID}" '),
        ("<object", f"{BASE_MATERIALS}<object"),
        ("<object", '<m:colorgroup id="3"><m:color color="#FF0000"/></m:colorgroup><object'),
        ("</mesh>", '<t:trianglesets><t:triangleset name="a"/></t:trianglesets></mesh>'),
        ("<model ", '<model requiredextensions="p m" '),
        ('encoding="UTF-8"', ""),
        ("<?xml", "\ufeff<?xml"),
    ],
)  # fmt: skip
def test_what_does_not_change_the_shape_is_passed_over(tmp_path: Path, old: str, new: str) -> None:
    """The same box, and lib3mf reads the same."""
    assert old in box_model()
    content = package(box_model().replace(old, new))
    (tmp_path / "a.3mf").write_bytes(content)
    vertices_mm, triangles = read_threemf(tmp_path / "a.3mf")
    np.testing.assert_array_equal(vertices_mm, CORNERS * (2, 3, 4))
    np.testing.assert_array_equal(triangles, FACES)
    foreign_mm, foreign = by_lib3mf(content)
    np.testing.assert_array_equal(foreign_mm, vertices_mm)
    np.testing.assert_array_equal(foreign, triangles)


COMPONENTS = (
    '<object id="2"><components><component objectid="1"/></components></object></resources>'
)


@pytest.mark.hazard(24, 25)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("millimeter", unit) for unit in ("inch", "meter", "micron", "foot", "centimeter", "mm")),
        ('objectid="1"', 'objectid="1" transform="-1 0 0 0 1 0 0 0 1 0 0 0"'),
        ('objectid="1"', 'objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0 0.001"'),
        ('objectid="1"', 'objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0"'),
        ('objectid="1"', 'objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0 nan"'),
        ('objectid="1"', 'objectid="1" p:path="/3D/other.model"'),
        ('objectid="1"', 'objectid="1" move="1 0 0 0 1 0 0 0 1 9 9 9"'),
        ('<item objectid="1"/>', ""),
        ('<item objectid="1"/>', '<item objectid="1"/><item objectid="1"/>'),
        ("</resources>", COMPONENTS),
        ("</mesh>", '<b:beamlattice minlength="1" radius="1"/></mesh>'),
        ("<resources>", '<resources><s:slicestack id="9"/>'),
        ("<model ", '<model requiredextensions="b" '),
        ("<model ", '<model requiredextensions="x" '),
        ('type="model"', 'type="support"'),
        ('type="model"', 'type="model" s:slicestackid="9"'),
        (f'xmlns="{CORE}"', 'xmlns="http://example.org/other"'),
        ("<resources>", '<resources xmlns:p="http://example.org/other">'),
        ("<vertices>", "<vertices><vortex/>"),
        ("<build>", "<build><build/>"),
    ],
)
def test_what_may_print_another_shape_is_refused(
    refusal: Callable[[bytes], tuple[str, str]], old: str, new: str
) -> None:
    assert old in box_model()
    assert refusal(package(box_model().replace(old, new)))[0] == "mesh-not-plain"


@pytest.mark.hazard(26)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(('x="2.0"', f'x="{text}"') for text in (
            "nan", "inf", "1e999", "1e39", "2,0", "1_0", "", " 2", "2 ", "2 0", "0x2",
            "\u0662", "--2", "1e", ".", "2.0f")),
        ('x="2.0" ', ""),
        ('v1="0" ', ""),
        *(('v1="0"', f'v1="{text}"') for text in ("-1", "8", "0.0", "1e0", "9999999999", "\u0660")),
        ('v1="0" v2="1"', 'v1="1" v2="1"'),
        ("<vertex ", "=vertex "),
        ("</vertices>", "</vertices>7"),
        ('objectid="1"', 'objectid="2"'),
        ('objectid="1"', ""),
        ('<object id="1"', "<object"),
        ("<triangles>", "<triangles></triangles><triangles>"),
        ("<resources>", "<resources></resources><resources>"),
        ("UTF-8", "ISO-8859-1"),
        ("</model>", ""),
        ("</model>", "</model><model/>"),
        ("</mesh>", "</mash>"),
        ("<resources>", "<resources>\ud800"),
        ("<resources>", "<resources>&bore;"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_refused(
    refusal: Callable[[bytes], tuple[str, str]], old: str, new: str
) -> None:
    assert old in box_model()
    model = box_model().replace(old, new, 1).encode("utf-8", "surrogatepass")
    assert refusal(package(model))[0] == "damaged-mesh"


def test_a_body_without_a_facet_is_refused(refusal: Callable[[bytes], tuple[str, str]]) -> None:
    start, end = box_model().split("<triangles>")
    model = start + "<triangles>" + end[end.index("</triangles>") :]
    code, words = refusal(package(model))
    assert code == "damaged-mesh"
    assert "at least one facet" in words


@pytest.mark.hazard(48)
def test_entities_are_refused_before_they_grow(refusal: Callable[[bytes], tuple[str, str]]) -> None:
    laughs = "".join(f'<!ENTITY a{n + 1} "{10 * f"&a{n};"}">' for n in range(9))
    for inside in (f'<!ENTITY a0 "ha">{laughs}', '<!ENTITY a9 SYSTEM "file:///etc/passwd">', ""):
        model = box_model().replace("<model", f"<!DOCTYPE model [{inside}]><model")
        model = model.replace("<resources>", '<metadata name="a">&a9;</metadata><resources>')
        code, words = refusal(package(model))
        assert code == "damaged-mesh"
        assert "DOCTYPE" in words
        assert "root:" not in words


@pytest.mark.hazard(47, 48)
@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<a " + "b" * 400_000, "damaged-mesh"),
        ("<!-- " + "<" * 400_000, "damaged-mesh"),
        ('<metadata name="a"/>' * 1_100_000, "mesh-too-large"),
        ("<m:a/>" * 1_100_000, "mesh-too-large"),
        ("\n <m:a/>" * 1_100_000, "mesh-too-large"),
    ],
    ids=["long-tag", "long-comment", "many-elements", "many-colours", "many-lines"],
)
def test_a_model_that_would_take_minutes_is_left_at_its_limit(
    refusal: Callable[[bytes], tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    inside: str,
    code: str,
) -> None:
    monkeypatch.setattr(packages, "HARDEST_RATIO", 1_032)
    model = box_model().replace("<resources>", inside + "<resources>")
    assert refusal(package(model))[0] == code


def test_the_limit_of_elements_leaves_room_for_the_largest_plate() -> None:
    """A plate of 400 bores has 57,580 vertices and 116,756 facets (decision 0015)."""
    assert threemf.MOST_ELEMENTS > 5 * (57_580 + 116_756)


@pytest.mark.hazard(48)
@pytest.mark.parametrize(
    ("parts", "code", "words"),
    [
        ({MODEL: b"", **{f"{n}.png": b"" for n in range(64)}}, "mesh-too-large", "parts"),
        ({MODEL: bytes(3 << 20)}, "mesh-too-large", "100 : 1"),
        ({MODEL: b"", "3d/3DMODEL.model": b""}, "mesh-not-plain", "each part once"),
        ({MODEL: b"", "3D/Objects/1.model": b""}, "mesh-not-plain", "one model"),
        ({"readme.txt": b""}, "mesh-not-plain", "one model"),
    ],
)
def test_an_archive_is_measured_before_it_is_unpacked(
    refusal: Callable[[bytes], tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    parts: dict[str, bytes],
    code: str,
    words: str,
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    monkeypatch.setattr(packages, "parse_xml", None)
    found = refusal(packed.getvalue())
    assert found[0] == code
    assert words in found[1]


@pytest.mark.hazard(26)
def test_a_package_that_is_none_is_refused(refusal: Callable[[bytes], tuple[str, str]]) -> None:
    whole = package(box_model())
    assert refusal(b"x" + whole)[0] == "damaged-mesh"
    assert refusal(package(box_model(), zipfile.ZIP_BZIP2))[0] == "damaged-mesh"
    assert refusal(package(box_model(), zipfile.ZIP_LZMA))[0] == "damaged-mesh"
    without = io.BytesIO()
    with zipfile.ZipFile(without, "w") as archive:
        archive.writestr(MODEL, box_model())
    assert refusal(without.getvalue())[0] == "damaged-mesh"
    for old, new, code in (
        ("/3D/3dmodel.model", "/3D/other.model", "mesh-not-plain"),
        ("Id=", 'TargetMode="External" Id=', "mesh-not-plain"),
        ("2013/01/3dmodel", "2013/01/thumbnail", "mesh-not-plain"),
        ("Relationship ", "Relation ", "damaged-mesh"),
        ("<Relationship ", "x<Relationship ", "damaged-mesh"),
    ):
        assert old in RELS
        assert refusal(package(box_model(), rels=RELS.replace(old, new)))[0] == code
    encrypted = bytearray(whole)
    for start in (encrypted.index(b"PK\x01\x02") + 8, 6):
        (flags,) = struct.unpack_from("<H", encrypted, start)
        struct.pack_into("<H", encrypted, start, flags | 1)
    assert refusal(bytes(encrypted))[0] == "damaged-mesh"


def test_a_file_longer_than_any_model_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "LARGEST_MODEL_BYTES", 100)
    (tmp_path / "a.3mf").write_bytes(package(box_model()))
    with pytest.raises(FileRefusedError) as error:
        load_3mf(tmp_path / "a.3mf")
    assert error.value.refusal.code == "file-too-long"


@pytest.mark.hazard(46)
def test_no_native_mesh_library_is_loaded_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.3mf").write_bytes(package(box_model()))
    monkeypatch.setitem(sys.modules, "lib3mf", None)
    assert measure_soundness(load_3mf(tmp_path / "a.3mf")).volume_mm3 == 24.0


def test_the_message_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "plate.3mf").write_bytes(b"")
    with pytest.raises(MeshRefusedError, match=r"plate\.3mf"):
        load_3mf(tmp_path / "plate.3mf")
