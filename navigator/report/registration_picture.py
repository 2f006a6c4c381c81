"""The check picture of a registration: both scans in one checkerboard, and what they differ by.

All is cut in the planning scan; the new scan is read where the registration says that each of its
points lies. A registration is right where edges go on from field to field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import ndimage

from navigator.imaging.resample import sample_hu
from navigator.registration.contrast import CENTRES_HU, fit_contrast
from navigator.report.slices import (
    INK,
    PAPER,
    STEP_MM,
    WINDOW_LEVEL_HU,
    WINDOW_WIDTH_HU,
    draw_outline,
    png_from_figure,
    write_letters,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Volume
    from navigator.report.planes import Plane
    from navigator.report.slices import Outline

FIELD_MM = 25.0
"""Edge of a field of the checkerboard."""
DIFFERENCE_HU = 120.0
NOT_SHOWN = "#1f2933"
UNLIKE_HU = 150.0
"""More than contrast medium does: a needle, or another tissue."""
SPREAD_MM = 1.0
"""Both are averaged over this standard deviation: noise is no difference."""
FLAT_HU_PER_MM = 20.0
"""Contrast is read where the planned cut is no steeper: noise is flatter, an edge is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredScans:
    """Two scans and the way between them.

    Parameters
    ----------
    planning, intraop : Volume
        The scans.
    to_intraop : callable
        Takes (n, 3) points of the planning scan, gives those of the intraoperative one, LPS mm.
    outlines : tuple of Outline
        Drawn over both, in the planning frame; the first one's inside has contrast of its own.
    headline : str
        Verdict and reasons.
    """

    planning: Volume
    intraop: Volume
    to_intraop: Callable[[Floats], Floats]
    outlines: tuple[Outline, ...]
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Both scans in one plane.

    Parameters
    ----------
    plane : Plane
        In the planning frame.
    planned, now : (rows, columns) array
        HU.
    there : (rows, columns) array of bool
        Where both scans show something.
    fields : tuple of (rows, columns) array
        Of the outlines, positive inside.
    """

    plane: Plane
    planned: Floats
    now: Floats
    there: Booleans
    fields: tuple[Floats, ...]

    @property
    def inside(self) -> Booleans:
        """(rows, columns) array of bool: inside the first outline."""
        return self.fields[0] > 0 if self.fields else np.zeros(self.there.shape, bool)


def draw_registration(scans: RegisteredScans, planes: tuple[Plane, ...]) -> bytes:
    """Draw the checkerboard and the differences of a registration.

    Parameters
    ----------
    scans : RegisteredScans
        Both scans.
    planes : tuple of Plane
        One column each, in the planning frame.

    Returns
    -------
    bytes
        A PNG picture: the checkerboard above, the differences below.
    """
    figure = Figure(figsize=(4.6 * len(planes), 9.9), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(scans.headline, color=INK, fontsize=11, wrap=True)
    cuts = [cut_scans(scans, plane) for plane in planes]
    shown = []
    for column, (cut, expected) in enumerate(zip(cuts, expect_now(cuts), strict=True), start=1):
        above = figure.add_subplot(2, len(planes), column)
        below = figure.add_subplot(2, len(planes), len(planes) + column)
        _draw_board(above, cut, scans.outlines)
        shown.append(_draw_difference(below, cut, expected, scans.outlines))
    bar = figure.colorbar(shown[0], ax=figure.axes, orientation="horizontal", shrink=0.4, pad=0.01)
    bar.set_label("now minus expected, HU; contrast medium is taken off", color=INK)
    bar.ax.tick_params(colors=INK)
    return png_from_figure(figure)


def cut_scans(scans: RegisteredScans, plane: Plane) -> Cut:
    """Read both scans in a plane of the planning frame.

    Parameters
    ----------
    scans : RegisteredScans
        Both scans, and the way between them.
    plane : Plane
        Where to cut.

    Returns
    -------
    Cut
        Slightly smoothed.
    """
    points = plane.points_mm(STEP_MM)
    flat, shape = points.reshape(-1, 3), points.shape[:2]
    carried = scans.to_intraop(flat)
    width = SPREAD_MM / STEP_MM
    planned, now = (
        ndimage.gaussian_filter(sample_hu(scan, at).reshape(shape), width)
        for scan, at in ((scans.planning, flat), (scans.intraop, carried))
    )
    there = (_is_inside(scans.planning, flat) & _is_inside(scans.intraop, carried)).reshape(shape)
    return Cut(
        plane=plane,
        planned=planned,
        now=now,
        # the smoothing has mixed what lies beyond the scan into its rim
        there=ndimage.binary_erosion(there, iterations=int(3 * width)),
        fields=tuple(outline.field(flat).reshape(shape) for outline in scans.outlines),
    )


def expect_now(cuts: Sequence[Cut]) -> list[Floats]:
    """Say what cuts of the new scan should show: the planned ones, contrast as it has become.

    Parameters
    ----------
    cuts : sequence of Cut
        They share what became of each grey value, in the organ and outside it.

    Returns
    -------
    list of (rows, columns) array
        HU.
    """
    planned, now = (
        np.concatenate([np.ravel(getattr(cut, name)) for cut in cuts]).astype(np.float32)
        for name in ("planned", "now")
    )
    flat = np.concatenate([_is_flat(cut).ravel() for cut in cuts])
    inside = np.concatenate([cut.inside.ravel() for cut in cuts])
    within, beyond = (fit_contrast(planned, now, flat & part) for part in (inside, ~inside))
    return [
        cut.planned
        + np.where(
            cut.inside,
            np.interp(cut.planned, CENTRES_HU, within),
            np.interp(cut.planned, CENTRES_HU, beyond),
        )
        for cut in cuts
    ]


def _is_flat(cut: Cut) -> Booleans:
    """Tell where both scans show tissue, and the planned one changes little."""
    steepness = np.hypot(*np.gradient(cut.planned, STEP_MM))
    alike = np.abs(cut.now - cut.planned) < UNLIKE_HU
    return np.asarray(cut.there & alike & (steepness < FLAT_HU_PER_MM))


def _draw_board(axes: Axes, cut: Cut, outlines: tuple[Outline, ...]) -> None:
    """Draw a checkerboard: planned and now, field by field."""
    low = WINDOW_LEVEL_HU - WINDOW_WIDTH_HU / 2
    axes.imshow(
        np.where(_is_odd(cut.plane) & cut.there, cut.now, cut.planned),
        cmap="gray",
        vmin=low,
        vmax=low + WINDOW_WIDTH_HU,
        extent=_extent(cut.plane),
    )
    _finish(axes, cut, outlines, "planned | now")


def _draw_difference(
    axes: Axes, cut: Cut, expected: Floats, outlines: tuple[Outline, ...]
) -> AxesImage:
    """Draw what the new scan shows beyond what was expected."""
    axes.set_facecolor(NOT_SHOWN)
    shown = axes.imshow(
        np.where(cut.there, cut.now - expected, np.nan),
        cmap="RdBu_r",
        vmin=-DIFFERENCE_HU,
        vmax=DIFFERENCE_HU,
        extent=_extent(cut.plane),
    )
    _finish(axes, cut, outlines, "difference")
    return shown


def _finish(axes: Axes, cut: Cut, outlines: tuple[Outline, ...], title: str) -> None:
    """Draw outlines, title and letters."""
    for outline, values in zip(outlines, cut.fields, strict=True):
        draw_outline(axes, outline, values, _extent(cut.plane))
    axes.set_title(f"{cut.plane.title}: {title}", color=INK, fontsize=11)
    axes.set_xticks([])
    axes.set_yticks([])
    write_letters(axes, cut.plane)


def _extent(plane: Plane) -> tuple[float, float, float, float]:
    """Give the ends of a picture, millimetres."""
    wide, high = plane.half_width_mm, plane.half_height_mm
    return -wide, wide, -high, high


def _is_inside(scan: Volume, points_mm: Floats) -> Booleans:
    """Tell which points (n, 3) lie between the voxels of a scan."""
    index = scan.grid.indices_from_points(points_mm)
    inside = (index >= 0) & (index <= np.array(scan.grid.shape_kji) - 1.0)
    return np.asarray(inside.all(axis=1))


def _is_odd(plane: Plane) -> Booleans:
    """Lay a checkerboard over a picture."""
    rows, columns = plane.points_mm(STEP_MM).shape[:2]
    down, across = (
        np.floor(np.arange(n) * STEP_MM / FIELD_MM).astype(int) for n in (rows, columns)
    )
    odd: Booleans = (down[:, None] + across[None, :]) % 2 == 1
    return odd
