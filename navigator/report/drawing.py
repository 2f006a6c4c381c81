"""Drawing apart: a child process draws, so that a missing graphics driver cannot end the engine."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

from navigator.errors import NavigatorError
from navigator.report.scene3d import Scene3d, render_scene

if TYPE_CHECKING:
    from collections.abc import Mapping

TIME_LIMIT_S = 180.0
"""Ten times what a slow machine needs."""

DEBIAN_DRAWING = ("libegl1", "libgl1-mesa-dri")
"""What VTK draws with where there is no screen, as Debian and Ubuntu name it; `start.py`, which
runs before anything is installed, has to say the same."""

PNG_SIGNATURE = b"\x89PNG"


class DrawingError(NavigatorError):
    """The 3D picture could not be drawn on this machine."""


def draw_scene(scene: Scene3d) -> bytes:
    """Draw a scene in a child process.

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
    DrawingError
        If this machine cannot draw off screen, with what to install.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "navigator.report.drawing"],
            input=pickle.dumps(scene),
            capture_output=True,
            timeout=TIME_LIMIT_S,
            check=False,
            env=drawing_environment(os.environ, sys.platform),
        )
    except subprocess.TimeoutExpired as error:
        raise DrawingError(f"drawing took longer than {TIME_LIMIT_S:.0f} s") from error
    if done.returncode != 0 or not done.stdout.startswith(PNG_SIGNATURE):
        raise DrawingError(
            "the 3D picture could not be drawn off screen; on Debian and Ubuntu install "
            f"{' and '.join(DEBIAN_DRAWING)}; elsewhere update the graphics driver"
        )
    return done.stdout


def drawing_environment(environment: Mapping[str, str], platform: str) -> dict[str, str]:
    """Choose the off-screen window of the child.

    Parameters
    ----------
    environment : mapping of str to str
        Of this process.
    platform : str
        As in ``sys.platform``.

    Returns
    -------
    dict
        With EGL on a Linux machine without a display; a choice of the user stays.
    """
    chosen = dict(environment)
    if platform.startswith("linux") and not chosen.get("DISPLAY"):
        chosen.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    return chosen


def main() -> None:
    """Draw the pickled scene on standard input; write the picture to standard output."""
    scene = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by draw_scene above, nobody else
    sys.stdout.buffer.write(render_scene(scene))


if __name__ == "__main__":
    main()
