"""Where the voxels of a file lie, read with as little code as will do: the oracle of the fuzzing.

Nothing here is shared with the package, and nothing is checked: it is asked only about files that
the package has read.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
from typing import Any

import numpy as np
import pydicom
from scipy.spatial.transform import Rotation

RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def nifti_place(content: bytes) -> tuple[tuple[int, ...], np.ndarray]:
    """Give the shape (k, j, i) and the affine from (k, j, i, 1) to LPS of a NIfTI-1 file."""
    data = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    order = "<" if data[:4] == b"\x5c\1\0\0" else ">"
    dims = struct.unpack_from(order + "8h", data, 40)
    pixdim = struct.unpack_from(order + "8f", data, 76)
    qcode, scode = struct.unpack_from(order + "2h", data, 252)
    quaternion = np.array(struct.unpack_from(order + "3f", data, 256))
    rows = np.array(struct.unpack_from(order + "12f", data, 280)).reshape(3, 4)
    scalar = np.sqrt(max(0.0, 1.0 - float((quaternion**2).sum())))
    qform = np.eye(4)
    if np.abs(quaternion).max() < 2:
        turn = Rotation.from_quat([*quaternion, scalar]).as_matrix()
        flip = [1, 1, -1 if pixdim[0] < 0 else 1]
        qform[:3, :3] = turn * pixdim[1:4] * flip
    qform[:3, 3] = struct.unpack_from(order + "3f", data, 268)
    sform = np.vstack([rows, [0, 0, 0, 1]])
    with np.errstate(all="ignore"):
        apart = np.abs(qform - sform).max()
    use_sform = scode > 0 and (qcode <= 0 or scode == 1 or apart < 1e-4)
    affine = RAS @ (sform if use_sform else qform)
    return dims[3:0:-1], affine[:, [2, 1, 0, 3]]


def nrrd_place(content: bytes) -> tuple[tuple[int, ...], np.ndarray]:
    """Give the shape (k, j, i) and the affine from (k, j, i, 1) to LPS of an NRRD file."""
    text = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0].decode()
    fields = {
        key.replace(" ", "").lower(): value
        for key, value in re.findall(r"(?m)^([A-Za-z \t]+?):(?!=)\s*(.*?)\s*$", text)
    }
    numbers = [float(word) for word in re.split(r"[\s(),]+", fields["spacedirections"]) if word]
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(numbers, (3, 3)).T[:, ::-1]
    affine[:3, 3] = [float(word) for word in re.split(r"[\s(),]+", fields["spaceorigin"]) if word]
    space = fields["space"].lower()
    signs = [-1 if space[0] == "r" else 1, -1 if "anterior" in space or space[1] == "a" else 1, 1]
    affine[:3] *= np.array(signs)[:, None]
    return tuple(int(word) for word in fields["sizes"].split())[::-1], affine


def meta_place(content: bytes) -> tuple[tuple[int, ...], np.ndarray]:
    """Give the shape (k, j, i) and the affine from (k, j, i, 1) to LPS of a MetaImage."""
    header = content[: content.index(b"ElementDataFile")].decode()
    fields = dict(re.findall(r"(?m)^\s*(\w+)\s*=\s*(.*?)\s*$", header))
    turn = np.reshape([float(word) for word in fields["TransformMatrix"].split()], (3, 3))
    spacing = [float(word) for word in fields["ElementSpacing"].split()]
    affine = np.eye(4)
    affine[:3, :3] = (turn.T @ np.diag(spacing))[:, ::-1]
    affine[:3, 3] = [float(word) for word in fields["Offset"].split()]
    return tuple(int(word) for word in fields["DimSize"].split())[::-1], affine


def enhanced_place(content: bytes) -> tuple[tuple[int, ...], np.ndarray]:
    """Give the shape (k, j, i) and the affine from (k, j, i, 1) to LPS of an enhanced CT."""
    with pydicom.config.disable_value_validation():
        dataset = pydicom.dcmread(io.BytesIO(content))
        frames = dataset.PerFrameFunctionalGroupsSequence
        shared = dataset.SharedFunctionalGroupsSequence[0]
        rows_and_columns = [float(x) for x in _macro(shared, frames, "PlaneOrientationSequence")
                            .ImageOrientationPatient]  # fmt: skip
        steps = [float(x) for x in _macro(shared, frames, "PixelMeasuresSequence").PixelSpacing]
        places = np.array([
            [float(x) for x in frame.PlanePositionSequence[0].ImagePositionPatient]
            for frame in frames
        ])  # fmt: skip
        shape = (len(frames), int(dataset.Rows), int(dataset.Columns))
    along_i, along_j = np.array(rows_and_columns[:3]), np.array(rows_and_columns[3:])
    places = places[np.argsort(places @ np.cross(along_i, along_j))]
    affine = np.eye(4)
    affine[:3, 0] = (places[-1] - places[0]) / (len(places) - 1)
    affine[:3, 1], affine[:3, 2] = along_j * steps[0], along_i * steps[1]
    affine[:3, 3] = places[0]
    return shape, affine


def _macro(shared: Any, frames: Any, name: str) -> Any:  # noqa: ANN401 - data sets
    """Find a macro in the first frame, else in the shared group."""
    return (frames[0] if name in frames[0] else shared)[name].value[0]
