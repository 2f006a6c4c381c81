"""Pictures of slices: CT, tumour, zone, structures and needle, with letters and a scale."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from navigator.imaging.resample import sample_hu
from navigator.report.planes import letter_of_direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from navigator.arrays import Floats
    from navigator.model.trajectory import Trajectory
    from navigator.model.volume import Volume
    from navigator.report.planes import Plane

WINDOW_WIDTH_HU, WINDOW_LEVEL_HU = 400.0, 40.0
"""The abdominal window."""
STEP_MM = 0.7
INK = "#f4f6f8"
PAPER = "#0b0e12"
NEEDLE_INK = "#ffd166"
OFF_PLANE_MM = 3.0
"""A needle nearer to the plane than this is drawn solid, farther away dotted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A body whose cut with a plane is drawn as a line.

    Parameters
    ----------
    name : str
        As the legend calls it.
    colour : str
        Line colour, hexadecimal.
    field : callable
        Takes (n, 3) points, LPS millimetres; positive inside, negative outside.
    width_pt : float
        Line width, points.
    """

    name: str
    colour: str
    field: Callable[[Floats], Floats]
    width_pt: float = 1.4


def draw_slices(
    volume: Volume,
    planes: tuple[Plane, ...],
    outlines: tuple[Outline, ...],
    trajectory: Trajectory | None,
    hub_mm: Floats | None = None,
) -> bytes:
    """Draw planes side by side.

    Parameters
    ----------
    volume : Volume
        The scan.
    planes : tuple of Plane
        One picture each.
    outlines : tuple of Outline
        What is drawn over the scan.
    trajectory : Trajectory or None
        The needle, in the scan's frame.
    hub_mm : (3,) array or None
        Where its shaft comes from outside the body, millimetres: the plate's operator face.

    Returns
    -------
    bytes
        A PNG picture.
    """
    columns = min(2, len(planes))
    rows = (len(planes) + columns - 1) // columns
    figure = Figure(figsize=(5.4 * columns, 5.4 * rows), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    for index, plane in enumerate(planes):
        axes = figure.add_subplot(rows, columns, index + 1)
        _draw_plane(axes, volume, plane, outlines)
        if trajectory is not None:
            if hub_mm is not None:
                shaft = plane.picture_mm(np.stack([hub_mm, trajectory.entry_mm]))
                axes.plot(shaft[:, 0], shaft[:, 1], color=NEEDLE_INK, linewidth=0.8, alpha=0.7)
            _draw_needle(axes, plane, trajectory)
        write_letters(axes, plane)
    handles = [
        figure.axes[0].plot([], [], color=outline.colour, label=outline.name)[0]
        for outline in outlines
    ]
    handles.append(figure.axes[0].plot([], [], color=NEEDLE_INK, label="needle")[0])
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(6, len(handles)),
        frameon=False,
        labelcolor=INK,
        fontsize=9,
    )
    return png_from_figure(figure)


def png_from_figure(figure: Figure, dots_per_inch: int = 110) -> bytes:
    """Write a figure as PNG without a date or a program version: same figure, same bytes.

    Parameters
    ----------
    figure : Figure
        Any figure with a canvas.
    dots_per_inch : int
        Resolution.

    Returns
    -------
    bytes
        A PNG picture.
    """
    stream = io.BytesIO()
    figure.savefig(
        stream,
        format="png",
        dpi=dots_per_inch,
        facecolor=figure.get_facecolor(),
        metadata={"Software": None},
    )
    return stream.getvalue()


def _draw_plane(axes: Axes, volume: Volume, plane: Plane, outlines: tuple[Outline, ...]) -> None:
    points = plane.points_mm(STEP_MM)
    extent = (
        -plane.half_width_mm,
        plane.half_width_mm,
        -plane.half_height_mm,
        plane.half_height_mm,
    )
    low = WINDOW_LEVEL_HU - WINDOW_WIDTH_HU / 2
    axes.imshow(
        sample_hu(volume, points),
        cmap="gray",
        vmin=low,
        vmax=low + WINDOW_WIDTH_HU,
        extent=extent,
        interpolation="bilinear",
    )
    flat = points.reshape(-1, 3)
    for outline in outlines:
        draw_outline(axes, outline, outline.field(flat).reshape(points.shape[:2]), extent)
    axes.set_xlim(extent[:2])
    axes.set_ylim(extent[2:])
    axes.set_title(plane.title, color=INK, fontsize=11)
    axes.set_xticks([])
    axes.set_yticks([])
    _draw_scale(axes, plane)


def draw_outline(
    axes: Axes, outline: Outline, values: Floats, extent: tuple[float, float, float, float]
) -> None:
    """Draw the cut of a body.

    Parameters
    ----------
    axes : Axes
        The picture.
    outline : Outline
        How it is drawn.
    values : (rows, columns) array
        Its field at the picture's points.
    extent : tuple of four float
        Left, right, lower and upper end of the picture, millimetres.
    """
    if values.min() < 0 < values.max():
        axes.contour(
            values,
            levels=[0.0],
            colors=[outline.colour],
            linewidths=outline.width_pt,
            extent=extent,
            origin="upper",
        )


def _draw_scale(axes: Axes, plane: Plane) -> None:
    right, low = plane.half_width_mm, -plane.half_height_mm
    axes.plot([right - 25.0, right - 5.0], [low + 5.0] * 2, color=INK, linewidth=2)
    axes.text(right - 15.0, low + 7.0, "20 mm", color=INK, fontsize=7, ha="center", va="bottom")


def _draw_needle(axes: Axes, plane: Plane, trajectory: Trajectory) -> None:
    share = np.linspace(0.0, 1.0, 200)[:, None]
    points = trajectory.entry_mm + share * (trajectory.tip_mm - trajectory.entry_mm)
    picture = plane.picture_mm(points)
    near = np.abs(picture[:, 2]) <= OFF_PLANE_MM
    axes.plot(picture[:, 0], picture[:, 1], color=NEEDLE_INK, linewidth=1.0, linestyle=":")
    solid = np.where(near[:, None], picture[:, :2], np.nan)
    axes.plot(solid[:, 0], solid[:, 1], color=NEEDLE_INK, linewidth=2.0)
    axes.plot(*picture[-1, :2], marker="o", color=NEEDLE_INK, markersize=4, linestyle="none")


def write_letters(axes: Axes, plane: Plane) -> None:
    """Write on each side of a picture which way the patient lies.

    Parameters
    ----------
    axes : Axes
        The picture.
    plane : Plane
        What it shows.
    """
    places = {
        (0.02, 0.5): -plane.right,
        (0.98, 0.5): plane.right,
        (0.5, 0.97): plane.up,
        (0.5, 0.03): -plane.up,
    }
    for (x, y), direction in places.items():
        axes.text(
            x,
            y,
            letter_of_direction(direction),
            transform=axes.transAxes,
            color="#7fd1ff",
            fontsize=13,
            fontweight="bold",
            ha="center" if x == 0.5 else ("left", "right")[x > 0.5],
            va="center" if y == 0.5 else ("bottom", "top")[y > 0.5],
            path_effects=[withStroke(linewidth=3, foreground=PAPER)],
            zorder=5,
        )
