"""Mesh files: binary STL and 3MF, written with the same bytes each time and read strictly."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from template_gen.errors import FileRefusedError, InternalDefectError, MeshRefusedError
from template_gen.files import read_bounded
from template_gen.mesh import TriangleMesh, area_vectors_mm2, weld

if TYPE_CHECKING:
    from pathlib import Path

    from template_gen.arrays import Floats

HEADER_BYTES = 80
FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
"""One facet of a binary STL: 50 bytes."""
DECIMALS = 12
"""In a 3MF: enough to bring every float32 of a plate back."""
LARGEST_MESH_BYTES = 500_000_000
"""Ten million facets, sixty times a plate of 400 bores."""
LARGEST_MODEL_BYTES = 200_000_000
"""A 3MF unpacked: the same plate's is 20 MB of text. A megabyte of ZIP can hold a gigabyte."""
MOST_PARTS = 64
"""Files in a 3MF: the model, what it is of, thumbnails."""


def stl_bytes(mesh: TriangleMesh, title: str) -> bytes:
    """Write a mesh as binary STL.

    Parameters
    ----------
    mesh : TriangleMesh
    title : str
        Goes into the header, cut to 80 characters; STL itself knows no unit.

    Returns
    -------
    bytes
    """
    areas = area_vectors_mm2(mesh)
    facets = np.zeros(len(mesh.triangles), dtype=FACET)
    facets["normal"] = areas / np.linalg.norm(areas, axis=1, keepdims=True) + 0.0
    facets["corners"] = mesh.corners_mm
    header = title.encode("ascii", "replace")[:HEADER_BYTES].ljust(HEADER_BYTES)
    return header + len(facets).to_bytes(4, "little") + facets.tobytes()


def load_stl(path: Path) -> TriangleMesh:
    """Read a binary STL and join its facets.

    Parameters
    ----------
    path : Path

    Returns
    -------
    TriangleMesh

    Raises
    ------
    FileRefusedError
        If the file cannot be read.
    MeshRefusedError
        If it is text, its length contradicts its facet count, or a number is not finite.
    """
    content = read_bounded(path, LARGEST_MESH_BYTES)
    start = HEADER_BYTES + 4
    if len(content) < start:
        raise _damaged(path, "a binary STL of at least 84 bytes", f"{len(content)} bytes")
    count = int.from_bytes(content[HEADER_BYTES:start], "little")
    if len(content) != start + FACET.itemsize * count:
        if content[:6].lower() == b"solid ":
            raise _damaged(path, "a binary STL", "a text STL, or a damaged binary one")
        expected = f"{start + FACET.itemsize * count} bytes for the {count} facets it announces"
        raise _damaged(path, expected, f"{len(content)} bytes")
    if not count > 0:
        raise _damaged(path, "at least one facet", "none")
    corners = np.frombuffer(content, FACET, count, start)["corners"]
    return weld(_finite(path, corners.astype(np.float64)))


def load_mesh(path: Path) -> TriangleMesh:
    """Read a mesh by its suffix.

    Parameters
    ----------
    path : Path
        ``.stl`` or ``.3mf``.

    Returns
    -------
    TriangleMesh

    Raises
    ------
    FileRefusedError
        If the suffix is another one, or the file cannot be read.
    MeshRefusedError
        If the file is damaged.
    """
    readers = {".stl": load_stl, ".3mf": load_3mf}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise FileRefusedError(
            code="unknown-mesh-format",
            what="The mesh is in a format that is not read here",
            where=str(path),
            expected=".stl or .3mf",
            got=suffix or "no suffix",
            next_step="export the mesh as binary STL in millimetres",
        )
    return readers[suffix](path)


def threemf_bytes(mesh: TriangleMesh, metadata: dict[str, str]) -> bytes:
    """Write a mesh as 3MF, unit millimetre.

    Parameters
    ----------
    mesh : TriangleMesh
    metadata : dict of str
        Standard names such as ``Title`` and ``Description``; ``Title`` also names the object.

    Returns
    -------
    bytes
        The same for the same input: identifiers are derived from the metadata.

    Raises
    ------
    InternalDefectError
        If lib3mf's own strict reader does not take it back without a warning.
    """
    import lib3mf  # noqa: PLC0415 - a native library that only 3MF needs

    library = lib3mf.get_wrapper()
    model = library.CreateModel()
    model.SetUnit(lib3mf.ModelUnit.MilliMeter)
    body = model.AddMeshObject()
    body.SetName(metadata["Title"])
    points = np.ascontiguousarray(mesh.vertices_mm, dtype=np.float32)
    rows = np.ascontiguousarray(mesh.triangles, dtype=np.uint32)
    body.SetGeometry(
        (lib3mf.Position * len(points)).from_buffer_copy(points.tobytes()),
        (lib3mf.Triangle * len(rows)).from_buffer_copy(rows.tobytes()),
    )
    item = model.AddBuildItem(body, library.GetIdentityTransform())
    names = [f"{key}={value}" for key, value in sorted(metadata.items())]
    for part, holder in (("object", body), ("item", item)):
        holder.SetUUID(str(uuid5(NAMESPACE_URL, f"template-gen:{part}:{names}")))
    model.SetBuildUUID(str(uuid5(NAMESPACE_URL, f"template-gen:build:{names}")))
    group = model.GetMetaDataGroup()
    for key, value in metadata.items():
        group.AddMetaData("", key, value, "xs:string", True)  # noqa: FBT003 - lib3mf's own order
    writer = model.QueryWriter("3mf")
    writer.SetDecimalPrecision(DECIMALS)
    content = bytes(writer.WriteToBuffer())
    _check_3mf(content)
    return content


