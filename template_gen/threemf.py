"""The one body of a 3MF, read by code of this package: what is not known here is refused.

References
----------
3MF Consortium, 3MF Core Specification 1.3: 3.4 (model, unit), 4.1 (mesh), 3.4.3 (build items).
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from template_gen.meshrefusals import damaged_mesh, mesh_not_plain, mesh_too_large
from template_gen.packages import open_model
from template_gen.plainxml import SEPARATOR, parse_xml

if TYPE_CHECKING:
    from pathlib import Path

    from template_gen.arrays import Floats, Indices

MOST_ELEMENTS = 1_000_000
"""Facets, vertices and all else: five times a plate of 400 bores, and some seconds to read."""
CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
WITHOUT_SHAPE = (
    "http://schemas.microsoft.com/3dmanufacturing/material/2015/02",
    "http://schemas.microsoft.com/3dmanufacturing/trianglesets/2021/07",
)
"""Colours, and names for groups of facets: passed over. Other extensions may change the shape."""
CHILDREN: dict[str, tuple[str, ...]] = {
    "": ("model",),
    "model": ("metadata", "resources", "build"),
    "resources": ("basematerials", "object"),
    "basematerials": ("base",),
    "object": ("metadatagroup", "mesh"),
    "metadatagroup": ("metadata",),
    "mesh": ("vertices", "triangles"),
    "vertices": ("vertex",),
    "triangles": ("triangle",),
    "build": ("item",),
    "item": ("metadatagroup",),
}
ATTRIBUTES: dict[str, frozenset[str]] = {
    "model": frozenset({"unit", "requiredextensions", "recommendedextensions"}),
    "metadata": frozenset({"name", "preserve", "type"}),
    "basematerials": frozenset({"id"}),
    "base": frozenset({"name", "displaycolor"}),
    "object": frozenset({"id", "type", "thumbnail", "partnumber", "name", "pid", "pindex"}),
    "vertex": frozenset({"x", "y", "z"}),
    "triangle": frozenset({"v1", "v2", "v3", "p1", "p2", "p3", "pid"}),
    "item": frozenset({"objectid", "transform", "partnumber"}),
}
XML = "http://www.w3.org/XML/1998/namespace"
HARMLESS = frozenset(
    {f"{PRODUCTION}{SEPARATOR}UUID", f"{XML}{SEPARATOR}lang", f"{XML}{SEPARATOR}space"}
)
ONCE = ("resources", "build", "mesh", "vertices", "triangles")
NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
THREE_NUMBERS = re.compile(" ".join([NUMBER] * 3))
TWELVE_NUMBERS = re.compile(" ".join([NUMBER] * 12))
THREE_INDICES = re.compile("[0-9]{1,9} [0-9]{1,9} [0-9]{1,9}")
UNMOVED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


def read_threemf(path: Path) -> tuple[Floats, Indices]:
    """Read the one body of a 3MF that is printed in millimetres as it is drawn.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    vertices_mm : (n, 3) array
        In the file's order, float32 values, all finite.
    triangles : (t, 3) array
        Rows of `vertices_mm`, at least one triangle, three corners each.

    Raises
    ------
    FileRefusedError
        If the file cannot be read.
    MeshRefusedError
        ``damaged-mesh`` if it is not whole or no 3MF; ``mesh-too-large`` beyond the limits;
        ``mesh-not-plain`` if its unit is another one, it holds not exactly one body, the body is
        moved or scaled when it is printed, or it says anything that is not known here.
    """
    model = _Model(path)
    with open_model(path) as stream:
        parse_xml(path, stream, model)
    model.check_whole()
    with np.errstate(over="ignore"):
        points = np.array(model.numbers, dtype=np.float32).reshape(-1, 3)
    rows = np.array(model.indices, dtype=np.int64).reshape(-1, 3)
    if not np.isfinite(points).all():
        raise damaged_mesh(path, "finite coordinates", "a number beyond float32")
    if not len(rows) > 0:
        raise damaged_mesh(path, "at least one facet", "none")
    if not rows.max() < len(points):
        raise damaged_mesh(path, f"corners among {len(points)} vertices", f"{rows.max()}")
    if ((rows == np.roll(rows, 1, axis=1)).any(axis=1)).any():
        raise damaged_mesh(path, "three corners to each triangle", "one of them twice")
    return points.astype(np.float64), rows


class _Model:
    """Listens to a model, and keeps its body."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open = [""]
        self.passed_over = 0
        self.elements = 0
        self.tags: Counter[str] = Counter()
        self.numbers = array("d")
        self.indices = array("q")
        self.ids: list[str | None] = []
        self.prefixes: dict[str, str] = {}

    def declare(self, prefix: str | None, namespace: str | None) -> None:
        """Keep which namespace a prefix stands for."""
        self._count()
        known = self.prefixes.setdefault(prefix or "", namespace or "")
        if prefix and known != namespace:
            raise mesh_not_plain(self.path, "one meaning for each prefix", prefix[:40])

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element that belongs where it stands, with attributes that are known."""
        self._count()
        space, _, tag = name.rpartition(SEPARATOR)
        if self.passed_over or (space in WITHOUT_SHAPE and len(self.open) > 1):
            self.passed_over += 1
            return
        if space != CORE or tag not in CHILDREN.get(self.open[-1], ()):
            expected = f"what a plain 3MF has inside {self.open[-1] or 'the file'}"
            raise mesh_not_plain(self.path, expected, f"the element {name[:120]!r}")
        self.open.append(tag)
        if tag == "vertex":
            self._take_vertex(attributes)
        elif tag == "triangle":
            self._take_triangle(attributes)
        else:
            self.tags[tag] += 1
            self._check_attributes(tag, attributes)
            check = CHECKS.get(tag)
            if check is not None:
                check(self, attributes)

    def end(self, name: str) -> None:
        """Leave an element."""
        del name
        if self.passed_over:
            self.passed_over -= 1
        else:
            self.open.pop()

    def text(self, words: str) -> None:
        """Refuse text that may once have been a tag."""
        if not words.isspace() and self.open[-1] != "metadata" and not self.passed_over:
            raise damaged_mesh(self.path, f"no text inside {self.open[-1]}", words[:80])

    def check_whole(self) -> None:
        """Refuse what is missing, or there twice, once all was told."""
        for tag, what in (("object", "one body"), ("item", "one body to print")):
            if self.tags[tag] != 1:
                raise mesh_not_plain(self.path, what, f"{self.tags[tag]} bodies")
        for tag in ONCE:
            if self.tags[tag] != 1:
                raise damaged_mesh(self.path, f"{tag} once", f"{self.tags[tag]} times")
        if len(set(self.ids)) != 1 or None in self.ids:
            raise damaged_mesh(self.path, "the body itself to be printed", f"ids {self.ids}"[:80])

    def _check_attributes(self, tag: str, attributes: dict[str, str]) -> None:
        """Refuse an attribute that may mean something."""
        known = ATTRIBUTES.get(tag, frozenset())
        for name in attributes:
            if name not in known and name not in HARMLESS:
                space = name.rpartition(SEPARATOR)[0]
                if space not in WITHOUT_SHAPE:
                    expected = f"what a plain 3MF says of a {tag}"
                    raise mesh_not_plain(self.path, expected, f"the attribute {name[:120]!r}")

    def _take_vertex(self, attributes: dict[str, str]) -> None:
        """Keep three coordinates."""
        if len(attributes) != 3:
            self._check_attributes("vertex", attributes)
        texts = [attributes.get(name, "") for name in ("x", "y", "z")]
        if not THREE_NUMBERS.fullmatch(" ".join(texts)):
            raise damaged_mesh(self.path, "three coordinates x, y, z", str(attributes)[:80])
        self.numbers.extend(map(float, texts))

    def _take_triangle(self, attributes: dict[str, str]) -> None:
        """Keep three corners."""
        if len(attributes) != 3:
            self._check_attributes("triangle", attributes)
        texts = [attributes.get(name, "") for name in ("v1", "v2", "v3")]
        if not THREE_INDICES.fullmatch(" ".join(texts)):
            raise damaged_mesh(self.path, "three corners v1, v2, v3", str(attributes)[:80])
        self.indices.extend(map(int, texts))

    def _count(self) -> None:
        """Refuse a model of which the rest is not worth reading."""
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise mesh_too_large(self.path, f"{MOST_ELEMENTS} elements or fewer", "more")

    def _check_model(self, attributes: dict[str, str]) -> None:
        """Refuse another unit, and extensions that a printer must know and this reader does not."""
        unit = attributes.get("unit", "millimeter")
        if unit != "millimeter":
            raise mesh_not_plain(self.path, "unit millimetre", unit[:40])
        for prefix in attributes.get("requiredextensions", "").split():
            if self.prefixes.get(prefix) not in (PRODUCTION, *WITHOUT_SHAPE):
                got = self.prefixes.get(prefix, prefix)[:120]
                raise mesh_not_plain(self.path, "no extension that changes the shape", got)

    def _check_object(self, attributes: dict[str, str]) -> None:
        """Refuse a body that is no part of the print."""
        kind = attributes.get("type", "model")
        if kind != "model":
            raise mesh_not_plain(self.path, "a body of type model", kind[:40])
        self.ids.append(attributes.get("id"))

    def _check_item(self, attributes: dict[str, str]) -> None:
        """Refuse a body that the file turns, mirrors or scales when it is printed."""
        transform = attributes.get("transform")
        self.ids.append(attributes.get("objectid"))
        if transform is None:
            return
        texts = transform.split()
        known = TWELVE_NUMBERS.fullmatch(" ".join(texts))
        if not known or tuple(map(float, texts)) != UNMOVED:
            raise mesh_not_plain(self.path, "a body placed as it is drawn", transform[:200])


CHECKS = {
    "model": _Model._check_model,  # noqa: SLF001 - the class's own methods
    "object": _Model._check_object,  # noqa: SLF001 - the same
    "item": _Model._check_item,  # noqa: SLF001 - the same
}
