"""In the 3D view the patient's right is on the left and the head is up; a failure is told."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.ablation import AblationZone, Interval, ZoneSize
from navigator.model.trajectory import Trajectory
from navigator.model.volume import Grid, Mask
from navigator.report import drawing
from navigator.report.drawing import DrawingError, draw_scene, drawing_environment
from navigator.report.scene3d import Body3d, Scene3d, surface_from_mask
from tests.navigator.report.png_reader import pixels

FRAME = Frame(FrameKind.LPS, "scene")
GRID = Grid(
    shape_kji=(60, 70, 80),
    lps_from_index=np.array(
        [[0, 0, 3.0, -118.5], [0, 3.0, 0, -103.5], [3.0, 0, 0, -88.5], [0, 0, 0, 1]]
    ),
    frame=FRAME,
)


def ball(centre: tuple[float, float, float], radius: float) -> Mask:
    indices = np.stack(np.meshgrid(*map(np.arange, GRID.shape_kji), indexing="ij"), axis=-1)
    points = GRID.points_from_indices(indices.reshape(-1, 3))
    members = np.linalg.norm(points - centre, axis=-1) <= radius
    return Mask(members.reshape(GRID.shape_kji), GRID)


def interval(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def scene(*bodies: Body3d) -> Scene3d:
    way = Trajectory(entry_mm=[0, -60, 0], tip_mm=[0, 5, 0], frame=FRAME)
    size = ZoneSize(
        power_w=60.0, time_s=300.0, long_axis_mm=interval(14.0), short_axis_mm=interval(12.0),
        centre_to_tip_mm=interval(5.0), setting="in-vivo", sources=("test",),
    )  # fmt: skip
    directions = np.concatenate([np.eye(3), -np.eye(3)])
    return Scene3d(
        bodies=bodies,
        tumour_mm=3.0 * directions,
        zone=AblationZone(centre_mm=np.zeros(3), axis=[0, 1, 0], size=size, frame=FRAME),
        trajectory=way,
        hub_mm=np.array([0, -70.0, 0]),
        plate=None,
    )


def middle(picture: np.ndarray, channel: int) -> np.ndarray:
    """Find the middle of what is mainly red, green or blue: (x right, y down)."""
    others = picture[..., [axis for axis in range(3) if axis != channel]].max(axis=-1)
    rows, columns = np.nonzero(picture[..., channel] - others > 60)
    assert len(rows) > 200
    return np.array([columns.mean(), rows.mean()])


@pytest.mark.slow
@pytest.mark.hazard(1, 2, 35)
def test_right_is_left_of_left_and_the_head_is_up() -> None:
    picture = pixels(
        draw_scene(
            scene(
                Body3d(mask=ball((-70, 0, 0), 20), colour="#00ff00", opacity=1.0),
                Body3d(mask=ball((70, 0, 0), 20), colour="#0000ff", opacity=1.0),
                Body3d(mask=ball((0, 40, 60), 20), colour="#ff0000", opacity=1.0),
            )
        )
    )
    right, left, head = middle(picture, 1), middle(picture, 2), middle(picture, 0)
    assert right[0] < head[0] < left[0]
    assert head[1] < min(right[1], left[1])


@pytest.mark.parametrize("centre", [(-40.0, 10.0, 20.0), (30.0, -50.0, -30.0)])
def test_a_drawn_surface_lies_where_its_voxels_lie(centre: tuple[float, float, float]) -> None:
    points = np.asarray(surface_from_mask(ball(centre, 25.0)).points)
    assert np.abs(points.mean(axis=0) - centre).max() < 1.0
    assert np.linalg.norm(points - centre, axis=1) == pytest.approx(25.0, abs=2.0)


def test_an_empty_structure_has_no_surface() -> None:
    assert surface_from_mask(Mask(np.zeros(GRID.shape_kji, bool), GRID)).n_points == 0


def test_a_machine_that_cannot_draw_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess([], -11, b"", b"segmentation fault")

    monkeypatch.setattr(drawing.subprocess, "run", crash)
    with pytest.raises(DrawingError, match="libegl1"):
        draw_scene(scene())


def test_a_drawing_that_hangs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired(sys.executable, drawing.TIME_LIMIT_S)

    monkeypatch.setattr(drawing.subprocess, "run", hang)
    with pytest.raises(DrawingError, match="longer than"):
        draw_scene(scene())


@pytest.mark.parametrize(
    ("environment", "platform", "chosen"),
    [
        ({}, "linux", "vtkEGLRenderWindow"),
        ({"DISPLAY": ":0"}, "linux", None),
        ({}, "win32", None),
        ({}, "darwin", None),
        ({"VTK_DEFAULT_OPENGL_WINDOW": "mine"}, "linux", "mine"),
    ],
)
def test_the_off_screen_window_is_chosen_by_the_machine(
    environment: dict[str, str], platform: str, chosen: str | None
) -> None:
    assert drawing_environment(environment, platform).get("VTK_DEFAULT_OPENGL_WINDOW") == chosen