def _check_3mf(content: bytes) -> None:
    import lib3mf  # noqa: PLC0415 - a native library that only 3MF needs

    reader = lib3mf.get_wrapper().CreateModel().QueryReader("3mf")
    reader.SetStrictModeActive(True)  # noqa: FBT003 - lib3mf's own signature
    reader.ReadFromBuffer(content)
    if reader.GetWarningCount() != 0:
        raise InternalDefectError(f"3MF: strict reader: {reader.GetWarning(0)}")


def load_3mf(path: Path) -> TriangleMesh:
    """Read the one body of a 3MF in millimetres.

    Parameters
    ----------
    path : Path

    Returns
    -------
    TriangleMesh

    Raises
    ------
    FileRefusedError
        If the file cannot be read.
    MeshRefusedError
        If lib3mf refuses it, its unit is another one, or it does not hold exactly one body that
        is printed as it is drawn.
    """
    import lib3mf  # noqa: PLC0415 - a native library that only 3MF needs

    content = read_bounded(path, LARGEST_MESH_BYTES)
    _check_archive(path, content)
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)  # noqa: FBT003 - lib3mf's own signature
    try:
        reader.ReadFromBuffer(content)
    except lib3mf.ELib3MFException as error:
        raise _damaged(path, "a 3MF that lib3mf's strict reader takes", str(error)) from error
    if model.GetUnit() != lib3mf.ModelUnit.MilliMeter:
        raise _damaged(path, "unit millimetre", str(model.GetUnit()))
    bodies = model.GetMeshObjects()
    if bodies.Count() != 1 or not bodies.MoveNext():
        raise _damaged(path, "one body", f"{bodies.Count()} bodies")
    body = bodies.GetCurrentMeshObject()
    _check_placed_as_drawn(path, model)
    points = np.array([list(vertex.Coordinates) for vertex in body.GetVertices()])
    rows = np.array([list(triangle.Indices) for triangle in body.GetTriangleIndices()])
    if not len(rows) > 0:
        raise _damaged(path, "at least one facet", "none")
    return weld(_finite(path, points)[rows])


def _check_archive(path: Path, content: bytes) -> None:
    """Refuse a bomb before lib3mf unpacks it: the sizes that the archive announces."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            encrypted = any(part.flag_bits & 1 for part in parts)
            size = sum(part.file_size for part in parts)
            fits = len(parts) <= MOST_PARTS and size <= LARGEST_MODEL_BYTES and not encrypted
            # what unpacks to more than it announces, or to something else, is named here
            wrong = archive.testzip() if fits else None
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, "a whole ZIP archive", str(error)[:200]) from error
    except (EOFError, RuntimeError, struct.error) as error:
        raise _damaged(path, "a whole ZIP archive", str(error)[:200] or "its end") from error
    if wrong is not None:
        raise _damaged(path, "a whole ZIP archive", f"a wrong checksum in {wrong[:80]!r}")
    if not fits:
        expected = f"{MOST_PARTS} plain parts of {LARGEST_MODEL_BYTES} bytes together"
        raise _damaged(path, expected, f"{len(parts)} parts of {size} bytes")


def _check_placed_as_drawn(path: Path, model: Any) -> None:  # noqa: ANN401 - lib3mf has no types
    """Refuse a body that the file turns, mirrors or scales when it is printed."""
    items = model.GetBuildItems()
    if items.Count() != 1 or not items.MoveNext():
        raise _damaged(path, "one body to print", f"{items.Count()}")
    transform = items.GetCurrent().GetObjectTransform()
    fields = np.array([list(row) for row in transform.Fields])
    if not np.array_equal(fields, np.eye(4, 3)):
        raise _damaged(path, "a body placed as it is drawn", f"transform {fields.tolist()}")


def _finite(path: Path, values: Floats) -> Floats:
    if not np.isfinite(values).all():
        raise _damaged(path, "finite coordinates", "NaN or infinity")
    return values


def _damaged(path: Path, expected: str, got: str) -> MeshRefusedError:
    return MeshRefusedError(
        code="damaged-mesh",
        what="The mesh file is damaged or of another kind",
        where=str(path),
        expected=expected,
        got=got,
        next_step="build or export it again, and never print this file",
    )
