"""A plate's spec as others use it: its file, its hash, its bores and markers as geometry.

The nouns themselves stand in :mod:`template_gen.models` and are offered here as well.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from template_gen.arrays import Floats, read_only
from template_gen.bores import BoreAxis
from template_gen.drilling import all_bores
from template_gen.errors import SpecRefusedError
from template_gen.files import read_bounded, replace_file
from template_gen.models import Bore, Grid, Marker, Plate, PrinterProfile, TemplateSpec

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_SPEC_BYTES = 4_000_000
"""Far above 10,000 bores; a longer file is not a template spec."""
MOST_FAULTS_NAMED = 8
"""A person corrects the first ones, and the rest goes with them."""


def marker_points_mm(spec: TemplateSpec) -> Floats:
    """List where the marker spheres' centres lie.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    (m, 3) array
        Template frame, millimetres, in the order of :func:`marker_labels`.
    """
    points = [[marker.x_mm, marker.y_mm, marker.z_mm] for marker in spec.markers]
    return read_only(np.array(points, dtype=np.float64).reshape(-1, 3))


def marker_labels(spec: TemplateSpec) -> tuple[str, ...]:
    """List the markers' names, in the order of :func:`marker_points_mm`.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    tuple of str
    """
    return tuple(marker.label for marker in spec.markers)


def canonical_json(spec: TemplateSpec) -> str:
    """Write a spec in the one way that its hash is taken of.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    str
        Sorted keys, no blanks, every field present.
    """
    content = spec.model_dump(mode="json", by_alias=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def spec_hash(spec: TemplateSpec) -> str:
    """Compute the SHA-256 that names this spec on the plate and in every output.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    str
        64 hexadecimal digits; the first eight are engraved.
    """
    return hashlib.sha256(canonical_json(spec).encode()).hexdigest()


def save_spec(spec: TemplateSpec, path: Path) -> None:
    """Write a spec as `template-spec/1`, for people to read and programs to load.

    Parameters
    ----------
    spec : TemplateSpec
    path : Path
        Replaced in one step where it exists.
    """
    content = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    replace_file(path, (json.dumps(content, indent=1) + "\n").encode())


def load_spec(path: Path) -> TemplateSpec:
    """Read a spec from `template-spec/1`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    TemplateSpec

    Raises
    ------
    FileRefusedError
        If there is no such file or it cannot be read.
    SpecRefusedError
        If it is not JSON, has a key twice, or is not a sound spec.
    """
    text = read_bounded(path, LARGEST_SPEC_BYTES)
    try:
        content = json.loads(text, object_pairs_hook=_object_with_keys_once)
    except (ValueError, RecursionError) as error:
        raise _refused(path, "the file is not sound JSON", str(error)) from error
    for key, value in (("schema", "template-spec/1"), ("units", "mm")):
        if not isinstance(content, dict) or content.get(key) != value:
            got = content.get(key) if isinstance(content, dict) else type(content).__name__
            raise _refused(path, f"the file lacks {key!r}: {value!r}", f"{key}: {got!r}"[:400])
    try:
        return TemplateSpec.model_validate_json(text)
    except ValidationError as error:
        faults = error.errors()
        named = [
            f"{'.'.join(map(str, item['loc']))[:80] or 'spec'}: {item['msg'][:200]}"
            for item in faults[:MOST_FAULTS_NAMED]
        ]
        rest = len(faults) - len(named)
        places = "; ".join([*named, f"and {rest} more"] if rest else named)
        raise _refused(path, "the spec contradicts its rules", places) from error


def _refused(path: Path, what: str, got: str) -> SpecRefusedError:
    return SpecRefusedError(
        code="spec-refused",
        what=f"The template spec cannot be used: {what}",
        where=str(path),
        expected="the fields of template-spec/1, see docs/explanation/template.md",
        got=got,
        next_step="correct the file, or make a new one with `template-gen new`",
    )


def _object_with_keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        twice = sorted(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"keys given twice: {', '.join(twice)[:400]}")
    return content


__all__ = [
    "Bore",
    "BoreAxis",
    "Grid",
    "Marker",
    "Plate",
    "PrinterProfile",
    "TemplateSpec",
    "all_bores",
    "canonical_json",
    "load_spec",
    "marker_labels",
    "marker_points_mm",
    "save_spec",
    "spec_hash",
]
