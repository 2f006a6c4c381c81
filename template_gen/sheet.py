"""The plate on paper, 1:1: what to hold the print against.

The operator face as the operator sees it, with labels, markers and a ruler that shows whether the
paper printer kept the scale.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from template_gen.drilling import bore_rings
from template_gen.marks import place_marks
from template_gen.outlines import plate_outline, pocket_ring, rings_at_depth
from template_gen.spec import all_bores, spec_hash

if TYPE_CHECKING:
    from template_gen.arrays import Floats
    from template_gen.marks import Marks
    from template_gen.models import TemplateSpec

A4_MM = (210.0, 297.0)
BORDER_MM = 15.0
HEAD_MM, FOOT_MM = 40.0, 45.0
"""Room for the title above the plate and for the ruler below it."""
RULER_MM = 100
LINE_POINTS = 0.5


def sheet_pdf(spec: TemplateSpec, marks: Marks | None = None) -> bytes:
    """Draw the sheet.

    Parameters
    ----------
    spec : TemplateSpec
    marks : Marks, optional
        The texts, where they are already laid out.

    Returns
    -------
    bytes
        A PDF of one page, A4 or as large as the plate needs; the same bytes each time.
    """
    width_mm = max(A4_MM[0], spec.plate.width_mm + 2 * BORDER_MM)
    height_mm = max(A4_MM[1], spec.plate.height_mm + HEAD_MM + FOOT_MM)
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(width_mm * mm, height_mm * mm), invariant=1)
    canvas.setTitle(f"Template {spec.serial}")
    _draw_head(canvas, spec, height_mm)
    canvas.saveState()
    # Template y runs down, paper y runs up.
    canvas.translate(width_mm / 2 * mm, (height_mm - HEAD_MM - spec.plate.height_mm / 2) * mm)
    canvas.scale(1, -1)
    _draw_plate(canvas, spec, marks or place_marks(spec))
    canvas.restoreState()
    _draw_ruler(canvas)
    canvas.save()
    return buffer.getvalue()


def _draw_head(canvas: Canvas, spec: TemplateSpec, height_mm: float) -> None:
    plate = spec.plate
    size = f"{plate.width_mm:g} x {plate.height_mm:g} x {plate.thickness_mm:g} mm"
    counts = f"{len(all_bores(spec))} bores, {len(spec.markers)} markers"
    lines = (
        f"Template {spec.serial}: operator face, 1:1",
        f"Plate {size}, {counts}, printer {spec.printer.name}",
        f"Spec {spec_hash(spec)}",
        "Print without scaling; the ruler must measure 100 mm. The other face goes to the skin.",
        "Research software, not a medical device.",
    )
    for row, line in enumerate(lines):
        canvas.setFont("Helvetica-Bold" if row == 0 else "Helvetica", 13 if row == 0 else 8.5)
        canvas.drawString(BORDER_MM * mm, (height_mm - 12 - 5.5 * row) * mm, line)


def _draw_plate(canvas: Canvas, spec: TemplateSpec, marks: Marks) -> None:
    canvas.setLineWidth(LINE_POINTS)
    _draw_rings(canvas, [plate_outline(spec.plate)], fill=False)
    bores = bore_rings(spec)
    _draw_rings(canvas, list(rings_at_depth(bores, bores.radii_mm, 0.0)[:, :, :2]), fill=False)
    sleeved = bores.sleeves_mm > 0
    sleeves = rings_at_depth(bores, bores.sleeve_radii_mm, 0.0)[sleeved]
    _draw_rings(canvas, list(sleeves[:, :, :2]), fill=False)
    for mark in marks.placed:
        if mark.face == "operator":
            _draw_rings(canvas, list(mark.rings_mm()), fill=True)
    for marker in spec.markers:
        _draw_rings(canvas, [pocket_ring(marker, 0.0)[:, :2]], fill=False)
        arm = marker.diameter_mm / 2
        for dx, dy in ((arm, 0.0), (0.0, arm)):
            canvas.line(
                (marker.x_mm - dx) * mm, (marker.y_mm - dy) * mm,
                (marker.x_mm + dx) * mm, (marker.y_mm + dy) * mm,
            )  # fmt: skip
        canvas.saveState()
        # The caption stands on the rim's side, clear of the engraved texts.
        beside = arm + 3.0 if marker.y_mm > 0 else -(arm + 1.5)
        canvas.translate(marker.x_mm * mm, (marker.y_mm + beside) * mm)
        canvas.scale(1, -1)
        canvas.setFont("Helvetica", 5)
        canvas.drawCentredString(0, 0, f"{marker.label} depth {marker.z_mm:g}")
        canvas.restoreState()


def _draw_rings(canvas: Canvas, rings: list[Floats], *, fill: bool) -> None:
    path = canvas.beginPath()
    for ring in rings:
        points = np.round(ring * mm, 4).tolist()
        path.moveTo(*points[0])
        for point in points[1:]:
            path.lineTo(*point)
        path.close()
    canvas.drawPath(path, stroke=0 if fill else 1, fill=1 if fill else 0)


def _draw_ruler(canvas: Canvas) -> None:
    """Draw 100 mm across and 20 mm up: a printer may stretch one way only."""
    left, base = BORDER_MM * mm, 16 * mm
    canvas.setLineWidth(LINE_POINTS)
    canvas.setFont("Helvetica", 6)
    canvas.line(left, base, left + RULER_MM * mm, base)
    for tick in range(RULER_MM + 1):
        length_mm = 4.0 if tick % 10 == 0 else 2.0
        canvas.line(left + tick * mm, base, left + tick * mm, base + length_mm * mm)
        if tick % 10 == 0:
            canvas.drawCentredString(left + tick * mm, base - 3 * mm, str(tick))
    canvas.drawString(left + (RULER_MM + 3) * mm, base - 3 * mm, "mm")
    right = left + (RULER_MM + 20) * mm
    canvas.line(right, base, right, base + 20 * mm)
    for tick in range(21):
        length_mm = 4.0 if tick % 10 == 0 else 2.0
        canvas.line(right, base + tick * mm, right + length_mm * mm, base + tick * mm)
        if tick % 10 == 0:
            canvas.drawString(right + 5 * mm, base + tick * mm - 2, f"{tick} mm")
