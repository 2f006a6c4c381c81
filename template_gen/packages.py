"""The package that a 3MF is: a ZIP archive of few parts, one of them the model.

References
----------
ECMA-376, part 2, Open Packaging Conventions: relationships, and the mapping to ZIP.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from template_gen.errors import TemplateRefusedError
from template_gen.files import read_bounded
from template_gen.meshrefusals import damaged_mesh, mesh_not_plain, mesh_too_large
from template_gen.plainxml import SEPARATOR, parse_xml

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

LARGEST_MODEL_BYTES = 100_000_000
"""A 3MF unpacked: a plate of 400 bores is 10 MB of text. A megabyte of ZIP can hold a gigabyte."""
MOST_PARTS = 64
"""Files in a 3MF: the model, what it is of, thumbnails."""
HARDEST_RATIO = 100
"""A plate's text packs 7 : 1; deflate cannot pack harder than 1,032 : 1."""
RATIO_COUNTS_FROM_BYTES = 1 << 20
"""What unpacks to less harms nobody."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""All that the Open Packaging Conventions allow."""
STUMBLES = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError,
            RuntimeError, OverflowError)  # fmt: skip
"""What Python's reader of ZIP archives raises on damaged ones."""
FIRST_BYTES = b"PK\x03\x04"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
MODEL_TYPE = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
CONTENT_TYPES, ROOT = "[Content_Types].xml", "_rels/.rels"


def open_model(path: Path) -> IO[bytes]:
    """Open the one model of a 3MF, after the whole archive was measured and checked.

    Parameters
    ----------
    path : Path
        The 3MF.

    Returns
    -------
    file of bytes
        The XML of the model; unpacked piece by piece while it is read.

    Raises
    ------
    FileRefusedError
        If the file cannot be read or is longer than a model may be unpacked.
    MeshRefusedError
        ``damaged-mesh`` if the archive is not whole, ``mesh-too-large`` if it announces too much,
        ``mesh-not-plain`` if programs could find different models in it.
    """
    content = read_bounded(path, LARGEST_MODEL_BYTES)
    if content[:4] != FIRST_BYTES:
        raise damaged_mesh(path, "a whole ZIP archive", f"first bytes {content[:4]!r}")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        _check_parts(path, archive.infolist())
        # what unpacks to more than it announces, or to something else, is named here
        wrong = archive.testzip()
        if wrong is not None:
            raise damaged_mesh(path, "a whole ZIP archive", f"a wrong checksum in {wrong[:80]!r}")
        return archive.open(_model_name(path, archive))
    except TemplateRefusedError:
        raise
    except STUMBLES as error:
        got = str(error)[:200] or "its end"
        raise damaged_mesh(path, "a whole ZIP archive", got) from error


def _check_parts(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    """Refuse a bomb before anything is unpacked, and parts of which there are two."""
    size = sum(part.file_size for part in parts)
    if not (len(parts) <= MOST_PARTS and size <= LARGEST_MODEL_BYTES):
        expected = f"{MOST_PARTS} parts of {LARGEST_MODEL_BYTES} bytes together"
        raise mesh_too_large(path, expected, f"{len(parts)} parts of {size} bytes")
    for part in parts:
        if part.file_size > max(RATIO_COUNTS_FROM_BYTES, HARDEST_RATIO * part.compress_size):
            got = f"{part.file_size} bytes in {part.compress_size}"
            raise mesh_too_large(path, f"text packed {HARDEST_RATIO} : 1 or less", got)
        if part.flag_bits & 1 or part.compress_type not in METHODS:
            got = f"flags {part.flag_bits}, method {part.compress_type}"
            raise damaged_mesh(path, "parts stored or deflated, not encrypted", got)
    names = [part.filename.casefold() for part in parts]
    if len(set(names)) != len(names):
        raise mesh_not_plain(path, "each part once", f"{len(names) - len(set(names))} twice")


def _model_name(path: Path, archive: zipfile.ZipFile) -> str:
    """Find the model: the only one in the archive, and the one that the package names."""
    names = archive.namelist()
    models = [name for name in names if name.casefold().endswith(".model")]
    if len(models) != 1:
        raise mesh_not_plain(path, "one model in the package", f"{len(models)}")
    missing = {CONTENT_TYPES, ROOT} - set(names)
    if missing:
        raise damaged_mesh(path, "a 3MF package", f"none of {', '.join(sorted(missing))}")
    root = _Relationships(path)
    with archive.open(ROOT) as stream:
        parse_xml(path, stream, root)
    if root.models != [models[0]]:
        raise mesh_not_plain(path, f"the package to name {models[0][:80]!r}", str(root.models)[:99])
    return models[0]


class _Relationships:
    """Listens to the root relationships, and keeps which models they name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.models: list[str] = []

    def declare(self, prefix: str | None, namespace: str | None) -> None:
        """Names with a prefix are compared by namespace."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take one relationship."""
        space, _, tag = name.rpartition(SEPARATOR)
        if space != RELATIONSHIPS or tag not in ("Relationships", "Relationship"):
            raise damaged_mesh(self.path, "relationships of the package", name[:80])
        if tag == "Relationship" and attributes.get("Type") == MODEL_TYPE:
            inside = attributes.get("TargetMode", "Internal") == "Internal"
            self.models.append(attributes.get("Target", "").removeprefix("/") if inside else "")

    def end(self, name: str) -> None:
        """Nothing is told by an end."""

    def text(self, words: str) -> None:
        """Blanks between the tags."""
        if words.strip():
            raise damaged_mesh(self.path, "relationships of the package", words[:80])
