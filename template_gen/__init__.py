"""Printable coordinate templates for needles: spec, watertight solid, files, and measuring back.

Knows no patient. Template frame: the operator sees x to the right and y downwards, z goes through
the plate into the patient, the origin is the centre of the operator face; millimetres.

Research software. It is not a medical device.

Examples
--------
>>> import template_gen
>>> spec = template_gen.build_default_spec(rows=3, columns=3, pitch_mm=5, bore_diameter_mm=2.1)
>>> [bore.label for bore in template_gen.all_bores(spec)][:4]
['A1', 'B1', 'C1', 'A2']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from template_gen.bores import BoreAxis
    from template_gen.drilling import all_bores
    from template_gen.errors import (
        FileRefusedError,
        GeometryRefusedError,
        InternalDefectError,
        MeshRefusedError,
        SpecRefusedError,
        TemplateGenError,
        TemplateRefusedError,
        was_stopped,
    )
    from template_gen.export import build_template
    from template_gen.findings import Finding
    from template_gen.layout import ambiguity_distance_mm, build_default_spec, default_markers
    from template_gen.mesh import TriangleMesh
    from template_gen.models import Bore, Grid, Marker, Plate, PrinterProfile, TemplateSpec
    from template_gen.naming import column_letters, grid_labels
    from template_gen.remeasure import remeasure_mesh
    from template_gen.rules import check_needle, check_spec
    from template_gen.solid import build_solid
    from template_gen.spec import (
        load_spec,
        marker_labels,
        marker_points_mm,
        save_spec,
        spec_hash,
    )

_HOMES = {
    "template_gen.bores": ("BoreAxis",),
    "template_gen.drilling": ("all_bores",),
    "template_gen.errors": (
        "FileRefusedError",
        "GeometryRefusedError",
        "InternalDefectError",
        "MeshRefusedError",
        "SpecRefusedError",
        "TemplateGenError",
        "TemplateRefusedError",
        "was_stopped",
    ),
    "template_gen.export": ("build_template",),
    "template_gen.layout": ("ambiguity_distance_mm", "build_default_spec", "default_markers"),
    "template_gen.mesh": ("TriangleMesh",),
    "template_gen.models": ("Bore", "Grid", "Marker", "Plate", "PrinterProfile", "TemplateSpec"),
    "template_gen.naming": ("column_letters", "grid_labels"),
    "template_gen.remeasure": ("remeasure_mesh",),
    "template_gen.findings": ("Finding",),
    "template_gen.rules": ("check_needle", "check_spec"),
    "template_gen.solid": ("build_solid",),
    "template_gen.spec": (
        "load_spec",
        "marker_labels",
        "marker_points_mm",
        "save_spec",
        "spec_hash",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Bore",
    "BoreAxis",
    "FileRefusedError",
    "Finding",
    "GeometryRefusedError",
    "Grid",
    "InternalDefectError",
    "Marker",
    "MeshRefusedError",
    "Plate",
    "PrinterProfile",
    "SpecRefusedError",
    "TemplateGenError",
    "TemplateRefusedError",
    "TemplateSpec",
    "TriangleMesh",
    "all_bores",
    "ambiguity_distance_mm",
    "build_default_spec",
    "build_solid",
    "build_template",
    "check_needle",
    "check_spec",
    "column_letters",
    "default_markers",
    "grid_labels",
    "load_spec",
    "marker_labels",
    "marker_points_mm",
    "remeasure_mesh",
    "save_spec",
    "spec_hash",
    "was_stopped",
]


def __getattr__(name: str) -> object:
    # Public names load their home on first use: `template-gen --help` must not wait for numpy.
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
