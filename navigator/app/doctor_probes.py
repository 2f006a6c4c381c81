"""What a machine is tried with, in a child process: a crash here ends the child alone.

Run as ``python -m navigator.app.doctor_probes PROBE ...``. Before each probe its name is printed,
after it one JSON object that says whether it went well: where the second line is missing, the probe
has ended the process. Nothing is imported at the top but the standard library.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

IMPORT = "import:"
"""A probe that imports the module of this name."""


def compile_a_loop() -> str:
    """Compile a loop to machine code and compare its sum with the one by hand.

    Returns
    -------
    str
        What was found.

    Raises
    ------
    RuntimeError
        If the sum is another.
    """
    numba = importlib.import_module("numba")

    def summed(count: int) -> int:
        total = 0
        for each in range(count):
            total += each
        return total

    if numba.njit(summed)(101) != 5050:
        raise RuntimeError("the compiled loop gives another sum")
    return f"compiled with numba {numba.__version__}"


def decode_a_frame() -> str:
    """Compress a picture without loss and let GDCM read it back.

    Returns
    -------
    str
        What was found.

    Raises
    ------
    RuntimeError
        If a value came back as another.
    """
    np = importlib.import_module("numpy")
    uid = importlib.import_module("pydicom.uid").JPEGLSLossless
    kind: dict[str, Any] = {
        "bits_allocated": 16,
        "bits_stored": 16,
        "pixel_representation": 0,
        "photometric_interpretation": "MONOCHROME2",
    }
    values = (np.arange(48 * 64, dtype=np.uint32) * 40503 % 65536).astype(np.uint16).reshape(48, 64)
    encode = importlib.import_module("highdicom.frame").encode_frame
    frame = encode(values, transfer_syntax_uid=uid, **kind)
    decoded, _ = (
        importlib.import_module("pydicom.pixels")
        .get_decoder(uid)
        .as_array(
            importlib.import_module("pydicom.encaps").encapsulate([frame]),
            decoding_plugin="gdcm",
            rows=48,
            columns=64,
            samples_per_pixel=1,
            number_of_frames=1,
            pixel_keyword="PixelData",
            **kind,
        )
    )
    if not (decoded == values).all():
        raise RuntimeError("the picture came back with other values")
    return f"{len(frame)} bytes of JPEG-LS read back exactly"


def draw_a_picture() -> str:
    """Draw a needle and a zone off screen, as the report does.

    Returns
    -------
    str
        What was found.

    Raises
    ------
    DrawingError
        If this machine cannot.
    """
    np = importlib.import_module("numpy")
    ablation = importlib.import_module("navigator.model.ablation")
    frames = importlib.import_module("navigator.geometry.frames")
    scene3d = importlib.import_module("navigator.report.scene3d")
    trajectory = importlib.import_module("navigator.model.trajectory").Trajectory
    frame = frames.Frame(frames.FrameKind.LPS, "doctor")
    length = ablation.Interval(value=30.0, low=30.0, high=30.0)
    size = ablation.ZoneSize(
        power_w=None,
        time_s=None,
        long_axis_mm=length,
        short_axis_mm=length,
        centre_to_tip_mm=ablation.Interval(value=0.0, low=0.0, high=0.0),
        setting="as given",
        sources=(),
    )
    tip = np.array([0.0, 80.0, 0.0])
    scene = scene3d.Scene3d(
        bodies=(),
        tumour_mm=tip + 5.0 * np.vstack([np.eye(3), -np.eye(3)]),
        zone=ablation.AblationZone(centre_mm=tip, axis=[0.0, 1.0, 0.0], size=size, frame=frame),
        trajectory=trajectory(entry_mm=np.zeros(3), tip_mm=tip, frame=frame),
        hub_mm=np.array([0.0, -20.0, 0.0]),
        plate=None,
    )
    picture = importlib.import_module("navigator.report.drawing").draw_scene(scene)
    return f"a picture of {len(picture)} bytes"


def import_module(name: str) -> str:
    """Import a module.

    Parameters
    ----------
    name : str
        Of the module.

    Returns
    -------
    str
        Empty: that it went well is all that is to be said.
    """
    importlib.import_module(name)
    return ""


PROBES: Mapping[str, Callable[[], str]] = {
    "compile": compile_a_loop,
    "decode": decode_a_frame,
    "draw": draw_a_picture,
}


def main(names: list[str]) -> None:
    """Run probes one after the other and tell of each.

    Parameters
    ----------
    names : list of str
        ``compile``, ``decode``, ``draw``, or ``import:`` and a module.
    """
    warnings.simplefilter("ignore")
    told, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for name in names:
        print(name, file=told, flush=True)
        try:
            is_import = name.startswith(IMPORT)
            found = import_module(name.removeprefix(IMPORT)) if is_import else PROBES[name]()
            answer = {"ok": True, "found": found}
        except BaseException as error:  # noqa: BLE001 - a foreign library raises whatever it likes
            words = f"{type(error).__name__}: {error}".splitlines()
            answer = {"ok": False, "found": words[0][:200]}
        print(json.dumps(answer), file=told, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
