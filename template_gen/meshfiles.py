"""Mesh files: binary STL and 3MF, written with the same bytes each time and read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from template_gen.errors import FileRefusedError, InternalDefectError
from template_gen.files import read_bounded
from template_gen.mesh import TriangleMesh, area_vectors_mm2, weld
from template_gen.meshrefusals import damaged_mesh
from template_gen.threemf import read_threemf

if TYPE_CHECKING:
    from pathlib import Path

HEADER_BYTES = 80
FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
"""One facet of a binary STL: 50 bytes."""
DECIMALS = 12
"""In a 3MF: enough to bring every float32 of a plate back."""
LARGEST_MESH_BYTES = 500_000_000
"""Ten million facets, sixty times a plate of 400 bores."""


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
        raise damaged_mesh(path, "a binary STL of at least 84 bytes", f"{len(content)} bytes")
    count = int.from_bytes(content[HEADER_BYTES:start], "little")
    if len(content) != start + FACET.itemsize * count:
        if content[:6].lower() == b"solid ":
            raise damaged_mesh(path, "a binary STL", "a text STL, or a damaged binary one")
        expected = f"{start + FACET.itemsize * count} bytes for the {count} facets it announces"
        raise damaged_mesh(path, expected, f"{len(content)} bytes")
    if not count > 0:
        raise damaged_mesh(path, "at least one facet", "none")
    corners = np.frombuffer(content, FACET, count, start)["corners"]
    if not np.isfinite(corners).all():
        raise damaged_mesh(path, "finite coordinates", "NaN or infinity")
    return weld(corners.astype(np.float64))


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
    """Read the one body of a 3MF in millimetres, by code of this package.

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
        As :func:`template_gen.threemf.read_threemf` says.
    """
    vertices_mm, triangles = read_threemf(path)
    return weld(vertices_mm[triangles])
