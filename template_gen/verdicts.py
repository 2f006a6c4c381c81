"""What was read off a mesh, and whether it may be printed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from template_gen.readings import BoreReading, LeastWeb, MarkerReading, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from template_gen.mesh import Soundness

Grade: TypeAlias = Literal["accepted", "warning", "rejected"]

TRUE_MM, TRUE_DEG = 0.01, 0.01
"""Up to this a bore is where it was asked for."""
USABLE_MM, USABLE_DEG = 0.1, 0.1
"""Up to this the plate is a warning; beyond it, rejected."""
WIDE_MM = 0.05
"""Wider than this and the needle's play is not what was planned."""
SIZE_TOLERANCE_MM = 0.02
SMALLEST_PLATE_MM, LARGEST_PLATE_MM = 20.0, 400.0
"""A plate's longest side in millimetres; metres, centimetres and inches fall outside or differ."""


UNSEARCHED = Reason(
    code="not-searched",
    message="facets that cross: expected a mesh that can be searched, got too many near pairs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshReading:
    """Everything that was measured on a mesh against one spec.

    Parameters
    ----------
    spec_hash : str
        Of the spec that it was compared with.
    soundness : Soundness
    crossings : int or None
        Pairs of facets that pass through each other; see :mod:`template_gen.intersections`. None
        where that was not searched: the surface is unsound anyway, or too wild.
    triangles : int
    expected_genus : int
        Holes that the spec asks for.
    size_mm : tuple of 3 floats
        Of the box around the mesh.
    size_error_mm : float
        Largest distance of a side of that box from its place.
    bores : tuple of BoreReading
    unexpected_bores : int
        Through holes that the spec does not ask for.
    markers : tuple of MarkerReading
    least_web : LeastWeb or None
    attitude : str
        ``true``, ``mirrored``, ``turned`` or ``unknown``, from the engraved letters.
    letters_found_percent : float
        Of the letters' corners, those that are in their place.
    """

    spec_hash: str
    soundness: Soundness
    crossings: int | None
    triangles: int
    expected_genus: int
    size_mm: tuple[float, float, float]
    size_error_mm: float
    bores: tuple[BoreReading, ...]
    unexpected_bores: int
    markers: tuple[MarkerReading, ...]
    least_web: LeastWeb | None
    attitude: str
    letters_found_percent: float

    @property
    def rejections(self) -> tuple[Reason, ...]:
        """Reasons never to print this mesh."""
        faults = (*_surface_faults(self), *_bore_faults(self), *_marker_faults(self))
        if self.crossings is None and not faults:
            return (UNSEARCHED,)
        return faults

    @property
    def warnings(self) -> tuple[Reason, ...]:
        """Reasons to think twice."""
        return tuple(_doubts(self))

    @property
    def verdict(self) -> Grade:
        """``accepted``, ``warning`` or ``rejected``."""
        if self.rejections:
            return "rejected"
        return "warning" if self.warnings else "accepted"

    def as_json(self) -> dict[str, Any]:
        """Give the verdict, its reasons and every number, ready for JSON."""
        numbers = asdict(self)
        bores = [{k: v for k, v in bore.items() if k != "hole"} for bore in numbers.pop("bores")]
        content = {
            "verdict": self.verdict,
            "reasons": [asdict(reason) for reason in (*self.rejections, *self.warnings)],
            "watertight": self.soundness.open_edges == 0,
            "self_intersections": {
                "found": numbers.pop("crossings"),
                "tested": "all pairs of facets without a common corner",
                "not_tested": "pairs with a common corner; overlaps within one plane",
            },
            "walls": numbers.pop("least_web"),
            **numbers,
            "bores": bores,
        }
        return {key: rounded(value) for key, value in content.items()}


def rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Round every number to a nanometre, so that equal plates give equal text on all machines.

    Parameters
    ----------
    value : object
        Numbers, texts, and lists, tuples and dicts of such.

    Returns
    -------
    object
        The same with rounded numbers.

    Examples
    --------
    >>> rounded({"a": (1.23456789, "x")})
    {'a': [1.234568, 'x']}
    """
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value


def _surface_faults(reading: MeshReading) -> Iterator[Reason]:
    surface = reading.soundness
    checks = (
        (surface.open_edges == 0, "not-watertight", "open edges", 0, surface.open_edges),
        (surface.non_manifold_edges == 0, "not-manifold", "edges without two agreeing facets",
         0, surface.non_manifold_edges),
        (surface.zero_area_triangles == 0, "zero-area", "facets without area", 0,
         surface.zero_area_triangles),
        (surface.shells == 1, "not-one-piece", "pieces", 1, surface.shells),
        (surface.volume_mm3 > 0, "inside-out", "volume in mm³", "more than 0",
         f"{surface.volume_mm3:.1f}"),
        (surface.genus == reading.expected_genus, "wrong-hole-count", "holes through the plate",
         reading.expected_genus, surface.genus),
        (reading.crossings in (0, None), "self-intersecting", "pairs of facets that cross", 0,
         reading.crossings),
        (SMALLEST_PLATE_MM <= max(reading.size_mm) <= LARGEST_PLATE_MM, "not-millimetres",
         "longest side in mm", f"{SMALLEST_PLATE_MM:g} to {LARGEST_PLATE_MM:g}",
         f"{max(reading.size_mm):g}"),
        (reading.size_error_mm <= SIZE_TOLERANCE_MM, "wrong-size", "outer dimensions off by mm",
         f"at most {SIZE_TOLERANCE_MM:g}", f"{reading.size_error_mm:.3f}"),
        (reading.attitude == "true", "wrong-attitude", "engraved letters", "in their place",
         f"{reading.attitude}, {reading.letters_found_percent:.0f} % found"),
    )  # fmt: skip
    for holds, code, what, expected, got in checks:
        if not holds:
            yield Reason(code=code, message=f"{what}: expected {expected}, got {got}")


def _bore_faults(reading: MeshReading) -> Iterator[Reason]:
    missing = [bore.label for bore in reading.bores if bore.hole is None]
    yield from _named("bore-missing", missing, "a hole within 1.5 mm", "none")
    if reading.unexpected_bores:
        yield Reason(
            code="unexpected-bore",
            message=f"holes not asked for: expected 0, got {reading.unexpected_bores}",
        )
    bores = reading.bores
    yield from _named(
        "bore-off", _over(USABLE_MM, ((b.label, b.position_error_mm) for b in bores)),
        f"within {USABLE_MM:g} mm",
    )  # fmt: skip
    yield from _named(
        "bore-askew", _over(USABLE_DEG, ((b.label, b.axis_error_deg) for b in bores)),
        f"within {USABLE_DEG:g}°",
    )  # fmt: skip
    narrower = ((b.label, _minus(b.asked_diameter_mm, b.diameter_mm)) for b in bores)
    yield from _named("bore-narrow", _over(0.0, narrower), "the diameter asked for", "less")


def _marker_faults(reading: MeshReading) -> Iterator[Reason]:
    markers = reading.markers
    missing = [item.label for item in markers if item.position_error_mm is None]
    yield from _named("pocket-missing", missing, "a pocket within 1.5 mm", "none")
    off = _over(USABLE_MM, ((item.label, item.position_error_mm) for item in markers))
    yield from _named("pocket-off", off, f"within {USABLE_MM:g} mm")
    tight = ((m.label, _minus(m.sphere_diameter_mm, m.pocket_diameter_mm)) for m in markers)
    yield from _named("pocket-narrow", _over(0.0, tight), "room for the sphere", "less")


def _doubts(reading: MeshReading) -> Iterator[Reason]:
    bores = reading.bores
    off = _over(TRUE_MM, ((b.label, b.position_error_mm) for b in bores))
    yield from _named("bore-slightly-off", off, f"within {TRUE_MM:g} mm")
    askew = _over(TRUE_DEG, ((b.label, b.axis_error_deg) for b in bores))
    yield from _named("bore-slightly-askew", askew, f"within {TRUE_DEG:g}°")
    narrower = ((b.label, _minus(b.asked_diameter_mm, b.diameter_mm)) for b in bores)
    wider = ((label, None if less is None else -less) for label, less in narrower)
    wide = _over(WIDE_MM, wider)
    yield from _named("bore-wide", wide, f"at most {WIDE_MM:g} mm wider than asked")


def _minus(asked_mm: float, found_mm: float | None) -> float | None:
    return None if found_mm is None else asked_mm - found_mm


def _over(limit: float, values: Iterable[tuple[str, float | None]]) -> list[str]:
    """Name what was found and is beyond a limit; NaN is beyond every limit."""
    return [label for label, value in values if value is not None and not value <= limit]


def _named(code: str, labels: list[str], expected: str, got: str = "more") -> Iterator[Reason]:
    """Give one reason that names its bores, or none where there are none."""
    if labels:
        shown = ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if labels[8:] else "")
        yield Reason(code=code, message=f"{shown}: expected {expected}, got {got}")
