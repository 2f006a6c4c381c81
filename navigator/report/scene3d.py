"""The three-dimensional picture: body, liver, bones, vessels, tumour, zone, needle and plate."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyvista as pv
from PIL import Image

from navigator.report.planes import letter_of_direction

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.model.ablation import AblationZone
    from navigator.model.trajectory import Trajectory
    from navigator.model.volume import Mask

PICTURE_SIZE = (1000, 800)
BACKGROUND = "#10141a"
SURFACE_STEP_MM = 3.0
"""Grid on which surfaces are cut: finer shows no more in a picture of 300 mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body3d:
    """A structure as it is drawn.

    Parameters
    ----------
    mask : Mask
        Its voxels.
    colour : str
        Hexadecimal.
    opacity : float
        0 to 1.
    """

    mask: Mask
    colour: str
    opacity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene3d:
    """What the picture shows, all in one LPS frame.

    Parameters
    ----------
    bodies : tuple of Body3d
        Structures, drawn in order.
    tumour_mm : (n, 3) array
        Points on the tumour's surface, millimetres.
    zone : AblationZone
        The expected zone.
    trajectory : Trajectory
        The needle.
    hub_mm : (3,) array
        Where the shaft is drawn from, millimetres: the operator face of the plate.
    plate : tuple of arrays or None
        (n, 3) vertices, LPS millimetres, and (m, 3) triangles.
    """

    bodies: tuple[Body3d, ...]
    tumour_mm: Floats
    zone: AblationZone
    trajectory: Trajectory
    hub_mm: Floats
    plate: tuple[Floats, np.ndarray] | None


def render_scene(scene: Scene3d) -> bytes:
    """Draw the scene in this process.

    A graphics driver that is not there ends the whole process instead of raising: use
    :func:`navigator.report.drawing.draw_scene`, which draws in a child.

    Parameters
    ----------
    scene : Scene3d
        What to draw.

    Returns
    -------
    bytes
        A PNG picture.

    Raises
    ------
    RuntimeError
        If the picture came out uniform: drawing did not work.
    """
    plotter = pv.Plotter(off_screen=True, window_size=list(PICTURE_SIZE))
    plotter.set_background(BACKGROUND)
    _add_treatment(plotter, scene)
    # without depth peeling, which software drivers lack, what lies inside must be drawn first
    for body in sorted(scene.bodies, key=lambda body: -body.opacity):
        surface = surface_from_mask(body.mask)
        if surface.n_points:
            plotter.add_mesh(
                surface,
                color=body.colour,
                opacity=body.opacity,
                smooth_shading=True,
                specular=0.2,
                culling="back" if body.opacity < 1.0 else None,
            )
    _add_plate(plotter, scene)
    _aim(plotter, scene)
    picture = np.asarray(plotter.screenshot(return_img=True))
    plotter.close()
    if np.ptp(picture) == 0:
        raise RuntimeError("the picture came out uniform")
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG")
    return stream.getvalue()


def surface_from_mask(mask: Mask) -> pv.PolyData:
    """Cut the surface of a mask for drawing.

    Parameters
    ----------
    mask : Mask
        A structure on a rectilinear grid.

    Returns
    -------
    pyvista.PolyData
        Smoothed triangles, LPS millimetres.
    """
    steps = np.maximum(1, np.round(SURFACE_STEP_MM / mask.grid.spacing_mm)).astype(int)
    values = mask.members[:: steps[0], :: steps[1], :: steps[2]]
    padded = np.pad(values.astype(np.float32), 1)
    image = pv.ImageData(dimensions=padded.shape, spacing=(1, 1, 1), origin=(-1, -1, -1))
    image.point_data["inside"] = padded.ravel(order="F")
    surface = image.contour([0.5], scalars="inside")
    if surface.n_points:
        surface = surface.smooth_taubin(n_iter=15, pass_band=0.1)
        surface.points = mask.grid.points_from_indices(np.asarray(surface.points) * steps)
        surface = surface.compute_normals(auto_orient_normals=True)
    return surface


def _add_treatment(plotter: pv.Plotter, scene: Scene3d) -> None:
    zone = scene.zone
    shape = pv.ParametricEllipsoid(
        0.5 * zone.size.short_axis_mm.value,
        0.5 * zone.size.short_axis_mm.value,
        0.5 * zone.size.long_axis_mm.value,
    )
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = _axes_with_z(zone.axis), zone.centre_mm
    plotter.add_mesh(
        shape.transform(matrix, inplace=False), color="#ff8c42", opacity=0.45, culling="back"
    )
    tumour = pv.PolyData(np.asarray(scene.tumour_mm)).delaunay_3d().extract_surface(algorithm=None)
    plotter.add_mesh(tumour, color="#d7263d", smooth_shading=True)
    shaft = pv.Line(scene.hub_mm, scene.trajectory.tip_mm).tube(radius=1.2)
    plotter.add_mesh(shaft, color="#ffd166")


def _add_plate(plotter: pv.Plotter, scene: Scene3d) -> None:
    if scene.plate is not None:
        vertices, triangles = scene.plate
        faces = np.column_stack([np.full(len(triangles), 3), triangles]).ravel()
        plotter.add_mesh(
            pv.PolyData(vertices, faces), color="#9fd3c7", opacity=0.35, culling="back"
        )


def _axes_with_z(axis: Floats) -> Floats:
    """Build a right-handed set of axes whose third is given, as columns (3, 3)."""
    across = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    across = across / np.linalg.norm(across)
    return np.stack([across, np.cross(axis, across), axis], axis=1)


def _aim(plotter: pv.Plotter, scene: Scene3d) -> None:
    """Look from the front, the right and a little above; head up; letters on the axes."""
    focus = scene.zone.centre_mm
    toward = np.array([-0.62, -0.68, 0.40])
    plotter.camera_position = [focus + 520.0 * toward, focus, (0.0, 0.0, 1.0)]
    plotter.camera.view_angle = 30.0
    directions = np.concatenate([np.eye(3), -np.eye(3)])
    plotter.add_point_labels(
        focus + 115.0 * directions,
        [letter_of_direction(direction) for direction in directions],
        font_size=22,
        text_color="#7fd1ff",
        shape=None,
        show_points=False,
        always_visible=True,
    )
